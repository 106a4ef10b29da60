import { describe, expect, test } from 'vitest';
import type { PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { hasPaymentWork, paymentDueAt } from '../../actors/ticket-event/payment-state.ts';
import {
	STUCK_RETRY_MS,
	STUCK_TRIES_MAX,
	TRIES_MAX,
} from '../../actors/ticket-event/payment-steps.ts';
import { capturing, exhaust, givenUp, OnePayment, paid } from '../support/one-payment.ts';

const DONE: PaymentResult = { outcome: 'done' };
const UNKNOWN: PaymentResult = { outcome: 'unknown' };

describe('refunds', () => {
	test('[T13] in parts, each with a key of its own, with its seats, never above what was paid', () => {
		const payment = paid();
		expect(payment.refund(2_000, ['A-1'])).toEqual(['paymentRefundRequested']);
		expect(payment.calls[0]).toMatchObject({
			id: 'gig:o1.r1/refund/1',
			call: { key: 'gig:o1.1', refundKey: 'gig:o1.r1', amount: 2_000 },
		});
		expect(payment.refund(3_001)).toMatchObject({ ok: false, code: 'CONFLICT' });
		expect(payment.refund(3_000, ['A-2'])).toEqual(['paymentRefundRequested']);
		payment.answer(DONE, 'gig:o1.r2/refund/1');
		expect(payment.events.at(-1)).toMatchObject({
			type: 'paymentRefunded',
			data: { amount: 3_000, seats: ['A-2'] },
		});
		payment.answer(DONE);
		expect(payment.payment).toMatchObject({ captured: 5_000, refunded: 5_000 });
		expect(payment.refund(1)).toMatchObject({ code: 'CONFLICT' });
	});

	test('[T13] an unknown outcome is asked again by the same key', () => {
		const payment = paid();
		payment.refund(5_000);
		payment.answer(UNKNOWN);
		expect(payment.payment.refunded).toBe(0);
		payment.wait(2_000);
		expect(payment.calls[0]).toMatchObject({
			id: 'gig:o1.r1/refund/2',
			call: { refundKey: 'gig:o1.r1' },
		});
		payment.answer(DONE);
		expect(payment.payment.refunded).toBe(5_000);
	});

	test('nothing was paid, nothing goes back', () => {
		expect(capturing().refund(1)).toMatchObject({ code: 'CONFLICT' });
	});

	test('of nothing needs no provider', () => {
		const payment = new OnePayment({ amount: 0 });
		payment.pay();
		expect(payment.refund(0, ['A-1'])).toEqual(['paymentRefundRequested', 'paymentRefunded']);
		expect(payment.calls).toEqual([]);
	});
});

describe('what fails too often', () => {
	/** Paid at the second attempt; the void of the first one fails until it is stuck. */
	function stuck(): OnePayment {
		const payment = givenUp();
		payment.answerTo('authorise', DONE);
		payment.answerTo('capture', DONE);
		expect(exhaust(payment, 'void')).toEqual(['paymentStuck']);
		return payment;
	}

	test('[T9] a void is stuck, and goes on when it is resolved by retry', () => {
		const payment = stuck();
		expect(payment.payment.attempts[0]?.stuckSince).toBe(payment.now);
		expect(payment.calls).toEqual([]);
		expect(hasPaymentWork(payment.payment)).toBe(true);
		payment.restart();
		expect(payment.resolve('retry')).toEqual(['paymentRetried']);
		expect(payment.payment.attempts[0]?.stuckSince).toBeUndefined();
		expect(payment.calls[0]?.id).toBe(`gig:o1.1/void/${TRIES_MAX + 1}`);
		expect(payment.answer(UNKNOWN)).toEqual(['paymentRetryPlanned']);
		payment.wait(2_000);
		expect(payment.answer(DONE)).toEqual(['paymentVoided']);
	});

	test('[T9] it also goes on by itself, rarely, and stays stuck until it is through', () => {
		const payment = stuck();
		const since = payment.now;
		for (let tries = 0; tries < 3; tries++) {
			expect(payment.wait(STUCK_RETRY_MS - 1)).toEqual([]);
			expect(payment.wait(1)).toEqual(['paymentRetried']);
			expect(payment.answer(UNKNOWN)).toEqual(['paymentRetryPlanned']);
			expect(payment.payment.attempts[0]?.stuckSince).toBe(since);
		}
		payment.wait(STUCK_RETRY_MS);
		expect(payment.answer(DONE)).toEqual(['paymentVoided']);
		expect(hasPaymentWork(payment.payment)).toBe(false);
	});

	test('[T9] but not for ever: then only a person takes it up', () => {
		const payment = stuck();
		for (let tries = 1; tries < STUCK_TRIES_MAX; tries++) {
			payment.wait(STUCK_RETRY_MS);
			expect(payment.answer(UNKNOWN)).toEqual(['paymentRetryPlanned']);
		}
		payment.wait(STUCK_RETRY_MS);
		expect(payment.answer(UNKNOWN)).toEqual(['paymentStuck']);
		payment.restart();
		expect(paymentDueAt(payment.payment)).toBeUndefined();
		expect(payment.calls).toEqual([]);
		expect(payment.resolve('retry')).toEqual(['paymentRetried']);
		expect(payment.answer(DONE)).toEqual(['paymentVoided']);
	});

	test('[T9] a refund is stuck; settled by hand it counts as given back', () => {
		const payment = paid();
		payment.refund(5_000, ['A-1']);
		expect(exhaust(payment, 'refund')).toEqual(['paymentStuck']);
		expect(payment.resolve('settled')).toEqual(['paymentRefunded']);
		expect(payment.payment.refunded).toBe(5_000);
	});

	test('nothing stuck, nothing to resolve', () => {
		expect(paid().resolve('settled')).toMatchObject({ ok: false, code: 'CONFLICT' });
	});

	test('calls are repeated after longer and longer waits, up to a bound', () => {
		const payment = capturing();
		const waits: number[] = [];
		for (let tries = 1; tries < TRIES_MAX; tries++) {
			payment.answer(UNKNOWN);
			waits.push((paymentDueAt(payment.payment) ?? 0) - payment.now);
			payment.wait(waits.at(-1) ?? 0);
		}
		expect(waits[0]).toBeGreaterThanOrEqual(750);
		expect(waits[0]).toBeLessThanOrEqual(1_250);
		expect(waits[3]).toBeGreaterThan(5_000);
		expect(Math.max(...waits)).toBeLessThanOrEqual(75_000);
	});
});
