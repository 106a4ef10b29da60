import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { firstRow, prepareRows } from './database.ts';

/** A record without its body. `previous` is the row of the actor's record before, 0 at the first. */
export interface LogEntry {
	readonly row: number;
	readonly previous: number;
	readonly number: number;
	readonly position: number;
	readonly events: number;
	readonly at: number;
	readonly writer: string;
}

type Columns = readonly [number, number, number, number, number, number, string];

/** Finds an actor's records in the log: from a mark or the head backwards, never far. */
export class LogWalk {
	readonly #actor: StatementSync;
	readonly #head: StatementSync;
	readonly #entry: StatementSync;
	readonly #body: StatementSync;
	readonly #markByNumber: StatementSync;
	readonly #markByPosition: StatementSync;

	constructor(db: DatabaseSync) {
		this.#actor = prepareRows(db, 'select id from actors where key = ?');
		this.#head = prepareRows(db, 'select row from heads where actor = ?');
		this.#entry = prepareRows(
			db,
			'select row, previous, number, position, events, at, writer from log where row = ?',
		);
		this.#body = prepareRows(db, 'select body from log where row = ?');
		this.#markByNumber = prepareRows(
			db,
			'select row from marks where actor = ? and number >= ? order by number limit 1',
		);
		this.#markByPosition = prepareRows(
			db,
			'select row from marks where actor = ? and position >= ? order by position, number limit 1',
		);
	}

	/** The actor's integer; `undefined` when nothing was ever written for the key. */
	actor(key: string): number | undefined {
		return firstRow<[number]>(this.#actor, key)?.[0];
	}

	head(actor: number): LogEntry | undefined {
		const head = firstRow<[number]>(this.#head, actor);
		return head && this.entry(head[0]);
	}

	entry(row: number): LogEntry | undefined {
		const found = firstRow<Columns>(this.#entry, row);
		if (found === undefined) return undefined;
		const [, previous, number, position, events, at, writer] = found;
		return { row, previous, number, position, events, at, writer };
	}

	body(row: number): Uint8Array {
		const found = firstRow<[Uint8Array]>(this.#body, row);
		if (found === undefined) throw new Error(`log row ${row} is missing: the journal is broken`);
		return found[0];
	}

	/** An entry at or shortly behind commit `number`: a mark, or the head. */
	endByNumber(actor: number, number: number): LogEntry | undefined {
		const mark = firstRow<[number]>(this.#markByNumber, actor, number);
		return mark ? this.entry(mark[0]) : this.head(actor);
	}

	/** An entry at or shortly behind the event at `position`: a mark, or the head. */
	endByPosition(actor: number, position: number): LogEntry | undefined {
		const mark = firstRow<[number]>(this.#markByPosition, actor, position);
		return mark ? this.entry(mark[0]) : this.head(actor);
	}

	/** The entry and those before it for as long as `wanted` says so, oldest first. */
	back(end: LogEntry, wanted: (entry: LogEntry) => boolean): LogEntry[] {
		const found: LogEntry[] = [];
		let entry: LogEntry | undefined = end;
		while (entry !== undefined && wanted(entry)) {
			found.push(entry);
			entry = entry.previous === 0 ? undefined : this.entry(entry.previous);
		}
		return found.reverse();
	}

	/**
	 * The actor's entries behind commit `number` up to `head`, oldest first. Goes from mark to mark, so
	 * that a page costs its own length, however long the log.
	 */
	*forward(actor: number, number: number, head: LogEntry): Generator<LogEntry> {
		let behind = number;
		while (behind < head.number) {
			const from = behind;
			const end = this.endByNumber(actor, from + 1) ?? head;
			yield* this.back(end, (entry) => entry.number > from);
			behind = end.number;
		}
	}
}
