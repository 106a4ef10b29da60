/** The place that one began with, for the bar that fills: kept over a reload. */
const keyOf = (eventId: string) => `naru-demo/first-place/${eventId}`;

/** The first place seen of this wait; a place farther back begins another one. */
export function firstPlace(eventId: string, place: number): number {
	const kept = Number(sessionStorage.getItem(keyOf(eventId)) ?? 0);
	if (kept >= place && kept > 0) return kept;
	sessionStorage.setItem(keyOf(eventId), String(place));
	return place;
}

export function forgetFirstPlace(eventId: string): void {
	sessionStorage.removeItem(keyOf(eventId));
}

/** How much of the way is behind one, 0 to 1: never nothing, for one is in the queue. */
export const progressOf = (first: number, place: number): number =>
	first === 0 ? 0.95 : Math.min(0.97, Math.max(0.03, 1 - place / (first + 1)));
