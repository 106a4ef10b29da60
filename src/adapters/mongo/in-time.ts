import type { Runtime } from '../../core/runtime.ts';
import { StorageError } from './storage-error.ts';

/** How long which call may take. */
export interface Deadline {
	readonly runtime: Pick<Runtime, 'after'>;
	readonly call: string;
	readonly timeoutMs: number;
}

/** The answer of `work`, or a `StorageError` when there is none in time. */
export async function inTime<T>(deadline: Deadline, work: Promise<T>): Promise<T> {
	const { runtime, call, timeoutMs } = deadline;
	const { promise: late, reject } = Promise.withResolvers<never>();
	const cancel = runtime.after(timeoutMs, () =>
		reject(new StorageError(`${call}: no answer in ${timeoutMs} ms`, 'TIMEOUT', 'unanswered')),
	);
	try {
		return await Promise.race([work, late]);
	} finally {
		cancel();
	}
}
