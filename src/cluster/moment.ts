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
 * Milliseconds from one to the other by the clock that went further: the monotonic one stands still
 * while a machine sleeps, the wall clock may be set back.
 */
export const betweenMs = (from: Moment, to: Moment): number =>
	Math.max(to.monotonic - from.monotonic, to.wall - from.wall);

/** {@link betweenMs} from then to now. */
export const elapsedMs = (clocks: Clocks, since: Moment): number =>
	betweenMs(since, momentNow(clocks));
