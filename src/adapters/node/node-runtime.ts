import { randomBytes } from 'node:crypto';
import type { Runtime } from '../../core/runtime.ts';

/** The clock, chance and scheduler of this process. */
export const nodeRuntime: Runtime = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	randomId: () => randomBytes(12).toString('base64url'),
	random: () => Math.random(),
	after: (ms, run) => {
		const timer = setTimeout(run, ms);
		timer.unref();
		return () => clearTimeout(timer);
	},
	defer: (run) => {
		setImmediate(run);
	},
};
