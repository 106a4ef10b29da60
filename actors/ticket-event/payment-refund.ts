/** Giving money back (T13), and what operators do about calls that failed too often (T9). */
import type { Rejection } from '../../src/core/actor-kind.ts';
import { refusal as refuse } from '../../src/core/entries.ts';
import type { PayableOrder } from './payment-calls.ts';
import type { PaymentEvent, Returned } from './payment-events.ts';
import {
	openWork,
	type PaymentState,
	type PaymentWork,
	refundDone,
	taskOf,
} from './payment-state.ts';
import { happened } from './payment-steps.ts';

/**
 * Money goes back for these units. Refused when nothing was paid, or when all refunds together would
 * be more than what was taken; those under way count.
 */
export function decideRefund(order: PayableOrder, returned: Returned): PaymentEvent[] | Rejection {
	const { stands, captured, refunds } = order.payment;
	if (stands !== 'paid') return refuse('CONFLICT', 'the order is not paid');
	const asked = refunds.reduce((sum, refund) => sum + refund.amount, 0);
	if (asked + returned.amount > captured) {
		return refuse('CONFLICT', 'that is more than is left of what was paid');
	}
	const refund = { k: refunds.length + 1, ...returned };
	const requested = happened(order, 'paymentRefundRequested', refund);
	return returned.amount === 0
		? [requested, happened(order, 'paymentRefunded', refund)]
		: [requested];
}

const stuckWork = (payment: PaymentState) =>
	openWork(payment).filter(({ stuckSince }) => stuckSince !== undefined);

/** What the call was for is so now, by other means. */
function settled(order: PayableOrder, work: PaymentWork): PaymentEvent {
	if ('k' in work) return happened(order, 'paymentRefunded', refundDone(work));
	const { n, step } = work;
	if (step === 'capturing') {
		return happened(order, 'paymentCaptured', { n, amount: order.amount });
	}
	return happened(order, step === 'returning' ? 'paymentReturned' : 'paymentVoided', { n });
}

/**
 * Ends what is stuck: `retry` calls again, `settled` says that a person has seen to it at the provider,
 * that the money was captured, voided or given back as the call had asked for.
 */
export function decideResolve(
	order: PayableOrder,
	how: 'retry' | 'settled',
): PaymentEvent[] | Rejection {
	const stuck = stuckWork(order.payment);
	if (stuck.length === 0) return refuse('CONFLICT', 'nothing of this order is stuck');
	if (how === 'settled') return stuck.map((work) => settled(order, work));
	return stuck.map((work) =>
		happened(order, 'paymentRetried', { task: taskOf(work), byHand: true }),
	);
}
