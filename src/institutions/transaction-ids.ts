import type { Runtime } from '../core/runtime.ts';
import { timeIds } from '../core/time-ids.ts';

/**
 * Makes the ids of outside calls (I5) out of time, a counter, what this start drew by lot, and the
 * number that the node got when it joined: unique over nodes by their number, over restarts with one
 * number by the time, and by the lot where a clock went back.
 */
export function transactionIds(node: string, runtime: Runtime): () => string {
	const newId = timeIds(runtime);
	return () => `${newId(runtime.now())}n${node}`;
}
