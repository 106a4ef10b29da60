const SAMPLES_MAX = 8;

/** The server's clock, by the quickest of the last few questions. */
export class ServerClock {
	readonly #now: () => number;
	#samples: { readonly offsetMs: number; readonly roundTripMs: number }[] = [];

	constructor(now: () => number) {
		this.#now = now;
	}

	sample(offsetMs: number, roundTripMs: number): void {
		this.#samples = [...this.#samples, { offsetMs, roundTripMs }].slice(-SAMPLES_MAX);
	}

	/** Milliseconds since 1970 as the server counts them; the device's own until it is known. */
	now(): number {
		let best = this.#samples[0];
		for (const one of this.#samples) {
			if (best && one.roundTripMs < best.roundTripMs) best = one;
		}
		return Math.round(this.#now() + (best?.offsetMs ?? 0));
	}
}
