import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PaymentCaller, PaymentResult } from '../../actors/ticket-event/payment-port.ts';
import { initialRouter } from '../../actors/ticket-event/payment-router.ts';
import { hasPaymentWork, paymentDueAt } from '../../actors/ticket-event/payment-state.ts';
import { httpPaymentCaller } from '../../src/adapters/http/payment-caller.ts';
import { SILENT } from '../../src/core/log.ts';
import type { LedgerRow } from '../../src/simulators/payment/payment-ledger.ts';
import {
	type PaymentSimulator,
	startPaymentSimulator,
} from '../../src/simulators/payment/server.ts';
import { paymentErrands } from '../../src/tickets/payment-errands.ts';
import { OnePayment } from '../support/one-payment.ts';
import { seeded } from '../support/seeded.ts';

const ORDERS = 60;
const AMOUNT = 5_000;
/** Of a call: a machine that has much else to do answers the good ones in it, too. */
const TIMEOUT_MS = 250;
/** Calls between two changes of behaviour. */
const CALLS_EACH = 30;
const GOOD = {
	latencyMs: [0, 5],
	declineRate: 0,
	errorRate: 0,
	lostAnswerRate: 0,
	lateArrivalMs: 0,
	duplicateRate: 0,
	outage: false,
};
const BEHAVIOURS: readonly object[] = [
	{ lostAnswerRate: 0.4, duplicateRate: 0.3 },
	{ provider: 'pay-a', outage: true },
	{ errorRate: 0.3, declineRate: 0.2 },
	{ provider: 'pay-b', outage: 'refuse' },
	{ lateArrivalMs: 15 },
	{ provider: 'pay-a', outage: 'hang' },
	{ latencyMs: [0, 80], duplicateRate: 0.5 },
	{ outage: true },
	{ lostAnswerRate: 0.2, errorRate: 0.2, declineRate: 0.1, duplicateRate: 0.2 },
];

let simulator: PaymentSimulator;
beforeEach(async () => {
	simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1', seed: 11 });
});
afterEach(() => simulator.close());

async function behave(changes: object): Promise<void> {
	for (const body of [GOOD, changes]) {
		await fetch(`${simulator.url}/control`, { method: 'POST', body: JSON.stringify(body) });
	}
}

/** Calls over HTTP while the providers behave otherwise every now and then, and well in the end. */
function disturbedCaller(): PaymentCaller {
	const call = httpPaymentCaller({ baseUrl: simulator.url, timeoutMs: TIMEOUT_MS, log: SILENT });
	let calls = 0;
	return async (request) => {
		if (calls++ % CALLS_EACH === 0) await behave(BEHAVIOURS[(calls / CALLS_EACH) | 0] ?? {});
		return call(request);
	};
}

/** What a node does for the order: the method of payment stands in an event alone. */
function portOf(payment: OnePayment, call: PaymentCaller) {
	const journal = {
		read: async (_: string, { position = 0 }: { readonly position?: number }) => ({
			records: [{ position, events: payment.events.slice(position) }],
		}),
		redact: () => Promise.reject(new Error('nothing is forgotten here')),
	};
	const port = paymentErrands({ call, journal: journal as never });
	return (id: string, errand: unknown) =>
		port?.(id, errand, 'ticket-event/gig') as Promise<PaymentResult>;
}

/** Lets an order come to its end: calls are real, waits are not. */
async function settle(payment: OnePayment, call: PaymentCaller, chance: () => number) {
	while (hasPaymentWork(payment.payment) || ['none', 'declined'].includes(payment.payment.stands)) {
		const { calls } = payment;
		if (calls.length === 0) {
			const due = paymentDueAt(payment.payment) ?? payment.order.deadline;
			payment.wait(Math.max(0, due - payment.now));
			continue;
		}
		const port = portOf(payment, call);
		const results = calls.map(async ({ id, call: errand }) => ({
			id,
			result: await port(id, errand),
		}));
		for (const { id, result } of await Promise.all(results)) {
			// The owner died before it stored the result: the call is made again.
			if (chance() < 0.1) payment.restart();
			else payment.answer(result, id);
		}
	}
}

async function order(n: number, call: PaymentCaller): Promise<OnePayment> {
	const chance = seeded(n);
	const payment = new OnePayment({ id: `gig:o${n}`, router: initialRouter(), amount: AMOUNT });
	payment.pay(n % 10 === 9 ? 'tok-declined' : 'tok-good');
	await settle(payment, call, chance);
	if (payment.payment.stands === 'paid' && n % 3 === 0) {
		payment.refund(n % 2 === 0 ? AMOUNT : 1_500, ['A-1']);
		await settle(payment, call, chance);
	}
	return payment;
}

test('[T9] [T10] [T13] dozens of orders over HTTP: paid once or free of charge, and the books agree', async () => {
	const call = disturbedCaller();
	const payments = await Promise.all(Array.from({ length: ORDERS }, (_, n) => order(n, call)));
	const ledger = async () =>
		(await fetch(`${simulator.url}/ledger`)).json() as Promise<LedgerRow[]>;
	// What is still on its way arrives, and finds its key refused.
	await expect
		.poll(async () => (await ledger()).filter(({ state }) => state === 'authorised'))
		.toEqual([]);
	const rows = await ledger();
	for (const { order: one, payment } of payments) {
		const own = rows.filter(({ orderId }) => orderId === one.id);
		const net = own.reduce((sum, row) => sum + row.captured - row.refunded, 0);
		expect([one.id, net]).toEqual([one.id, payment.captured - payment.refunded]);
		expect(own.filter(({ captured }) => captured > 0).length).toBeLessThanOrEqual(1);
		expect([0, AMOUNT]).toContain(payment.captured);
		expect(payment.stands).toBe(payment.captured === AMOUNT ? 'paid' : 'over');
	}
	const paid = payments.filter(({ payment }) => payment.stands === 'paid');
	expect(paid.length).toBeGreaterThan(ORDERS / 2);
	expect(paid.some(({ payment }) => payment.refunded === AMOUNT)).toBe(true);
	expect(payments.some(({ payment }) => payment.attempts.length > 1)).toBe(true);
});
