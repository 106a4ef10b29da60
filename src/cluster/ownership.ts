import type { ActorObserver } from '../core/actor-observers.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import { type ActorKey, splitKey } from '../protocol/ids.ts';
import type { Membership, Placement } from './ports.ts';
import type { StoreReach } from './store-reach.ts';

/** Claims without a host (the command that was to create the actor was refused) are let go so often. */
const SWEEP_MS = 10_000;
/** Actors handed over at a time when a node is drained. */
const HANDING_OVER_MAX = 64;
/** What is not handed over by then (a store that does not answer) is stopped: clients wait to be sent on. */
const HANDING_OVER_MS_MAX = 10_000;

/** The actors of this node, as far as their ownership is concerned. */
export interface OwnedHosts {
	readonly hosts: ReadonlyMap<ActorKey, unknown>;
	observe(observer: ActorObserver): void;
	/** Hands the actor over: what is decided lands, everything else is answered `MOVED`. */
	release(key: ActorKey): Promise<void>;
	/** Stops the actor where it stands. */
	stop(key: ActorKey): void;
	stopAll(): void;
}

export interface OwnershipOptions {
	readonly actors: OwnedHosts;
	readonly placement: Placement;
	readonly membership: Pick<Membership, 'onLost'>;
	/** Says when the actors of a store have to be left to others. */
	readonly reach?: Pick<StoreReach, 'onLost'> | undefined;
	/** Kinds of actors, where others (rooms) are claimed too: those are somebody else's care. */
	readonly kinds?: ReadonlySet<string>;
	readonly runtime: Pick<Runtime, 'after' | 'defer'>;
	readonly log: Log;
}

/**
 * Keeps the claims of this node and its hosts in step: who is put away is let go, who belongs to
 * another node is stopped, who has no lease stops everything, whose store answers others only stops its
 * actors.
 */
export class Ownership {
	readonly #options: OwnershipOptions;
	readonly #undo: (() => void)[];
	readonly #handingOver = new Set<ActorKey>();
	#cancelSweep = () => {};
	/** Claims that had no host at the sweep before. */
	#hostless = new Set<ActorKey>();

	constructor(options: OwnershipOptions) {
		this.#options = options;
		const { actors, placement, membership, reach } = options;
		actors.observe({ closed: (key) => this.#closed(key) });
		this.#undo = [
			placement.onForeign((key) => actors.stop(key)),
			membership.onLost(() => this.#lost()),
			reach?.onLost(() => this.#leaveToOthers()) ?? (() => {}),
		];
		this.#sweepLater();
	}

	/** Whether a host may be made here: this node holds the claim and does not give it up. */
	mayActivate(key: ActorKey): boolean {
		return this.#options.placement.owns(key) && !this.#handingOver.has(key);
	}

	/**
	 * Whether an actor with due work shall be taken up here: it has no living owner, or that is this
	 * node.
	 */
	async mayWake(key: ActorKey): Promise<boolean> {
		const { placement } = this.#options;
		if (placement.owns(key)) return true;
		if ((await placement.lookUp(key)) !== undefined) return false;
		await placement.claim(key, { handedOver: true });
		return placement.owns(key);
	}

	/**
	 * Gives up every actor, some at a time, all within {@link HANDING_OVER_MS_MAX}; new ones come while
	 * the node is not draining. Answers how many had to be stopped instead.
	 */
	async handOver(): Promise<number> {
		const { actors, log, runtime } = this.#options;
		const late = Promise.withResolvers<number>();
		const cancel = runtime.after(HANDING_OVER_MS_MAX, () => {
			const { size } = new Set([...actors.hosts.keys(), ...this.#handingOver]);
			log.warn({ actors: size }, 'handing over takes too long: all actors stop here');
			actors.stopAll();
			late.resolve(size);
		});
		const stopped = await Promise.race([this.#handAllOver().then(() => 0), late.promise]);
		cancel();
		return stopped;
	}

	stop(): void {
		this.#cancelSweep();
		for (const undo of this.#undo) undo();
	}

	async #handAllOver(): Promise<void> {
		const { actors } = this.#options;
		while (actors.hosts.size > 0) {
			const keys = [...actors.hosts.keys()];
			const next = keys[Symbol.iterator]();
			const worker = async () => {
				for (const key of next) await this.#handOver(key);
			};
			await Promise.all(Array.from({ length: HANDING_OVER_MAX }, worker));
		}
	}

	async #handOver(key: ActorKey): Promise<void> {
		const { actors, log, placement } = this.#options;
		this.#handingOver.add(key);
		try {
			await actors.release(key);
		} catch (error) {
			log.warn({ err: error, actor: key }, 'an actor was handed over without its last writes');
			actors.stop(key);
		}
		placement.release(key);
		this.#handingOver.delete(key);
	}

	/** The host has ended; whatever waited for that may have begun another at once. */
	#closed(key: ActorKey): void {
		const { actors, placement, runtime } = this.#options;
		runtime.defer(() => {
			if (!actors.hosts.has(key)) placement.release(key);
		});
	}

	#lost(): void {
		const { actors, log } = this.#options;
		log.error({ actors: actors.hosts.size }, 'the lease is lost: all actors stop here');
		actors.stopAll();
	}

	/** At once: what they would write goes nowhere. Whoever claims them goes on from the journal. */
	#leaveToOthers(): void {
		const { actors, placement } = this.#options;
		for (const key of this.#ownedActors()) {
			if (placement.mayOwn(key)) continue;
			actors.stop(key);
			placement.release(key);
		}
	}

	/** What is claimed, without rooms; also what has no host yet, or none any more. */
	#ownedActors(): ActorKey[] {
		const { kinds, placement } = this.#options;
		return [...placement.owned()].filter((key) => kinds?.has(splitKey(key).kind) !== false);
	}

	#sweepLater(): void {
		this.#cancelSweep = this.#options.runtime.after(SWEEP_MS, () => {
			const { actors, placement } = this.#options;
			const hostless = this.#ownedActors().filter((key) => !actors.hosts.has(key));
			for (const key of hostless) if (this.#hostless.has(key)) placement.release(key);
			this.#hostless = new Set(hostless);
			this.#sweepLater();
		});
	}
}
