/** How long a slice of a minute is, in milliseconds. */
export const SLICE_MS = 100;
/** Slices of a minute. */
export const SLICES = 600;

/** No slice is further above the mean of its minute (I20). */
const UNEVEN_MAX = 1.2;

/** How many of a minute's targets are the slice's: slices differ by one at most, their sum is exact. */
export const sliceOf = (targets: number, index: number): number =>
	Math.floor(((index + 1) * targets) / SLICES) - Math.floor((index * targets) / SLICES);

/** How many targets the slices from one up to another (not included) have. */
export const slicesBetween = (targets: number, from: number, to: number): number =>
	Math.floor((to * targets) / SLICES) - Math.floor((from * targets) / SLICES);

/**
 * How many of a minute's targets it may take so that no slice is too far above the mean: where one more in
 * some slices would be, all have the same. Less than one a slice cannot be even.
 */
export function evenly(targets: number): number {
	const least = Math.floor(targets / SLICES);
	const isEven = least === 0 || (least + 1) * SLICES <= UNEVEN_MAX * targets;
	return isEven ? targets : least * SLICES;
}

/** The most that a slice may take to make up for others of its minute, of which it has so many targets. */
export const sliceMax = (targets: number): number =>
	Math.max(1, Math.floor((UNEVEN_MAX * targets) / SLICES));

/** What a rate comes to: only whole targets begin, and no second may have more of them. */
export const wholeRate = (perSecond: number): number =>
	perSecond < 1 ? perSecond : Math.floor(perSecond);

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
		const count = Math.max(0, Math.min(wanted, Math.max(1, wholeRate(perSecondMax)) - taken));
		if (count > 0) this.#begun.push({ at: now, count });
		return count;
	}
}
