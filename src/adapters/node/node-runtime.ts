import { randomBytes } from 'node:crypto';
import type { Runtime } from '../../core/runtime.ts';

/** The clock, chance and scheduler of this process. */
export const nodeRuntime: Runtime = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	randomId: () => randomBytes(12).toString('base64url'),
	random: () => Math.random(),
	after: (ms, run) => {
		// A moment that has just gone by is one of now; Node would warn of a negative time.
		const timer = setTimeout(run, Math.max(0, ms));
		timer.unref();
		return () => clearTimeout(timer);
	},
	defer: (run) => {
		setImmediate(run);
	},
};
