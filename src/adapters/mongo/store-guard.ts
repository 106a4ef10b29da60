import { Breaker, type BreakerState, type CallSign } from '../../core/breaker.ts';
import { Bulkhead } from '../../core/bulkhead.ts';
import type { Log } from '../../core/log.ts';
import type { Meter } from '../../core/meter.ts';
import type { Runtime } from '../../core/runtime.ts';
import { inTime } from './in-time.ts';
import { asStorageError, StorageError } from './storage-error.ts';

/** Answers that are owed at once to calls that may be many; the rest of the connections is for `own`. */
const IN_FLIGHT_MAX = 16;
const WAITING_MAX = 5_000;
const FAILURES_MAX = 3;
/** Shorter than the longest pauses of writer and projector: when they try again, they may. */
const BACK_OFF = { firstMs: 200, maxMs: 1_000 };

/**
 * `shared`: of many callers, in the bulkhead. `own`: of a caller that has one in flight (the writer, the
 * projector), which reads must not hold up.
 */
export type CallLane = 'shared' | 'own';

export interface StoreGuardOptions {
	/** What it is called in logs and errors. */
	readonly name: string;
	/** How long a call may wait for its turn, and then for its answer. */
	readonly timeoutMs: number;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly meter: Meter;
	/** Called when the call that should find out whether the store is back has failed, too. */
	readonly renew?: () => void;
}

/** How a shard of the store is, for metrics and the inspector. */
export interface StoreHealth {
	readonly name: string;
	/** `shut`: it has not been there yet, or it is not ours. */
	readonly state: BreakerState | 'shut';
	readonly inFlight: number;
	readonly waiting: number;
	/** When it answered last (monotonic milliseconds); when it was opened, if it never did. */
	readonly answeredAt: number;
	/** The first and the last of the calls since then that got no answer; absent: all got one. */
	readonly unanswered?: { readonly since: number; readonly until: number } | undefined;
}

/**
 * Stands before every call to one server: each ends in time, those of a server that does not answer are
 * refused at once, and only so many are under way. Rejects with `StorageError`.
 */
export class StoreGuard {
	readonly #options: StoreGuardOptions;
	readonly #bulkhead = new Bulkhead({ inFlightMax: IN_FLIGHT_MAX, waitingMax: WAITING_MAX });
	readonly #breaker: Breaker;
	#shutBecause: string | undefined;
	#answeredAt: number;
	#unanswered: StoreHealth['unanswered'];
	/** From the first opening of the breaker until it closes. */
	#isBroken = false;

	constructor(options: StoreGuardOptions) {
		this.#options = options;
		const onChange = (state: BreakerState) => this.#changed(state);
		const { runtime } = options;
		this.#answeredAt = runtime.monotonic();
		this.#breaker = new Breaker({
			runtime,
			failuresMax: FAILURES_MAX,
			backOff: BACK_OFF,
			onChange,
		});
	}

	get health(): StoreHealth {
		const { inFlight, waiting } = this.#bulkhead;
		const state = this.#shutBecause === undefined ? this.#breaker.state : 'shut';
		const { name } = this.#options;
		const [answeredAt, unanswered] = [this.#answeredAt, this.#unansweredNow()];
		return { name, state, inFlight, waiting, answeredAt, unanswered };
	}

	/** Refuses every call until {@link open}. */
	shut(because: string): void {
		this.#shutBecause = because;
		this.#bulkhead.refuseWaiting();
	}

	open(): void {
		this.#shutBecause = undefined;
		this.#answeredAt = this.#options.runtime.monotonic();
	}

	/** The answer of `work`, which begins when it may. */
	async run<T>(call: string, work: () => Promise<T>, lane: CallLane = 'shared'): Promise<T> {
		this.#refuseWhenAway(call);
		if (lane === 'own') return await this.#send(call, work, () => {});
		const place = this.#bulkhead.take();
		if (place === undefined) throw this.#refusal('BUSY', `${call}: too many calls wait`);
		const cancel = this.#options.runtime.after(this.#options.timeoutMs, place.leave);
		const isGranted = await place.granted;
		cancel();
		if (isGranted) return await this.#send(call, work, place.leave);
		place.leave();
		this.#refuseWhenAway(call);
		throw this.#refusal('BUSY', `${call}: waited too long for its turn`);
	}

	/** `left` is called when the work is over, also behind the deadline: it holds a connection until then. */
	async #send<T>(call: string, work: () => Promise<T>, left: () => void): Promise<T> {
		if (!this.#breaker.enter()) {
			left();
			throw this.#away(call);
		}
		const { runtime, timeoutMs } = this.#options;
		let sign: CallSign = 'unsent';
		try {
			const working = work();
			working.then(left, left);
			const answer = await inTime({ runtime, call, timeoutMs }, working);
			sign = 'answered';
			return answer;
		} catch (error) {
			const failure = asStorageError(error, call);
			if (failure instanceof StorageError) sign = failure.sign;
			// The driver may never end it.
			runtime.after(timeoutMs, left);
			throw failure;
		} finally {
			this.#note(sign);
			this.#breaker.report(sign);
		}
	}

	#note(sign: CallSign): void {
		if (sign === 'unsent') return;
		const now = this.#options.runtime.monotonic();
		if (sign === 'unanswered') {
			this.#unanswered = { since: this.#unanswered?.since ?? now, until: now };
			return;
		}
		this.#answeredAt = now;
		this.#unanswered = undefined;
	}

	/** What is shut answers nothing, although nobody asks. */
	#unansweredNow(): StoreHealth['unanswered'] {
		if (this.#shutBecause === undefined) return this.#unanswered;
		return { since: this.#answeredAt, until: this.#options.runtime.monotonic() };
	}

	#refuseWhenAway(call: string): void {
		if (this.#shutBecause !== undefined || this.#breaker.refuses) throw this.#away(call);
	}

	#away(call: string): StorageError {
		const why = this.#shutBecause ?? `${this.#options.name} does not answer`;
		return this.#refusal('UNAVAILABLE', `${call}: ${why}`);
	}

	#refusal(code: 'BUSY' | 'UNAVAILABLE', message: string): StorageError {
		this.#options.meter.count('storeRefusals', 1, code);
		return new StorageError(message, code);
	}

	#changed(state: BreakerState): void {
		const { log, meter, name } = this.#options;
		if (state === 'closed') {
			this.#isBroken = false;
			log.info({ store: name }, 'a store answers again');
		} else if (state === 'open' && this.#isBroken) {
			this.#options.renew?.();
		} else if (state === 'open') {
			this.#isBroken = true;
			meter.count('storeBreaks');
			log.warn({ store: name }, 'a store does not answer: calls are refused until it does');
			this.#bulkhead.refuseWaiting();
		}
	}
}
