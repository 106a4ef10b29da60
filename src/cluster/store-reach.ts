/**
 * Whether the shards of the store answer this node, where they answer others:
 *
 *   answered ── calls fail, those of others do not, for 5 s ──▶ cut off ── a call is answered ──▶ answered
 *
 * While a shard answers nobody, nothing moves: no other owner would be better off.
 */
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { StoreShards } from '../core/store-shards.ts';
import { untilTick } from '../core/ticks.ts';
import type { ActorKey } from '../protocol/ids.ts';
import { Listeners } from './listeners.ts';
import type { Membership, Peer, ShardReach } from './ports.ts';

/**
 * How long calls of this node have to fail while others' are answered: longer than nodes differ in
 * noticing that a store is back.
 */
const FAILING_MS = 5_000;
/** An answer that a peer told of is dated that much too late at most, by the way of its beat. */
const BEAT_WAY_MS = 1_000;
const LOOK_MS = 500;

export interface StoreReachOptions {
	readonly membership: Pick<Membership, 'self' | 'nodes'>;
	readonly shards: StoreShards;
	/** By shard. */
	readonly reach: () => readonly ShardReach[];
	readonly runtime: Pick<Runtime, 'after' | 'monotonic'>;
	readonly log: Log;
}

/** Knows the shards of the store that only this node cannot reach: others should own their actors. */
export class StoreReach {
	readonly #options: StoreReachOptions;
	readonly #cutOff = new Set<number>();
	/** Since when a shard answers others while it does not answer this node. */
	readonly #othersSince = new Map<number, number>();
	readonly #lost: Listeners<void>;
	#cancelLook = () => {};

	constructor(options: StoreReachOptions) {
		this.#options = options;
		this.#lost = new Listeners(options.log);
		this.#lookLater();
	}

	/** Whether any shard answers others only. */
	get isCutOff(): boolean {
		return this.#cutOff.size > 0;
	}

	/** Whether this node may own the actor, as far as its store is concerned. */
	mayOwn(key: ActorKey): boolean {
		return !this.#cutOff.has(this.#options.shards.of(key));
	}

	/** Whether nothing is known against a peer's owning the actor. */
	mayPeerOwn({ stores }: Peer, key: ActorKey): boolean {
		return stores?.[this.#options.shards.of(key)]?.isAway !== true;
	}

	/** Calls back when there are more actors that this node may not own; the answer ends it. */
	onLost(listener: () => void): () => void {
		return this.#lost.add(listener);
	}

	stop(): void {
		this.#cancelLook();
	}

	#lookLater(): void {
		const { runtime } = this.#options;
		this.#cancelLook = runtime.after(untilTick(runtime, LOOK_MS), () => {
			this.#lookLater();
			for (const [shard, reach] of this.#options.reach().entries()) this.#look(shard, reach);
		});
	}

	#look(shard: number, { unanswered }: ShardReach): void {
		if (unanswered === undefined) {
			this.#answered(shard);
			return;
		}
		if (this.#cutOff.has(shard)) return;
		if (!this.#answersOthers(shard, unanswered.since)) {
			this.#othersSince.delete(shard);
			return;
		}
		const since = this.#othersSince.get(shard) ?? this.#options.runtime.monotonic();
		this.#othersSince.set(shard, since);
		if (unanswered.until - since < FAILING_MS) return;
		this.#cutOff.add(shard);
		const says = 'a store answers others and not this node: its actors are left to them';
		this.#options.log.error({ store: shard + 1 }, says);
		this.#lost.tell();
	}

	#answered(shard: number): void {
		this.#othersSince.delete(shard);
		if (!this.#cutOff.delete(shard)) return;
		this.#options.log.info({ store: shard + 1 }, 'a store answers this node again');
	}

	/** Whether a peer that takes actors was answered behind the first call of this node that was not. */
	#answersOthers(shard: number, since: number): boolean {
		const { membership } = this.#options;
		for (const { id, state, stores } of membership.nodes.values()) {
			const store = stores?.[shard];
			if (id === membership.self.id || state !== 'up' || store === undefined) continue;
			if (!store.isAway && store.answeredAt > since + BEAT_WAY_MS) return true;
		}
		return false;
	}
}
