/**
 * The directory: which nodes live, and which of them should own which actor. It says who *should*
 * write; the journal alone says who can. Entries are valid while the lease of their node is.
 */
import type { ActorKey } from '../protocol/ids.ts';

/** A node's number as text: counted up in the store, never reused, so it also names the incarnation. */
export type NodeId = string;

/** What a node tells of itself with its lease. */
export interface NodeRecord {
	readonly id: NodeId;
	/** Where its REST and socket are reached. */
	readonly url: string;
	readonly pid: number;
	/** Name of the environment (`APP_ENV`). */
	readonly environment: string;
	/** Milliseconds since 1970. */
	readonly startedAt: number;
}

export interface Renewal {
	/** The directory's clock, in milliseconds since 1970. */
	readonly now: number;
	/** All nodes with a lease, this one too. */
	readonly nodes: readonly NodeRecord[];
	/** Whether this node's lease still stood (false: it had run out, or the directory was wiped). */
	readonly held: boolean;
	/**
	 * How long ago the directory was born, in milliseconds: nobody claims until one lease after it. It is
	 * born again when it was wiped, and when no lease stood any more: nobody kept the entries then.
	 */
	readonly ageMs: number;
}

/** Every method rejects with a `DirectoryError` when the directory does not answer in time. */
export interface Directory {
	/** Sets this node's lease for `leaseMs` from now. */
	renew(node: NodeRecord, leaseMs: number): Promise<Renewal>;
	/** Ends the lease. Entries of a node without one are worth nothing. */
	leave(id: NodeId): Promise<void>;
	/** The living owners, in order; `undefined` where there is none. */
	owners(keys: readonly ActorKey[]): Promise<readonly (NodeId | undefined)[]>;
	/**
	 * Makes `id` the owner of each key that has no living one, in one step per key, and answers the
	 * owners in order. Without a lease of `id`, and until one lease after the directory's birth, nothing
	 * is claimed: `undefined` where there is no other.
	 */
	claim(id: NodeId, keys: readonly ActorKey[]): Promise<readonly (NodeId | undefined)[]>;
	/**
	 * Sets the entries that are missing (or name a node without a lease) to `id`, and answers those that
	 * name another living node. Without a lease of `id` nothing is set.
	 */
	verify(id: NodeId, keys: readonly ActorKey[]): Promise<readonly ActorKey[]>;
	/** Takes out the entries that name `id`. */
	release(id: NodeId, keys: readonly ActorKey[]): Promise<void>;
	close(): Promise<void>;
}
