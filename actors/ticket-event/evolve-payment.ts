import type { EventMeta } from '../../src/core/actor-kind.ts';
import type { PaymentEvent, PaymentEventData, PaymentEventType } from './payment-events.ts';
import {
	type AttemptStep,
	isOpen,
	openWork,
	type PaymentStanding,
	type PaymentState,
	type Pursuit,
	taskOf,
} from './payment-state.ts';

// Keys are taken away, never set to `undefined`: a snapshot would bring that back as `null`.

type Meta = Pick<EventMeta, 'at' | 'position'>;

const firstCall = (): Pursuit => ({ tries: 1, failures: 0 });

function callNow(work: Pursuit): void {
	delete work.retryAt;
	delete work.isLeft;
}

function enter(payment: PaymentState, n: number, step: AttemptStep): void {
	const attempt = payment.attempts[n - 1];
	if (attempt === undefined) return;
	callNow(attempt);
	delete attempt.stuckSince;
	Object.assign(attempt, firstCall(), { step });
}

function pursuit(payment: PaymentState, task: string): Pursuit | undefined {
	return openWork(payment).find((work) => taskOf(work) === task);
}

function endRun(payment: PaymentState, stands: PaymentStanding): void {
	delete payment.run;
	payment.stands = stands;
}

function attempted(
	payment: PaymentState,
	data: PaymentEventData<'paymentAttempted'>,
	{ position }: Meta,
): void {
	const { n, provider, methodToken } = data;
	if (methodToken !== undefined) {
		payment.run = { methodAt: position, tried: [], waits: 0 };
	}
	if (payment.run !== undefined) {
		payment.run.tried.push(provider);
		delete payment.run.retryAt;
	}
	payment.attempts.push({ n, provider, step: 'authorising', ...firstCall() });
	payment.stands = 'asking';
}

const APPLY: {
	readonly [T in PaymentEventType]: (
		payment: PaymentState,
		data: PaymentEventData<T>,
		meta: Meta,
	) => void;
} = {
	paymentAttempted: attempted,
	paymentUnsent: (payment, { n }) => enter(payment, n, 'voiding'),
	paymentInquired: (payment, { n }) => enter(payment, n, 'inquiring'),
	paymentDeclined: (payment, { n }) => {
		enter(payment, n, 'declined');
		endRun(payment, 'declined');
	},
	paymentCaptureRequested: (payment, { n }) => {
		enter(payment, n, 'capturing');
		payment.captureOf = n;
		endRun(payment, 'mustWait');
	},
	paymentCaptured: (payment, { n, amount }) => {
		enter(payment, n, 'captured');
		payment.captured = amount;
		endRun(payment, 'paid');
	},
	paymentGivenUp: (payment, { n }) => enter(payment, n, 'voiding'),
	paymentVoided: (payment, { n }) => enter(payment, n, 'voided'),
	paymentReturnRequested: (payment, { n }) => enter(payment, n, 'returning'),
	paymentReturned: (payment, { n }) => enter(payment, n, 'returned'),
	paymentWaited: ({ run }, { at }) => {
		if (run === undefined) return;
		run.tried = [];
		run.waits++;
		run.retryAt = at;
	},
	paymentFailed: (payment) => endRun(payment, 'none'),
	paymentExpired: (payment) => {
		for (const attempt of payment.attempts) {
			const isGivenUp = attempt.step === 'voiding' || attempt.step === 'returning';
			if (isOpen(attempt) && !isGivenUp) enter(payment, attempt.n, 'voiding');
		}
		endRun(payment, 'over');
	},
	paymentRefundRequested: (payment, { orderId: _, ...refund }) => {
		payment.refunds.push({ ...refund, isDone: false, ...firstCall() });
	},
	paymentRefunded: (payment, { k, amount }) => {
		const refund = payment.refunds[k - 1];
		if (refund !== undefined) refund.isDone = true;
		payment.refunded += amount;
	},
	paymentRetryPlanned: (payment, { task, at }) => {
		const work = pursuit(payment, task);
		if (work === undefined) return;
		work.failures++;
		work.retryAt = at;
	},
	paymentRetried: (payment, { task, byHand }) => {
		const work = pursuit(payment, task);
		if (work === undefined) return;
		callNow(work);
		work.tries++;
		if (byHand !== true) return;
		work.failures = 0;
		delete work.stuckSince;
	},
	paymentStuck: (payment, data, { at }) => {
		const work = pursuit(payment, data.task);
		if (work === undefined) return;
		work.failures++;
		work.stuckSince ??= at;
		if (data.at === undefined) work.isLeft = true;
		else work.retryAt = data.at;
	},
};

type AnyApply = (payment: PaymentState, data: unknown, meta: Meta) => void;

/** Applies an event to the payment of its order, in place. */
export function evolvePayment(payment: PaymentState, event: PaymentEvent, meta: Meta): void {
	(APPLY[event.type] as AnyApply)(payment, event.data, meta);
}
