/**
 * The read side: documents derived from commits. A kind declares its collections and says, purely,
 * which rows an event writes; the projector applies them in batches, each with the actor's watermark.
 * Every adapter runs `test/contract/store-contract.ts`.
 */
import type { ActorKey } from '../protocol/ids.ts';

export type KeyPart = string | number;
export type Key = readonly KeyPart[];
export type Doc = Readonly<Record<string, unknown>>;

/**
 * A collection: its key columns in order, and indexes over top-level fields of the documents.
 * Pages go by the key or by an index followed by the key.
 */
export interface Collection {
	readonly name: string;
	readonly key: readonly { readonly name: string; readonly type: 'text' | 'int' }[];
	readonly indexes?: readonly {
		readonly name: string;
		readonly fields: readonly { readonly name: string; readonly type: 'text' | 'int' }[];
		/** Only documents that have all fields are in the index; with `unique`, a second is ignored. */
		readonly unique?: true;
	}[];
	/**
	 * The key column that names the actor whose events write the rows: by the id behind `kind`, or
	 * without a kind by the whole key. Where the store is split into shards, rows are with that actor;
	 * those of a collection that names none are all in the first shard, and whoever writes them depends
	 * on it. Unique indexes hold within a shard.
	 */
	readonly actor?: { readonly column: string; readonly kind?: string };
	/**
	 * A top-level field, in milliseconds since 1970, from which the lifetime of a document counts. Only
	 * collections that name one may be given a lifetime; the others are kept for ever. Where it is swept
	 * by drops, a late write of a deposed owner may bring a row back, until the next sweep.
	 */
	readonly datedBy?: string;
}

/** `put` replaces the document; `patch` merges top-level fields into one that is there. */
export type RowWrite =
	| {
			readonly op: 'put' | 'patch';
			readonly collection: string;
			readonly key: Key;
			readonly doc: Doc;
	  }
	| { readonly op: 'drop'; readonly collection: string; readonly key: Key };

/** The rows of one event. Applied only to documents whose `changed` is below `position`. */
export interface EventRows {
	readonly position: number;
	readonly rows: readonly RowWrite[];
}

/** What one commit projects. `position` becomes the actor's watermark. */
export interface ProjectedCommit {
	readonly actor: ActorKey;
	readonly position: number;
	readonly events: readonly EventRows[];
}

/** A document with its key and the position of the event that changed it last. */
export interface Row {
	readonly key: Key;
	readonly changed: number;
	readonly doc: Doc;
}

/** A document as it was read. */
export type RowVersion = Pick<Row, 'key' | 'changed'>;

export interface PageQuery {
	readonly collection: string;
	/** Absent: by the key. */
	readonly index?: string;
	/** The leading values of key or index that all rows share. */
	readonly prefix: Key;
	/** Exclusive bounds for what follows the prefix (a part or all of it). */
	readonly after?: Key;
	readonly before?: Key;
	/** Descending: the rows nearest to `before` first. */
	readonly descending?: boolean;
	readonly limit: number;
	/** At least one row, then only while the packed documents stay within this. */
	readonly bytesMax?: number;
}

export interface Page {
	readonly rows: readonly Row[];
	readonly more: boolean;
}

/** What actors and services read. */
export interface Reads {
	get(collection: string, key: Key): Promise<Row | undefined>;
	page(query: PageQuery): Promise<Page>;
}

/** Names documents by an index: those whose first field there is below a bound. */
export interface DropQuery {
	readonly collection: string;
	readonly index: string;
	readonly below: KeyPart;
	readonly limit: number;
}

export interface Store extends Reads {
	/** Applies commits in order; rows and watermarks together. Repeating it changes nothing. */
	project(commits: readonly ProjectedCommit[]): Promise<void>;
	/** The position up to which the actor is projected; 0 when nothing is. */
	watermark(actor: ActorKey): Promise<number>;
	/** Writes a document that belongs to no actor (profiles, revocations). */
	put(collection: string, key: Key, doc: Doc): Promise<void>;
	/** Removes such documents, the lowest first, and answers how many; never one that is not below. */
	dropBelow(query: DropQuery): Promise<number>;
	/**
	 * Removes rows of one actor as they were read: one that was changed since stays, and a projection
	 * that is late with what was removed does not bring it back.
	 */
	drop(collection: string, rows: readonly RowVersion[]): Promise<void>;
}

/** Replies by request id, for ever: key [actor, userId, requestId], doc { reply }. */
export const REQUESTS: Collection = {
	name: 'requests',
	key: [
		{ name: 'actor', type: 'text' },
		{ name: 'userId', type: 'text' },
		{ name: 'requestId', type: 'text' },
	],
	actor: { column: 'actor' },
};
