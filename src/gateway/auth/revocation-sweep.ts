import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Store } from '../../core/store.ts';
import { REVOCATIONS } from './revocations.ts';

/** Rows stay for so long after they matter to no token: a clock may be wrong for a while. */
const KEPT_MS = 24 * 3_600_000;
const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;
/** Rows that one step removes; when there were as many, the next one follows soon. */
const ROWS_MAX = 1_000;
const NEXT_MS = 1_000;

export interface RevocationSweepOptions {
	readonly store: Pick<Store, 'dropBelow'>;
	readonly runtime: Pick<Runtime, 'after' | 'now'>;
	readonly log: Log;
}

/** Removes stored revocations that matter no more, in steps, until it is stopped by the answer. */
export function sweepRevocations({ store, runtime, log }: RevocationSweepOptions): () => void {
	let isStopped = false;
	let cancel = () => {};
	const later = (ms: number) => {
		if (!isStopped) cancel = runtime.after(ms, () => void step());
	};
	const step = async () => {
		const below = runtime.now() - KEPT_MS;
		try {
			const query = { collection: REVOCATIONS.name, index: 'byForgetAt', below, limit: ROWS_MAX };
			const dropped = await store.dropBelow(query);
			later(dropped === ROWS_MAX ? NEXT_MS : EVERY_MS);
		} catch (error) {
			log.warn({ err: error }, 'old revocations could not be removed, will be tried again');
			later(EVERY_MS);
		}
	};
	later(FIRST_MS);
	return () => {
		isStopped = true;
		cancel();
	};
}
