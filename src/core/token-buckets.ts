/** How often something may be done: so much a second in the long run, so much at once. */
export interface Rate {
	readonly perSecondMax: number;
	readonly burstMax: number;
}

/**
 * Limits the rate of each of many keys. A bucket is one number, and a full one is forgotten; when there
 * are too many, those used longest ago begin anew.
 */
export class TokenBuckets {
	readonly #intervalMs: number;
	readonly #burstMs: number;
	readonly #keysMax: number;
	/** When the bucket of a key will be full, in monotonic milliseconds; used longest ago first. */
	readonly #fullAt = new Map<string, number>();

	constructor({ perSecondMax, burstMax }: Rate, keysMax: number) {
		this.#intervalMs = 1_000 / perSecondMax;
		this.#burstMs = this.#intervalMs * burstMax;
		this.#keysMax = keysMax;
	}

	/** How many keys are not full. */
	get size(): number {
		return this.#fullAt.size;
	}

	/** Takes one at `now`; answers 0, or takes none and answers in how many milliseconds there is one. */
	take(key: string, now: number): number {
		const fullAt = Math.max(this.#fullAt.get(key) ?? now, now) + this.#intervalMs;
		const waitMs = fullAt - now - this.#burstMs;
		// Sums of fractions are never exact; a millionth of a millisecond is nobody's wait.
		if (waitMs > 1e-6) return Math.ceil(waitMs);
		this.#fullAt.delete(key);
		this.#fullAt.set(key, fullAt);
		this.#forget(now);
		return 0;
	}

	/** Takes out what is full, as far as it stands in front, and what is too much. */
	#forget(now: number): void {
		for (const [key, fullAt] of this.#fullAt) {
			if (fullAt > now && this.#fullAt.size <= this.#keysMax) return;
			this.#fullAt.delete(key);
		}
	}
}
