import { describe, expect, test } from 'vitest';
import { reconcileStock, stockInUse } from '../../actors/ticket-event/reconcile-stock.ts';
import {
	codeOf,
	OPENS_AT,
	OPS,
	replyOf,
	SERVICE,
	TicketSale,
	users,
} from '../support/ticket-sale.ts';

type Purchase = readonly [purchaseId: string, userId: string, quantity?: number];
const reserve = (sale: TicketSale, [purchaseId, userId, quantity = 1]: Purchase) =>
	sale.actor.command(SERVICE, 'reserve', { purchaseId, userId, quantity });
const unreserve = (sale: TicketSale, purchaseId: string) =>
	sale.actor.command(SERVICE, 'unreserve', { purchaseId });

const history = async (sale: TicketSale) => {
	const { rows } = await sale.actor.store.page({
		collection: 'stockHistory',
		prefix: ['show'],
		limit: 1_000,
	});
	return rows.map(({ key }) => key.slice(1).join(' '));
};

describe('stock of other services', () => {
	test('[A1] [T11] 100 units, 100 users: 0 left, and the next is told', async () => {
		const sale = await TicketSale.open({ stock: 100, maxPerUser: 1 });
		for (const userId of users(100)) replyOf(await reserve(sale, [`p-${userId}`, userId]));
		expect(await sale.report()).toMatchObject({ free: 0, sold: 100, state: 'soldOut' });
		expect(codeOf(await reserve(sale, ['p-late', 'late']))).toBe('SOLD_OUT');
		expect(new Set((await history(sale)).map((row) => row.split(' ')[0])).size).toBe(100);
	});

	test('[A3] [T11] ten times the same purchase counts once', async () => {
		const sale = await TicketSale.open({ stock: 3, maxPerUser: 3 });
		for (let at = 0; at < 10; at++) replyOf(await reserve(sale, ['p1', 'ann', 2]));
		expect(await sale.report()).toMatchObject({ free: 1, sold: 2 });
		expect(await history(sale)).toEqual(['p1 1 PLUS', 'p1 2 PLUS']);
		expect(codeOf(await reserve(sale, ['p1', 'bob', 2]))).toBe('EXISTS');
	});

	test('[A3] a repeated purchase that has the last unit is not told that nothing is left', async () => {
		const sale = await TicketSale.open({ stock: 1 });
		replyOf(await reserve(sale, ['p1', 'ann']));
		expect(codeOf(await reserve(sale, ['p1', 'ann']))).toBeUndefined();
	});

	test('[A4] [T11] 1,000 units, 2 each: the user is looked at before the total', async () => {
		const sale = await TicketSale.open({ stock: 1_000, maxPerUser: 2 });
		for (const userId of users(499)) replyOf(await reserve(sale, [`p-${userId}`, userId, 2]));
		replyOf(await reserve(sale, ['p1', 'ann']));
		expect(codeOf(await reserve(sale, ['p2', 'u1']))).toBe('MEMBER_LIMIT');
		expect(codeOf(await reserve(sale, ['p3', 'bob', 2]))).toBe('TOTAL_LIMIT');
		expect((await sale.report()).state).toBe('open');
		replyOf(await reserve(sale, ['p4', 'ann']));
		expect((await sale.report()).state).toBe('soldOut');
		expect(codeOf(await reserve(sale, ['p5', 'ann']))).toBe('MEMBER_LIMIT');
	});

	test('[A5] [T11] what is not there is not given back, and what is, once', async () => {
		const sale = await TicketSale.open({ stock: 3 });
		replyOf(await reserve(sale, ['p1', 'ann']));
		replyOf(await unreserve(sale, 'none'));
		expect(sale.state.tally.sold).toBe(1);
		replyOf(await unreserve(sale, 'p1'));
		replyOf(await unreserve(sale, 'p1'));
		expect(await sale.report()).toMatchObject({ free: 3, sold: 0 });
		expect(await history(sale)).toEqual(['p1 1 MINUS', 'p1 1 PLUS']);
		expect(await sale.actor.query(OPS, 'reconcile')).toEqual({ units: 0, missing: [], extra: [] });
	});

	test('[A15] [T11] purchases over several pages are compared one by one, both ways', async () => {
		const sale = await TicketSale.open({ stock: 3_000, maxPerUser: 3 });
		for (const userId of users(600)) replyOf(await reserve(sale, [`p-${userId}`, userId, 3]));
		replyOf(await unreserve(sale, 'p-u7'));
		const whole = await sale.actor.query(OPS, 'reconcile');
		expect(whole).toEqual({ units: 1_797, missing: [], extra: [] });
		// As if the state had forgotten one purchase, and knew of two that were never written down.
		const inUse = stockInUse(sale.state);
		inUse.purchases.delete('p-u500');
		inUse.purchases.set('never', { userId: 'ann', quantity: 2 });
		inUse.purchases.set('p-u7', { userId: 'u7', quantity: 1 });
		const found = await reconcileStock(inUse, sale.actor.store);
		expect(found).toEqual({
			units: 1_797,
			missing: ['p-u7 1', 'never 1', 'never 2'],
			extra: ['p-u500 1', 'p-u500 2', 'p-u500 3'],
		});
	});

	test('[A6] [T11] a cancellation that overtakes its purchase loses no unit', async () => {
		const sale = await TicketSale.open({ stock: 3 });
		replyOf(await unreserve(sale, 'p1'));
		expect(codeOf(await reserve(sale, ['p1', 'ann']))).toBe('CONFLICT');
		expect(await sale.report()).toMatchObject({ free: 3, sold: 0 });
	});

	test('[A14] [T16] the stock is only raised once the sale has started, also out of sold out', async () => {
		const sale = new TicketSale();
		await sale.create({ stock: 10 });
		replyOf(await sale.actor.command(OPS, 'settings', { stockTotal: 2 }));
		await sale.goTo(OPENS_AT);
		replyOf(await reserve(sale, ['p1', 'ann', 2]));
		expect((await sale.report()).state).toBe('soldOut');
		expect(codeOf(await sale.actor.command(OPS, 'settings', { stockTotal: 1 }))).toBe('CONFLICT');
		replyOf(await sale.actor.command(OPS, 'settings', { stockTotal: 5 }));
		expect(await sale.report()).toMatchObject({ state: 'open', capacity: 5, free: 3, sold: 2 });
	});

	test('[T11] stock of the waiting room and of other services is the same', async () => {
		const sale = await TicketSale.open({ stock: 3, maxPerUser: 2 });
		await sale.letIn('ann');
		await sale.hold('ann', 1);
		replyOf(await reserve(sale, ['p1', 'bob', 2]));
		expect(codeOf(await reserve(sale, ['p2', 'cem']))).toBe('TOTAL_LIMIT');
		expect(codeOf(await reserve(sale, ['p3', 'ann', 2]))).toBe('MEMBER_LIMIT');
		expect(codeOf(await sale.hold('ann', 1))).toBe('TOTAL_LIMIT');
	});

	test('[T2] who bought elsewhere all that one may have does not wait', async () => {
		const sale = await TicketSale.open({ stock: 3, maxPerUser: 2 });
		replyOf(await reserve(sale, ['p1', 'ann', 2]));
		expect(await sale.arrive('ann')).toMatchObject([{ phase: 'done' }]);
		replyOf(await unreserve(sale, 'p1'));
		expect(await sale.arrive('ann')).toMatchObject([{ phase: 'turn' }]);
	});

	test('only services reserve, only on sale, only stock', async () => {
		const sale = await TicketSale.open({ stock: 3 });
		const mine = { purchaseId: 'p1', userId: 'ann', quantity: 1 };
		expect(codeOf(await sale.actor.command('ann', 'reserve', mine))).toBe('FORBIDDEN');
		await sale.actor.command(OPS, 'pause');
		expect(codeOf(await reserve(sale, ['p1', 'ann']))).toBe('CONFLICT');
		await sale.actor.command(OPS, 'close');
		expect(codeOf(await reserve(sale, ['p1', 'ann']))).toBe('CLOSED');
		const seated = await TicketSale.open({ seats: 3 });
		expect(codeOf(await reserve(seated, ['p1', 'ann']))).toBe('INVALID');
	});
});
