const SECOND_MS = 1_000;
/** Looks back so many seconds. */
const SECONDS = 5;
/** Asks for more than is used, so that a burst finds some. */
const AMPLE = 1.5;
const IDLE_MS = 10_000;

/** How many calls a second a node wants to make to one institution. */
export class PermitDemand {
	readonly #seconds = new Int32Array(SECONDS);
	#second = 0;
	#lastAt = Number.NEGATIVE_INFINITY;

	/** Another one asks. */
	ask(now: number): void {
		this.#advance(now);
		const at = this.#second % SECONDS;
		this.#seconds[at] = (this.#seconds[at] ?? 0) + 1;
		this.#lastAt = now;
	}

	/** Permits in an interval that would do, with `waiting` that have none yet; 0 when nobody asks. */
	want(now: number, waiting: number): number {
		if (waiting === 0 && now - this.#lastAt > IDLE_MS) return 0;
		this.#advance(now);
		return Math.max(1, Math.ceil(Math.max(...this.#seconds) * AMPLE) + waiting);
	}

	#advance(now: number): void {
		const second = Math.floor(now / SECOND_MS);
		const passed = Math.min(second - this.#second, SECONDS);
		for (let step = 0; step < passed; step++) this.#seconds[(second - step) % SECONDS] = 0;
		this.#second = Math.max(second, this.#second);
	}
}
