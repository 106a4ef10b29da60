const SECONDS = 60;

/** How often something happened within the last minute; plain data in a snapshot. */
export class LastMinute {
	/** By second modulo a minute: which second, and how often. */
	readonly #seconds: number[];
	readonly #counts: number[];

	constructor({ seconds, counts }: Partial<ReturnType<LastMinute['cut']>> = {}) {
		this.#seconds = seconds === undefined ? new Array(SECONDS).fill(-SECONDS) : [...seconds];
		this.#counts = counts === undefined ? new Array(SECONDS).fill(0) : [...counts];
	}

	add(at: number, times: number): void {
		const second = Math.floor(at / 1_000);
		const slot = second % SECONDS;
		if (this.#seconds[slot] !== second) {
			this.#seconds[slot] = second;
			this.#counts[slot] = 0;
		}
		this.#counts[slot] = (this.#counts[slot] ?? 0) + times;
	}

	/** How often within the minute up to `now`. */
	total(now: number): number {
		const second = Math.floor(now / 1_000);
		let sum = 0;
		for (let slot = 0; slot < SECONDS; slot++) {
			if ((this.#seconds[slot] ?? 0) > second - SECONDS) sum += this.#counts[slot] ?? 0;
		}
		return sum;
	}

	/** Average per second since `since`, at most of the last minute. */
	perSecond(now: number, since: number): number {
		const seconds = Math.min(SECONDS, Math.max(1, Math.ceil((now - since) / 1_000)));
		return this.total(now) / seconds;
	}

	cut(): { readonly seconds: readonly number[]; readonly counts: readonly number[] } {
		return { seconds: [...this.#seconds], counts: [...this.#counts] };
	}
}
