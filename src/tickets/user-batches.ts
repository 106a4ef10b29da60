import type { Runtime } from '../core/runtime.ts';
import { ERRORS, type Refusal } from '../protocol/errors.ts';
import { ARRIVALS_MAX } from '../protocol/ticket-event.ts';
import { retryWaitMs } from './retry-wait.ts';

/** A batch that is refused so often is given up; about 10 s. */
const ATTEMPTS_MAX = 10;
/** What the owner asks to wait is kept to, up to this. */
const ASKED_WAIT_MS_MAX = 2_000;

type Refused = { readonly ok: false } & Refusal;
/** What one user of a batch is answered. */
export type BatchAnswer<T> = { readonly ok: true; readonly value: T } | Refused;

export interface UserBatchesOptions<T> {
	/** Asks for all of them in one command; the values are in the order of the users. */
	readonly send: (
		users: readonly string[],
	) => Promise<{ readonly ok: true; readonly values: readonly T[] } | Refused>;
	readonly runtime: Pick<Runtime, 'after' | 'monotonic' | 'random'>;
	/** How long the first of a batch waits for others. */
	readonly windowMs: number;
	/** Most users that wait; the next are refused with `BUSY`. */
	readonly waitingMax: number;
}

interface Asked<T> {
	readonly promise: Promise<BatchAnswer<T>>;
	readonly settle: (answer: BatchAnswer<T>) => void;
}

/**
 * Gathers what is asked for single users into commands for many, one at a time and in the order in
 * which they asked. Who asks again while the answer is on its way shares it. A batch that is refused
 * for now goes again before any other, so that nobody is overtaken.
 */
export class UserBatches<T> {
	readonly #options: UserBatchesOptions<T>;
	#waiting = new Map<string, Asked<T>>();
	/** The batch on its way. */
	#sent: ReadonlyMap<string, Asked<T>> | undefined;
	#sentAt = 0;
	#cancelTimer: (() => void) | undefined;
	#isClosed = false;

	constructor(options: UserBatchesOptions<T>) {
		this.#options = options;
	}

	/** How many have no answer yet. */
	get size(): number {
		return this.#waiting.size + (this.#sent?.size ?? 0);
	}

	/** For how long the batch on its way has had no answer, over all its attempts; 0 when none is. */
	get unansweredMs(): number {
		return this.#sent === undefined ? 0 : this.#options.runtime.monotonic() - this.#sentAt;
	}

	/** Never rejects. */
	ask(userId: string): Promise<BatchAnswer<T>> {
		const known = this.#sent?.get(userId) ?? this.#waiting.get(userId);
		if (known !== undefined) return known.promise;
		if (this.#isClosed || this.#waiting.size >= this.#options.waitingMax) {
			return Promise.resolve({ ok: false, code: 'BUSY', retryAfterMs: ASKED_WAIT_MS_MAX });
		}
		const { promise, resolve } = Promise.withResolvers<BatchAnswer<T>>();
		this.#waiting.set(userId, { promise, settle: resolve });
		this.#plan();
		return promise;
	}

	/** The answer to what was asked for the user, while it is not there; never rejects. */
	pending(userId: string): Promise<unknown> | undefined {
		return (this.#sent?.get(userId) ?? this.#waiting.get(userId))?.promise;
	}

	/** Answers all that wait with a retryable refusal. */
	close(): void {
		this.#isClosed = true;
		this.#cancelTimer?.();
		const away: Refused = { ok: false, code: 'MOVED' };
		for (const batch of [this.#sent, this.#waiting]) {
			for (const { settle } of batch?.values() ?? []) settle(away);
		}
		this.#sent = undefined;
		this.#waiting = new Map();
	}

	#plan(): void {
		if (this.#sent !== undefined || this.#waiting.size === 0) return;
		const { runtime, windowMs } = this.#options;
		if (this.#waiting.size >= ARRIVALS_MAX) {
			this.#cancelTimer?.();
			this.#send();
		} else {
			this.#cancelTimer ??= runtime.after(windowMs, () => this.#send());
		}
	}

	#send(): void {
		this.#cancelTimer = undefined;
		if (this.#waiting.size <= ARRIVALS_MAX) {
			this.#sent = this.#waiting;
			this.#waiting = new Map();
		} else {
			const batch = new Map<string, Asked<T>>();
			for (const [userId, asked] of this.#waiting) {
				if (batch.size === ARRIVALS_MAX) break;
				batch.set(userId, asked);
				this.#waiting.delete(userId);
			}
			this.#sent = batch;
		}
		this.#sentAt = this.#options.runtime.monotonic();
		this.#attempt(this.#sent, 0);
	}

	#attempt(batch: ReadonlyMap<string, Asked<T>>, attempt: number): void {
		const failed = (): Refused => ({ ok: false, code: 'INTERNAL' });
		void this.#options
			.send([...batch.keys()])
			.catch(failed)
			.then((answer) => {
				if (this.#isClosed) return;
				const mayRetry = !answer.ok && ERRORS[answer.code].retryable;
				if (mayRetry && attempt + 1 < ATTEMPTS_MAX) this.#retry(batch, attempt, answer);
				else this.#settle(batch, answer);
			});
	}

	#retry(
		batch: ReadonlyMap<string, Asked<T>>,
		attempt: number,
		{ retryAfterMs = 0 }: Refusal,
	): void {
		const { runtime } = this.#options;
		const backOffMs = retryWaitMs(attempt, () => runtime.random());
		const waitMs = Math.max(backOffMs, Math.min(retryAfterMs, ASKED_WAIT_MS_MAX));
		this.#cancelTimer = runtime.after(waitMs, () => {
			this.#cancelTimer = undefined;
			this.#attempt(batch, attempt + 1);
		});
	}

	#settle(
		batch: ReadonlyMap<string, Asked<T>>,
		answer: { readonly ok: true; readonly values: readonly T[] } | Refused,
	): void {
		this.#sent = undefined;
		let index = 0;
		for (const { settle } of batch.values()) {
			settle(answer.ok ? { ok: true, value: answer.values[index++] as T } : answer);
		}
		this.#plan();
	}
}
