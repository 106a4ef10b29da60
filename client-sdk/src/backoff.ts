const BACKOFF_BASE_MS = 250;
export const BACKOFF_MAX_MS = 15_000;

/** Full jitter: anywhere between now and a bound that doubles with each attempt, at most 15 s. */
export function fullJitterMs(attempt: number, random: () => number): number {
	const boundMs = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 16));
	return Math.floor(random() * boundMs);
}

/** At least what the server asked for, and up to half of it more, so that not all come at once. */
export function afterMs(retryAfterMs: number, random: () => number): number {
	return Math.ceil(retryAfterMs * (1 + random() / 2));
}
