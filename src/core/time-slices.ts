import type { Runtime } from './runtime.ts';

/** With the longest single step behind it, below what is felt at a busy node. */
const SLICE_MS = 5;

/** Cuts long work of one actor into slices, so that everything else goes on in between. */
export class TimeSlices {
	readonly #runtime: Runtime;
	#began: number;

	constructor(runtime: Runtime) {
		this.#runtime = runtime;
		this.#began = runtime.monotonic();
	}

	/** Whether this slice has lasted long enough; then wait for {@link next}. */
	get over(): boolean {
		return this.#runtime.monotonic() - this.#began >= SLICE_MS;
	}

	/** Resolves when what waits has been served. */
	next(): Promise<void> {
		return new Promise((resolve) => {
			this.#runtime.defer(() => {
				this.#began = this.#runtime.monotonic();
				resolve();
			});
		});
	}
}
