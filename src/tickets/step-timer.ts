import type { Runtime } from '../core/runtime.ts';

/** A loop that stood still catches up with no more steps at once. */
const STEPS_MAX = 20;

/** Steps at an even pace until it is stopped; steps that were missed are made up for, as far as bounded. */
export class StepTimer {
	readonly #runtime: Pick<Runtime, 'after' | 'monotonic'>;
	readonly #everyMs: number;
	readonly #step: () => void;
	#steppedAt: number;
	#cancel = () => {};

	constructor(
		runtime: Pick<Runtime, 'after' | 'monotonic'>,
		{ everyMs, step }: { readonly everyMs: number; readonly step: () => void },
	) {
		this.#runtime = runtime;
		this.#everyMs = everyMs;
		this.#step = step;
		this.#steppedAt = runtime.monotonic();
		this.#later();
	}

	stop(): void {
		this.#cancel();
	}

	#later(): void {
		this.#cancel = this.#runtime.after(this.#everyMs, () => {
			const due = Math.floor((this.#runtime.monotonic() - this.#steppedAt) / this.#everyMs);
			this.#steppedAt += due * this.#everyMs;
			this.#later();
			for (let step = Math.min(due, STEPS_MAX); step > 0; step--) this.#step();
		});
	}
}
