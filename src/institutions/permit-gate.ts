import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { PermitRequest, Permits } from '../protocol/institution-nodes.ts';
import { CallWindow } from './call-window.ts';
import { PermitDemand } from './permit-demand.ts';
import { PermitShare } from './permit-share.ts';
import type { Lane, PermitGate } from './ports.ts';

/** A share is renewed well before it is over. */
const RENEW_MS = 6_000;
/** Who waits asks for more this often, and who got less than it wanted, but something, less often. */
const ASK_MS = 500;
const ASK_AGAIN_MS = 4_000;
/** An answer is given up after. */
const ANSWER_MS = 3_000;
/** Most calls that wait for a permit, per institution and lane. */
const WAITING_MAX = 10_000;
const RETRY_MS = 1_000;
/** Part of a share that batch calls leave to users who may come, at least (I24). */
const KEPT_FOR_USERS = 0.1;
const INTERVAL_MS = 1_000;

type Answer = Awaited<ReturnType<PermitGate['take']>>;
type Ask = (
	institution: string,
	request: PermitRequest,
	answer: (permits: Permits | undefined) => void,
) => void;

interface Waiter {
	readonly until: number;
	readonly answer: (answer: Answer) => void;
}

/** Users first. */
const LANES = ['online', 'batch'] as const;
const GRANTED: Answer = { ok: true };
const refused = (code: Refusal['code'], message: string): Answer => ({
	ok: false,
	code,
	message,
	retryAfterMs: RETRY_MS,
});
const TOO_FAST = refused('RATE_LIMITED', 'the institution takes no more calls a second');
const CLOSING = refused('UNAVAILABLE', 'this node stops');

/** One institution's permits on this node. */
class Allowance {
	readonly share: PermitShare;
	readonly demand = new PermitDemand();
	/** What users alone ask for, and what batch calls have used. */
	readonly online = new PermitDemand();
	readonly batch = new CallWindow(INTERVAL_MS);
	readonly waiting: Readonly<Record<Lane, Set<Waiter>>> = { online: new Set(), batch: new Set() };
	sentAt = Number.NEGATIVE_INFINITY;
	isAsking = false;
	/** There was less than was asked for. */
	isShared = false;
	/** Something has changed: ask when it can be. */
	isDue = false;

	constructor(incarnation: string) {
		this.share = new PermitShare(incarnation);
	}

	get count(): number {
		return this.waiting.online.size + this.waiting.batch.size;
	}

	/** Takes a permit: a batch call only one that users, as they come at present, will not miss. */
	take(lane: Lane, now: number): boolean {
		const { share, batch } = this;
		if (lane === 'online') return share.take(now);
		const all = share.share(now);
		const kept = Math.max(Math.ceil(all * KEPT_FOR_USERS), this.online.want(now, 0));
		const max = Math.max(Math.min(all, 1), all - kept);
		return batch.has(now, max) && share.take(now) && batch.take(now, max);
	}
}

/**
 * Lets calls through at the rate that this node was given (I22), user calls before batch calls. What it
 * may not let through now waits, bounded in number and time. `tick` has to be called every 100 ms.
 */
export class Permissions implements PermitGate {
	readonly #runtime: Runtime;
	readonly #log: Log;
	readonly #ask: Ask;
	readonly #allowances: ReadonlyMap<string, Allowance>;
	#closed = false;

	constructor(options: {
		readonly institutions: readonly string[];
		readonly incarnation: string;
		readonly runtime: Runtime;
		readonly log: Log;
		readonly ask: Ask;
	}) {
		this.#runtime = options.runtime;
		this.#log = options.log;
		this.#ask = options.ask;
		this.#allowances = new Map(
			options.institutions.map((id) => [id, new Allowance(options.incarnation)]),
		);
	}

	take(institution: string, lane: Lane, waitMsMax: number): Promise<Answer> {
		const allowance = this.#allowances.get(institution);
		if (allowance === undefined) {
			return Promise.resolve(refused('NOT_FOUND', 'there is no such institution'));
		}
		if (this.#closed) return Promise.resolve(CLOSING);
		const now = this.#runtime.monotonic();
		const { waiting, demand, share } = allowance;
		demand.ask(now);
		if (lane === 'online') allowance.online.ask(now);
		const isFirst = waiting.online.size === 0 && (lane === 'online' || waiting.batch.size === 0);
		if (isFirst && allowance.take(lane, now)) return Promise.resolve(GRANTED);
		if (waitMsMax <= 0 || waiting[lane].size >= WAITING_MAX) return Promise.resolve(TOO_FAST);
		const answered = new Promise<Answer>((answer) => {
			waiting[lane].add({ until: now + waitMsMax, answer });
		});
		if (share.share(now) === 0) this.#renew(institution, allowance);
		return answered;
	}

	/** This node's share of an institution, and how many calls wait for it. */
	figures(institution: string): { readonly share: number; readonly waiting: number } {
		const allowance = this.#allowances.get(institution);
		const now = this.#runtime.monotonic();
		return { share: allowance?.share.share(now) ?? 0, waiting: allowance?.count ?? 0 };
	}

	/** Lets go what may go, and renews what has to be. */
	tick(): void {
		const now = this.#runtime.monotonic();
		for (const [institution, allowance] of this.#allowances) {
			if (allowance.count > 0) this.#release(allowance, now);
			if (this.#isDue(allowance, now)) this.#renew(institution, allowance);
		}
	}

	/** How many permits there are has changed. */
	changed(institution: string): void {
		const allowance = this.#allowances.get(institution);
		if (allowance !== undefined) allowance.isDue = true;
	}

	/** The institution's actor has another owner, perhaps. */
	moved(institution: string): void {
		this.#allowances.get(institution)?.share.moved(this.#runtime.monotonic());
	}

	/** Refuses what waits, and gives back what is not in use. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const [institution, allowance] of this.#allowances) {
			for (const waiters of Object.values(allowance.waiting)) {
				for (const { answer } of waiters) answer(CLOSING);
				waiters.clear();
			}
			allowance.share.drop();
			if (allowance.sentAt > 0) this.#renew(institution, allowance, true);
		}
	}

	#release(allowance: Allowance, now: number): void {
		const { waiting } = allowance;
		for (const lane of LANES) {
			const waiters = waiting[lane];
			for (const waiter of waiters) {
				const isLate = now >= waiter.until;
				if (!isLate && !allowance.take(lane, now)) {
					this.#expire(waiters, now);
					break;
				}
				waiters.delete(waiter);
				waiter.answer(isLate ? TOO_FAST : GRANTED);
			}
		}
		if (waiting.online.size > 0) this.#expire(waiting.batch, now);
	}

	#expire(waiters: Set<Waiter>, now: number): void {
		for (const waiter of waiters) {
			if (now < waiter.until) continue;
			waiters.delete(waiter);
			waiter.answer(TOO_FAST);
		}
	}

	#isDue(allowance: Allowance, now: number): boolean {
		const { share, demand, count, isAsking } = allowance;
		const elapsedMs = now - allowance.sentAt;
		if (isAsking) return elapsedMs >= ANSWER_MS;
		if (now >= share.tellAt) return true;
		const held = share.share(now);
		const want = demand.want(now, count);
		if (held === 0 && want === 0) return false;
		if (allowance.isDue) return elapsedMs >= ASK_MS;
		if (count === 0 || want <= held) return elapsedMs >= RENEW_MS;
		// Its turn would be over before it was of any use.
		return elapsedMs >= (held > 0 && allowance.isShared ? ASK_AGAIN_MS : ASK_MS);
	}

	#renew(institution: string, allowance: Allowance, isLast = false): void {
		const { share, demand, count } = allowance;
		const now = this.#runtime.monotonic();
		if (!isLast && allowance.isAsking && now - allowance.sentAt < ANSWER_MS) return;
		const request = share.request(now, isLast ? 0 : demand.want(now, count));
		allowance.isAsking = true;
		allowance.isDue = false;
		allowance.sentAt = now;
		this.#ask(institution, request, (permits) => {
			const at = this.#runtime.monotonic();
			if (allowance.sentAt === now) allowance.isAsking = false;
			if (permits === undefined) {
				this.#log.debug({ institution }, 'no answer about permits');
				return;
			}
			if (this.#closed) return;
			allowance.isShared = permits.share < request.want;
			share.answered(request.n, permits, { sentAt: now, now: at });
			allowance.batch.stretch(permits.intervalMs);
			if (allowance.count > 0) this.#release(allowance, at);
		});
	}
}
