import type { Runtime } from './runtime.ts';

const WAIT_MAX_MS = 2 ** 31 - 1;
/** A timer whose work does not move it on is not fired more often than this. */
const AGAIN_MS = 1_000;
/** One that fires before its time waits at least this much longer. */
const EARLY_MS = 1;

/** The timer of one live actor: fires when the clock says so, however it was set meanwhile. */
export class WakeTimer {
	readonly #runtime: Runtime;
	readonly #fire: () => void;
	#at: number | undefined;
	#cancel = () => {};

	constructor(runtime: Runtime, fire: () => void) {
		this.#runtime = runtime;
		this.#fire = fire;
	}

	/** Milliseconds since 1970, or `undefined` while there is nothing to wait for. */
	get at(): number | undefined {
		return this.#at;
	}

	set(at: number | undefined): void {
		if (at === this.#at) return;
		this.#wait(at, 0);
	}

	stop(): void {
		this.#cancel();
	}

	#wait(at: number | undefined, waitMinMs: number): void {
		this.#cancel();
		this.#at = at;
		if (at === undefined) return;
		const waitMs = Math.min(Math.max(at - this.#runtime.now(), waitMinMs), WAIT_MAX_MS);
		this.#cancel = this.#runtime.after(waitMs, () => {
			// A scheduler may be a little early by the clock, or the clock was set back.
			const isDue = this.#runtime.now() >= at;
			this.#wait(at, isDue ? AGAIN_MS : EARLY_MS);
			if (isDue) this.#fire();
		});
	}
}
