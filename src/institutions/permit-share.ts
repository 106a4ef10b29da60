import {
	PERMIT_OVER_MS,
	PERMIT_VALID_MS,
	type PermitRequest,
	type Permits,
} from '../protocol/institution-nodes.ts';
import { CallWindow } from './call-window.ts';

/** Answers that are remembered until they are old enough to tell what is over. */
const TICKS_MAX = 64;
const INTERVAL_MS = 1_000;
/** A share is given back when the interval in which more went is over, and a bucket. */
const OVER_MS = 20;

/**
 * This node's share of one institution's permits: what it may use, and what it says of that. A smaller
 * share holds at once, and is told when no interval holds more than it any more. All times are monotonic
 * milliseconds.
 */
export class PermitShare {
	readonly #incarnation: string;
	readonly #window = new CallWindow(INTERVAL_MS);
	#share = 0;
	#validUntil = Number.NEGATIVE_INFINITY;
	/** Number of the last request; answers to earlier ones come too late. */
	#n = 0;
	/** What the actor was told that this node keeps to. */
	#toldHolds = 0;
	#ticks: { readonly tick: number; readonly at: number }[] = [];
	/** When less can be told. */
	tellAt = Number.POSITIVE_INFINITY;
	/** Another owner may have taken over since the last answer. */
	#again = false;

	constructor(incarnation: string) {
		this.#incarnation = incarnation;
	}

	/** Calls that may go in an interval now. */
	share(now: number): number {
		return now < this.#validUntil ? this.#share : 0;
	}

	take(now: number): boolean {
		const share = this.share(now);
		return share > 0 && this.#window.take(now, share);
	}

	/** The next request; from now on only its answer counts. */
	request(now: number, want: number): PermitRequest {
		const holds = Math.max(this.share(now), this.#window.used(now));
		this.#toldHolds = holds;
		this.tellAt = Number.POSITIVE_INFINITY;
		return {
			incarnation: this.#incarnation,
			n: ++this.#n,
			holds,
			want,
			past: this.#past(now),
			...(this.#again ? { again: true } : {}),
		};
	}

	/** What came of request `n`, sent at `sentAt`. */
	answered(
		n: number,
		permits: Permits,
		at: { readonly sentAt: number; readonly now: number },
	): void {
		const { share, intervalMs, tick } = permits;
		if (this.#ticks.length < TICKS_MAX) this.#ticks.push({ tick, at: at.now });
		if (n !== this.#n) return;
		this.#again = false;
		this.#share = share;
		this.#window.stretch(intervalMs);
		// Where one call takes longer than a second's share, the last one counts as long.
		this.#validUntil = at.sentAt + PERMIT_VALID_MS - (intervalMs - INTERVAL_MS);
		if (share < this.#toldHolds) this.tellAt = at.now + intervalMs + OVER_MS;
	}

	/** Another owner may have taken over: what is held is first renewed as it is. */
	moved(now: number): void {
		this.#again = this.share(now) > 0;
	}

	/** Uses nothing any more. */
	drop(): void {
		this.#validUntil = Number.NEGATIVE_INFINITY;
	}

	/** The highest answer that is so old that shares renewed before it are over. */
	#past(now: number): number {
		const old = this.#ticks.filter(({ at }) => now - at >= PERMIT_OVER_MS);
		const past = old.reduce((highest, { tick }) => Math.max(highest, tick), 0);
		// Of the old ones the highest says it all.
		const highest = old.filter(({ tick }) => tick === past).slice(0, 1);
		this.#ticks = [...highest, ...this.#ticks.filter(({ at }) => now - at < PERMIT_OVER_MS)];
		return past;
	}
}
