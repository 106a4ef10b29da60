/** One call as the institution has seen it; `status` is 0 while there is no answer. */
export interface LoggedCall {
	readonly at: number;
	readonly api: string;
	userId: string;
	readonly transactionId: string;
	status: number;
}

/** Newest calls of one institution; older ones are forgotten. */
const CALLS_MAX = 50_000;

/** The calls that an institution got. */
export class CallLog {
	#calls: LoggedCall[] = [];

	add(call: LoggedCall): LoggedCall {
		if (this.#calls.length >= 2 * CALLS_MAX) this.#calls = this.#calls.slice(-CALLS_MAX);
		this.#calls.push(call);
		return call;
	}

	/** Oldest first. */
	list(): readonly LoggedCall[] {
		return this.#calls.slice(-CALLS_MAX);
	}

	/** Of the last ten seconds. */
	recent(now: number): { readonly calls: number; readonly failed: number } {
		let calls = 0;
		let failed = 0;
		for (let n = this.#calls.length - 1; n >= 0; n--) {
			const { at, status } = this.#calls[n] as LoggedCall;
			if (at < now - RECENT_MS) break;
			calls++;
			if (status === 0 || status >= 500) failed++;
		}
		return { calls, failed };
	}
}

const RECENT_MS = 10_000;

/** Lets through so many a second in every window of a second, not only on average. */
export class SlidingRate {
	#times: number[] = [];

	/** Answers 0, or in how many milliseconds there is room again. */
	take(now: number, perSecond: number): number {
		const limit = Math.max(1, Math.floor(perSecond));
		const windowMs = (1_000 * limit) / perSecond;
		const start = this.#times.findIndex((at) => at > now - windowMs);
		this.#times = start === -1 ? [] : this.#times.slice(start);
		if (this.#times.length >= limit) return (this.#times[0] as number) + windowMs - now;
		this.#times.push(now);
		return 0;
	}
}
