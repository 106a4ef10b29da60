import { createHistogram, performance } from 'node:perf_hooks';
import { untilTick } from '../core/ticks.ts';

/** Not `monitorEventLoopDelay`: its own timers woke a node that has nothing to do 20 times a second. */
const LOOK_MS = 250;
const runtime = { monotonic: () => performance.now() };

/** How much later than they should the event loop's timers come, since the last reset. */
export class LoopDelay {
	readonly #delays = createHistogram();
	#timer: NodeJS.Timeout;

	constructor() {
		this.#timer = this.#look();
	}

	/** Milliseconds; 0 where there was none. */
	quantileMs(quantile: number): number {
		return this.#delays.count === 0 ? 0 : this.#delays.percentile(quantile * 100) / 1e6;
	}

	reset(): void {
		this.#delays.reset();
	}

	close(): void {
		clearTimeout(this.#timer);
	}

	#look(): NodeJS.Timeout {
		const dueMs = Math.ceil(untilTick(runtime, LOOK_MS));
		const due = performance.now() + dueMs;
		const look = () => {
			const lateMs = Math.max(0, performance.now() - due);
			this.#delays.record(Math.max(1, Math.round(lateMs * 1e6)));
			this.#timer = this.#look();
		};
		return setTimeout(look, dueMs).unref();
	}
}
