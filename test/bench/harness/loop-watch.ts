import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopDelay } from './control.ts';

/** Resolution of the loop's clock; an idle loop reads as this much, so it is taken off. */
const RESOLUTION_MS = 1;
const MILLISECOND_NS = 1e6;
const MILLISECOND_MICROS = 1e3;

const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

/** Begins to watch the event loop of this process. */
export function watch(): null {
	loop.reset();
	loop.enable();
	return null;
}

/** What was seen since {@link watch}; ends it. */
export function watched(): LoopDelay {
	loop.disable();
	const delayMs = (nanoseconds: number) =>
		Math.max(0, nanoseconds / MILLISECOND_NS - RESOLUTION_MS);
	return { p99Ms: delayMs(loop.percentile(99)), maxMs: delayMs(loop.max) };
}

const threadMicros = () => {
	const { user, system } = process.threadCpuUsage();
	return user + system;
};

/**
 * Watches the longest piece of work of this thread by its CPU time, on which other processes have no
 * influence; the kernel counts that in steps of up to 4 ms. The answer ends it, in milliseconds.
 */
export function watchWork(): () => number {
	let longest = 0;
	let before = threadMicros();
	const look = () => {
		const now = threadMicros();
		longest = Math.max(longest, now - before);
		before = now;
	};
	const timer = setInterval(look, RESOLUTION_MS);
	return () => {
		look();
		clearInterval(timer);
		return longest / MILLISECOND_MICROS;
	};
}
