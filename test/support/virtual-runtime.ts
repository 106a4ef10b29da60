import type { Runtime } from '../../src/core/runtime.ts';

interface Timer {
	readonly at: number;
	readonly order: number;
	readonly run: () => void;
}

/** Lets all promises that can settle do so. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A clock that moves only when told, with seeded chance: the same seed, the same run. */
export class VirtualRuntime implements Runtime {
	#now: number;
	#order = 0;
	#seed: number;
	#timers = new Set<Timer>();

	constructor(options: { seed?: number; now?: number } = {}) {
		this.#seed = options.seed ?? 1;
		this.#now = options.now ?? 1_700_000_000_000;
	}

	now(): number {
		return this.#now;
	}

	monotonic(): number {
		return this.#now;
	}

	random(): number {
		// mulberry32: small, well spread, the same everywhere.
		this.#seed = (this.#seed + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	randomId(): string {
		return Array.from({ length: 16 }, () => Math.floor(this.random() * 36).toString(36)).join('');
	}

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
		this.#timers.add(timer);
		return () => this.#timers.delete(timer);
	}

	defer(run: () => void): void {
		this.after(0, run);
	}

	/** Lets everything happen that is due within the next `ms`, in order. */
	async advance(ms: number): Promise<void> {
		const end = this.#now + ms;
		await settled();
		for (;;) {
			const next = this.#next();
			if (next === undefined || next.at > end) break;
			this.#timers.delete(next);
			this.#now = Math.max(this.#now, next.at);
			next.run();
			await settled();
		}
		this.#now = end;
	}

	/** Advances in steps until `done`, or throws after `limitMs`. */
	async until(done: () => boolean, limitMs = 60_000): Promise<void> {
		const end = this.#now + limitMs;
		while (!done()) {
			if (this.#now > end) throw new Error(`not done after ${limitMs} ms of virtual time`);
			await this.advance(5);
		}
	}

	#next(): Timer | undefined {
		let next: Timer | undefined;
		for (const timer of this.#timers) {
			if (next === undefined || timer.at < next.at) next = timer;
			else if (timer.at === next.at && timer.order < next.order) next = timer;
		}
		return next;
	}
}
