/**
 * How a node stands, and what moves it:
 *
 *   joining ── first renewal ──▶ serving ── lease over, no excuse ──▶ lost ── next renewal ──▶ serving
 *
 * While serving it may claim when all who live have registered (`Lease.isSettled`) and it hears the
 * relay. The excuse for serving without a lease: everybody is without the directory (`Hearsay.excuseMs`).
 */
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import { untilTick } from '../core/ticks.ts';
import type { Directory, NodeId, NodeRecord, Renewal } from './directory.ts';
import { DirectoryError } from './directory-error.ts';
import { Hearsay } from './hearsay.ts';
import { Lease } from './lease.ts';
import { Listeners } from './listeners.ts';
import { LivingNodes, type NodeChange } from './living-nodes.ts';
import { elapsedMs, momentNow } from './moment.ts';
import { type NodeBeat, packBeat, unpackBeat } from './node-beat.ts';
import type { Load, Membership, NodeState, Peer, ShardReach } from './ports.ts';
import type { Relay } from './relay.ts';

export const MEMBERSHIP_TIMING = {
	/** Between two renewals of the lease. */
	heartbeatMs: 1_000,
	/** Between two beats over the relay. */
	beatMs: 500,
	/** How long a node lives without a renewal. */
	leaseMs: 4_000,
	/** How long counts what a node said; at least six beats, less than a lease. */
	staleMs: 3_000,
	/** A node whose clock is further off the directory's takes no actors. */
	skewMaxMs: 2_000,
	/** How long a node that starts waits for the directory. */
	joinWithinMs: 30_000,
};

/** What time may heal. */
const MAY_COME: readonly string[] = ['UNAVAILABLE', 'TIMEOUT'];

export interface MembershipOptions {
	readonly self: NodeRecord;
	readonly directory: Directory;
	readonly relay: Relay;
	readonly runtime: Runtime;
	readonly log: Log;
	/** What beats travel on; the same for all nodes of an environment. */
	readonly subject: string;
	/** How busy this node is now. */
	readonly load: () => Load;
	/** How the store answers, by shard; absent where that is nobody's concern. */
	readonly stores?: (() => readonly ShardReach[]) | undefined;
	readonly timing?: Partial<typeof MEMBERSHIP_TIMING>;
}

/**
 * Whether a node may become an owner. `waits`: nobody, or not this one, can tell who owns what.
 * `handsOver`: it should leave actors to others (it is drained, or its clock is off).
 */
export type Standing = 'claims' | 'handsOver' | 'waits';

/** Lives by a lease in the directory, and tells and hears the rest over the relay. */
export class LeaseMembership implements Membership {
	readonly self: NodeRecord;
	readonly #options: MembershipOptions;
	readonly #timing: typeof MEMBERSHIP_TIMING;
	readonly #lease: Lease;
	readonly #hearsay: Hearsay;
	readonly #living = new LivingNodes();
	readonly #changed: Listeners<NodeChange>;
	readonly #lostAll: Listeners<void>;
	readonly #renewedTo: Listeners<{ readonly gap: boolean }>;
	#phase: 'joining' | 'serving' | 'lost' | 'left' = 'joining';
	#state: NodeState = 'up';
	#renewing: Promise<void> | undefined;
	#undo: (() => void)[] = [];
	#cancelBeat: (() => void) | undefined;
	#cancelRenewal: (() => void) | undefined;
	#cancelLook: (() => void) | undefined;
	#clockWasOff = false;
	/** Leases ended while the relay carried nothing: their nodes may live, and serve without one. */
	#isDeaf = false;

	constructor(options: MembershipOptions) {
		this.self = options.self;
		this.#options = options;
		this.#timing = { ...MEMBERSHIP_TIMING, ...options.timing };
		const { beatMs, leaseMs, skewMaxMs, staleMs } = this.#timing;
		if (staleMs >= leaseMs || staleMs < 6 * beatMs) {
			throw new RangeError('staleMs has to be between six beats and a lease');
		}
		const { runtime, log } = options;
		this.#lease = new Lease({ clocks: runtime, leaseMs, skewMaxMs });
		this.#hearsay = new Hearsay({ clocks: runtime, self: this.self.id, staleMs });
		this.#changed = new Listeners(log);
		this.#lostAll = new Listeners(log);
		this.#renewedTo = new Listeners(log);
	}

	get nodes(): ReadonlyMap<NodeId, Peer> {
		return this.#living.peers;
	}

	/**
	 * Resolves when the lease stands. Rejects when the directory does not answer for `joinWithinMs`, lets
	 * nobody in with these credentials, or holds nodes of another environment.
	 */
	async join(): Promise<void> {
		const { relay, runtime, subject } = this.#options;
		const until = runtime.monotonic() + this.#timing.joinWithinMs;
		this.#undo.push(relay.subscribe(subject, (bytes) => this.#hear(bytes)));
		while (!this.#hasJoined()) {
			const failure = await this.#attempt();
			if (failure === undefined) continue;
			const isAway = failure instanceof DirectoryError && MAY_COME.includes(failure.code);
			if (!isAway || runtime.monotonic() >= until) {
				await this.leave();
				throw failure;
			}
			await new Promise<void>((resolve) => runtime.after(this.#timing.heartbeatMs, resolve));
		}
		this.#renewOnAndOn();
		this.#tellOnAndOn();
	}

	#hasJoined(): boolean {
		if (this.#phase === 'left') throw new DirectoryError('left before it had joined', 'CLOSED');
		return this.#phase !== 'joining';
	}

	/** Takes no new actors from now on, and tells the others. */
	drain(): void {
		this.#state = 'draining';
		this.#tell();
	}

	/** Ends the lease: whatever this node still owns is free at once. */
	async leave(): Promise<void> {
		if (this.#phase === 'left') return;
		this.#end();
		// A renewal that is under way would bring the lease back.
		await this.#renewing;
		await this.#options.directory.leave(this.self.id).catch((error: unknown) => {
			this.#options.log.warn({ err: error }, 'the lease ends by itself: it could not be ended');
		});
	}

	mayServe(): boolean {
		return this.#serveMs() > 0;
	}

	mayClaim(): boolean {
		return this.standing() === 'claims';
	}

	standing(): Standing {
		const isAway = this.#lease.awaySinceMs !== undefined;
		if (this.#phase !== 'serving' || this.#lease.leftMs === 0 || isAway) return 'waits';
		// Who does not hear this node may serve on without the directory, taking it for dead.
		if (!this.#lease.isSettled || !(this.#isAlone() || this.#hearsay.isHeardByAll)) return 'waits';
		return this.#state === 'draining' || this.#lease.isClockOff ? 'handsOver' : 'claims';
	}

	onChange(listener: (change: NodeChange) => void): () => void {
		return this.#changed.add(listener);
	}

	onLost(listener: () => void): () => void {
		return this.#lostAll.add(listener);
	}

	/** Calls back with each renewal; `gap`: entries may have been lost or taken before it. */
	onRenewed(listener: (renewed: { readonly gap: boolean }) => void): () => void {
		return this.#renewedTo.add(listener);
	}

	/** How much longer actors may be served if nothing happens, in milliseconds. */
	#serveMs(): number {
		if (this.#phase !== 'serving') return 0;
		return this.#lease.leftMs || this.#excuseMs();
	}

	#excuseMs(): number {
		const awaySinceMs = this.#lease.awaySinceMs;
		if (awaySinceMs === undefined) return 0;
		const leftMs = Math.max(0, this.#timing.staleMs - awaySinceMs);
		return this.#isAlone() ? leftMs : Math.min(leftMs, this.#hearsay.excuseMs());
	}

	#isAlone(): boolean {
		return this.nodes.size <= 1 && !this.#hearsay.hearsOthers && !this.#isDeaf;
	}

	#renewOnAndOn(): void {
		const { runtime } = this.#options;
		const inMs = untilTick(runtime, this.#timing.heartbeatMs);
		this.#cancelRenewal = runtime.after(inMs, () => this.#renewOnAndOn());
		this.#look();
		void this.#attempt();
	}

	#tellOnAndOn(): void {
		const { runtime } = this.#options;
		const inMs = untilTick(runtime, this.#timing.beatMs);
		this.#cancelBeat = runtime.after(inMs, () => this.#tellOnAndOn());
		this.#look();
		this.#tell();
	}

	/**
	 * Gives everything up when the time to serve is over. Has to come before anything new is taken in:
	 * a process that was paused finds old news in its sockets, which must not excuse it.
	 */
	#look(): void {
		if (this.#phase !== 'serving') return;
		this.#cancelLook?.();
		const leftMs = this.#serveMs();
		if (leftMs > 0) {
			this.#cancelLook = this.#options.runtime.after(leftMs, () => this.#look());
			return;
		}
		this.#phase = 'lost';
		this.#options.log.warn({ node: this.self.id }, 'the lease is over: all actors are given up');
		this.#lostAll.tell();
	}

	#tell(): void {
		const { relay, runtime, subject, load, self } = this.#options;
		if (this.#phase === 'joining' || this.#phase === 'left') return;
		const directoryAway = this.#lease.awaySinceMs !== undefined;
		const beat = {
			...{ node: self, state: this.#state, load: load(), directoryAway },
			...this.#stores(),
		};
		this.#living.hear(beat, runtime.monotonic());
		relay.publish(subject, packBeat(beat));
	}

	/** Nothing where nobody looks after them: a beat has no empty fields. */
	#stores(): Pick<NodeBeat, 'stores'> {
		const { runtime, stores } = this.#options;
		if (stores === undefined) return {};
		const now = runtime.monotonic();
		const told = stores().map(({ answeredAt, unanswered }) => ({
			answeredMs: now - answeredAt,
			isAway: unanswered !== undefined,
		}));
		return { stores: told };
	}

	#hear(bytes: Uint8Array): void {
		const beat = unpackBeat(bytes);
		if (beat?.node.environment !== this.self.environment) return;
		this.#look();
		this.#hearsay.heard(beat);
		if (this.#hearsay.relayWorks) this.#isDeaf = false;
		if (beat.node.id === this.self.id) return;
		this.#living.hear(beat, this.#options.runtime.monotonic());
	}

	/** Renews once, unless a renewal is under way; answers with why it failed. */
	async #attempt(): Promise<unknown> {
		if (this.#renewing !== undefined) return undefined;
		let failure: unknown;
		this.#renewing = this.#renew().catch((error: unknown) => {
			failure = error ?? new Error('no reason');
		});
		await this.#renewing;
		this.#renewing = undefined;
		if (failure !== undefined) this.#failed(failure);
		return failure;
	}

	async #renew(): Promise<void> {
		const { directory, runtime } = this.#options;
		const sentAt = momentNow(runtime);
		const renewal = await directory.renew(this.self, this.#timing.leaseMs);
		if (this.#phase === 'left') return;
		if (this.#phase === 'joining') this.#refuseStrangers(renewal);
		this.#look();
		if (elapsedMs(runtime, sentAt) >= this.#timing.leaseMs) {
			throw new DirectoryError('the lease was over before it was answered', 'TIMEOUT');
		}
		const wasAway = this.#lease.awaySinceMs !== undefined;
		const gap = this.#lease.renewed(sentAt, renewal);
		this.#phase = 'serving';
		this.#look();
		this.#checkClock();
		if (wasAway) {
			this.#options.log.info({ node: this.self.id, gap }, 'the directory answers again');
			this.#tell();
		}
		this.#renewedTo.tell({ gap });
		const change = this.#read(renewal);
		if (change.joined.length + change.gone.length > 0) this.#changed.tell(change);
	}

	#read(renewal: Renewal): NodeChange {
		const ours = renewal.nodes.filter(({ environment }) => environment === this.self.environment);
		const lastOf = (id: NodeId) => this.#hearsay.last(id);
		const change = this.#living.read(ours, this.#lease.isSettled, lastOf);
		for (const id of change.gone) this.#hearsay.forget(id);
		if (change.gone.length > 0 && !this.#hearsay.relayWorks) this.#isDeaf = true;
		return change;
	}

	#failed(error: unknown): void {
		this.#look();
		const wasAway = this.#lease.awaySinceMs !== undefined;
		this.#lease.failed();
		if (wasAway) return;
		this.#options.log.warn({ err: error, node: this.self.id }, 'the directory does not answer');
		this.#tell();
	}

	#checkClock(): void {
		const { isClockOff, clockOffMs } = this.#lease;
		if (isClockOff === this.#clockWasOff) return;
		this.#clockWasOff = isClockOff;
		if (isClockOff) {
			this.#options.log.warn(
				{ clockOffMs },
				'the clock is off: set it; no actors are taken meanwhile',
			);
		} else this.#options.log.info({}, 'the clock is right again: actors are taken');
	}

	#refuseStrangers({ nodes }: Renewal): void {
		const own = this.self.environment;
		const stranger = nodes.find(({ environment }) => environment !== own);
		if (stranger === undefined) return;
		throw new DirectoryError(
			`the directory belongs to the environment ${stranger.environment}, this node to ${own}`,
			'CONFLICT',
		);
	}

	#end(): void {
		this.#phase = 'left';
		this.#cancelBeat?.();
		this.#cancelRenewal?.();
		this.#cancelLook?.();
		for (const undo of this.#undo) undo();
		this.#undo = [];
	}
}
