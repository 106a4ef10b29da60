/** Finer than a slice, so that little is lost at the edges. */
const BUCKET_MS = 10;
const SLICE_MS = 100;
/** One slice takes at most this part of what an interval does: bursts are spread, single calls not late. */
const SLICE_PART = 0.2;

/**
 * Counts what went in the interval that ends now, at most 10 ms more. Any interval, wherever it begins,
 * holds no more than was allowed during it.
 */
export class CallWindow {
	#intervalMs: number;
	/** Calls by bucket of time, in a ring. */
	#ring: Int32Array;
	#bucket = 0;
	#sum = 0;
	#slice = 0;
	#sliceSum = 0;

	constructor(intervalMs: number) {
		this.#intervalMs = intervalMs;
		this.#ring = new Int32Array(Math.ceil(intervalMs / BUCKET_MS) + 1);
	}

	get intervalMs(): number {
		return this.#intervalMs;
	}

	/** How many went in the interval that ends at `now`. */
	used(now: number): number {
		this.#advance(now);
		return this.#sum;
	}

	/** Whether one may go: not when `max` went in the interval already, or too many just now. */
	has(now: number, max: number): boolean {
		this.#advance(now);
		return this.#sum < max && this.#sliceSum < Math.ceil(max * SLICE_PART);
	}

	/** Takes one if it may go. */
	take(now: number, max: number): boolean {
		if (!this.has(now, max)) return false;
		const at = this.#bucket % this.#ring.length;
		this.#ring[at] = (this.#ring[at] ?? 0) + 1;
		this.#sum++;
		this.#sliceSum++;
		return true;
	}

	/** Goes on with another interval; what went counts at its time. */
	stretch(intervalMs: number): void {
		if (intervalMs === this.#intervalMs) return;
		const old = this.#ring;
		const ring = new Int32Array(Math.ceil(intervalMs / BUCKET_MS) + 1);
		this.#sum = 0;
		for (let ago = 0; ago < Math.min(old.length, ring.length, this.#bucket + 1); ago++) {
			const count = old[(this.#bucket - ago) % old.length] ?? 0;
			ring[(this.#bucket - ago) % ring.length] = count;
			this.#sum += count;
		}
		this.#ring = ring;
		this.#intervalMs = intervalMs;
	}

	#advance(now: number): void {
		const slice = Math.floor(now / SLICE_MS);
		if (slice !== this.#slice) this.#sliceSum = 0;
		this.#slice = slice;
		const bucket = Math.floor(now / BUCKET_MS);
		const passed = Math.min(bucket - this.#bucket, this.#ring.length);
		for (let step = 1; step <= passed; step++) {
			const at = (bucket - passed + step) % this.#ring.length;
			this.#sum -= this.#ring[at] ?? 0;
			this.#ring[at] = 0;
		}
		this.#bucket = Math.max(bucket, this.#bucket);
	}
}
