import { setImmediate } from 'node:timers/promises';

/** Keeps long work from holding the event loop: ask `isOver` between its steps, then `rest`. */
export class Pace {
	readonly #sliceMsMax: number;
	#began = performance.now();

	constructor(sliceMsMax: number) {
		this.#sliceMsMax = sliceMsMax;
	}

	/** Whether the work has held the loop long enough. */
	get isOver(): boolean {
		return performance.now() - this.#began >= this.#sliceMsMax;
	}

	/** Lets the loop do what waits. */
	async rest(): Promise<void> {
		await setImmediate();
		this.#began = performance.now();
	}
}
