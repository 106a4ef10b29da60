import type { Runtime } from '../core/runtime.ts';
import type { Renewal } from './directory.ts';
import { elapsedMs, type Moment, momentNow } from './moment.ts';

type Clocks = Pick<Runtime, 'now' | 'monotonic'>;

/** How this node stands with the directory; all of it computed from clocks when it is asked. */
export class Lease {
	readonly #clocks: Clocks;
	readonly #leaseMs: number;
	readonly #skewMaxMs: number;
	/** When the last renewal that succeeded was sent. */
	#sentAt: Moment | undefined;
	/** When an attempt failed, if none has succeeded since. */
	#failedAt: Moment | undefined;
	/** By the monotonic clock: from then on all who live have registered. */
	#settledAt = Number.POSITIVE_INFINITY;
	#clockOffMs = 0;

	constructor(options: {
		readonly clocks: Clocks;
		readonly leaseMs: number;
		/** How far this node's clock may be off the directory's. */
		readonly skewMaxMs: number;
	}) {
		this.#clocks = options.clocks;
		this.#leaseMs = options.leaseMs;
		this.#skewMaxMs = options.skewMaxMs;
	}

	/**
	 * Takes over a renewal that was sent at that time. Answers whether it followed a gap, in which
	 * entries may have been lost or taken.
	 */
	renewed(sentAt: Moment, renewal: Renewal): boolean {
		const isFirst = this.#sentAt === undefined;
		const gap = !isFirst && (!renewal.held || this.#failedAt !== undefined);
		const now = this.#clocks.monotonic();
		// After a gap the others get the time of a lease to register again; and what this node said
		// about a directory that is away has to be out of date before it claims (`Hearsay.excuseMs`).
		if (gap) this.#settledAt = now + this.#leaseMs;
		const oldAt = now + this.#leaseMs - renewal.ageMs;
		this.#settledAt = isFirst ? oldAt : Math.max(this.#settledAt, oldAt);
		this.#sentAt = sentAt;
		this.#failedAt = undefined;
		this.#clockOffMs = clockOff(sentAt.wall, this.#clocks.now(), renewal.now);
		return gap;
	}

	failed(): void {
		this.#failedAt = momentNow(this.#clocks);
	}

	/** How much longer the lease stands, in milliseconds; 0 when it does not. */
	get leftMs(): number {
		if (this.#sentAt === undefined) return 0;
		return Math.max(0, this.#leaseMs - elapsedMs(this.#clocks, this.#sentAt));
	}

	/** How long ago the directory last failed to answer, in milliseconds, if it has not answered since. */
	get awaySinceMs(): number | undefined {
		return this.#failedAt && elapsedMs(this.#clocks, this.#failedAt);
	}

	/**
	 * Whether whoever lives is in the directory with what it owns: it is old enough, and this node's
	 * own gap is over for long enough.
	 */
	get isSettled(): boolean {
		return this.#clocks.monotonic() >= this.#settledAt;
	}

	/** How far this node's clock is off the directory's, at least, in milliseconds. */
	get clockOffMs(): number {
		return this.#clockOffMs;
	}

	get isClockOff(): boolean {
		return this.#clockOffMs > this.#skewMaxMs;
	}
}

/** How far the directory's time lies outside the time in which it was asked. */
const clockOff = (sent: number, answered: number, directory: number): number =>
	Math.max(0, sent - directory, directory - answered);
