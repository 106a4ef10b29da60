/** Steps that several decisions of a payment share: asking a provider, trying again, giving up. */
import { keyOf, type PayableOrder } from './payment-calls.ts';
import type {
	PaymentEvent,
	PaymentEventData,
	PaymentEventType,
	StuckCall,
} from './payment-events.ts';
import {
	chooseProvider,
	type PaymentRouter,
	type ProviderWeights,
	spread,
} from './payment-router.ts';
import { type PaymentWork, taskOf } from './payment-state.ts';

/** Calls of one step that may come to nothing before a person has to look. */
export const TRIES_MAX = 8;
/** Then it is tried so rarely, and so often again, so that an outage heals without anybody's doing. */
export const STUCK_RETRY_MS = 300_000;
export const STUCK_TRIES_MAX = 288;
/** Attempts at one order, whoever is asked. */
export const ATTEMPTS_MAX = 40;
/** Waits of one `pay` for a provider that can be asked. */
export const WAITS_MAX = 12;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
const WAIT_MAX_MS = 30_000;

/** What a decision may know besides the order. */
export interface PaymentContext {
	readonly now: number;
	readonly router: PaymentRouter;
	readonly weights: ProviderWeights;
}

export interface PaymentAsk extends PaymentContext {
	readonly order: PayableOrder;
}

export function happened<T extends PaymentEventType>(
	{ id }: PayableOrder,
	type: T,
	data: Omit<PaymentEventData<T>, 'orderId'>,
): PaymentEvent {
	return { type, data: { orderId: id, ...data } } as PaymentEvent;
}

/** Doubled each time up to a bound, and a little different for each key. */
function backOff(failures: number, key: string, maxMs: number): number {
	const limit = Math.min(maxMs, RETRY_FIRST_MS * 2 ** failures);
	return Math.round(limit * (0.75 + spread(`${key}#${failures}`) / 2));
}

export function planRetry({ order, now }: PaymentAsk, work: PaymentWork): PaymentEvent {
	const task = taskOf(work);
	const at = now + backOff(work.failures, keyOf(order, task), RETRY_MAX_MS);
	return happened(order, 'paymentRetryPlanned', { task, at });
}

function stuckCall(work: PaymentWork): StuckCall {
	if ('k' in work || work.step === 'returning') return 'refund';
	return work.step === 'capturing' ? 'capture' : 'void';
}

/** The call came to nothing: it is repeated a bounded number of times (T9). */
export function retryOrStuck(ask: PaymentAsk, work: PaymentWork): PaymentEvent[] {
	const { order, now } = ask;
	const failures = work.failures + 1;
	if (failures < TRIES_MAX) return [planRetry(ask, work)];
	const task = taskOf(work);
	const at = now + STUCK_RETRY_MS;
	const stuck = { task, what: stuckCall(work) };
	if (failures === TRIES_MAX) return [happened(order, 'paymentStuck', { ...stuck, at })];
	return failures < TRIES_MAX + STUCK_TRIES_MAX
		? [happened(order, 'paymentRetryPlanned', { task, at })]
		: [happened(order, 'paymentStuck', stuck)];
}

/** A new attempt with a key of its own; `undefined` when nobody can be asked now. */
export function attempt(
	ask: PaymentAsk,
	not: readonly string[],
	methodToken?: string,
): PaymentEvent | undefined {
	const { order, router, weights, now } = ask;
	const n = order.payment.attempts.length + 1;
	const provider = chooseProvider(router, { weights, now, key: keyOf(order, n), not });
	if (provider === undefined) return undefined;
	const token = methodToken === undefined ? {} : { methodToken };
	return happened(order, 'paymentAttempted', { n, provider, ...token });
}

/** Asks the next provider, waits until one can be asked, or ends the `pay`. */
export function askNext(ask: PaymentAsk, not: readonly string[]): PaymentEvent[] {
	const { order, now } = ask;
	const { run, attempts } = order.payment;
	if (run === undefined) return [];
	if (attempts.length >= ATTEMPTS_MAX) return [happened(order, 'paymentFailed', {})];
	const attempted = attempt(ask, not);
	if (attempted !== undefined) return [attempted];
	if (run.waits >= WAITS_MAX) return [happened(order, 'paymentFailed', {})];
	const at = now + backOff(run.waits, order.id, WAIT_MAX_MS);
	return [happened(order, 'paymentWaited', { at })];
}

/** Asks a provider that was not asked since the last wait. */
export const failOver = (ask: PaymentAsk): PaymentEvent[] =>
	askNext(ask, ask.order.payment.run?.tried ?? []);

/** Whether the time to pay has passed and nothing keeps the seats. */
export const isOverdue = ({ order, now }: PaymentAsk): boolean =>
	now >= order.deadline && ['none', 'asking', 'declined'].includes(order.payment.stands);
