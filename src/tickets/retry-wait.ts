const FIRST_MS = 100;
const MAX_MS = 2_000;

/** Milliseconds before the next attempt (0, 1, …): 50–100 at first, 1,000–2,000 at last. */
export const retryWaitMs = (attempt: number, random: () => number): number =>
	Math.min(MAX_MS, FIRST_MS * 2 ** attempt) * (0.5 + random() / 2);
