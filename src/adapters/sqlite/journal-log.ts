import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Outcome } from '../../core/journal.ts';
import { redactBody } from './commit-body.ts';
import { firstRow, prepareRows, transact } from './database.ts';
import { MARK_EVERY } from './journal-schema.ts';
import { LogWalk } from './log-walk.ts';

/** A write on its way to the journal's thread. */
export type PackedWrite = readonly [
	actor: string,
	commit: number,
	position: number,
	events: number,
	at: number,
	writer: string,
	body: Uint8Array,
	due?: number,
	epoch?: number,
];

/** Actors whose integer is remembered. */
const ACTORS_MAX = 50_000;

type Head = readonly [number: number, row: number];
const NO_HEAD: Head = [0, 0];

/** The writing side of the journal: appends with a fence per actor. Synchronous, one per file. */
export class JournalLog {
	readonly #db: DatabaseSync;
	readonly #walk: LogWalk;
	readonly #actors = new Map<string, number>();
	readonly #insertActor: StatementSync;
	readonly #head: StatementSync;
	readonly #insertRecord: StatementSync;
	readonly #moveHead: StatementSync;
	readonly #insertMark: StatementSync;
	readonly #setWake: StatementSync;
	readonly #dropWake: StatementSync;
	readonly #replaceBody: StatementSync;

	constructor(db: DatabaseSync) {
		this.#db = db;
		this.#walk = new LogWalk(db);
		this.#insertActor = db.prepare('insert into actors (key) values (?)');
		this.#head = prepareRows(db, 'select number, row from heads where actor = ?');
		this.#insertRecord = db.prepare(
			`insert into log (actor, previous, number, position, events, at, writer, body)
			values (?, ?, ?, ?, ?, ?, ?, ?)`,
		);
		this.#moveHead = db.prepare(
			`insert into heads (actor, number, row) values (?, ?, ?)
			on conflict (actor) do update set number = excluded.number, row = excluded.row`,
		);
		this.#insertMark = db.prepare(
			'insert into marks (actor, number, position, row) values (?, ?, ?, ?)',
		);
		this.#setWake = db.prepare(
			`insert into wakes (actor, key, due, epoch) values (?, ?, ?, ?)
			on conflict (actor) do update set due = excluded.due, epoch = excluded.epoch
			where wakes.epoch <= excluded.epoch`,
		);
		this.#dropWake = db.prepare('delete from wakes where actor = ? and epoch <= ?');
		this.#replaceBody = db.prepare('update log set body = ? where row = ?');
	}

	/** All records that are not fenced, in one transaction: they land together or the call throws. */
	append(writes: readonly PackedWrite[]): Outcome[] {
		try {
			return transact(this.#db, () => writes.map((write) => this.#appendOne(write)));
		} catch (error) {
			// Integers given out in the transaction that was rolled back do not exist.
			this.#actors.clear();
			throw error;
		}
	}

	setWake(key: string, due: number | undefined, epoch: number): void {
		const actor = this.#walk.actor(key);
		// A key without a journal has no work that could be due.
		if (actor === undefined) return;
		if (due === undefined) this.#dropWake.run(actor, epoch);
		else this.#setWake.run(actor, key, due, epoch);
	}

	redact(key: string, position: number, data: unknown): void {
		transact(this.#db, () => {
			const actor = this.#walk.actor(key);
			const end = actor === undefined ? undefined : this.#walk.endByPosition(actor, position);
			if (end === undefined || end.position < position) return;
			// Activations after the event have its position too; the record that holds it is the oldest.
			const [found] = this.#walk.back(end, (entry) => entry.position >= position);
			if (found === undefined) return;
			const index = position - (found.position - found.events) - 1;
			this.#replaceBody.run(redactBody(this.#walk.body(found.row), index, data), found.row);
		});
	}

	#appendOne(write: PackedWrite): Outcome {
		const [key, commit, position, events, at, writer, body, due, epoch] = write;
		const actor = this.#actorOf(key);
		const [last, previous] = firstRow<Head>(this.#head, actor) ?? NO_HEAD;
		// A gap: this writer's picture of the journal is wrong, so it has to stop and read again.
		if (commit > last + 1) return 'fenced';
		if (commit <= last) return this.#settle(actor, commit, writer);
		const { lastInsertRowid } = this.#insertRecord.run(
			actor,
			previous,
			commit,
			position,
			events,
			at,
			writer,
			body,
		);
		this.#moveHead.run(actor, commit, lastInsertRowid);
		if (commit % MARK_EVERY === 0) this.#insertMark.run(actor, commit, position, lastInsertRowid);
		if (due !== undefined && epoch !== undefined) this.#setWake.run(actor, key, due, epoch);
		return 'landed';
	}

	/** Whose record has the number: the same writer's is this one, sent again. */
	#settle(actor: number, commit: number, writer: string): Outcome {
		const end = this.#walk.endByNumber(actor, commit);
		const [found] = end ? this.#walk.back(end, (entry) => entry.number >= commit) : [];
		return found?.writer === writer ? 'landed' : 'fenced';
	}

	#actorOf(key: string): number {
		const known = this.#actors.get(key);
		if (known !== undefined) return known;
		const actor = this.#walk.actor(key) ?? Number(this.#insertActor.run(key).lastInsertRowid);
		if (this.#actors.size >= ACTORS_MAX) this.#actors.clear();
		this.#actors.set(key, actor);
		return actor;
	}
}
