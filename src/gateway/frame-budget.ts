/** A rate a second, a burst, and how far beyond it is a flood. */
export interface FrameLimits {
	readonly framesPerSecondMax: number;
	readonly framesBurstMax: number;
	readonly framesDebtMax: number;
}

/**
 * How many frames a socket, or a user, may still send: fills at a steady rate up to a burst. In debt
 * frames are refused; far in debt it is a flood, and the debt grows no more.
 */
export class FrameBudget {
	#frames: number;
	#at: number;

	constructor(limits: FrameLimits, now: number) {
		this.#frames = limits.framesBurstMax;
		this.#at = now;
	}

	/** Takes one frame at `now` (monotonic milliseconds). */
	take(limits: FrameLimits, now: number): 'ok' | 'over' | 'flood' {
		const { framesPerSecondMax, framesBurstMax, framesDebtMax } = limits;
		if (now > this.#at) {
			const gained = ((now - this.#at) * framesPerSecondMax) / 1_000;
			this.#frames = Math.min(framesBurstMax, this.#frames + gained);
			this.#at = now;
		}
		if (this.#frames < -framesDebtMax) return 'flood';
		this.#frames--;
		return this.#frames >= 0 ? 'ok' : 'over';
	}
}
