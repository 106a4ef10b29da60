const SAMPLES_MAX = 8;

/** What one question to the server told. */
interface Sample {
	/** Server time less device time; wrong by at most the round trip. */
	readonly offsetMs: number;
	readonly roundTripMs: number;
}

/** Whether both can be right; otherwise the device's clock was set in between. */
const agree = (one: Sample, other: Sample) =>
	Math.abs(one.offsetMs - other.offsetMs) <= one.roundTripMs + other.roundTripMs;

/** The server's clock, by the quickest of the last few questions. */
export class ServerClock {
	readonly #now: () => number;
	#samples: Sample[] = [];

	constructor(now: () => number) {
		this.#now = now;
	}

	sample(offsetMs: number, roundTripMs: number): void {
		const sample = { offsetMs, roundTripMs };
		const valid = this.#samples.filter((earlier) => agree(earlier, sample));
		this.#samples = [...valid, sample].slice(-SAMPLES_MAX);
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
