import type { GatewayLimits } from './gateway-limits.ts';

/**
 * How many frames a socket may still send: fills at a steady rate up to a burst. In debt frames are
 * refused; far in debt the socket is a flood.
 */
export class FrameBudget {
	#frames: number;
	#at: number;

	constructor(limits: GatewayLimits, now: number) {
		this.#frames = limits.framesBurstMax;
		this.#at = now;
	}

	/** Takes one frame at `now` (monotonic milliseconds). */
	take(limits: GatewayLimits, now: number): 'ok' | 'over' | 'flood' {
		const { framesPerSecondMax, framesBurstMax, framesDebtMax } = limits;
		if (now > this.#at) {
			const gained = ((now - this.#at) * framesPerSecondMax) / 1_000;
			this.#frames = Math.min(framesBurstMax, this.#frames + gained);
			this.#at = now;
		}
		this.#frames--;
		if (this.#frames >= 0) return 'ok';
		return this.#frames < -framesDebtMax ? 'flood' : 'over';
	}
}
