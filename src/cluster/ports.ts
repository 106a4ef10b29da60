/** What the parts of a cluster know of each other. */
import type { ActorKey } from '../protocol/ids.ts';
import type { NodeId, NodeRecord } from './directory.ts';

/** How busy a node is; told with each heartbeat. */
export interface Load {
	readonly sockets: number;
	readonly actors: number;
	/** Event-loop delay p99 of the last seconds, in milliseconds. */
	readonly loopDelayMs: number;
	readonly overloaded: boolean;
}

/** `draining`: takes no new actors and sockets. */
export type NodeState = 'up' | 'draining';

/** How one shard of the store answers this node; times are its own monotonic milliseconds. */
export interface ShardReach {
	/** When it answered last; when it was opened, if it never did. */
	readonly answeredAt: number;
	/** The first and the last of the calls since then that got no answer; absent: all got one. */
	readonly unanswered?: { readonly since: number; readonly until: number } | undefined;
}

/** What a peer said of a shard of the store. */
export interface PeerStore {
	/** When it was answered last, by the monotonic clock here. */
	readonly answeredAt: number;
	/** Whether calls since then got no answer. */
	readonly isAway: boolean;
}

/** A living node as this one knows it. */
export interface Peer extends NodeRecord {
	/** By shard; absent where it does not say (an older release, or it was not heard yet). */
	readonly stores?: readonly PeerStore[] | undefined;
	readonly state: NodeState;
	/** Absent until its first heartbeat was heard. */
	readonly load?: Load | undefined;
}

/** Who lives, by the leases; and whether this node may act as an owner. */
export interface Membership {
	readonly self: NodeRecord;
	/** All living nodes, this one too. */
	readonly nodes: ReadonlyMap<NodeId, Peer>;
	/** Whether this node's actors may answer reads now: its lease is fresh, or all are without Redis. */
	mayServe(): boolean;
	/** Whether this node may become an owner now. */
	mayClaim(): boolean;
	/** Calls back when a node's lease is gone, or a node came; the answer ends it. */
	onChange(
		listener: (change: { joined: readonly NodeId[]; gone: readonly NodeId[] }) => void,
	): () => void;
	/** Calls back when this node must give up all its actors at once. */
	onLost(listener: () => void): () => void;
}

/** Finds and takes owners. */
export interface Placement {
	/** The owner known without asking; may be outdated. */
	known(key: ActorKey): NodeId | undefined;
	/** The living owner; nothing is claimed. Rejects when the directory does not answer. */
	lookUp(key: ActorKey): Promise<NodeId | undefined>;
	/**
	 * The living owner, claimed for this node (or, when it is overloaded, draining or may not claim yet,
	 * for the best peer) when there is none. `undefined`: nobody may claim now, try again later.
	 * `handedOver`: a peer has sent the key here, so it goes no further.
	 */
	claim(key: ActorKey, options?: { readonly handedOver?: boolean }): Promise<NodeId | undefined>;
	/** What was known of this key is wrong (a node answered `MOVED`, or is gone). */
	forget(key: ActorKey, owner: NodeId): void;
	/** Whether this node could be the owner: the actor's store answers it, or nobody. */
	mayOwn(key: ActorKey): boolean;
	/** Whether this node holds the claim. */
	owns(key: ActorKey): boolean;
	/** Every key whose claim this node holds. */
	owned(): Iterable<ActorKey>;
	/** Calls back when the directory names another owner of a key claimed here; the answer ends it. */
	onForeign(listener: (key: ActorKey) => void): () => void;
	/** This node's host of the actor has ended. */
	release(key: ActorKey): void;
}

/**
 * Ordered talk with each other node. Within a session each message comes once, in order; when a session
 * ends (`down`) whatever was on its way in either direction may be lost, and nothing of it comes later.
 */
export interface Links {
	/** Sends within the present session, opening one if there is none; lost when it goes down. */
	send(to: NodeId, message: Uint8Array): void;
	/** Calls back with each message. The bytes are the listener's own. */
	onMessage(listener: (from: NodeId, message: Uint8Array) => void): () => void;
	/** Calls back when the session with a node ended. A new one begins by itself. */
	onDown(listener: (peer: NodeId) => void): () => void;
	/**
	 * Ends the present session, as something that came in it could not be taken: both sides make good
	 * what was lost. At most once a second for a peer; what is sooner waits for that.
	 */
	fail(peer: NodeId): void;
	close(): void;
}
