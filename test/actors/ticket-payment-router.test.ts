import { describe, expect, test } from 'vitest';
import {
	chooseProvider,
	FAILURES_MAX,
	initialRouter,
	nextProviderAt,
	OPEN_MS,
} from '../../actors/ticket-event/payment-router.ts';
import { OnePayment } from '../support/one-payment.ts';

/** How many of 10,000 new orders each provider gets. */
function shares(weights: Record<string, number>): Record<string, number> {
	const got: Record<string, number> = {};
	for (let n = 0; n < 10_000; n++) {
		const choice = { weights, now: 0, key: `gig:order${n}.1`, not: [] };
		const provider = chooseProvider(initialRouter(), choice) ?? 'none';
		got[provider] = (got[provider] ?? 0) + 1;
	}
	return got;
}

describe('weights', () => {
	test('[T10] give each provider its share of new orders', () => {
		const got = shares({ 'pay-a': 3, 'pay-b': 1 });
		expect(got['pay-a']).toBeGreaterThan(7_300);
		expect(got['pay-a']).toBeLessThan(7_700);
		expect((got['pay-a'] ?? 0) + (got['pay-b'] ?? 0)).toBe(10_000);
	});

	test('[T10] of 0 take a provider out; of all 0, everybody', () => {
		expect(shares({ 'pay-a': 0, 'pay-b': 5 })).toEqual({ 'pay-b': 10_000 });
		expect(shares({ 'pay-a': 0, 'pay-b': 0 })).toEqual({ none: 10_000 });
		expect(shares({})).toEqual({ none: 10_000 });
	});

	test('[T10] may change while the sale runs', () => {
		const payment = new OnePayment();
		payment.weights = { 'pay-a': 1 };
		payment.pay();
		payment.answer({ outcome: 'declined' });
		payment.weights = { 'pay-b': 1 };
		payment.pay();
		expect(payment.payment.attempts.map(({ provider }) => provider)).toEqual(['pay-a', 'pay-b']);
	});

	test('the order of the names changes nothing', () => {
		const choose = (weights: Record<string, number>, key: string) =>
			chooseProvider(initialRouter(), { weights, now: 0, key, not: [] });
		for (let n = 0; n < 50; n++) {
			const key = `gig:o${n}.1`;
			expect(choose({ a: 1, b: 2 }, key)).toBe(choose({ b: 2, a: 1 }, key));
		}
	});
});

describe('the circuit of a provider', () => {
	const only = { 'pay-a': 1 };

	/** So many orders in a row whose authorisation of `pay-a` gets no answer. */
	function failing(count: number, outcome: 'unsent' | 'unknown' = 'unsent') {
		const router = initialRouter();
		for (let n = 0; n < count; n++) {
			const payment = new OnePayment({ id: `gig:o${n}`, router });
			payment.weights = only;
			payment.pay();
			payment.answer({ outcome });
		}
		return router;
	}

	const isOpen = (router: ReturnType<typeof initialRouter>, now: number) =>
		chooseProvider(router, { weights: only, now, key: 'k', not: [] }) === undefined;

	test.each(['unsent', 'unknown'] as const)('[T10] opens behind so many %s in a row', (outcome) => {
		expect(isOpen(failing(FAILURES_MAX - 1, outcome), 1_000_000)).toBe(false);
		expect(isOpen(failing(FAILURES_MAX, outcome), 1_000_000)).toBe(true);
	});

	test('[T10] while it is open all orders go to the other one; a lone one is refused with a time', () => {
		const router = failing(FAILURES_MAX);
		for (let n = 0; n < 20; n++) {
			const payment = new OnePayment({ id: `gig:p${n}`, router });
			payment.pay();
			expect(payment.payment.attempts[0]?.provider).toBe('pay-b');
		}
		const lone = new OnePayment({ id: 'gig:lone', router });
		lone.weights = only;
		expect(lone.pay()).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: OPEN_MS });
		expect(nextProviderAt(router, only)).toBe(1_000_000 + OPEN_MS);
		expect(nextProviderAt(router, { 'pay-a': 0 })).toBeUndefined();
	});

	test('[T10] then one probe goes, and an answer of any kind closes it', () => {
		const router = failing(FAILURES_MAX);
		const probe = new OnePayment({ id: 'gig:probe', router });
		probe.weights = only;
		probe.now += OPEN_MS;
		probe.pay();
		expect(isOpen(router, probe.now)).toBe(true);
		probe.answer({ outcome: 'declined' });
		expect(isOpen(router, probe.now)).toBe(false);
	});

	test('[T10] a probe without an answer opens it again', () => {
		const router = failing(FAILURES_MAX);
		const probe = new OnePayment({ id: 'gig:probe', router });
		probe.weights = only;
		probe.now += OPEN_MS;
		probe.pay();
		probe.now += OPEN_MS;
		probe.answer({ outcome: 'unknown' });
		expect(isOpen(router, probe.now + OPEN_MS - 1)).toBe(true);
		expect(isOpen(router, probe.now + OPEN_MS)).toBe(false);
	});

	test('a decline in between breaks the row', () => {
		const router = failing(FAILURES_MAX - 1);
		const payment = new OnePayment({ id: 'gig:ok', router });
		payment.weights = only;
		payment.pay();
		payment.answer({ outcome: 'declined' });
		const next = new OnePayment({ id: 'gig:next', router });
		next.weights = only;
		next.pay();
		next.answer({ outcome: 'unsent' });
		expect(isOpen(router, 1_000_000)).toBe(false);
	});
});
