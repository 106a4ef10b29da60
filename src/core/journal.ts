/**
 * The journal: what each actor's owner has written, and the fence between owners. The rules are in
 * `SPEC.md` beside this file; every adapter runs `test/contract/journal-contract.ts`.
 */
import type { ActorKey } from '../protocol/ids.ts';

/** One durable event. `version` is the version of its type's shape, upcast on read. */
export interface StoredEvent {
	readonly type: string;
	readonly version: number;
	readonly data: unknown;
	/** The user whose command caused it. */
	readonly by?: string;
}

/** A command that took effect in a commit, so that its repetition is answered, not applied. */
export interface RequestRecord {
	readonly userId: string;
	readonly requestId: string;
	readonly reply: unknown;
}

/** What one turn writes. `(actor, commit)` is unique. */
export interface CommitRecord {
	readonly actor: ActorKey;
	/** 1, 2, 3 … without holes per actor. */
	readonly commit: number;
	/** Number of the last event in or before this commit; events are numbered without holes. */
	readonly position: number;
	/** Empty for an activation. */
	readonly events: readonly StoredEvent[];
	readonly requests: readonly RequestRecord[];
	/** Milliseconds since 1970; never less than the commit before. */
	readonly at: number;
	/** Random id of the host instance that wrote it. */
	readonly writer: string;
	readonly trace?: string;
}

/** Due work of an actor that nobody may be visiting. */
export interface WakeRow {
	readonly actor: ActorKey;
	readonly due: number;
	readonly epoch: number;
}

/** Where a page of wake rows has ended. */
export type WakePlace = Pick<WakeRow, 'due' | 'actor'>;

/** A record with the wake row that must stand before it is visible. */
export interface JournalWrite {
	readonly record: CommitRecord;
	readonly wake?: { readonly due: number; readonly epoch: number };
}

/**
 * `landed`: durable. `fenced`: another writer has this number, or it would leave a gap. `unknown`: send the same record again
 * until the answer is one of the others.
 */
export type Outcome = 'landed' | 'fenced' | 'unknown';

/** The newest commit of an actor. */
export interface Head {
	readonly commit: number;
	readonly position: number;
	readonly writer: string;
	readonly at: number;
}

/** One part of the snapshot that stands for all of an actor up to a commit. */
export interface SnapshotPart {
	readonly actor: ActorKey;
	readonly commit: number;
	/** From 0. */
	readonly part: number;
	readonly bytes: Uint8Array;
}

/** A snapshot of an actor at a commit, in packed parts of at most 8 MB. */
export interface Snapshot {
	readonly commit: number;
	readonly parts: readonly Uint8Array[];
}

export interface ReadLimits {
	/** Stops behind the record that passes this many bytes. */
	readonly bytesMax: number;
	/** How many are wanted at most: a hint for what is fetched at once, with which `more` says nothing. */
	readonly recordsMax?: number;
}

export interface Journal {
	/**
	 * Writes a batch with at most one record per actor, and answers with an outcome per record, in
	 * order. A rejection means that every outcome is unknown.
	 */
	append(writes: readonly JournalWrite[]): Promise<readonly Outcome[]>;
	/** The newest commit, read where writes are fenced; `undefined` for a key without a journal. */
	head(actor: ActorKey): Promise<Head | undefined>;
	/** Records that hold events behind `position` or come behind `commit`, oldest first. */
	read(
		actor: ActorKey,
		from: { readonly position: number } | { readonly commit: number },
		limits: ReadLimits,
	): Promise<{ readonly records: readonly CommitRecord[]; readonly more: boolean }>;
	/** The newest complete snapshot. */
	snapshot(actor: ActorKey): Promise<Snapshot | undefined>;
	/** Writes one part; a snapshot is complete, and older ones but one go, with {@link sealSnapshot}. */
	putSnapshotPart(part: SnapshotPart): Promise<void>;
	sealSnapshot(actor: ActorKey, commit: number, parts: number): Promise<void>;
	/** Rows due at or before `dueMax`, by (due, actor), behind `after`, at most `limit`. */
	wakes(dueMax: number, limit: number, after?: WakePlace): Promise<readonly WakeRow[]>;
	/** Raises the row to `due`, or removes it; only where its epoch is at most `epoch`. */
	setWake(actor: ActorKey, due: number | undefined, epoch: number): Promise<void>;
	/** Overwrites the data of the event at `position` in place (P46); numbers and order stay. */
	redact(actor: ActorKey, position: number, data: unknown): Promise<void>;
}
