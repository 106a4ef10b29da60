import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { Directory, NodeId } from './directory.ts';
import { DirectoryError } from './directory-error.ts';
import { GatheredCalls } from './gathered-calls.ts';
import type { LeaseMembership } from './lease-membership.ts';
import { Listeners } from './listeners.ts';
import { elapsedMs, momentNow } from './moment.ts';
import { OwnedKeys } from './owned-keys.ts';
import type { Load, Placement } from './ports.ts';
import { Releases } from './releases.ts';
import type { StoreReach } from './store-reach.ts';

/** Owners of other nodes that are remembered; those learnt first go first. */
const KNOWN_MAX = 100_000;
/** A claim that is answered later does not count. */
const CLAIM_MS_MAX = 1_500;

export interface PlacementOptions {
	readonly membership: LeaseMembership;
	readonly directory: Directory;
	/** Whose store answers whom; absent: everybody's. */
	readonly reach?: Pick<StoreReach, 'mayOwn' | 'mayPeerOwn'> | undefined;
	readonly runtime: Runtime;
	readonly log: Log;
}

interface ClaimOptions {
	readonly handedOver?: boolean;
}

/** Finds and takes owners in the directory; never twice at once for a key, many keys in one call. */
export class DirectoryPlacement implements Placement {
	readonly #options: PlacementOptions;
	readonly #self: NodeId;
	readonly #known = new Map<ActorKey, NodeId>();
	readonly #owned: OwnedKeys;
	readonly #lookUps: GatheredCalls<NodeId | undefined>;
	readonly #claims: GatheredCalls<NodeId | undefined>;
	readonly #releases: Releases;
	readonly #foreign: Listeners<ActorKey>;
	readonly #undo: readonly (() => void)[];
	/** Actors suggested to a peer since it told this load. */
	readonly #suggested = new WeakMap<Load, number>();
	/** How often all was given up: a claim that was under way meanwhile does not count. */
	#losses = 0;

	constructor(options: PlacementOptions) {
		this.#options = options;
		const { directory, membership, runtime, log } = options;
		this.#self = membership.self.id;
		this.#lookUps = new GatheredCalls(runtime, (keys) => this.#lookUpAll(keys));
		this.#claims = new GatheredCalls(runtime, (keys) => this.#claimAll(keys));
		this.#releases = new Releases(runtime, (keys) => directory.release(this.#self, keys));
		this.#foreign = new Listeners(log);
		this.#owned = new OwnedKeys({
			verify: (keys) => directory.verify(this.#self, keys),
			foreign: (key) => this.#foreign.tell(key),
		});
		this.#undo = [
			membership.onRenewed(({ gap }) => this.#renewed(gap)),
			membership.onLost(() => this.#lost()),
			membership.onChange(({ gone }) => this.#forgetAll(new Set(gone))),
		];
	}

	known(key: ActorKey): NodeId | undefined {
		return this.#owned.has(key) ? this.#self : this.#known.get(key);
	}

	/** An entry that names this node, which does not hold it, counts as none: claim it. */
	async lookUp(key: ActorKey): Promise<NodeId | undefined> {
		return this.#owned.has(key) ? this.#self : this.#lookUps.ask(key);
	}

	async claim(key: ActorKey, options: ClaimOptions = {}): Promise<NodeId | undefined> {
		if (this.#owned.has(key)) return this.#self;
		try {
			if (this.#shouldTake(key, options)) return await this.#claims.ask(key);
			return (await this.#lookUps.ask(key)) ?? this.#suggest(key, options);
		} catch (error) {
			if (!(error instanceof DirectoryError)) throw error;
			this.#options.log.debug({ err: error }, 'nothing can be claimed now');
			return undefined;
		}
	}

	forget(key: ActorKey, owner: NodeId): void {
		if (this.#known.get(key) === owner) this.#known.delete(key);
	}

	mayOwn(key: ActorKey): boolean {
		return this.#options.reach?.mayOwn(key) !== false;
	}

	owns(key: ActorKey): boolean {
		return this.#owned.has(key);
	}

	release(key: ActorKey): void {
		if (this.#owned.delete(key)) this.#releases.add(key);
	}

	owned(): Iterable<ActorKey> {
		return this.#owned.keys();
	}

	onForeign(listener: (key: ActorKey) => void): () => void {
		return this.#foreign.add(listener);
	}

	/** Nothing is verified or given up any more. */
	stop(): void {
		for (const undo of this.#undo) undo();
	}

	#shouldTake(key: ActorKey, { handedOver }: ClaimOptions): boolean {
		if (!this.#owned.isVerified || !this.#options.membership.mayClaim()) return false;
		if (!this.mayOwn(key)) return false;
		return handedOver === true || !this.#isOverloaded() || this.#bestPeer(key) === undefined;
	}

	/**
	 * A peer that should claim when it is asked; nothing is claimed or remembered. Who may not claim (its
	 * lease had a gap, the actor's store does not answer it) asks one that perhaps may.
	 */
	#suggest(key: ActorKey, { handedOver }: ClaimOptions): NodeId | undefined {
		if (handedOver === true) return undefined;
		const mayClaim = this.#options.membership.mayClaim() && this.mayOwn(key);
		if (mayClaim && !this.#isOverloaded()) return undefined;
		const best = this.#bestPeer(key);
		if (best === undefined) return undefined;
		this.#suggested.set(best.load, (this.#suggested.get(best.load) ?? 0) + 1);
		return best.id;
	}

	#isOverloaded(): boolean {
		return this.#options.membership.nodes.get(this.#self)?.load?.overloaded === true;
	}

	/** The peer with the fewest actors, those counted that were suggested to it since it told. */
	#bestPeer(key: ActorKey): { readonly id: NodeId; readonly load: Load } | undefined {
		const { membership, reach } = this.#options;
		let best: { id: NodeId; load: Load; actors: number } | undefined;
		for (const peer of membership.nodes.values()) {
			const { id, state, load } = peer;
			if (id === this.#self || state !== 'up' || load === undefined || load.overloaded) continue;
			if (reach?.mayPeerOwn(peer, key) === false) continue;
			const actors = load.actors + (this.#suggested.get(load) ?? 0);
			if (best === undefined || actors < best.actors) best = { id, load, actors };
		}
		return best;
	}

	async #lookUpAll(keys: readonly ActorKey[]): Promise<(NodeId | undefined)[]> {
		const owners = await this.#options.directory.owners(keys);
		return keys.map((key, at) => this.#found(key, owners[at]));
	}

	#found(key: ActorKey, owner: NodeId | undefined): NodeId | undefined {
		if (owner !== this.#self) return this.#learnt(key, owner);
		if (this.#owned.has(key)) return owner;
		// Left from a claim or a release whose outcome was unknown. Who may not claim lets it go.
		const handsOver = this.#options.membership.standing() === 'handsOver';
		// A claim under way decides for itself, by what holds when it is answered.
		const isUseless = !this.mayOwn(key) && !this.#claims.isUnderWay(key);
		if (handsOver || isUseless) this.#releases.add(key);
		return undefined;
	}

	async #claimAll(keys: readonly ActorKey[]): Promise<(NodeId | undefined)[]> {
		const { directory, membership, runtime } = this.#options;
		const losses = this.#losses;
		await this.#releases.stop(keys);
		if (!membership.mayClaim()) return this.#lookUpAll(keys);
		const sentAt = momentNow(runtime);
		const owners = await directory.claim(this.#self, keys);
		// What let it claim has to be fresh: a paused process does not know what came meanwhile.
		const isFresh = elapsedMs(runtime, sentAt) <= CLAIM_MS_MAX && membership.mayServe();
		const counts = isFresh && losses === this.#losses;
		return keys.map((key, at) => {
			const owner = owners[at];
			if (owner !== this.#self) return this.#learnt(key, owner);
			if (counts && this.mayOwn(key)) {
				this.#known.delete(key);
				this.#owned.add(key);
				return owner;
			}
			this.#releases.add(key);
			return undefined;
		});
	}

	#learnt(key: ActorKey, owner: NodeId | undefined): NodeId | undefined {
		this.#known.delete(key);
		if (owner === undefined) return undefined;
		this.#known.set(key, owner);
		if (this.#known.size > KNOWN_MAX) {
			for (const oldest of this.#known.keys()) {
				this.#known.delete(oldest);
				break;
			}
		}
		return owner;
	}

	#forgetAll(gone: ReadonlySet<NodeId>): void {
		if (gone.size === 0) return;
		for (const [key, owner] of this.#known) if (gone.has(owner)) this.#known.delete(key);
	}

	#renewed(gap: boolean): void {
		if (gap) this.#owned.doubt();
		this.#releases.retry();
		this.#owned.sweep().catch((error: unknown) => {
			this.#options.log.warn({ err: error }, 'claims could not be compared with the directory');
		});
	}

	/** All actors are given up; their entries would come back to life with the next renewal. */
	#lost(): void {
		this.#losses++;
		for (const key of this.#owned.clear()) this.#releases.add(key);
	}
}
