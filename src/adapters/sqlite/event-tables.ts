import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type EventPlace, isBehind } from '../../core/event-feed.ts';
import { allRows, firstRow, prepareRows, transact } from './database.ts';
import { checkVersion } from './journal-schema.ts';

/** What is kept for readers: the newest events, and none that came longer ago. */
export interface EventBounds {
	readonly eventsMax: number;
	readonly ageMaxMs: number;
}

/** A domain event on its way to the file: what it is ordered by, and its JSON. */
export type PackedEvent = readonly [
	actor: string,
	at: number,
	position: number,
	index: number,
	body: string,
];

/** Of a queue that is too long or too old, so many go at once, so that nobody waits for it. */
const PRUNED_AT_ONCE = 1_000;

/** Numbers are never given out again, for readers keep the last that they had. */
const EVENT_TABLES = `
	create table if not exists events (
		seq integer primary key autoincrement, actor text not null, at integer not null,
		position integer not null, n integer not null, kept_at integer not null, body text not null
	);
	create index if not exists events_by_actor on events (actor, seq);
	create table if not exists readers (
		name text primary key, acked integer not null
	) without rowid;
`;
const VERSION = 1;

/** Makes the tables where there are none; throws on a file of a later build. */
export function prepareEvents(db: DatabaseSync): void {
	checkVersion(db, VERSION);
	db.exec(`${EVENT_TABLES} pragma user_version = ${VERSION}`);
}

/** The writing side of the queue of domain events. */
export class EventWrites {
	readonly #db: DatabaseSync;
	readonly #bounds: EventBounds;
	readonly #newest: StatementSync;
	readonly #add: StatementSync;
	readonly #last: StatementSync;
	readonly #oldest: StatementSync;
	readonly #prune: StatementSync;
	readonly #ack: StatementSync;

	constructor(db: DatabaseSync, bounds: EventBounds) {
		this.#db = db;
		this.#bounds = bounds;
		this.#newest = prepareRows(
			db,
			'select at, position, n from events where actor = ? order by seq desc limit 1',
		);
		this.#add = db.prepare(
			'insert into events (actor, at, position, n, kept_at, body) values (?, ?, ?, ?, ?, ?)',
		);
		this.#last = prepareRows(db, 'select max(seq) from events');
		this.#oldest = prepareRows(db, 'select seq, kept_at from events order by seq limit 1');
		// Looks at the oldest only, however many there are.
		this.#prune = db.prepare(
			`delete from events where (seq <= ?1 or kept_at < ?2)
				and seq in (select seq from events order by seq limit ${PRUNED_AT_ONCE})`,
		);
		this.#ack = db.prepare(
			`insert into readers (name, acked) values (?, ?)
			on conflict (name) do update set acked = excluded.acked where acked < excluded.acked`,
		);
	}

	/** In one transaction; what is not behind the newest of its actor is known. */
	publish(events: readonly PackedEvent[], now: number): void {
		transact(this.#db, () => {
			for (const event of events) this.#publish(event, now);
		});
		this.prune(now);
	}

	/** Removes some of what is beyond the bounds; to be called now and then, also while nothing comes. */
	prune(now: number): void {
		const oldest = firstRow<[seq: number, keptAt: number]>(this.#oldest);
		if (oldest === undefined) return;
		const [last = 0] = firstRow<[number]>(this.#last) ?? [];
		const [seqMax, keptBefore] = [last - this.#bounds.eventsMax, now - this.#bounds.ageMaxMs];
		const [seq, keptAt] = oldest;
		if (seq <= seqMax || keptAt < keptBefore) this.#prune.run(seqMax, keptBefore);
	}

	ack(name: string, seq: number): void {
		this.#ack.run(name, seq);
	}

	#publish([actor, at, position, index, body]: PackedEvent, now: number): void {
		const found = firstRow<[at: number, position: number, index: number]>(this.#newest, actor);
		const newest: EventPlace | undefined = found && {
			at: found[0],
			position: found[1],
			index: found[2],
		};
		if (!isBehind({ at, position, index }, newest)) return;
		this.#add.run(actor, at, position, index, now, body);
	}
}

/** The reading side. */
export class EventReads {
	readonly #behind: StatementSync;
	readonly #acked: StatementSync;

	constructor(db: DatabaseSync) {
		this.#behind = prepareRows(
			db,
			'select seq, body from events where seq > ? order by seq limit ?',
		);
		this.#acked = prepareRows(db, 'select acked from readers where name = ?');
	}

	behind({ seq, limit }: { seq: number; limit: number }): [seq: number, body: string][] {
		return allRows<[number, string]>(this.#behind, seq, limit);
	}

	acked(name: string): number {
		return firstRow<[number]>(this.#acked, name)?.[0] ?? 0;
	}
}
