/** Asks the server after so many bytes whether it has them; less than that is not counted. */
const STEP_BYTES = 64 * 1024;

/**
 * How many bytes the server has not confirmed. The client cannot tell what waits in its socket, so a
 * question goes behind each step of bytes, and its answer says that the server has read all before it.
 */
export class UnconfirmedBytes {
	readonly #ask: () => Promise<void>;
	#asked = 0;
	#since = 0;

	constructor(ask: () => Promise<void>) {
		this.#ask = ask;
	}

	get total(): number {
		return this.#asked;
	}

	add(bytes: number): void {
		this.#since += bytes;
		if (this.#since < STEP_BYTES) return;
		const step = this.#since;
		this.#since = 0;
		this.#asked += step;
		// A connection that breaks answers nothing, and its count goes with it.
		this.#ask().then(
			() => {
				this.#asked -= step;
			},
			() => {},
		);
	}
}
