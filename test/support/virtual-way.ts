import type { VirtualRuntime } from './virtual-runtime.ts';

/** One direction of a connection: what is sent first arrives first, each some time later, until it is cut. */
export class VirtualWay {
	readonly #runtime: VirtualRuntime;
	readonly #delayMsMax: number;
	#lastAt = 0;
	#isCut = false;

	constructor(runtime: VirtualRuntime, delayMsMax: number) {
		this.#runtime = runtime;
		this.#delayMsMax = delayMsMax;
	}

	pass(arrive: () => void): void {
		const now = this.#runtime.now();
		this.#lastAt = Math.max(this.#lastAt, now + this.#runtime.random() * this.#delayMsMax);
		this.#runtime.after(this.#lastAt - now, () => {
			if (!this.#isCut) arrive();
		});
	}

	/** What is under way does not arrive. */
	cut(): void {
		this.#isCut = true;
	}
}
