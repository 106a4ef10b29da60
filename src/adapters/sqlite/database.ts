import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Two connections that switch to WAL at once, or a checkpoint beside a reader, wait for each other. */
const LOCK_TIMEOUT_MS = 5_000;
/** Pages in the WAL that a checkpoint is worth (4 MB). */
const CHECKPOINT_PAGES = 1_000;
/** Pages from which readers are waited for, so that the WAL starts again from its beginning (64 MB). */
const WAL_PAGES_MAX = 16_000;

/** `full`: a commit is on the disk when it returns. `off`: for data that need not outlive the process. */
export type Durability = 'full' | 'off';

/** Opens the database for its one writer; a missing file is made. `timeout`: how long it waits for locks. */
export function openWriter(
	path: string,
	durability: Durability,
	timeout = LOCK_TIMEOUT_MS,
): DatabaseSync {
	const db = new DatabaseSync(path, { timeout });
	db.exec('pragma journal_mode = wal');
	db.exec(`pragma synchronous = ${durability}`);
	// What was erased (P46) must not stay readable in free pages.
	db.exec('pragma secure_delete = on');
	// Checkpoints run between the batches (WalKeeper), never inside a commit that somebody awaits.
	db.exec('pragma wal_autocheckpoint = 0');
	db.exec(`pragma journal_size_limit = ${WAL_PAGES_MAX * 4096}`);
	db.exec('pragma cache_size = -65536');
	return db;
}

/** Opens a connection that only reads, of a database that its writer has opened already. */
export function openReader(path: string): DatabaseSync {
	const db = new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS, readOnly: true });
	db.exec('pragma cache_size = -65536');
	return db;
}

/** Runs `body` in one transaction: all of it, or nothing when it throws. */
export function transact<T>(db: DatabaseSync, body: () => T): T {
	db.exec('begin immediate');
	try {
		const result = body();
		db.exec('commit');
		return result;
	} catch (error) {
		// SQLite has rolled back by itself after some errors (a full disk).
		if (db.isTransaction) db.exec('rollback');
		throw error;
	}
}

/** A prepared statement whose rows come as arrays: a third cheaper than objects. */
export function prepareRows(db: DatabaseSync, sql: string): StatementSync {
	const statement = db.prepare(sql);
	statement.setReturnArrays(true);
	return statement;
}

/** The first row of a {@link prepareRows} statement, whose columns the caller knows. */
export const firstRow = <R extends readonly unknown[]>(
	statement: StatementSync,
	...values: (string | number | null)[]
): R | undefined => statement.get(...values) as unknown as R | undefined;

/** All rows of a {@link prepareRows} statement. */
export const allRows = <R extends readonly unknown[]>(
	statement: StatementSync,
	...values: (string | number | null)[]
): R[] => statement.all(...values) as unknown as R[];

type Checkpoint = readonly [busy: number, log: number, checkpointed: number];

/** What was erased (P46) may stand in the WAL of a quiet node for as long as this, in milliseconds. */
export const WAL_AGE_MAX_MS = 3_600_000;

/** Keeps the WAL short. Call `tend` when nobody waits for an answer, `empty` now and then. */
export class WalKeeper {
	readonly #look: StatementSync;
	readonly #passive: StatementSync;
	readonly #truncate: StatementSync;
	readonly #checkpointPages: number;
	#truncateAt = WAL_PAGES_MAX;

	/** `checkpointPages`: the more, the less often a page that changes all the time is written. */
	constructor(db: DatabaseSync, checkpointPages = CHECKPOINT_PAGES) {
		this.#checkpointPages = checkpointPages;
		this.#look = prepareRows(db, 'pragma wal_checkpoint(noop)');
		this.#passive = prepareRows(db, 'pragma wal_checkpoint(passive)');
		this.#truncate = prepareRows(db, 'pragma wal_checkpoint(truncate)');
	}

	/** Empties the WAL, in which erased data stands until it is written over. */
	empty(): void {
		const [, log] = firstRow<Checkpoint>(this.#look) ?? [0, 0];
		if (log > 0) this.#truncate.get();
	}

	tend(): void {
		const [, log, done] = firstRow<Checkpoint>(this.#look) ?? [0, 0, 0];
		if (log - done >= this.#checkpointPages) this.#passive.get();
		if (log < this.#truncateAt) return;
		// Readers that never pause keep the writer from starting the file again: wait for them, but when
		// one outlasts the wait, not again with every batch.
		const [busy] = firstRow<Checkpoint>(this.#truncate) ?? [1];
		this.#truncateAt = busy === 0 ? WAL_PAGES_MAX : log + WAL_PAGES_MAX / 4;
	}
}
