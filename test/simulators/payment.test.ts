import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PaymentProvider } from '../../src/simulators/payment/payment-provider.ts';
import {
	type PaymentSimulator,
	startPaymentSimulator,
} from '../../src/simulators/payment/server.ts';

let simulator: PaymentSimulator;

beforeEach(async () => {
	simulator = await startPaymentSimulator({ port: 0, host: '127.0.0.1', seed: 7 });
	await control({ latencyMs: 0 });
});
afterEach(() => simulator.close());

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
	const answer = await fetch(`${simulator.url}/${path}`, {
		method: 'POST',
		body: JSON.stringify(body),
	});
	return { status: answer.status, body: await answer.json() };
}

async function control(changes: object) {
	const { status, body } = await post('control', changes);
	expect({ status, body }).toMatchObject({ status: 200 });
}

/** How a request ends that is never answered. */
const cut = (request: Promise<unknown>) => expect(request).rejects.toThrow('fetch failed');

const authorise = (key: string, more: object = {}, provider = 'pay-a') =>
	post(`${provider}/authorise`, {
		key,
		orderId: key.split('.')[0],
		amount: 5_000,
		currency: 'KRW',
		methodToken: 'tok-anything',
		...more,
	});
const ask = (operation: string, key: string, more: object = {}) =>
	post(`pay-a/${operation}`, { key, ...more });

const ledger = async (query = '') => (await fetch(`${simulator.url}/ledger${query}`)).json();

const outcome = (status: number, body: object) => ({ status, body: expect.objectContaining(body) });
const done = (state: string) => outcome(200, { outcome: 'done', state });
const refused = (state: string) => outcome(409, { outcome: 'refused', state });
const declined = outcome(402, { outcome: 'declined' });

describe('the books', () => {
	test('authorise, capture, refund: one row in minor units', async () => {
		expect(await authorise('o1.1')).toEqual(done('authorised'));
		expect(await ask('capture', 'o1.1')).toEqual(done('captured'));
		expect(await ask('refund', 'o1.1', { refundKey: 'r1', amount: 2_000 })).toEqual(
			done('captured'),
		);
		expect(await ledger()).toEqual([
			{
				key: 'o1.1',
				provider: 'pay-a',
				orderId: 'o1',
				state: 'captured',
				authorised: 5_000,
				captured: 5_000,
				refunded: 2_000,
			},
		]);
	});

	test('[T10] a key is refused after its void, also one that was never seen', async () => {
		await authorise('o1.1');
		expect(await ask('void', 'o1.1')).toEqual(done('voided'));
		expect(await authorise('o1.1')).toEqual(refused('voided'));
		expect(await ask('capture', 'o1.1')).toEqual(refused('voided'));
		expect(await ask('void', 'o2.1')).toEqual(done('voided'));
		expect(await ledger('?orderId=o2')).toEqual([]);
		expect(await authorise('o2.1')).toEqual(refused('voided'));
		expect(await ledger('?orderId=o2')).toMatchObject([{ state: 'voided', authorised: 0 }]);
	});

	test('each request takes effect once, however often it comes', async () => {
		for (let times = 0; times < 3; times++) {
			expect(await authorise('o1.1')).toEqual(done('authorised'));
		}
		for (let times = 0; times < 3; times++) {
			expect(await ask('capture', 'o1.1')).toEqual(done('captured'));
		}
		for (let times = 0; times < 3; times++) {
			const answer = await ask('refund', 'o1.1', { refundKey: 'r1', amount: 2_000 });
			expect(answer).toEqual(outcome(200, { refunded: 2_000 }));
		}
		expect(await ledger()).toMatchObject([{ captured: 5_000, refunded: 2_000 }]);
	});

	test('a key that comes with something else is refused', async () => {
		await authorise('o1.1');
		expect(await authorise('o1.1', { amount: 1 })).toEqual(refused('authorised'));
	});

	test('[T13] refunds are never above what was captured, nor of what was not', async () => {
		await authorise('o1.1');
		const refund = (refundKey: string, amount: number) =>
			ask('refund', 'o1.1', { refundKey, amount });
		expect(await refund('r1', 1)).toEqual(refused('authorised'));
		await ask('capture', 'o1.1');
		expect(await refund('r1', 5_001)).toEqual(refused('captured'));
		expect(await refund('r1', 3_000)).toEqual(done('captured'));
		expect(await refund('r2', 3_000)).toEqual(refused('captured'));
		expect(await refund('r1', 2_000)).toEqual(refused('captured'));
		expect(await refund('r2', 2_000)).toEqual(done('captured'));
		expect(await ask('void', 'o1.1')).toEqual(refused('captured'));
	});

	test('status says where it stands', async () => {
		expect(await ask('status', 'o1.1')).toEqual(done('notFound'));
		expect(await ask('capture', 'o1.1')).toEqual(refused('notFound'));
		await authorise('o1.1', { methodToken: 'tok-declined' });
		expect(await ask('status', 'o1.1')).toEqual(done('declined'));
		expect(await ask('void', 'o1.1')).toEqual(refused('declined'));
	});

	test('providers keep books of their own', async () => {
		await authorise('o1.1', {}, 'pay-b');
		expect(await ask('status', 'o1.1')).toEqual(done('notFound'));
		expect(await ledger()).toMatchObject([{ provider: 'pay-b' }]);
	});
});

describe('behaviour', () => {
	test('the method tok-declined is declined, any other pays', async () => {
		expect(await authorise('o1.1', { methodToken: 'tok-declined' })).toEqual(declined);
		expect(await authorise('o1.1', { methodToken: 'tok-declined' })).toEqual(declined);
		expect(await authorise('o1.2', { methodToken: 'x' })).toEqual(done('authorised'));
	});

	test('changes while it runs, for one provider or for all', async () => {
		await control({ provider: 'pay-a', declineRate: 1 });
		expect(await authorise('o1.1')).toEqual(declined);
		expect(await authorise('o1.2', {}, 'pay-b')).toEqual(done('authorised'));
		await control({ declineRate: 0 });
		expect(await authorise('o1.3')).toEqual(done('authorised'));
		expect(await (await fetch(`${simulator.url}/control`)).json()).toMatchObject({
			'pay-a': { declineRate: 0, latencyMs: 0 },
			'pay-b': { declineRate: 0, latencyMs: 0 },
		});
	});

	test('an error has no effect', async () => {
		await control({ errorRate: 1 });
		expect(await authorise('o1.1')).toMatchObject({ status: 500 });
		expect(await ledger()).toEqual([]);
	});

	test('charged, but the answer was lost', async () => {
		await authorise('o1.1');
		await control({ lostAnswerRate: 1 });
		await cut(ask('capture', 'o1.1'));
		expect(await ledger()).toMatchObject([{ state: 'captured', captured: 5_000 }]);
	});

	test('[T10] an authorisation arrives after status and void, and is refused', async () => {
		await control({ lateArrivalMs: 30 });
		await cut(authorise('o1.1'));
		await cut(authorise('o2.1'));
		expect(await ask('status', 'o1.1')).toEqual(done('notFound'));
		expect(await ask('void', 'o1.1')).toEqual(done('voided'));
		await expect
			.poll(() => ledger())
			.toMatchObject([
				{ key: 'o1.1', state: 'voided' },
				{ key: 'o2.1', state: 'authorised' },
			]);
	});

	test('a request that comes twice takes effect once', async () => {
		const later: (() => void)[] = [];
		const after = (ms: number, run: () => void) => {
			if (ms === 0) run();
			else later.push(run);
		};
		const provider = new PaymentProvider({ name: 'pay-a', random: () => 0.5, after });
		provider.behave({ latencyMs: 0, duplicateRate: 1 });
		const request = { key: 'o1.1', orderId: 'o1', amount: 5_000, currency: 'KRW' };
		await provider.take('authorise', { ...request, methodToken: 'tok' });
		await provider.take('capture', { key: 'o1.1' });
		await provider.take('refund', { key: 'o1.1', refundKey: 'r1', amount: 1_000 });
		expect(later).toHaveLength(3);
		for (const again of later) again();
		expect(provider.ledger.rows()).toMatchObject([{ captured: 5_000, refunded: 1_000 }]);
	});

	test('an outage answers 503, cuts, or is silent, and nothing has an effect', async () => {
		await control({ outage: true });
		expect(await authorise('o1.1')).toMatchObject({ status: 503 });
		await control({ outage: 'refuse' });
		await cut(authorise('o1.1'));
		await control({ outage: 'hang' });
		const signal = AbortSignal.timeout(50);
		const silent = fetch(`${simulator.url}/pay-a/void`, {
			method: 'POST',
			body: '{"key":"o1.1"}',
			signal,
		});
		await expect(silent).rejects.toThrow('timeout');
		await control({ outage: false });
		expect(await authorise('o1.1')).toEqual(done('authorised'));
	});

	test('is the same for the same seed', async () => {
		const outcomes = async () => {
			const one = await startPaymentSimulator({ port: 0, host: '127.0.0.1', seed: 42 });
			const call = (path: string, body: object) =>
				fetch(`${one.url}/${path}`, { method: 'POST', body: JSON.stringify(body) });
			await call('control', { latencyMs: 0, declineRate: 0.5 });
			const statuses: number[] = [];
			for (let n = 0; n < 20; n++) {
				const request = {
					key: `k${n}`,
					orderId: 'o',
					amount: 1,
					currency: 'KRW',
					methodToken: 't',
				};
				statuses.push((await call('pay-a/authorise', request)).status);
			}
			await one.close();
			return statuses;
		};
		const first = await outcomes();
		expect(await outcomes()).toEqual(first);
		expect(new Set(first)).toEqual(new Set([200, 402]));
	});
});

describe('what makes no sense', () => {
	test.each([
		[
			'pay-a/authorise',
			{ key: 'k', orderId: 'o', amount: 1, currency: 'KRW', methodToken: '' },
			400,
		],
		['pay-a/capture', {}, 400],
		['pay-a/capture', 'x'.repeat(20_000), 400],
		['pay-a/steal', { key: 'k' }, 404],
		['pay-z/capture', { key: 'k' }, 404],
		['control', { declineRate: 2 }, 400],
		['control', { declinerate: 1 }, 400],
		['control', { provider: 'pay-z' }, 404],
	])('%s %o is answered %i', async (path, body, status) => {
		expect(await post(path, body)).toMatchObject({ status, body: { error: expect.any(String) } });
	});

	test('the page is there, other paths are not', async () => {
		const page = await fetch(simulator.url);
		expect(page.headers.get('content-type')).toContain('text/html');
		expect(await page.text()).toContain('Payment simulator');
		expect((await fetch(`${simulator.url}/elsewhere`)).status).toBe(404);
	});
});
