/**
 * How many wait in each slab, and in all before one: a Fenwick tree that grows at its end, so that
 * neither a change nor a sum takes more than the logarithm of the number of slabs.
 */
export class SlabCounts {
	/** From 1: entry n holds the sum of the `n & -n` slabs that end with it. */
	readonly #sums: number[] = [0];

	get length(): number {
		return this.#sums.length - 1;
	}

	/** Makes room for slabs up to `length`, without anybody in them. */
	grow(length: number): void {
		while (this.length < length) {
			const next = this.#sums.length;
			const before = next - (next & -next);
			this.#sums.push(this.before(next - 1) - this.before(before));
		}
	}

	/** Changes the count of a slab that there is room for. */
	add(slab: number, by: number): void {
		for (let n = slab + 1; n < this.#sums.length; n += n & -n) {
			this.#sums[n] = (this.#sums[n] as number) + by;
		}
	}

	/** How many wait in the first `slabs`. */
	before(slabs: number): number {
		let sum = 0;
		for (let n = slabs; n > 0; n -= n & -n) sum += this.#sums[n] as number;
		return sum;
	}

	clear(): void {
		this.#sums.length = 1;
	}
}
