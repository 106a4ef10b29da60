import type { Runtime } from '../../../src/core/runtime.ts';
import { seeded } from '../../support/seeded.ts';

interface Timer {
	readonly at: number;
	readonly order: number;
	run: (() => void) | undefined;
}

/** Lets all promises that can settle do so. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const isBefore = (one: Timer, other: Timer) =>
	one.at < other.at || (one.at === other.at && one.order < other.order);

/** Time in whole milliseconds for thousands of timers: those of one moment run before promises settle. */
export class SimulatedTime {
	readonly random: () => number;
	#now = 0;
	#order = 0;
	/** The next timer first, as a heap. */
	readonly #heap: Timer[] = [];

	constructor(seed: number) {
		this.random = seeded(seed);
	}

	get now(): number {
		return this.#now;
	}

	after(ms: number, run: () => void): () => void {
		const timer: Timer = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order++, run };
		this.#push(timer);
		return () => {
			timer.run = undefined;
		};
	}

	async advance(ms: number): Promise<void> {
		const end = this.#now + ms;
		await settled();
		for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
			const isLater = next.at > this.#now;
			this.#now = next.at;
			this.#pop();
			next.run?.();
			// Promises of one moment settle together, unless a timer of the same moment comes of them.
			if (isLater || this.#heap[0]?.at !== next.at) await settled();
		}
		this.#now = end;
	}

	below(max: number): number {
		return Math.floor(this.random() * max);
	}

	#push(timer: Timer): void {
		const heap = this.#heap;
		let at = heap.length;
		heap.push(timer);
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!isBefore(timer, heap[parent] as Timer)) break;
			heap[at] = heap[parent] as Timer;
			at = parent;
		}
		heap[at] = timer;
	}

	#pop(): void {
		const heap = this.#heap;
		const last = heap.pop() as Timer;
		if (heap.length === 0) return;
		let at = 0;
		for (;;) {
			let child = 2 * at + 1;
			const right = heap[child + 1];
			if (right !== undefined && isBefore(right, heap[child] as Timer)) child++;
			const next = heap[child];
			if (next === undefined || !isBefore(next, last)) break;
			heap[at] = next;
			at = child;
		}
		heap[at] = last;
	}
}

/** The clocks of one machine: the wall clock is wrong and may be set, the other runs a little off. */
export class MachineTime implements Runtime {
	/** Added to the wall clock. */
	wrongByMs: number;
	readonly #time: SimulatedTime;
	readonly #startedMs: number;
	readonly #drift: number;

	constructor(time: SimulatedTime) {
		this.#time = time;
		this.wrongByMs = (time.random() - 0.5) * 7_200_000;
		this.#startedMs = time.random() * 1e9;
		this.#drift = 1 + (time.random() - 0.5) * 2e-4;
	}

	now(): number {
		return Math.floor(1_700_000_000_000 + this.#time.now + this.wrongByMs);
	}

	monotonic(): number {
		return this.#startedMs + this.#time.now * this.#drift;
	}

	random(): number {
		return this.#time.random();
	}

	randomId(): string {
		return Array.from({ length: 16 }, () => this.#time.below(36).toString(36)).join('');
	}

	after(ms: number, run: () => void): () => void {
		return this.#time.after(ms / this.#drift, run);
	}

	defer(run: () => void): void {
		this.#time.after(0, run);
	}
}
