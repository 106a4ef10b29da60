import { describe, expect, test } from 'vitest';
import { orderOfIntent } from '../../actors/ticket-event/payment-calls.ts';
import { isPaymentEvent } from '../../actors/ticket-event/payment-events.ts';
import type { PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { INQUIRIES_MAX } from '../../actors/ticket-event/payment-saga.ts';
import {
	copyPayment,
	hasPaymentWork,
	paymentDueAt,
	paymentStatus,
} from '../../actors/ticket-event/payment-state.ts';
import { ATTEMPTS_MAX, WAITS_MAX } from '../../actors/ticket-event/payment-steps.ts';
import { capturing, exhaust, givenUp, OnePayment, paid } from '../support/one-payment.ts';

const DONE: PaymentResult = { outcome: 'done' };
const UNKNOWN: PaymentResult = { outcome: 'unknown' };
const UNSENT: PaymentResult = { outcome: 'unsent' };
const DECLINED: PaymentResult = { outcome: 'declined', reason: 'no funds' };
const NOT_FOUND: PaymentResult = { outcome: 'done', state: 'notFound' };
const refused = (state?: 'captured' | 'voided' | 'declined' | 'authorised'): PaymentResult => ({
	outcome: 'refused',
	...(state === undefined ? {} : { state }),
});

describe('one attempt', () => {
	test('[T9] authorise, capture, paid: each step is stored before its call', () => {
		const payment = new OnePayment();
		expect(payment.calls).toEqual([]);
		expect(payment.pay()).toEqual(['paymentAttempted']);
		expect(payment.asked).toEqual(['authorise gig:o1.1']);
		expect(payment.payment.stands).toBe('asking');
		expect(payment.answer(DONE)).toEqual(['paymentCaptureRequested']);
		expect(payment.asked).toEqual(['capture gig:o1.1']);
		expect(payment.payment.stands).toBe('mustWait');
		expect(payment.answer(DONE)).toEqual(['paymentCaptured']);
		expect(paymentStatus(payment.payment)).toBe('paid');
		expect(payment.payment.captured).toBe(5_000);
		expect(payment.calls).toEqual([]);
		expect(hasPaymentWork(payment.payment)).toBe(false);
	});

	test('[T9] a crash repeats the same calls with the same ids', () => {
		const payment = givenUp();
		const before = payment.calls;
		expect(before.map(({ id }) => id)).toEqual(['gig:o1.1/void/1', 'gig:o1.2/authorise/1']);
		payment.restart();
		expect(payment.calls).toEqual(before);
		expect(before.map(({ id }) => orderOfIntent(id))).toEqual(['gig:o1', 'gig:o1']);
	});

	test('[T9] a result that nobody waits for changes nothing', () => {
		const payment = paid();
		expect(payment.answer(DONE, 'gig:o1.1/authorise/1')).toEqual([]);
		expect(payment.answer(DECLINED, 'gig:o1.1/capture/1')).toEqual([]);
		expect(payment.answer(DONE, 'gig:o1.9/capture/1')).toEqual([]);
	});

	test('the token of the method is in its event alone; who calls is told where', () => {
		const payment = new OnePayment();
		payment.pay('tok-secret');
		expect(payment.events[0]?.data).toMatchObject({ methodToken: 'tok-secret' });
		expect(payment.calls[0]?.call).toMatchObject({ methodAt: 1, amount: 5_000 });
		expect(JSON.stringify([payment.payment, payment.calls])).not.toContain('tok-secret');
	});

	test('an order without a price is paid without a provider', () => {
		const payment = new OnePayment({ amount: 0 });
		expect(payment.pay()).toEqual(['paymentCaptured']);
		expect(payment.calls).toEqual([]);
		expect(payment.payment.stands).toBe('paid');
	});

	test('a copy shares nothing that an event changes', () => {
		const payment = givenUp();
		const copy = copyPayment(payment.payment);
		const before = JSON.stringify(copy);
		payment.answerTo('void', DONE);
		payment.answerTo('authorise', UNSENT);
		expect(JSON.stringify(copy)).toBe(before);
	});
});

describe('a bank that says no', () => {
	test('[T10] is no failover: declined, and the user may pay again with a new attempt', () => {
		const payment = new OnePayment();
		payment.pay();
		expect(payment.answer(DECLINED)).toEqual(['paymentDeclined']);
		expect(paymentStatus(payment.payment)).toBe('declined');
		expect(payment.calls).toEqual([]);
		payment.pay('tok-2');
		expect(payment.asked).toEqual(['authorise gig:o1.2']);
		expect(paymentStatus(payment.payment)).toBe('paying');
	});

	test('also when only a later question finds it out', () => {
		const payment = new OnePayment();
		payment.pay();
		payment.answer(UNKNOWN);
		expect(payment.answer({ outcome: 'done', state: 'declined' })).toEqual(['paymentDeclined']);
	});

	test('[T8] whoever does not pay again loses the seats at the deadline', () => {
		const payment = new OnePayment();
		payment.pay();
		payment.answer(DECLINED);
		expect(payment.wait(419_999)).toEqual([]);
		expect(payment.wait(1)).toEqual(['paymentExpired']);
		expect(paymentStatus(payment.payment)).toBe('expired');
		expect(payment.pay()).toMatchObject({ code: 'EXPIRED' });
	});
});

describe('an authorisation without an answer', () => {
	test('[T10] is unknown, never failed: the provider is asked where it stands', () => {
		const payment = new OnePayment();
		payment.pay();
		expect(payment.answer(UNKNOWN)).toEqual(['paymentInquired']);
		expect(paymentStatus(payment.payment)).toBe('resolving');
		expect(payment.asked).toEqual(['status gig:o1.1']);
		payment.answer({ outcome: 'done', state: 'authorised' });
		expect(payment.asked).toEqual(['capture gig:o1.1']);
	});

	test('[T10] not found is unknown too: asked again, then voided until acknowledged', () => {
		const payment = new OnePayment();
		payment.pay();
		payment.answer(UNKNOWN);
		for (let asked = 1; asked < INQUIRIES_MAX; asked++) {
			expect(payment.answer(NOT_FOUND)).toEqual(['paymentRetryPlanned']);
			expect(payment.calls).toEqual([]);
			const wait = (paymentDueAt(payment.payment) ?? 0) - payment.now;
			expect(payment.wait(wait)).toEqual(['paymentRetried']);
		}
		expect(payment.answer(NOT_FOUND)).toEqual(['paymentGivenUp', 'paymentAttempted']);
		expect(payment.asked).toEqual(['void gig:o1.1', 'authorise gig:o1.2']);
		payment.answerTo('void', UNKNOWN);
		payment.wait(2_000);
		expect(payment.calls[0]?.id).toBe('gig:o1.1/void/2');
		payment.answerTo('void', DONE);
		expect(payment.asked).toEqual(['authorise gig:o1.2']);
	});

	test('[T10] a provider that answers nothing is left for the other one, with a key of its own', () => {
		const payment = givenUp();
		const [first, second] = payment.payment.attempts;
		expect(second?.provider).not.toBe(first?.provider);
		expect(payment.asked).toEqual(['void gig:o1.1', 'authorise gig:o1.2']);
	});

	test('[T10] a given-up attempt that is captured after all is given back', () => {
		const payment = givenUp();
		payment.answerTo('authorise', DONE);
		payment.answerTo('capture', DONE);
		expect(payment.answerTo('void', refused('captured'))).toEqual(['paymentReturnRequested']);
		expect(payment.calls[0]?.call).toMatchObject({ op: 'refund', key: 'gig:o1.1', amount: 5_000 });
		expect(payment.answer(UNKNOWN)).toEqual(['paymentRetryPlanned']);
		payment.wait(2_000);
		expect(payment.answer(DONE)).toEqual(['paymentReturned']);
		expect(payment.payment).toMatchObject({ stands: 'paid', captured: 5_000, refunded: 0 });
		expect(hasPaymentWork(payment.payment)).toBe(false);
	});

	test.each([refused('voided'), refused('declined'), DONE])('%o acknowledges a void', (result) => {
		const payment = givenUp();
		expect(payment.answerTo('void', result)).toEqual(['paymentVoided']);
	});

	test.each([refused(), refused('authorised'), DECLINED, UNSENT, NOT_FOUND])(
		'%o does not acknowledge a void',
		(result) => {
			const payment = givenUp();
			expect(payment.answerTo('void', result)).toEqual(['paymentRetryPlanned']);
		},
	);

	test('a key that the provider refuses as voided leaves it for the other one', () => {
		const payment = new OnePayment();
		payment.pay();
		expect(payment.answer(refused('voided'))).toEqual(['paymentVoided', 'paymentAttempted']);
	});
});

describe('capture', () => {
	test('[T9] goes to one attempt and never fails over', () => {
		const payment = capturing();
		for (const result of [UNKNOWN, UNSENT, refused(), refused('authorised'), NOT_FOUND]) {
			expect(payment.answer(result)).toEqual(['paymentRetryPlanned']);
			expect(payment.payment.stands).toBe('mustWait');
			payment.wait(90_000);
			expect(payment.asked).toEqual(['capture gig:o1.1']);
		}
		expect(paymentStatus(payment.payment)).toBe('resolving');
		expect(payment.answer(refused('captured'))).toEqual(['paymentCaptured']);
	});

	test('[T9] keeps the seats behind the deadline until the outcome is known', () => {
		const payment = capturing();
		expect(payment.wait(1_000_000)).toEqual([]);
		expect(payment.answer(UNKNOWN)).toEqual(['paymentRetryPlanned']);
		expect(payment.wait(1_000_000)).toEqual(['paymentRetried']);
		expect(payment.answer(DONE)).toEqual(['paymentCaptured']);
	});

	test.each([DECLINED, refused('declined'), refused('voided')])(
		'[T9] that is refused for good (%o) frees the seats, and the attempt is voided',
		(result) => {
			const payment = capturing();
			expect(payment.answer(result)).toEqual(['paymentExpired']);
			expect(payment.payment.stands).toBe('over');
			expect(payment.asked).toEqual(['void gig:o1.1']);
			expect(payment.pay()).toMatchObject({ code: 'EXPIRED' });
		},
	);

	test('[T9] that is stuck keeps the seats; settled by hand it is paid', () => {
		const payment = capturing();
		expect(exhaust(payment, 'capture')).toEqual(['paymentStuck']);
		expect(payment.events.at(-1)).toMatchObject({ data: { what: 'capture', task: '1' } });
		expect(payment.payment.stands).toBe('mustWait');
		expect(payment.resolve('settled')).toEqual(['paymentCaptured']);
		expect(payment.payment.captured).toBe(5_000);
	});
});

describe('the deadline', () => {
	test('[T9] before capture is requested frees the seats and voids all that may exist', () => {
		const payment = givenUp();
		expect(payment.wait(420_000)).toEqual(['paymentExpired']);
		expect(payment.payment.stands).toBe('over');
		expect(payment.asked).toEqual(['void gig:o1.1', 'void gig:o1.2']);
		payment.answer(DONE, 'gig:o1.1/void/1');
		payment.answer(DONE, 'gig:o1.2/void/1');
		expect(hasPaymentWork(payment.payment)).toBe(false);
	});

	test('[T8] without any attempt there is nothing to void', () => {
		const payment = new OnePayment();
		expect(payment.wait(420_000)).toEqual(['paymentExpired']);
		expect(payment.calls).toEqual([]);
	});

	test.each([DONE, DECLINED, UNKNOWN, UNSENT])(
		'[T9] %o that comes too late, but before the timer, is voided',
		(result) => {
			const payment = new OnePayment();
			payment.pay();
			payment.now += 420_000;
			expect(payment.answer(result)).toEqual(['paymentExpired']);
			expect(payment.asked).toEqual(['void gig:o1.1']);
		},
	);

	test('[T8] paying too late is refused, also before the timer', () => {
		const payment = new OnePayment();
		payment.now += 420_000;
		expect(payment.pay()).toMatchObject({ ok: false, code: 'EXPIRED' });
	});

	test('a late authorisation behind it finds nobody who waits', () => {
		const payment = new OnePayment();
		payment.pay();
		payment.wait(420_000);
		expect(payment.answer(DONE, 'gig:o1.1/authorise/1')).toEqual([]);
		expect(payment.asked).toEqual(['void gig:o1.1']);
	});
});

describe('providers that cannot be reached', () => {
	test('[T10] what was not sent goes to the other one at once; a call before a crash may have been, so it is voided', () => {
		const payment = new OnePayment();
		payment.pay();
		expect(payment.answer(UNSENT)).toEqual(['paymentUnsent', 'paymentAttempted']);
		expect(payment.asked).toEqual(['void gig:o1.1', 'authorise gig:o1.2']);
	});

	test('[T10] with none left it waits, asks again, and ends after a bounded number of waits', () => {
		const payment = new OnePayment({ deadline: 1e15 });
		payment.pay();
		payment.answer(UNSENT);
		expect(payment.answerTo('authorise', UNSENT)).toEqual(['paymentUnsent', 'paymentWaited']);
		expect(payment.payment.stands).toBe('asking');
		let waits = 1;
		for (;;) {
			const happened = [...payment.wait(60_000)];
			for (let [out] = payment.calls; out !== undefined; [out] = payment.calls) {
				happened.push(...payment.answer(out.call.op === 'void' ? DONE : UNSENT, out.id));
			}
			if (happened.includes('paymentFailed')) break;
			expect(happened).toContain('paymentWaited');
			waits++;
		}
		expect(waits).toBeLessThanOrEqual(WAITS_MAX);
		expect(payment.payment.attempts.length).toBeLessThanOrEqual(ATTEMPTS_MAX);
		expect(payment.payment.stands).toBe('none');
		expect(paymentStatus(payment.payment)).toBe('paying');
		expect(hasPaymentWork(payment.payment)).toBe(false);
	});

	test('attempts at one order are bounded', () => {
		const payment = new OnePayment({ deadline: 1e15 });
		for (let n = 1; n <= ATTEMPTS_MAX; n++) {
			expect(payment.pay()).toEqual(['paymentAttempted']);
			payment.answer(DECLINED);
		}
		expect(payment.pay()).toMatchObject({ code: 'CONFLICT' });
	});
});

describe('paying twice', () => {
	test.each([
		['while a provider is asked', () => givenUp(), 'CONFLICT'],
		['while capture is in doubt', () => capturing(), 'CONFLICT'],
		['when it is paid', () => paid(), 'CONFLICT'],
	])('[T10] is refused %s', (_when, at, code) => {
		const payment = at();
		const before = JSON.stringify(payment.payment);
		expect(payment.pay()).toMatchObject({ ok: false, code });
		expect(JSON.stringify(payment.payment)).toBe(before);
	});
});

test('events of a payment are known by their type', () => {
	const [event] = paid().events;
	expect(event !== undefined && isPaymentEvent(event)).toBe(true);
	expect(isPaymentEvent({ type: 'held', data: {} })).toBe(false);
});
