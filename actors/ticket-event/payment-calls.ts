/** The outside calls of a payment, as intents: each with a key of its own, repeated until answered. */
import type { Intent } from '../../src/core/actor-kind.ts';
import { PAYMENT_PORT, type PaymentErrand } from './payment-port.ts';
import {
	openWork,
	type PaymentAttempt,
	type PaymentRefund,
	type PaymentState,
	type PaymentWork,
	taskOf,
} from './payment-state.ts';

/** What the payment needs to know of its order. */
export interface PayableOrder {
	/** `<event>:<id>`; begins the key of each of its attempts. */
	readonly id: string;
	/** Minor units. */
	readonly amount: number;
	readonly currency: string;
	/** Pay before this time, in milliseconds since 1970. */
	readonly deadline: number;
	readonly payment: PaymentState;
}

/** Names an attempt or a refund at its provider, for ever. */
export const keyOf = ({ id }: PayableOrder, task: string | number): string => `${id}.${task}`;

function attemptCall(order: PayableOrder, { n, provider, step }: PaymentAttempt): PaymentErrand {
	const { id: orderId, amount, currency, payment } = order;
	const key = keyOf(order, n);
	if (step === 'authorising') {
		const methodAt = payment.run?.methodAt ?? 0;
		return { op: 'authorise', provider, key, orderId, amount, currency, methodAt };
	}
	if (step === 'inquiring') return { op: 'status', provider, key };
	if (step === 'capturing') return { op: 'capture', provider, key };
	if (step === 'voiding') return { op: 'void', provider, key };
	return { op: 'refund', provider, key, refundKey: `${key}.return`, amount };
}

function refundCall(order: PayableOrder, { k, amount }: PaymentRefund): PaymentErrand {
	const n = order.payment.captureOf ?? 0;
	const provider = order.payment.attempts[n - 1]?.provider ?? '';
	const refundKey = keyOf(order, `r${k}`);
	return { op: 'refund', provider, key: keyOf(order, n), refundKey, amount };
}

/** The call that the work waits for now; its id names the step and the number of the call. */
export function intentOf(order: PayableOrder, work: PaymentWork): Intent {
	const args = 'n' in work ? attemptCall(order, work) : refundCall(order, work);
	const id = `${keyOf(order, taskOf(work))}/${args.op}/${work.tries}`;
	return { kind: 'call', id, port: PAYMENT_PORT, args };
}

/** Work whose call is out, neither waiting for its time nor for a person. */
export const workOut = (payment: PaymentState): PaymentWork[] =>
	openWork(payment).filter(({ retryAt, isLeft }) => retryAt === undefined && isLeft !== true);

/** The order's calls that are out: repeated with the same ids after a crash. */
export const paymentIntents = (order: PayableOrder): Intent[] =>
	workOut(order.payment).map((work) => intentOf(order, work));

/** The order that an intent of {@link paymentIntents} belongs to. */
export const orderOfIntent = (intentId: string): string =>
	intentId.slice(0, Math.max(0, intentId.indexOf('.')));
