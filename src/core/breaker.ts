import type { Runtime } from './runtime.ts';

/**
 *   closed ──failuresMax in a row──▶ open ──back-off──▶ probing ──an answer──▶ closed
 *                                     ▲                    │
 *                                     └─────no answer──────┘
 */
export type BreakerState = 'closed' | 'open' | 'probing';

/** What a call has shown: it was answered (also with a refusal), it was not, or it never went out. */
export type CallSign = 'answered' | 'unanswered' | 'unsent';

export interface BreakerOptions {
	readonly runtime: Pick<Runtime, 'monotonic' | 'random'>;
	readonly failuresMax: number;
	/** Between two probes: the first pause, doubled up to the last, each longer by up to a half. */
	readonly backOff: { readonly firstMs: number; readonly maxMs: number };
	readonly onChange?: (state: BreakerState) => void;
}

/**
 * Keeps callers from waiting for one who does not answer: after `failuresMax` calls in a row without
 * an answer all are refused, but for a single one now and then that finds out whether it is back.
 */
export class Breaker {
	readonly #options: BreakerOptions;
	#state: BreakerState = 'closed';
	/** In a row. */
	#failures = 0;
	/** Probes without an answer, in a row. */
	#probes = 0;
	#probeAt = 0;

	constructor(options: BreakerOptions) {
		this.#options = options;
	}

	get state(): BreakerState {
		return this.#state;
	}

	/** Whether a call would be refused now. */
	get refuses(): boolean {
		if (this.#state === 'open') return this.#options.runtime.monotonic() < this.#probeAt;
		return this.#state === 'probing';
	}

	/** Whether the call may go; then its {@link report} must follow. */
	enter(): boolean {
		if (this.refuses) return false;
		if (this.#state === 'open') this.#become('probing');
		return true;
	}

	/** What became of a call that has entered. */
	report(sign: CallSign): void {
		if (sign === 'answered') this.#answered();
		else if (sign === 'unanswered') this.#unanswered();
		else if (this.#state === 'probing') this.#become('open');
	}

	#answered(): void {
		this.#failures = 0;
		this.#probes = 0;
		this.#become('closed');
	}

	#unanswered(): void {
		this.#failures++;
		if (this.#state === 'open' || this.#failures < this.#options.failuresMax) return;
		const { runtime, backOff } = this.#options;
		const pauseMs = Math.min(backOff.maxMs, backOff.firstMs * 2 ** this.#probes++);
		this.#probeAt = runtime.monotonic() + pauseMs * (1 + runtime.random() / 2);
		this.#become('open');
	}

	#become(state: BreakerState): void {
		if (this.#state === state) return;
		this.#state = state;
		this.#options.onChange?.(state);
	}
}
