import type { Runtime } from './runtime.ts';

/**
 * Milliseconds until what is done about every `everyMs` is due next: half of it at least, one and a half
 * at most. All that goes by this goes at the same moments, for waking up costs a process more than most
 * of what it wakes up for.
 */
export function untilTick(runtime: Pick<Runtime, 'monotonic'>, everyMs: number): number {
	const now = runtime.monotonic();
	return Math.ceil(now / everyMs + 0.5) * everyMs - now;
}
