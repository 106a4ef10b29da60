import type { Runtime } from './runtime.ts';
import { untilTick } from './ticks.ts';

const TICK_MS = 1_000;

export interface RoundsOptions<T> {
	readonly runtime: Pick<Runtime, 'after' | 'monotonic' | 'random'>;
	/** What there is; may change at any time. */
	readonly items: { readonly size: number; [Symbol.iterator](): Iterator<T> };
	readonly visit: (item: T) => void;
	/** A round takes so long, or longer when there is more than may be visited in that time. */
	readonly roundMs: number;
	readonly perSecondMax: number;
	/** For a round in a hurry. */
	readonly hurriedPerSecondMax: number;
}

/** Visits everything again and again, evenly spread, so that what was missed is found some time. */
export class Rounds<T> {
	readonly #options: RoundsOptions<T>;
	#round: Iterator<T> | undefined;
	#isHurried = false;
	/** Parts of a visit that are left over from the ticks before. */
	#due: number;
	#cancel = () => {};

	constructor(options: RoundsOptions<T>) {
		this.#options = options;
		// Nodes that started together do not read together.
		this.#due = options.runtime.random();
		this.#tickLater();
	}

	/** Begins a round now, and is through as soon as may be. */
	hurry(): void {
		this.#round = undefined;
		this.#isHurried = true;
	}

	stop(): void {
		this.#cancel();
	}

	#tickLater(): void {
		const { runtime } = this.#options;
		this.#cancel = runtime.after(untilTick(runtime, TICK_MS), () => {
			this.#tick();
			this.#tickLater();
		});
	}

	#tick(): void {
		const { items, roundMs, perSecondMax, hurriedPerSecondMax } = this.#options;
		const wanted = (items.size * TICK_MS) / roundMs;
		this.#due += this.#isHurried ? hurriedPerSecondMax : Math.min(wanted, perSecondMax);
		for (; this.#due >= 1; this.#due--) {
			const next = this.#next();
			if (next.done === true) {
				this.#due = 0;
				return;
			}
			this.#options.visit(next.value);
		}
	}

	/** The next of this round, or the first of a new one; a round in a hurry is not followed at once. */
	#next(): IteratorResult<T> {
		const { items } = this.#options;
		const next = this.#round?.next();
		if (next !== undefined && next.done !== true) return next;
		const wasHurried = next !== undefined && this.#isHurried;
		this.#round = undefined;
		if (wasHurried) {
			this.#isHurried = false;
			return { done: true, value: undefined };
		}
		this.#round = items[Symbol.iterator]();
		return this.#round.next();
	}
}
