import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { type RawBuyer, seatsOf, TicketBox } from '../support/ticket-box.ts';
import { until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** Buyers `u0`, `u1` …, connected. */
const buyersOf = (box: TicketBox, count: number): Promise<RawBuyer[]> =>
	Promise.all(Array.from({ length: count }, (_, n) => box.buyer(`u${n}`)));

test('[A1] [T11] a hundred units, a hundred users at once: none left, and nothing for the next', async () => {
	const stock = { total: 100, price: 500 };
	const box = await TicketBox.open(world, { stock, maxPerUser: 1 });
	const buyers = await buyersOf(box, 100);
	await Promise.all(buyers.map((buyer) => buyer.inside()));
	const orders = await Promise.all(buyers.map((buyer) => buyer.buy({ quantity: 1 })));
	expect(new Set(orders.map(({ id }) => id)).size).toBe(100);
	expect(await (await box.buyer('late')).enter()).toMatchObject({ phase: 'soldOut' });
	expect(await box.report()).toMatchObject({ state: 'soldOut', free: 0, sold: 100 });
	const ledger = await box.ledger();
	expect(ledger.reduce((sum, { captured }) => sum + captured, 0)).toBe(50_000);
	expect(await (await box.backdoor()).ask('reconcile')).toEqual({
		...{ units: 100, missing: [], extra: [] },
	});
});

test('[A2] the control: the same hundred over a store that is read and then written lose updates', async () => {
	let left = 100;
	const unguarded = async () => {
		const seen = left;
		await setImmediate();
		left = seen - 1;
	};
	await Promise.all(Array.from({ length: 100 }, unguarded));
	expect(left).toBeGreaterThan(0);
});

test('[A4] [T11] [T16] the limit of a user is checked before that of all; sold out at the last unit', async () => {
	const box = await TicketBox.open(world, { stock: { total: 5, price: 500 }, maxPerUser: 2 });
	const [ann, bob, cy] = (await buyersOf(box, 3)) as [RawBuyer, RawBuyer, RawBuyer];
	await (await ann.inside()).buy({ quantity: 1 });
	await (await ann.inside()).buy({ quantity: 1 });
	expect(await ann.enter()).toMatchObject({ phase: 'done' });
	await (await bob.inside()).buy({ quantity: 2 });
	await cy.inside();
	expect(await cy.hold({ quantity: 3 })).toBe('MEMBER_LIMIT');
	expect(await cy.hold({ quantity: 2 })).toBe('TOTAL_LIMIT');
	expect(await box.report()).toMatchObject({ state: 'open', free: 1 });
	const shop = await box.backdoor();
	const more = { purchaseId: 'p1', userId: 'u0', quantity: 2 };
	expect(await shop.ask('reserve', more)).toBe('MEMBER_LIMIT');
	expect(await shop.ask('reserve', { ...more, userId: 'zoe' })).toBe('TOTAL_LIMIT');
	await cy.buy({ quantity: 1 });
	expect(await box.report()).toMatchObject({ state: 'soldOut', free: 0, sold: 5 });
	expect(await shop.ask('settings', { stockTotal: 4 })).toBe('CONFLICT');
	await shop.ask('settings', { stockTotal: 6 });
	expect(await box.report()).toMatchObject({ state: 'open', free: 1, sold: 5 });
});

test('[A5] [A6] [T11] a release that is unknown, doubled or early loses no unit', async () => {
	const box = await TicketBox.open(world, { stock: { total: 10, price: 500 } });
	const shop = await box.backdoor();
	const reserve = (purchaseId: string) =>
		shop.ask('reserve', { purchaseId, userId: 'ann', quantity: 1 });
	await until(async () => (await box.report()).state === 'open');
	await shop.ask('unreserve', { purchaseId: 'late' });
	expect(await box.report()).toMatchObject({ free: 10, sold: 0 });
	expect(await reserve('late')).toBe('CONFLICT');
	await Promise.all([reserve('p1'), reserve('p1'), reserve('p2')]);
	expect(await box.report()).toMatchObject({ free: 8, sold: 2 });
	await Promise.all([1, 2].map(() => shop.ask('unreserve', { purchaseId: 'p1' })));
	expect(await box.report()).toMatchObject({ free: 9, sold: 1 });
	expect(await shop.ask('reconcile')).toEqual({ units: 1, missing: [], extra: [] });
});

test('[A7] [T2] [T3] [T12] thirty gifts for a hundred: the first thirty, ten at a time', async () => {
	const box = await TicketBox.open(world, {
		stock: { total: 30, price: 0 },
		maxPerUser: 1,
		admission: { mode: 'turnstile', batch: 10, intervalMs: 1_000 },
	});
	await until(async () => (await box.report()).state === 'open');
	await box.ops('pause', {});
	const buyers = await buyersOf(box, 100);
	const places = await Promise.all(buyers.map(async (buyer) => (await buyer.enter()).place ?? -1));
	expect([...places].sort((one, other) => one - other)).toEqual([...places.keys()]);
	await box.ops('resume', {});
	const fates = await Promise.all(
		buyers.map(async (buyer) => {
			const { phase } = await buyer.reach('inside', 'soldOut');
			if (phase === 'soldOut') return 'told';
			await buyer.hold({ quantity: 1 });
			return ((await buyer.checkout()) as Order).status;
		}),
	);
	for (const [n, place] of places.entries()) {
		expect([place, fates[n]]).toEqual([place, place < 30 ? 'paid' : 'told']);
	}
	expect(await box.report()).toMatchObject({ sold: 30, turned: 30, waiting: 0 });
});

test('[A8] [T9] a payment that the bank declines may be tried again; given up, the seats are back', async () => {
	const box = await TicketBox.open(world, { seats: seatsOf(2) });
	const [ann, bob] = (await buyersOf(box, 2)) as [RawBuyer, RawBuyer];
	for (const [n, buyer] of [ann, bob].entries()) {
		await buyer.inside();
		await buyer.hold({ seats: [`A-${n + 1}`] });
		const order = (await buyer.checkout()) as Order;
		await buyer.pay(order.id, 'tok-declined');
		await until(async () => (await buyer.reach('paying')).order?.status === 'declined');
	}
	await bob.ask('leave');
	expect(await bob.reach('before')).toMatchObject({ ended: 'left' });
	await ann.pay(ann.me?.order?.id ?? '');
	await ann.reach('done');
	expect(await box.report()).toMatchObject({ free: 1, sold: 1, paying: 0, captured: 1_000 });
	const kept = (await box.ledger()).filter(({ captured }) => captured > 0);
	expect(kept).toMatchObject([{ captured: 1_000, refunded: 0 }]);
});

test('[A9] [T10] providers that are silent: the deadline frees the seats, and what came late is voided', async () => {
	const box = await TicketBox.open(world, { seats: seatsOf(1), paySeconds: 1 });
	const ann = await (await box.buyer('ann')).inside();
	await ann.hold({ seats: ['A-1'] });
	const order = (await ann.checkout()) as Order;
	await box.behave({ lateArrivalMs: 1_500 });
	expect(await ann.pay(order.id)).toMatchObject({ status: 'paying' });
	expect(await ann.reach('before')).toMatchObject({ ended: 'payExpired' });
	expect(await box.report()).toMatchObject({ free: 1, paying: 0, captured: 0 });
	await box.behave({ lateArrivalMs: 0 });
	const bob = await (await box.buyer('bob')).inside();
	await bob.buy({ seats: ['A-1'] });
	await until(async () => {
		const rows = (await box.ledger()).filter(({ orderId }) => orderId === order.id);
		return rows.length > 0 && rows.every(({ state }) => state === 'voided');
	});
	expect(await box.report()).toMatchObject({ sold: 1, captured: 1_000 });
});

test('[T10] one provider is down, the other one is asked', async () => {
	const box = await TicketBox.open(world, { stock: { total: 10, price: 500 }, maxPerUser: 1 });
	await box.behave({ provider: 'pay-a', outage: 'refuse' });
	const buyers = await buyersOf(box, 10);
	await Promise.all(buyers.map(async (buyer) => (await buyer.inside()).buy({ quantity: 1 })));
	const kept = (await box.ledger()).filter(({ captured }) => captured > 0);
	expect(kept.map(({ provider }) => provider)).toEqual(Array(10).fill('pay-b'));
	expect(await box.report()).toMatchObject({ sold: 10, captured: 5_000 });
});

test('[T9] charged, but the answer was lost: asked about, never charged again', async () => {
	const box = await TicketBox.open(world, { stock: { total: 4, price: 500 }, maxPerUser: 1 });
	await box.behave({ lostAnswerRate: 0.5, duplicateRate: 0.5 });
	const buyers = await buyersOf(box, 4);
	await Promise.all(
		buyers.map(async (buyer) => {
			await buyer.inside();
			await buyer.hold({ quantity: 1 });
			await buyer.pay(((await buyer.checkout()) as Order).id);
		}),
	);
	await box.behave({ lostAnswerRate: 0 });
	await Promise.all(buyers.map((buyer) => buyer.reach('done')));
	expect(await box.report()).toMatchObject({ sold: 4, captured: 2_000 });
	await until(async () => (await box.ledger()).every(({ state }) => state !== 'authorised'));
	const ledger = await box.ledger();
	expect(ledger.reduce((sum, row) => sum + row.captured - row.refunded, 0)).toBe(2_000);
});

test('[A16] [T6] a hundred claims on one seat: one has it, the others are told at once', async () => {
	const box = await TicketBox.open(world, { seats: seatsOf(101) });
	const buyers = await buyersOf(box, 100);
	await Promise.all(buyers.map((buyer) => buyer.inside()));
	const said = await Promise.all(buyers.map((buyer) => buyer.hold({ seats: ['A-7'] })));
	expect(said.filter((one) => one === 'SEAT_TAKEN')).toHaveLength(99);
	expect(await box.report()).toMatchObject({ held: 1, free: 100 });
});
