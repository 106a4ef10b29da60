const FIRST_MS = 100;
const MAX_MS = 2_000;

/** How long to wait before the next attempt (0, 1, …), with jitter: 50–100 ms at first, 1–2 s at last. */
export function backOffMs(attempt: number, random: () => number): number {
	return Math.min(MAX_MS, FIRST_MS * 2 ** attempt) * (0.5 + random() / 2);
}
