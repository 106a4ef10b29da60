/** Buckets per doubling: percentiles are right within a fifth. */
const FINENESS = 4;
const BUCKETS = 128;
/** Arrivals within this time share a mark. */
const MARK_MS = 1_000;

interface WaitTimesCut {
	readonly buckets: readonly number[];
	readonly marks: readonly (readonly [number, number])[];
}

/**
 * How long users waited for their turn, as percentiles of all turns so far. When somebody came is
 * known to the second, by the number that was given then: a mark each second, none per user.
 */
export class WaitTimes {
	readonly #buckets: number[];
	/** [first number, time], ascending; all numbers up to the next mark came then. */
	#marks: (readonly [number, number])[];
	/** The mark of the number that had its turn last: turns go in order. */
	#reached = 0;
	#total: number;

	constructor({ buckets, marks }: Partial<WaitTimesCut> = {}) {
		this.#buckets = buckets === undefined ? new Array(BUCKETS).fill(0) : [...buckets];
		this.#marks = marks === undefined ? [] : [...marks];
		this.#total = this.#buckets.reduce((sum, count) => sum + count, 0);
	}

	/** Numbers from `first` on are given now. */
	came(first: number, at: number): void {
		const last = this.#marks.at(-1);
		if (last === undefined || at - last[1] >= MARK_MS) this.#marks.push([first, at]);
	}

	/** The user of this number has the turn now; no lower number follows. */
	turned(number: number, at: number): void {
		const marks = this.#marks;
		while ((marks[this.#reached + 1]?.[0] ?? Infinity) <= number) this.#reached++;
		const cameAt = marks[this.#reached]?.[1] ?? at;
		const bucket = Math.floor(Math.log2(Math.max(0, at - cameAt) + 1) * FINENESS);
		const slot = Math.min(BUCKETS - 1, bucket);
		this.#buckets[slot] = (this.#buckets[slot] ?? 0) + 1;
		this.#total++;
		this.#prune();
	}

	/** Milliseconds that this share of the users waited at most; 0 before the first turn. */
	percentile(share: number): number {
		let left = Math.ceil(this.#total * share);
		if (left === 0) return 0;
		for (const [bucket, count] of this.#buckets.entries()) {
			left -= count;
			if (left <= 0) return Math.ceil(2 ** ((bucket + 1) / FINENESS)) - 1;
		}
		return 0;
	}

	/** The queue has ended: those who waited had no turn. */
	clear(): void {
		this.#marks = [];
		this.#reached = 0;
	}

	cut(): WaitTimesCut {
		return { buckets: [...this.#buckets], marks: this.#marks.slice(this.#reached) };
	}

	#prune(): void {
		if (this.#reached < 1_000) return;
		this.#marks = this.#marks.slice(this.#reached);
		this.#reached = 0;
	}
}
