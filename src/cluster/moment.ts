import type { Runtime } from '../core/runtime.ts';

type Clocks = Pick<Runtime, 'now' | 'monotonic'>;

/** A moment by both clocks of a node. */
export interface Moment {
	/** Milliseconds since 1970. */
	readonly wall: number;
	readonly monotonic: number;
}

export const momentNow = (clocks: Clocks): Moment => ({
	wall: clocks.now(),
	monotonic: clocks.monotonic(),
});

/**
 * Milliseconds since then by the clock that went further: the monotonic one stands still while a
 * machine sleeps, the wall clock may be set back.
 */
export const elapsedMs = (clocks: Clocks, since: Moment): number =>
	Math.max(clocks.monotonic() - since.monotonic, clocks.now() - since.wall);
