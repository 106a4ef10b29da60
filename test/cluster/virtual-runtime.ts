import type { Runtime } from '../../src/core/runtime.ts';

interface Timer {
	readonly at: number;
	readonly order: number;
	readonly run: () => void;
}

/** A runtime whose time stands still until it is advanced; `stall` lets it pass with timers unserved. */
export class VirtualRuntime implements Runtime {
	#elapsed = 0;
	#wall: number;
	#order = 0;
	readonly #timers = new Set<Timer>();
	#deferred: (() => void)[] = [];
	/** How many timers were set, ever. */
	timersSet = 0;

	constructor(wall = Date.UTC(2030, 0, 1)) {
		this.#wall = wall;
	}

	now(): number {
		return this.#wall + this.#elapsed;
	}

	monotonic(): number {
		return this.#elapsed;
	}

	randomId(): string {
		return String(++this.#order).padStart(16, '0');
	}

	random(): number {
		return 0.5;
	}

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.#elapsed + ms, order: ++this.#order, run };
		this.timersSet++;
		this.#timers.add(timer);
		return () => {
			this.#timers.delete(timer);
		};
	}

	defer(run: () => void): void {
		this.#deferred.push(run);
	}

	get timersWaiting(): number {
		return this.#timers.size;
	}

	/** Runs what was deferred, and what that defers. */
	turn(): void {
		while (this.#deferred.length > 0) {
			const deferred = this.#deferred;
			this.#deferred = [];
			for (const run of deferred) run();
		}
	}

	/** Lets time pass; each timer runs at its time. */
	advance(ms: number): void {
		const end = this.#elapsed + ms;
		for (;;) {
			this.turn();
			const next = this.#next();
			if (next === undefined || next.at > end) break;
			this.#elapsed = Math.max(this.#elapsed, next.at);
			this.#timers.delete(next);
			next.run();
		}
		this.#elapsed = end;
	}

	/** Lets time pass while the process is held up: no timer runs. */
	stall(ms: number): void {
		this.#elapsed += ms;
	}

	/** Sets the wall clock off; the monotonic one goes on. */
	jump(ms: number): void {
		this.#wall += ms;
	}

	#next(): Timer | undefined {
		let next: Timer | undefined;
		for (const timer of this.#timers) {
			const isEarlier = next === undefined || timer.at < next.at;
			if (isEarlier || (timer.at === next?.at && timer.order < next.order)) next = timer;
		}
		return next;
	}
}
