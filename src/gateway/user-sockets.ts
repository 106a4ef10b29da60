import type { ClientConnection } from './client-connection.ts';
import { FrameBudget, type FrameLimits } from './frame-budget.ts';

/** The sockets of one user at this edge, and what they share. */
export class UserSockets {
	readonly sockets = new Set<ClientConnection>();
	readonly #limits: FrameLimits;
	readonly #budget: FrameBudget;

	constructor(limits: FrameLimits, now: number) {
		this.#limits = limits;
		this.#budget = new FrameBudget(limits, now);
	}

	/** Whether one more frame at `now` (monotonic milliseconds) is within what the user may send. */
	takesFrame(now: number): boolean {
		return this.#budget.take(this.#limits, now) === 'ok';
	}
}
