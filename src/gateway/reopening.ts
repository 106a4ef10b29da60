import type { Caller } from '../core/actor-kind.ts';
import { type Publication, REOPEN_CALLERS_MAX, type ReopenAnswer } from '../core/actor-port.ts';
import { ERRORS, type Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { Resume } from '../protocol/wire.ts';
import { backOffMs } from './back-off.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { LiveHandles } from './live-handles.ts';
import type { StreamHandle } from './stream-handle.ts';
import type { StreamRing } from './stream-ring.ts';
import { rolesOf, type Subscription } from './subscription.ts';

const ASKED_WAIT_MS_MAX = 2_000;
/** Commands that come meanwhile are asked back later the longer it takes. */
const COMMAND_WAIT_MS = { min: 100, max: 1_000 };

/** How it ended. */
export interface Reopened {
	/** The ear at the new owner; none when each handle has to open for itself. */
	readonly subscription: Subscription | undefined;
	/** What all of them missed. */
	readonly missed: readonly Publication[];
	/** Whether the owner let the handle's user in, or why not; `unknown`: it has to ask for itself. */
	readonly verdictOn: (handle: StreamHandle) => 'granted' | 'unknown' | Refusal;
}

export interface ReopeningOptions {
	readonly context: GatewayContext;
	readonly key: ActorKey;
	/** Who waits. */
	readonly live: LiveHandles;
	/** What all of them were told, up to its end. */
	readonly ring: StreamRing;
	/** A new ear that goes on with the ring. */
	readonly listen: () => Subscription;
	/** Not now: it goes on to ask. */
	readonly postponed: (refusal: Refusal) => void;
	readonly ended: (reopened: Reopened) => void;
}

/** One question, and who is to hear the answer. */
interface Question {
	readonly callers: readonly Caller[];
	readonly subscription: Subscription;
}

/**
 * An edge's way to the next owner of an actor whose owner has gone: one question for all of its users,
 * repeated with back-off until an owner decides, or until it is cancelled since nobody waits any more.
 */
export class Reopening {
	readonly #options: ReopeningOptions;
	readonly #since: number;
	#attempts = 0;
	#isOver = false;
	#cancelWait = () => {};

	constructor(options: ReopeningOptions) {
		this.#options = options;
		this.#since = options.context.runtime.monotonic();
		// Not within the call that tells of the end: the owner may still be busy ending.
		options.context.runtime.defer(() => this.#ask());
	}

	/** What those who wait were told, up to its end. */
	get ring(): StreamRing {
		return this.#options.ring;
	}

	/** When to send a command again that came meanwhile, in milliseconds from now. */
	get retryAfterMs(): number {
		const { min, max } = COMMAND_WAIT_MS;
		const lasts = this.#options.context.runtime.monotonic() - this.#since;
		return Math.min(max, Math.max(min, lasts / 4));
	}

	cancel(): void {
		this.#isOver = true;
		this.#cancelWait();
	}

	#ask(): void {
		if (this.#isOver) return;
		const { context, key, live, ring, listen } = this.#options;
		const question = { callers: callersOf(live.list), subscription: listen() };
		const { callers, subscription: subscriber } = question;
		const resume: Resume = [ring.end, ring.writer];
		let isAnswered = false;
		context.actors.reopen(key, { callers, resume, subscriber }, (answer) => {
			if (!isAnswered) this.#answered(question, answer);
			isAnswered = true;
		});
	}

	#answered(question: Question, answer: ReopenAnswer): void {
		const { context, key, ended } = this.#options;
		const isSubscribed = answer.ok && answer.how === 'resumed';
		const { subscription } = question;
		if (this.#isOver) {
			if (isSubscribed) context.actors.unsubscribe(key, subscription);
		} else if (!answer.ok && ERRORS[answer.code].retryable) {
			this.#again(subscription, answer);
		} else if (isSubscribed && subscription.isClosed) {
			this.#again(subscription, { code: 'MOVED' });
		} else {
			this.#isOver = true;
			ended(isSubscribed ? this.#letIn(question, answer) : NOBODY);
		}
	}

	#again(unheard: Subscription, refusal: Refusal): void {
		unheard.isClosed = true;
		const { context, postponed } = this.#options;
		const { runtime } = context;
		const backOff = backOffMs(this.#attempts++, () => runtime.random());
		const waitMs = Math.max(backOff, Math.min(refusal.retryAfterMs ?? 0, ASKED_WAIT_MS_MAX));
		this.#cancelWait = runtime.after(waitMs, () => this.#ask());
		postponed(refusal);
	}

	/** Rights are as of the ring's end: those that ended later end again with what was missed. */
	#letIn(
		{ callers, subscription }: Question,
		{ missed, refused }: Extract<ReopenAnswer, { how: 'resumed' }>,
	): Reopened {
		const { ring } = this.#options;
		const refusals = new Map(refused.map((refusal) => [refusal.userId, refusal]));
		const asked = new Map<string, string>();
		for (const caller of callers) {
			asked.set(caller.userId, rolesOf(caller));
			if (!refusals.has(caller.userId)) subscription.granted(caller, ring.end, ring.writer);
		}
		const verdictOn = ({ userId, connection }: StreamHandle) => {
			if (asked.get(userId) !== rolesOf(connection.identity)) return 'unknown';
			return refusals.get(userId) ?? 'granted';
		};
		return { subscription, missed, verdictOn };
	}
}

const NOBODY: Reopened = { subscription: undefined, missed: [], verdictOn: () => 'unknown' };

/** Each user of the handles, once, with what decides about rights; as many as may ask together. */
function callersOf(handles: readonly StreamHandle[]): readonly Caller[] {
	const callers = new Map<string, Caller>();
	for (const { connection } of handles) {
		const { userId, roles } = connection.identity;
		if (!callers.has(userId)) callers.set(userId, { userId, roles });
		if (callers.size === REOPEN_CALLERS_MAX) break;
	}
	return [...callers.values()];
}
