import type { Runtime } from './runtime.ts';

/** How long a read waits for the reader's own last writes: a store that is away must not hold it. */
export const OWN_WRITES_MS_MAX = 1_000;

/** Resolves with the work, or after `ms`, whichever comes first; rejects when the work does before. */
export function waitAtMost(
	runtime: Pick<Runtime, 'after'>,
	ms: number,
	work: Promise<unknown>,
): Promise<void> {
	return new Promise((resolve, reject) => {
		const cancel = runtime.after(ms, resolve);
		work.then(
			() => {
				cancel();
				resolve();
			},
			(error: unknown) => {
				cancel();
				reject(error);
			},
		);
	});
}
