import { describe, expect, test } from 'vitest';
import type { TicketEvent } from '../../actors/ticket-event/ticket-event-events.ts';
import { ticketEventKind } from '../../actors/ticket-event/ticket-event-kind.ts';
import { SYSTEM } from '../../src/core/actor-kind.ts';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { checkRestart } from '../support/ticket-invariants.ts';
import { codeOf, OPS, PAYS, replyOf, SERVICE, TicketSale, users } from '../support/ticket-sale.ts';

/** A user with a frozen order of two seats. */
async function checkedOut(options = {}): Promise<{ sale: TicketSale; order: Order }> {
	const sale = await TicketSale.open({ maxPerUser: 2, paySeconds: 60, ...options });
	await sale.letIn('ann');
	await sale.hold('ann', ['s1', 's2']);
	return { sale, order: replyOf<Order>(await sale.checkout('ann')) };
}

const rowsOf = async (sale: TicketSale, collection: string) => {
	const { rows } = await sale.actor.store.page({ collection, prefix: ['show'], limit: 100 });
	return rows;
};

describe('paying', () => {
	test('[T8] checkout freezes: no way back to picking, a deadline to pay', async () => {
		const { sale, order } = await checkedOut();
		expect(order.deadline).toBe(sale.now + 60_000);
		expect(codeOf(await sale.hold('ann', ['s3']))).toBe('NOT_ADMITTED');
		expect(codeOf(await sale.release('ann'))).toBe('NOT_ADMITTED');
		expect(await sale.me('ann')).toMatchObject({ phase: 'paying', order: { id: order.id } });
		expect(await sale.report()).toMatchObject({ held: 0, paying: 2 });
	});

	test('[T8] nothing is checked out with empty hands', async () => {
		const sale = await TicketSale.open();
		await sale.letIn('ann');
		expect(codeOf(await sale.checkout('ann'))).toBe('CONFLICT');
	});

	test('[T8] a deadline that passes frees the seats, ends the admission, lets the next one in', async () => {
		const { sale, order } = await checkedOut({ admission: { maxActive: 1 } });
		await sale.arrive('bob');
		await sale.goTo(order.deadline ?? 0);
		expect(await sale.look('ann', 'bob')).toMatchObject([
			{ phase: 'before', ended: 'payExpired' },
			{ phase: 'turn' },
		]);
		expect(await sale.report()).toMatchObject({ free: 10, paying: 0 });
		expect(codeOf(await sale.pay('ann', order.id))).toBe('EXPIRED');
	});

	test('[T8] a payment that comes behind the deadline is refused before the timer noticed', async () => {
		const { sale, order } = await checkedOut();
		sale.actor.now = order.deadline ?? 0;
		expect(codeOf(await sale.pay('ann', order.id))).toBe('EXPIRED');
	});

	test('[T9] an authorisation behind the deadline is voided, not captured', async () => {
		const { sale, order } = await checkedOut();
		await sale.pay('ann', order.id);
		const [intent] = sale.state.intents.get(order.id) ?? [];
		sale.actor.now = order.deadline ?? 0;
		await sale.actor.command(SYSTEM, 'intentDone', {
			id: intent?.id,
			result: { outcome: 'done' },
		});
		expect(sale.state.orders.get(order.id)?.status).toBe('expired');
		const asked: string[] = [];
		sale.provider = (call, id) => {
			asked.push(call.op);
			return PAYS(call, id);
		};
		await sale.answerCalls();
		expect(asked).toEqual(['void']);
		expect(await sale.report()).toMatchObject({ free: 10, captured: 0 });
	});

	test('[T9] once capture is asked for the seats stay behind the deadline, but the place is free', async () => {
		const { sale, order } = await checkedOut({ admission: { maxActive: 1 } });
		await sale.arrive('bob');
		await sale.pay('ann', order.id);
		sale.provider = ({ op }) => (op === 'authorise' ? { outcome: 'done' } : undefined);
		await sale.answerCalls();
		await sale.goTo(order.deadline ?? 0);
		expect(await sale.look('ann', 'bob')).toMatchObject([
			{ phase: 'paying', order: { status: 'resolving' } },
			{ phase: 'turn' },
		]);
		expect(await sale.me('ann')).not.toHaveProperty('deadline');
		expect(await sale.report()).toMatchObject({ free: 8, paying: 2, inside: 1 });
		expect(await sale.arrive('ann')).toMatchObject([{ phase: 'paying' }]);
		sale.provider = PAYS;
		await sale.answerCalls();
		expect(await sale.me('ann')).toMatchObject({ phase: 'done', order: { status: 'paid' } });
		expect(await sale.report()).toMatchObject({ sold: 2, paying: 0, inside: 1, captured: 2_000 });
	});

	test('[T9] whether a bank is asked is the server’s word, told on every device', async () => {
		const { sale, order } = await checkedOut();
		expect(order).not.toHaveProperty('asking');
		expect((await sale.me('ann')).order).not.toHaveProperty('asking');
		sale.provider = ({ op }) =>
			op === 'authorise' ? { outcome: 'declined' } : { outcome: 'done' };
		const asked = { status: 'paying', asking: true };
		expect(replyOf(await sale.pay('ann', order.id))).toMatchObject(asked);
		expect(await sale.me('ann')).toMatchObject({ phase: 'paying', order: asked });
		const told = sale.actor.events.filter(({ type }) => type === 'orderTold');
		expect(told.map(({ data }) => data)).toMatchObject([{ userId: 'ann', order: asked }]);
		await sale.answerCalls();
		expect((await sale.me('ann')).order).toMatchObject({ status: 'declined' });
		expect((await sale.me('ann')).order).not.toHaveProperty('asking');
	});

	test('[T9] the bank says no: the same order may be paid again', async () => {
		const { sale, order } = await checkedOut();
		sale.provider = ({ op }) => ({ outcome: op === 'authorise' ? 'declined' : 'done' });
		await sale.pay('ann', order.id);
		await sale.answerCalls();
		expect(await sale.me('ann')).toMatchObject({ order: { status: 'declined' } });
		sale.provider = PAYS;
		expect(replyOf(await sale.pay('ann', order.id))).toMatchObject({ status: 'paying' });
		await sale.answerCalls();
		expect(await sale.me('ann')).toMatchObject({ phase: 'done' });
	});

	test('[T9] paid twice, paid by another, paid unknown: refused, nothing changes', async () => {
		const { sale, order } = await checkedOut();
		await sale.pay('ann', order.id);
		expect(codeOf(await sale.pay('ann', order.id))).toBe('CONFLICT');
		expect(codeOf(await sale.pay('bob', order.id))).toBe('NOT_FOUND');
		expect(codeOf(await sale.pay('ann', 'show:none'))).toBe('NOT_FOUND');
		await sale.answerCalls();
		expect(codeOf(await sale.pay('ann', order.id))).toBe('CONFLICT');
		expect(await sale.report()).toMatchObject({ captured: 2_000, sold: 2 });
	});

	test('[T9] who leaves before it is too late frees the seats; behind it, nobody leaves', async () => {
		const { sale, order } = await checkedOut();
		await sale.pay('ann', order.id);
		replyOf(await sale.actor.command('ann', 'leave'));
		expect(sale.state.tally).toMatchObject({ free: 10, payers: 0 });
		await sale.answerCalls();
		expect(sale.state.captured).toBe(0);

		const other = await checkedOut();
		other.sale.provider = ({ op }) => (op === 'authorise' ? { outcome: 'done' } : undefined);
		await other.sale.pay('ann', other.order.id);
		await other.sale.answerCalls();
		expect(codeOf(await other.sale.actor.command('ann', 'leave'))).toBe('CONFLICT');
	});

	test('what costs nothing is sold with the checkout', async () => {
		const { sale, order } = await checkedOut({ price: 0 });
		expect(order.status).toBe('paid');
		expect(await sale.report()).toMatchObject({ sold: 2, captured: 0, inside: 0 });
		expect(await rowsOf(sale, 'tickets')).toHaveLength(2);
	});

	test('[T9] what is stuck is shown and can be settled', async () => {
		const { sale, order } = await checkedOut();
		await sale.pay('ann', order.id);
		sale.provider = ({ op }) => ({ outcome: op === 'authorise' ? 'done' : 'unknown' });
		for (let hour = 0; hour < 12; hour++) {
			await sale.answerCalls();
			await sale.pass(600_000);
		}
		expect((await sale.report()).stuck).toMatchObject([{ orderId: order.id, what: 'capture' }]);
		expect(sale.state.tally.paying).toBe(2);
		const settle = { orderId: order.id, how: 'settled' };
		expect(codeOf(await sale.actor.command('ann', 'resolve', settle))).toBe('FORBIDDEN');
		replyOf(await sale.actor.command(OPS, 'resolve', settle));
		expect(await sale.report()).toMatchObject({ stuck: [], sold: 2 });
	});

	test('[T2] [T6] who has all that one user may have is through; others may come again', async () => {
		const sale = await TicketSale.open({ maxPerUser: 2 });
		await sale.letIn('ann', 'bob');
		await sale.buy('ann', ['s1', 's2']);
		await sale.buy('bob', ['s3']);
		expect(await sale.arrive('ann', 'bob')).toMatchObject([{ phase: 'done' }, { phase: 'turn' }]);
		await sale.claim('bob');
		expect(codeOf(await sale.hold('bob', ['s4', 's5']))).toBe('MEMBER_LIMIT');
		expect(codeOf(await sale.hold('bob', ['s4']))).toBeUndefined();
	});
});

describe('calls to providers', () => {
	test('[T10] a provider that hangs on what nobody waits for holds up no buyer, and its calls stay bounded', async () => {
		const many = users(210);
		const sale = await TicketSale.open({ stock: 3_000, admission: { maxActive: 2_000 } });
		await sale.letIn(...many, 'ann');
		for (const userId of many) {
			await sale.hold(userId, 1);
			const { id } = replyOf<Order>(await sale.checkout(userId));
			await sale.pay(userId, id);
			replyOf(await sale.actor.command(userId, 'leave'));
		}
		await sale.hold('ann', 1);
		const { id } = replyOf<Order>(await sale.checkout('ann'));
		await sale.pay('ann', id);
		const out = (ticketEventKind.intents?.(sale.state) ?? []).map((intent) => intent.id);
		// Before them all: behind a thousand it would not be asked.
		expect(out[0]).toBe(`${id}.1/authorise/1`);
		expect(out.filter((intent) => !intent.startsWith('forget/'))).toHaveLength(201);
		expect(out).toHaveLength(202);
		sale.provider = PAYS;
		await sale.answerCalls();
		expect(await sale.report()).toMatchObject({ sold: 1, free: 2_999 });
		expect(ticketEventKind.intents?.(sale.state)).toEqual([]);
		checkRestart(sale);
	});
});

describe('orders that came to nothing', () => {
	test('[T8] are forgotten when they are many, and still known to whoever asks', async () => {
		const { sale, order } = await checkedOut({ pickSeconds: 1_200 });
		await sale.actor.command('ann', 'leave');
		// As many others end as make the sale forget the first ones.
		const meta = { key: 'ticket-event/show', id: 'show', position: 0, at: sale.now } as const;
		for (let at = 0; at < 15_000; at++) {
			const id = `show:other${at}`;
			const other = { ...order, id };
			const ended = { ...other, status: 'expired' as const };
			const events: TicketEvent[] = [
				{ type: 'checkedOut', data: { userId: 'bob', order: other } },
				{ type: 'paymentExpired', data: { orderId: id, why: 'abandoned' } },
				{
					type: 'orderEnded',
					data: { userId: 'bob', order: ended, why: 'left', units: 2, seats: [0, 1], inTime: true },
				},
			];
			for (const event of events) ticketEventKind.evolve(sale.state, event, meta);
		}
		expect(sale.state.orders.has(order.id)).toBe(false);
		expect(sale.state.orders.size).toBeLessThanOrEqual(15_000);
		const found = await sale.actor.query('ann', 'order', { orderId: order.id });
		expect(found).toMatchObject({ id: order.id, status: 'expired' });
		expect(await sale.actor.query('bob', 'order', { orderId: order.id })).toMatchObject({
			code: 'NOT_FOUND',
		});
		expect(codeOf(await sale.pay('ann', order.id))).toBe('EXPIRED');
		expect(codeOf(await sale.pay('bob', order.id))).toBe('NOT_FOUND');
		const refund = await sale.actor.command('ann', 'refund', { orderId: order.id });
		expect(codeOf(refund)).toBe('EXPIRED');
	}, 30_000);
});

describe('sold out', () => {
	test('[T12] [A7] 30 to have, 100 users, 10 a time: the first 30 win, 70 are told', async () => {
		const sale = await TicketSale.open({
			stock: 30,
			maxPerUser: 1,
			admission: { mode: 'turnstile', batch: 10, intervalMs: 1_000 },
		});
		const all = users(100);
		await sale.arrive(...all);
		for (let tick = 1; tick <= 3; tick++) {
			const waiting = all.slice(tick * 10);
			expect((await sale.look(...waiting)).map(({ place }) => place)).toEqual([...waiting.keys()]);
			const turn = all.slice(tick * 10 - 10, tick * 10);
			await sale.claim(...turn);
			for (const userId of turn) await sale.buy(userId, 1);
			await sale.pass(1_000);
		}
		const places = await sale.look(...all);
		expect(places.filter(({ phase }) => phase === 'done')).toHaveLength(30);
		expect(places.slice(0, 30).every(({ phase }) => phase === 'done')).toBe(true);
		expect(places.slice(30).every(({ phase }) => phase === 'soldOut')).toBe(true);
		expect(sale.told('soldOut')).toHaveLength(1);
		expect(sale.state.tally).toMatchObject({ turned: 30, waiting: 0 });
		// Numbers of the tickets: exactly 1 to 30.
		const numbers = (await rowsOf(sale, 'tickets')).map(({ doc }) => Number(doc.id));
		expect(numbers.toSorted((a, b) => a - b)).toEqual([...Array(30).keys()].map((at) => at + 1));
	});

	test('[T12] it is only sold out when nothing is held or being paid', async () => {
		const sale = await TicketSale.open({ seats: 2, maxPerUser: 1 });
		await sale.letIn('ann', 'bob');
		await sale.arrive('cem');
		await sale.hold('ann', ['s1']);
		await sale.hold('bob', ['s2']);
		expect((await sale.report()).state).toBe('open');
		await sale.checkout('ann');
		const [order] = sale.state.orders.keys();
		await sale.pay('ann', order ?? '');
		await sale.answerCalls();
		expect(await sale.me('cem')).toMatchObject({ phase: 'waiting' });
		await sale.release('bob');
		expect(await sale.me('cem')).toMatchObject({ phase: 'waiting' });
		await sale.actor.command('bob', 'leave');
		expect(await sale.me('cem')).toMatchObject({ phase: 'turn' });
	});

	test('[T12] who is inside with empty hands is told as well, and can hold nothing', async () => {
		const sale = await TicketSale.open({ stock: 2 });
		await sale.letIn('ann', 'bob');
		await sale.buy('ann', 2);
		expect(codeOf(await sale.hold('bob', 1))).toBe('SOLD_OUT');
		const admission = sale.admissionOf('bob');
		await sale.pass(1);
		expect(await sale.me('bob')).toMatchObject({ phase: 'soldOut' });
		expect(sale.told('me').at(-1)).toMatchObject({ userId: 'bob', me: { phase: 'soldOut' } });
		expect(codeOf(await sale.hold('bob', 1, admission))).toBe('SOLD_OUT');
	});

	test.each([true, false])('[T12] seats that come back: on sale again is %s', async (reopens) => {
		const sale = await TicketSale.open({ seats: 1, reopens });
		await sale.letIn('ann');
		const order = await sale.buy('ann', ['s1']);
		expect(await sale.arrive('bob')).toMatchObject([{ phase: 'soldOut' }]);
		await sale.actor.command('ann', 'refund', { orderId: order.id });
		await sale.answerCalls();
		expect(await sale.report()).toMatchObject({ state: reopens ? 'open' : 'soldOut', free: 1 });
		expect(await sale.arrive('bob')).toMatchObject([{ phase: reopens ? 'turn' : 'soldOut' }]);
	});
});

describe('refunds', () => {
	test('[T13] some seats, then the others: exactly those come back, and no more money', async () => {
		const sale = await TicketSale.open({ maxPerUser: 3 });
		await sale.letIn('ann');
		const { id: orderId } = await sale.buy('ann', ['s1', 's2', 's3']);
		replyOf(await sale.actor.command('ann', 'refund', { orderId, seats: ['s2'] }));
		expect(sale.state.tally.sold).toBe(3);
		await sale.answerCalls();
		const order = (await sale.actor.query('ann', 'order', { orderId })) as Order;
		expect(order).toMatchObject({ status: 'paid', seats: ['s1', 's3'], refunded: 1_000 });
		expect(await rowsOf(sale, 'tickets')).toHaveLength(2);
		const again = await sale.actor.command('ann', 'refund', { orderId, seats: ['s2'] });
		expect(codeOf(again)).toBe('CONFLICT');
		replyOf(await sale.actor.command(SERVICE, 'refund', { orderId }));
		replyOf(await sale.actor.command('ann', 'refund', { orderId }));
		await sale.answerCalls();
		expect(await sale.report()).toMatchObject({
			sold: 0,
			free: 10,
			captured: 3_000,
			refunded: 3_000,
		});
		expect(await sale.me('ann')).toMatchObject({ order: { status: 'refunded', refunded: 3_000 } });
		expect(await rowsOf(sale, 'tickets')).toHaveLength(0);
		expect(codeOf(await sale.actor.command('bob', 'refund', { orderId }))).toBe('NOT_FOUND');
		expect(await sale.actor.query(OPS, 'reconcile')).toEqual({ units: 0, missing: [], extra: [] });
	});

	test('[T13] units without seats are given back together', async () => {
		const sale = await TicketSale.open({ stock: 5 });
		await sale.letIn('ann');
		const { id: orderId } = await sale.buy('ann', 3);
		await sale.actor.command('ann', 'refund', { orderId });
		await sale.actor.command('ann', 'refund', { orderId });
		await sale.answerCalls();
		expect(await sale.report()).toMatchObject({ sold: 0, free: 5, refunded: 3_000 });
	});

	test('[T13] some units without seats, then the others: exactly those come back', async () => {
		const sale = await TicketSale.open({ stock: 5 });
		await sale.letIn('ann');
		const { id: orderId } = await sale.buy('ann', 3);
		const refund = (more: object = {}) => sale.actor.command('ann', 'refund', { orderId, ...more });
		expect(codeOf(await refund({ quantity: 4 }))).toBe('CONFLICT');
		replyOf(await refund({ quantity: 1 }));
		expect(await sale.report()).toMatchObject({ sold: 3, free: 2 });
		// On its way it is not there to be given back once more.
		expect(codeOf(await refund({ quantity: 3 }))).toBe('CONFLICT');
		await sale.answerCalls();
		expect(await sale.report()).toMatchObject({ sold: 2, free: 3, refunded: 1_000 });
		const order = await sale.actor.query('ann', 'order', { orderId });
		expect(order).toMatchObject({ status: 'paid', quantity: 2, refunded: 1_000 });
		expect((await rowsOf(sale, 'tickets')).map(({ doc }) => doc.id)).toEqual(['1', '2']);
		expect(await sale.actor.query(OPS, 'reconcile')).toEqual({ units: 2, missing: [], extra: [] });
		expect(sale.state.bought.get('ann')).toBe(2);
		// One, and while it is on its way all that is left.
		replyOf(await refund({ quantity: 1 }));
		replyOf(await refund());
		replyOf(await refund());
		await sale.answerCalls();
		expect(await sale.report()).toMatchObject({ sold: 0, free: 5, refunded: 3_000 });
		expect(await sale.me('ann')).toMatchObject({ order: { status: 'refunded', quantity: 0 } });
		expect(await rowsOf(sale, 'tickets')).toHaveLength(0);
		expect(await sale.actor.query(OPS, 'reconcile')).toEqual({ units: 0, missing: [], extra: [] });
	});

	test('[T13] seats are named and units counted, never the other way round', async () => {
		const [seated, stocked] = [await TicketSale.open(), await TicketSale.open({ stock: 5 })];
		for (const sale of [seated, stocked]) await sale.letIn('ann');
		const one = await seated.buy('ann', ['s1', 's2']);
		const other = await stocked.buy('ann', 2);
		const refund = (sale: TicketSale, args: object) => sale.actor.command('ann', 'refund', args);
		expect(codeOf(await refund(seated, { orderId: one.id, quantity: 1 }))).toBe('INVALID');
		expect(codeOf(await refund(stocked, { orderId: other.id, seats: ['s1'] }))).toBe('INVALID');
		for (const sale of [seated, stocked]) {
			expect(await sale.report()).toMatchObject({ sold: 2, refunded: 0 });
		}
	});

	test('[T13] what is not paid cannot be given back', async () => {
		const { sale, order } = await checkedOut();
		const answer = await sale.actor.command('ann', 'refund', { orderId: order.id });
		expect(codeOf(answer)).toBe('CONFLICT');
	});
});
