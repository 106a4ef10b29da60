/** How long a slice of a minute is, in milliseconds. */
export const SLICE_MS = 100;
/** Slices of a minute. */
export const SLICES = 600;

/**
 * How many of a minute's targets are the slice's. Slices differ by one at most, and together they are the
 * whole part of the targets, so from 5 a slice on none is above 1.2 times the mean (I20).
 */
export const sliceOf = (targets: number, index: number): number =>
	Math.floor(((index + 1) * targets) / SLICES) - Math.floor((index * targets) / SLICES);

/** How many targets the slices from one up to another (not included) have. */
export const slicesBetween = (targets: number, from: number, to: number): number =>
	Math.floor((to * targets) / SLICES) - Math.floor((from * targets) / SLICES);

/** What began at one moment. */
interface Begun {
	readonly at: number;
	readonly count: number;
}

/** Keeps any stretch of a second below a rate, also where it lies across slices and seconds (I22). */
export class RateWindow {
	#begun: Begun[] = [];

	/** How many of `wanted` may begin now (in monotonic milliseconds); counts them as begun. */
	take(wanted: number, now: number, perSecondMax: number): number {
		const windowMs = perSecondMax < 1 ? 1_000 / perSecondMax : 1_000;
		this.#begun = this.#begun.filter(({ at }) => at > now - windowMs);
		const taken = this.#begun.reduce((sum, { count }) => sum + count, 0);
		const count = Math.max(0, Math.min(wanted, Math.max(1, Math.floor(perSecondMax)) - taken));
		if (count > 0) this.#begun.push({ at: now, count });
		return count;
	}
}
