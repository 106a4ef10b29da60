/**
 * The payment of an order, decided step by step (T9, T10). Each step is stored before the call that it
 * leads to and behind the one that it follows from; every call has a key and may be repeated.
 *
 * - An answer that does not come is *unknown*, and so is "not found": the call may still arrive. An
 *   attempt that cannot be found out is voided until the provider acknowledges; behind that its key is
 *   refused. Meanwhile another provider may be asked: only one attempt is ever captured.
 * - Capture goes to the attempt of `paymentCaptureRequested` alone. Before it, the deadline frees the
 *   seats (`paymentExpired`); behind it, only the outcome does.
 */
import type { Rejection } from '../../src/core/actor-kind.ts';
import { refusal as refuse } from '../../src/core/entries.ts';
import { intentOf, type PayableOrder, workOut } from './payment-calls.ts';
import type { PaymentEvent } from './payment-events.ts';
import type { AttemptState, PaymentResult } from './payment-port.ts';
import { nextProviderAt } from './payment-router.ts';
import {
	openWork,
	type PaymentAttempt,
	type PaymentRefund,
	refundDone,
	taskOf,
} from './payment-state.ts';
import {
	ATTEMPTS_MAX,
	askNext,
	attempt,
	failOver,
	happened,
	isOverdue,
	type PaymentAsk,
	type PaymentContext,
	planRetry,
	retryOrStuck,
} from './payment-steps.ts';

/** Questions after a lost authorisation that may find nothing before it is given up. */
export const INQUIRIES_MAX = 3;

type Events = PaymentEvent[];

function payRefused({ order, now }: PaymentAsk): Rejection | undefined {
	const { stands, attempts } = order.payment;
	if (stands === 'paid') return refuse('CONFLICT', 'the order is paid');
	if (stands === 'asking' || stands === 'mustWait') {
		return refuse('CONFLICT', 'a payment of this order is under way: wait for its outcome');
	}
	if (stands === 'over' || now >= order.deadline) {
		return refuse('EXPIRED', 'the time to pay this order is over');
	}
	return attempts.length >= ATTEMPTS_MAX
		? refuse('CONFLICT', 'this order was tried to be paid too often')
		: undefined;
}

/**
 * The user pays: an attempt gets its key and provider. Refused when the order is paid, over or being
 * paid, and with `UNAVAILABLE` when nobody can be asked now.
 */
export function decidePay(
	order: PayableOrder,
	{ methodToken }: { readonly methodToken: string },
	context: PaymentContext,
): Events | Rejection {
	const ask = { ...context, order };
	const refusal = payRefused(ask);
	if (refusal !== undefined) return refusal;
	if (order.amount === 0) return [happened(order, 'paymentCaptured', { n: 0, amount: 0 })];
	const attempted = attempt(ask, [], methodToken);
	if (attempted !== undefined) return [attempted];
	const at = nextProviderAt(context.router, context.weights);
	const retryAfterMs = at === undefined ? undefined : Math.max(1, at - context.now);
	return refuse('UNAVAILABLE', 'no payment provider can be reached now', retryAfterMs);
}

/** Where an attempt stands as a result tells it; `unknown` also when it was not found. */
type Learned = Exclude<AttemptState, 'notFound'> | 'unsent' | 'unknown';

/** `assumed`: what a plain `done` means for this call. */
function learned(result: PaymentResult, assumed: Learned): Learned {
	if (result.outcome === 'done' || result.outcome === 'refused') {
		const state = result.state ?? (result.outcome === 'done' ? assumed : 'unknown');
		return state === 'notFound' ? 'unknown' : state;
	}
	return result.outcome;
}

/** What follows from an attempt whose authorisation is known; `undefined` when it is not. */
function authorisationKnown(ask: PaymentAsk, work: PaymentAttempt, state: Learned) {
	const { n, provider } = work;
	if (state === 'authorised' || state === 'captured') {
		return [happened(ask.order, 'paymentCaptureRequested', { n, provider })];
	}
	// The bank's no is no failover.
	if (state === 'declined') return [happened(ask.order, 'paymentDeclined', { n, provider })];
	if (state === 'voided') return [happened(ask.order, 'paymentVoided', { n }), ...failOver(ask)];
	return undefined;
}

type AfterCall = (ask: PaymentAsk, work: PaymentAttempt, result: PaymentResult) => Events;

const afterAuthorise: AfterCall = (ask, work, result) => {
	const { n, provider } = work;
	const state = learned(result, 'authorised');
	// Of this call that is sure, of one with the same key before a crash it is not.
	if (state === 'unsent') {
		return [happened(ask.order, 'paymentUnsent', { n, provider }), ...failOver(ask)];
	}
	const known = authorisationKnown(ask, work, state);
	return known ?? [happened(ask.order, 'paymentInquired', { n, provider })];
};

const afterStatus: AfterCall = (ask, work, result) => {
	const known = authorisationKnown(ask, work, learned(result, 'unknown'));
	if (known !== undefined) return known;
	// It answers but has not seen the call, which may be on its way: worth another look.
	if (result.outcome === 'done' && work.failures + 1 < INQUIRIES_MAX) return [planRetry(ask, work)];
	return [happened(ask.order, 'paymentGivenUp', { n: work.n }), ...failOver(ask)];
};

const afterCapture: AfterCall = (ask, work, result) => {
	const { order } = ask;
	const state = learned(result, 'captured');
	if (state === 'captured') {
		return [happened(order, 'paymentCaptured', { n: work.n, amount: order.amount })];
	}
	// Known for good, and capture never goes to another attempt.
	if (state === 'declined' || state === 'voided') {
		return [happened(order, 'paymentExpired', { why: 'captureRefused' })];
	}
	return retryOrStuck(ask, work);
};

const afterVoid: AfterCall = (ask, work, result) => {
	const { n } = work;
	// A bank has no say here: such an answer acknowledges nothing.
	const state = result.outcome === 'declined' ? 'unknown' : learned(result, 'voided');
	if (state === 'captured') return [happened(ask.order, 'paymentReturnRequested', { n })];
	const isAcknowledged = state === 'voided' || state === 'declined';
	return isAcknowledged ? [happened(ask.order, 'paymentVoided', { n })] : retryOrStuck(ask, work);
};

const afterReturn: AfterCall = (ask, work, result) =>
	result.outcome === 'done'
		? [happened(ask.order, 'paymentReturned', { n: work.n })]
		: retryOrStuck(ask, work);

function afterRefund(ask: PaymentAsk, work: PaymentRefund, result: PaymentResult): Events {
	return result.outcome === 'done'
		? [happened(ask.order, 'paymentRefunded', refundDone(work))]
		: retryOrStuck(ask, work);
}

const AFTER: Readonly<Record<string, AfterCall>> = {
	authorising: afterAuthorise,
	inquiring: afterStatus,
	capturing: afterCapture,
	voiding: afterVoid,
	returning: afterReturn,
};

/**
 * What follows from the result of the call with this id; nothing when nobody waits for it any more.
 * Among the events may be `paymentCaptured` (issue the tickets), `paymentExpired` (free the seats) and
 * `paymentRefunded` (its units come back).
 */
export function decideResult(
	order: PayableOrder,
	{ id, result }: { readonly id: string; readonly result: PaymentResult },
	context: PaymentContext,
): Events {
	const ask = { ...context, order };
	const work = workOut(order.payment).find((out) => intentOf(order, out).id === id);
	if (work === undefined) return [];
	if ('k' in work) return afterRefund(ask, work, result);
	const isAuthorisation = work.step === 'authorising' || work.step === 'inquiring';
	// Too late, whatever the answer was: the attempt is voided.
	if (isAuthorisation && isOverdue(ask)) {
		return [happened(order, 'paymentExpired', { why: 'deadline' })];
	}
	return AFTER[work.step]?.(ask, work, result) ?? [];
}

/** What is due by now: the deadline (`paymentExpired`: free the seats), or calls to be repeated. */
export function decideTimer(order: PayableOrder, context: PaymentContext): Events {
	const ask = { ...context, order };
	if (isOverdue(ask)) return [happened(order, 'paymentExpired', { why: 'deadline' })];
	const isDue = ({ retryAt }: { readonly retryAt?: number }) =>
		retryAt !== undefined && retryAt <= context.now;
	const { payment } = order;
	const asked = payment.run !== undefined && isDue(payment.run) ? askNext(ask, []) : [];
	const retried = openWork(payment)
		.filter(isDue)
		.map((work) => happened(order, 'paymentRetried', { task: taskOf(work) }));
	return [...asked, ...retried];
}
