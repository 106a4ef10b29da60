import type { Runtime } from '../../core/runtime.ts';
import { ERRORS, type ErrorCode, type Refusal } from '../../protocol/errors.ts';
import type { Refresh, RefreshAnswer } from './refresh.ts';

/** Answers that come later than this are not waited for; the target is tried again. */
const ANSWER_MS_MAX = 180_000;
/** A target that fails is left after about twenty minutes. */
const FAULTS_MAX = 8;
const AGAIN_FIRST_MS = 10_000;
const AGAIN_MS_MAX = 600_000;
/** One for which there is never room, after more than an hour. */
const REFUSALS_MAX = 60;
const REFUSED_MS_MAX = 80_000;
/** To whom the institution says no is asked for once more, a while later. */
const DENIALS_MAX = 2;
/** Beyond so many in a row, each for the first time, it is not these users to whom it says no. */
const DENIED_IN_A_ROW_MAX = 50;
/** Most targets that are left for another night; whoever fails beyond it is given up. */
const LEFT_MAX = 4_000;
/** How long nothing goes out while the institution is under maintenance, unless it is told. */
const REST_MS = 5_000;
/** A circuit may close earlier than was expected. */
const REST_MS_MAX = 10_000;
/** How long nothing goes out when more went than there are permits or places for. */
const TOO_FAST_MS = 1_000;
const TOO_FAST: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'BUSY']);

/** Who is not there any more: as our own records say, consent was withdrawn or is over. */
const GONE: ReadonlySet<ErrorCode> = new Set([
	'NOT_FOUND',
	'FORBIDDEN',
	'CONFLICT',
	'EXPIRED',
	'CLOSED',
]);
export interface Target {
	readonly userId: string;
	readonly transactionId: string;
	/** Left by an earlier run: that the institution says no to it tells nothing of others. */
	readonly isOld?: boolean;
}

interface Tried extends Target {
	isOld: boolean;
	calls: number;
	/** How often it failed, and how often there was no room for it. */
	faults: number;
	refusals: number;
	/** How often the institution said no. */
	denials: number;
	/** When its last call went out, in monotonic milliseconds. */
	since: number;
}

/** Transaction ids of targets that need no more calls. */
export interface Settled {
	readonly recorded: string[];
	readonly gone: string[];
	readonly failed: string[];
}

const nobody = (): Settled => ({ recorded: [], gone: [], failed: [] });

export interface FlightsOptions {
	readonly institution: string;
	readonly refresh: Refresh;
	readonly runtime: Pick<Runtime, 'monotonic'>;
	/** Whether the week has another night for those who fail in this one. */
	readonly mayLeave: () => boolean;
}

/**
 * The targets of one run: those that wait for their slice, that are being refreshed, and that wait to be
 * tried again. A target is refreshed by one call at a time, always with the same transaction id.
 */
export class Flights {
	/** Calls that went out so far. */
	issued = 0;
	/** Targets that are not settled, and not tried again by this run. */
	left = 0;
	readonly #options: FlightsOptions;
	readonly #ready: Tried[] = [];
	readonly #oldReady: Tried[] = [];
	#isOldsTurn = false;
	readonly #inFlight = new Map<string, Tried>();
	readonly #later: { readonly target: Tried; readonly dueAt: number }[] = [];
	#settled = nobody();
	#unsettled = 0;
	#restUntil = Number.NEGATIVE_INFINITY;
	#deniedInARow = 0;

	constructor(options: FlightsOptions) {
		this.#options = options;
	}

	/** Waiting for their slice. */
	get ready(): number {
		return this.#ready.length + this.#oldReady.length;
	}

	/** Those of them that were neither left by an earlier run nor denied. */
	get freshReady(): number {
		return this.#ready.length;
	}

	get inFlight(): number {
		return this.#inFlight.size;
	}

	/** All that are not settled. */
	get open(): number {
		return this.#unsettled;
	}

	/** Those that still have to go out, now or later. */
	get toGo(): number {
		return this.ready + this.#later.length;
	}

	/** Settled and not taken yet. */
	get settled(): number {
		return this.#settled.recorded.length + this.#settled.gone.length + this.#settled.failed.length;
	}

	/** Whether the institution takes calls, as far as is known. */
	get mayGo(): boolean {
		return this.#options.runtime.monotonic() >= this.#restUntil;
	}

	add(targets: readonly Target[]): void {
		const none = { calls: 0, faults: 0, refusals: 0, denials: 0, since: 0 };
		for (const { isOld = false, ...target } of targets) this.#await({ ...target, isOld, ...none });
		this.#unsettled += targets.length;
	}

	/** Sends the first `count` of those that wait; old and fresh ones take turns. */
	go(count: number): void {
		for (let n = 0; n < count; n++) {
			const isOlds = this.#ready.length === 0 || (this.#isOldsTurn && this.#oldReady.length > 0);
			this.#isOldsTurn = !isOlds;
			const target = (isOlds ? this.#oldReady : this.#ready).shift();
			if (target !== undefined) this.#start(target);
		}
	}

	/** Brings back what is due again; gives up waiting for answers that are too late. */
	tend(): void {
		const now = this.#options.runtime.monotonic();
		const due = this.#later.filter(({ dueAt }) => dueAt <= now);
		if (due.length > 0) {
			const left = this.#later.filter(({ dueAt }) => dueAt > now);
			this.#later.splice(0, this.#later.length, ...left);
			for (const { target } of due) this.#await(target);
		}
		for (const target of this.#inFlight.values()) {
			// In the order in which they went out.
			if (now - target.since < ANSWER_MS_MAX) break;
			this.#inFlight.delete(target.transactionId);
			this.#again(target, { code: 'TIMEOUT' });
		}
	}

	/** What was settled since the last time. */
	takeSettled(): Settled {
		const settled = this.#settled;
		this.#settled = nobody();
		return settled;
	}

	#await(target: Tried): void {
		(target.isOld ? this.#oldReady : this.#ready).push(target);
	}

	#start(target: Tried): void {
		const { institution, refresh, runtime } = this.#options;
		target.calls++;
		target.since = runtime.monotonic();
		this.#inFlight.set(target.transactionId, target);
		this.issued++;
		const { calls, userId, transactionId } = target;
		const answered = (answer: RefreshAnswer) => {
			// A late answer to a call that was given up: the present one will say.
			const isPresent = this.#inFlight.has(transactionId) && target.calls === calls;
			if (isPresent) this.#answered(target, answer);
		};
		refresh(institution, userId, transactionId).then(answered, () =>
			answered({ ok: false, code: 'UNAVAILABLE' }),
		);
	}

	#answered(target: Tried, answer: RefreshAnswer): void {
		this.#inFlight.delete(target.transactionId);
		if (answer.ok) {
			this.#deniedInARow = 0;
			this.#settle(target, 'recorded');
		} else if (answer.isDenied === true) this.#denied(target);
		else if (GONE.has(answer.code)) this.#settle(target, 'gone');
		else if (answer.code === 'MAINTENANCE') this.#rest(target, answer.retryAfterMs);
		else if (ERRORS[answer.code].retryable) this.#again(target, answer);
		else this.#settle(target, 'failed');
	}

	/** It is the same for all: everybody waits, and nothing counts against the target. */
	#rest(target: Tried, retryAfterMs = REST_MS): void {
		const dueAt = this.#options.runtime.monotonic() + Math.min(retryAfterMs, REST_MS_MAX);
		this.#restUntil = Math.max(this.#restUntil, dueAt);
		this.#later.push({ target, dueAt });
	}

	#again(target: Tried, { code, retryAfterMs = 0 }: Refusal): void {
		const now = this.#options.runtime.monotonic();
		const isRefused = TOO_FAST.has(code);
		if (isRefused) this.#restUntil = Math.max(this.#restUntil, now + TOO_FAST_MS);
		const times = isRefused ? ++target.refusals : ++target.faults;
		if (times >= (isRefused ? REFUSALS_MAX : FAULTS_MAX)) {
			this.#leave(target);
			return;
		}
		const waitMs = Math.max(retryAfterMs, AGAIN_FIRST_MS * 2 ** (times - 1));
		const dueAt = now + Math.min(waitMs, isRefused ? REFUSED_MS_MAX : AGAIN_MS_MAX);
		this.#later.push({ target, dueAt });
	}

	/**
	 * A consent may have ended there; or it says no to everybody, which is no fault of the targets. Only
	 * fresh ones show which it is, and hold others up.
	 */
	#denied(target: Tried): void {
		if (!target.isOld) this.#deniedInARow++;
		const isEverybody = this.#deniedInARow > DENIED_IN_A_ROW_MAX;
		if (isEverybody && !target.isOld) {
			this.#rest(target, REST_MS_MAX);
			return;
		}
		target.isOld = true;
		if (!isEverybody && ++target.denials >= DENIALS_MAX) {
			this.#leave(target);
			return;
		}
		const dueAt = this.#options.runtime.monotonic() + AGAIN_MS_MAX;
		this.#later.push({ target, dueAt });
	}

	/** Stays with the plan for another night (I23); in the last one of the week it is given up. */
	#leave(target: Tried): void {
		if (this.left < LEFT_MAX && this.#options.mayLeave()) this.left++;
		else this.#settle(target, 'failed');
	}

	#settle({ transactionId }: Tried, how: keyof Settled): void {
		this.#unsettled--;
		this.#settled[how].push(transactionId);
	}
}
