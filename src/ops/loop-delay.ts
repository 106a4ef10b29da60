import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Each look wakes the process, and to wake is dear where it is virtual: 200 a second were 1 % of a core
 * of a node that had nothing to do.
 */
const RESOLUTION_MS = 100;

/** How much later than they should the event loop's timers come, since the last reset. */
export class LoopDelay {
	readonly #monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

	constructor() {
		this.#monitor.enable();
	}

	/** Milliseconds; 0 where there was none. */
	quantileMs(quantile: number): number {
		return Math.max(0, this.#monitor.percentile(quantile * 100) / 1e6 - RESOLUTION_MS);
	}

	reset(): void {
		this.#monitor.reset();
	}

	close(): void {
		this.#monitor.disable();
	}
}
