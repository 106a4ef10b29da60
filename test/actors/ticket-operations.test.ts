import { describe, expect, test } from 'vitest';
import { reconcileStock, stockInUse } from '../../actors/ticket-event/reconcile-stock.ts';
import { WaitTimes } from '../../actors/ticket-event/wait-times.ts';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { checkRestart, checkSale } from '../support/ticket-invariants.ts';
import { codeOf, OPENS_AT, OPS, replyOf, TicketSale, users } from '../support/ticket-sale.ts';

const set = (sale: TicketSale, settings: object) => sale.actor.command(OPS, 'settings', settings);

describe('operating a sale', () => {
	test('[T1] what cannot be is refused when it is created', async () => {
		const sale = new TicketSale();
		const good = {
			title: 'Show',
			opensAt: OPENS_AT,
			currency: 'EUR',
			secret: 'x'.repeat(40),
			stock: { total: 3, price: 1 },
		};
		const seat = { id: 's1', grade: 'A', price: 1 };
		const bad = [
			{ ...good, seats: [seat] },
			{ ...good, stock: undefined },
			{ ...good, stock: undefined, seats: [seat, seat] },
			{ ...good, closesAt: OPENS_AT },
			{ ...good, providers: { 'pay-a': 0 } },
		];
		for (const args of bad) {
			expect(codeOf(await sale.actor.command(OPS, 'create', args))).toBe('INVALID');
		}
		expect(codeOf(await sale.actor.command('ann', 'create', good))).toBe('FORBIDDEN');
		replyOf(await sale.actor.command(OPS, 'create', good));
		expect(codeOf(await sale.actor.command(OPS, 'create', good))).toBe('EXISTS');
	});

	test('[T1] what is not said stays unsaid, also once it was stored', async () => {
		const sale = await TicketSale.open({ closesAt: undefined });
		replyOf(await set(sale, { closesAt: undefined, title: 'Later' }));
		await sale.pass(10_000);
		expect((await sale.report()).state).toBe('open');
	});

	test('[T1] a pause stops the opening; behind it the event opens at once', async () => {
		const sale = new TicketSale();
		await sale.create();
		await sale.actor.command(OPS, 'pause');
		await sale.goTo(OPENS_AT + 10_000);
		expect(await sale.arrive('ann')).toMatchObject([{ phase: 'before' }]);
		replyOf(await sale.actor.command(OPS, 'resume'));
		expect(await sale.arrive('ann')).toMatchObject([{ phase: 'turn' }]);
	});

	test('[T1] [T17] a pause stops turns and keeps numbers, but stops no payment', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1 } });
		await sale.letIn('ann', 'bob');
		await sale.actor.command(OPS, 'pause');
		expect((await sale.report()).state).toBe('paused');
		expect((await sale.buy('ann', ['s1'])).status).toBe('paid');
		expect(await sale.arrive('cem')).toMatchObject([{ place: 1 }]);
		expect(await sale.me('bob')).toMatchObject({ place: 0 });
		await sale.actor.command(OPS, 'resume');
		expect(await sale.me('bob')).toMatchObject({ phase: 'turn' });
	});

	test('[T1] closing ends the queue and those inside, and no payment', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 3 } });
		await sale.letIn('ann', 'bob', 'cem', 'dana');
		await sale.hold('bob', ['s2']);
		await sale.hold('ann', ['s1']);
		const order = replyOf<Order>(await sale.checkout('ann'));
		await sale.pay('ann', order.id);
		replyOf(await sale.actor.command(OPS, 'close'));
		await sale.pass(1);
		expect((await sale.look('bob', 'cem', 'dana')).map(({ phase }) => phase)).toEqual([
			'closed',
			'closed',
			'closed',
		]);
		await sale.answerCalls();
		expect(await sale.me('ann')).toMatchObject({ phase: 'done', order: { status: 'paid' } });
		expect(await sale.report()).toMatchObject({ state: 'closed', sold: 1, held: 0, free: 9 });
		expect(codeOf(await sale.actor.command(OPS, 'resume'))).toBe('CLOSED');
	});

	test('[T1] it closes by itself, and a thousand inside go in steps', async () => {
		const closesAt = OPENS_AT + 100_000;
		const sale = await TicketSale.open({
			seats: 2_000,
			closesAt,
			admission: { maxActive: 1_200 },
		});
		await sale.letIn(...users(1_200));
		await sale.goTo(closesAt);
		expect((await sale.report()).state).toBe('closed');
		await sale.goTo(closesAt + 5);
		expect(sale.state.visitors.size).toBe(0);
		checkSale(sale.state);
	});

	test('[T17] settings that contradict each other are refused', async () => {
		const sale = await TicketSale.open({ closesAt: OPENS_AT + 1_000_000 });
		expect(codeOf(await set(sale, { opensAt: OPENS_AT + 1 }))).toBe('CONFLICT');
		expect(codeOf(await set(sale, { closesAt: OPENS_AT - 1 }))).toBe('INVALID');
		expect(codeOf(await set(sale, { stockTotal: 20 }))).toBe('INVALID');
		expect(codeOf(await set(sale, { providers: {} }))).toBe('INVALID');
		expect(codeOf(await sale.actor.command('ann', 'settings', {}))).toBe('FORBIDDEN');
		expect(replyOf(await set(sale, { title: 'Later' }))).toMatchObject({ title: 'Later' });
		expect(sale.told('info').at(-1)).toMatchObject({ title: 'Later' });
	});

	test('[T17] a changed interval begins now, and gives no turns twice', async () => {
		const sale = await TicketSale.open({
			seats: 1_000,
			admission: { mode: 'turnstile', batch: 10, intervalMs: 10_000 },
		});
		await sale.arrive(...users(100));
		await sale.pass(4_000);
		replyOf(await set(sale, { intervalMs: 1_000 }));
		expect(sale.state.tally.turned).toBe(10);
		await sale.pass(3_000);
		expect(sale.state.tally.turned).toBe(40);
	});

	test('[T17] the report counts what there is', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 2 } });
		await sale.letIn('ann', 'bob', 'cem');
		await sale.buy('ann', ['s1']);
		await sale.hold('bob', ['s2', 's3']);
		expect(await sale.report()).toEqual({
			state: 'open',
			capacity: 10,
			free: 7,
			held: 2,
			paying: 0,
			sold: 1,
			waiting: 0,
			inside: 2,
			captured: 1_000,
			refunded: 0,
			turned: 3,
			arrived: 3,
			ratePerMinute: 120,
			conversion: 0.5,
			waitP50Ms: 1,
			waitP99Ms: 1,
			stuck: [],
		});
		expect(await sale.actor.query('ann', 'report')).toMatchObject({ code: 'FORBIDDEN' });
	});
});

describe('a sale that goes on elsewhere', () => {
	test('[T14] [A15] has queue, turns, holds, orders, calls and deadlines as they were', async () => {
		const sale = await TicketSale.open({ seats: 30, admission: { maxActive: 5 } });
		await sale.letIn(...users(20));
		await sale.buy('u1', ['s1', 's2']);
		await sale.hold('u2', ['s3']);
		await sale.hold('u3', ['s4']);
		const order = replyOf<Order>(await sale.checkout('u3'));
		await sale.pay('u3', order.id);
		await sale.actor.command('u4', 'leave');
		const before = await sale.look(...users(20));
		checkRestart(sale);
		checkSale(sale.state);
		expect(await sale.look(...users(20))).toEqual(before);
		await sale.answerCalls();
		expect(await sale.me('u3')).toMatchObject({ phase: 'done' });
		await sale.pass(60_000);
		expect(await sale.me('u6')).toMatchObject({ ended: 'turnMissed' });
	});

	test('[T2] [T14] who missed a turn before still enters next behind it', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1, graceMs: 1_000 } });
		await sale.arrive('ann', 'bob', 'cem');
		await sale.pass(1_000);
		await sale.claim('bob');
		sale.actor.restart();
		await sale.arrive('ann');
		sale.actor.restart();
		await sale.actor.command('bob', 'leave');
		expect(await sale.look('ann', 'cem')).toMatchObject([{ phase: 'turn' }, { place: 0 }]);
	});

	test('[T14] a large state comes in many parts, none of them large', async () => {
		const sale = await TicketSale.open({ seats: 8_000, admission: { maxActive: 100 } });
		await sale.letIn(...users(5_000));
		const parts = [...sale.actor.cut()];
		expect(parts.length).toBeGreaterThan(4);
		checkRestart(sale);
	});

	test('[T11] what is sold while the history is read is not held against it', async () => {
		const sale = await TicketSale.open({ seats: 20, maxPerUser: 3 });
		await sale.letIn(...users(2));
		await sale.buy('u1', ['s1']);
		const inUse = stockInUse(sale.state);
		await sale.buy('u2', ['s2']);
		const found = await reconcileStock(inUse, sale.actor.store);
		expect(found).toEqual({ units: 1, missing: [], extra: [] });
	});

	test('[T14] [A15] the history of the stock says the same as the state', async () => {
		const sale = await TicketSale.open({ seats: 20, maxPerUser: 3 });
		await sale.letIn(...users(5));
		for (const [at, userId] of users(5).entries()) await sale.buy(userId, [`s${at * 2 + 1}`]);
		sale.actor.restart();
		expect(await sale.actor.query(OPS, 'reconcile')).toEqual({ units: 5, missing: [], extra: [] });
		await sale.actor.store.project([
			{
				actor: 'ticket-event/show',
				position: sale.actor.position + 1,
				events: [
					{
						position: sale.actor.position + 1,
						rows: [
							{
								op: 'drop',
								collection: 'stockHistory',
								key: ['show', [...sale.state.orders.keys()][0] ?? '', 's1', 'PLUS'],
							},
						],
					},
				],
			},
		]);
		expect(await sale.actor.query(OPS, 'reconcile')).toMatchObject({
			missing: [expect.stringContaining(' s1')],
		});
	});
});

describe('waits', () => {
	test('[T17] each is counted from its own arrival, also behind a restart', () => {
		const waits = new WaitTimes();
		waits.came(0, 0);
		waits.came(10, 30_000);
		for (let number = 0; number < 10; number++) waits.turned(number, 40_000);
		const later = new WaitTimes(waits.cut());
		for (let number = 10; number < 100; number++) later.turned(number, 40_000);
		expect(later.percentile(0.5)).toBeGreaterThan(9_000);
		expect(later.percentile(0.5)).toBeLessThan(12_000);
		expect(later.percentile(0.99)).toBeGreaterThan(39_000);
		expect(later.percentile(0.99)).toBeLessThan(48_000);
	});
});
