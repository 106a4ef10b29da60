/** How long a wait is about to be; without zod, since clients reckon it too. */

/** What an estimate needs of a tick. */
export interface WaitFigures {
	readonly state: string;
	readonly turned: number;
	readonly active: number;
	readonly maxActive: number;
	/** Absent at a desk. */
	readonly batch?: number | undefined;
	readonly intervalMs?: number | undefined;
	/** Places that became free, per second. */
	readonly leaveRate: number;
}

/** Users ahead now, of `place` users ahead when `turned` turns had been given. */
export const placeNow = (place: number, turned: number, turnedNow: number): number =>
	Math.max(0, place - Math.max(0, turnedNow - turned));

/**
 * Seconds until the turn of whom `place` users are ahead (T4): by the pace of the turnstile while there
 * are free places inside, by the rate at which places become free when there are none. `undefined`
 * when nobody can know: the sale rests, or nobody leaves.
 */
export function estimateWaitSeconds(place: number, figures: WaitFigures): number | undefined {
	const { state, active, maxActive, batch, intervalMs, leaveRate } = figures;
	if (state !== 'open') return undefined;
	const free = Math.max(0, maxActive - active);
	const hasTurnstile = batch !== undefined && intervalMs !== undefined;
	const paced = hasTurnstile ? (Math.floor(place / batch) * intervalMs) / 1_000 : 0;
	if (hasTurnstile && free > 0) return Math.floor(paced);
	if (place < free) return 0;
	if (leaveRate <= 0) return undefined;
	return Math.floor(Math.max(paced, (place - free) / leaveRate));
}
