import { afterEach, expect, test } from 'vitest';
import type { NaruError, Seat } from '../../client-sdk/src/index.ts';
import { seatsOf, TicketBox } from '../support/ticket-box.ts';
import { until, World } from '../support/world.ts';

const EVENT = 'concert';

const world = new World();
afterEach(() => world.end());

const codeOf = (promise: Promise<unknown>) =>
	promise.then(
		() => 'OK',
		({ code }: NaruError) => code,
	);

const stateOf = (seats: readonly Seat[], id: string) => seats.find((seat) => seat.id === id)?.state;

test('[T5] [T6] [T7] [T9] [T13] a buyer enters, picks, pays, has tickets and gives one back', async () => {
	const sale = await TicketBox.open(world, { seats: seatsOf(20) });
	const [ann, bob] = [sale.shopper('ann'), sale.shopper('bob')];
	const event = ann.ticketEvent(EVENT);
	const others = bob.ticketEvent(EVENT);
	await Promise.all([event.enter(), others.enter()]);
	const inside = await event.admitted();
	expect(inside).toMatchObject({ phase: 'inside', held: { seats: [], quantity: 0 } });
	await others.admitted();
	await until(() => event.seats.length === 20 && others.seats.length === 20);
	expect(event.seats[0]).toEqual({ id: 'A-1', grade: 'R', price: 1_000, state: 'free' });

	expect(await event.hold({ seats: ['A-1', 'A-2'] })).toMatchObject({
		held: { seats: ['A-1', 'A-2'] },
	});
	expect(await codeOf(others.hold({ seats: ['A-2', 'A-3'] }))).toBe('SEAT_TAKEN');
	await until(() => stateOf(others.seats, 'A-2') === 'held');
	expect(stateOf(others.seats, 'A-3')).toBe('free');

	const order = await event.checkout();
	expect(order).toMatchObject({ status: 'paying', amount: 2_000 });
	await event.pay(order.id, { methodToken: 'tok-card' });
	await until(() => event.me?.phase === 'done');
	expect(await ann.orders.get(order.id)).toMatchObject({ status: 'paid', seats: ['A-1', 'A-2'] });
	await until(() => stateOf(others.seats, 'A-1') === 'sold');
	const { tickets } = await ann.tickets.list();
	expect(tickets.map(({ seatId, orderId }) => [seatId, orderId])).toEqual(
		expect.arrayContaining([
			['A-1', order.id],
			['A-2', order.id],
		]),
	);
	expect(await codeOf(bob.orders.get(order.id))).not.toBe('OK');

	await ann.orders.refund(order.id, { seats: ['A-1'] });
	await until(async () => (await ann.orders.get(order.id)).refunded === 1_000);
	await until(() => stateOf(others.seats, 'A-1') === 'free');
	expect((await ann.tickets.list()).tickets.map(({ seatId }) => seatId)).toEqual(['A-2']);
	expect(await sale.report()).toMatchObject({
		...{ capacity: 20, free: 19, sold: 1, captured: 2_000, refunded: 1_000 },
	});
});

test('[T18] [T12] who came early enters at the opening; sold out is told to all who wait', async () => {
	const opensAt = Date.now() + 1_500;
	const sale = await TicketBox.open(world, {
		opensAt,
		stock: { total: 1, price: 500 },
		admission: { mode: 'desk', maxActive: 1 },
	});
	const buyers = ['ann', 'bob', 'cy'].map((userId) => sale.shopper(userId));
	const events = buyers.map((naru) => naru.ticketEvent(EVENT));
	await Promise.all(events.map((event) => event.enter()));
	expect(Date.now()).toBeGreaterThanOrEqual(opensAt);
	const first = await Promise.any(events.map((event) => event.admitted().then(() => event)));
	const waiting = events.filter((event) => event !== first).map((event) => event.admitted());
	const told = Promise.all(waiting.map(codeOf));
	await first.hold({ quantity: 1 });
	const order = await first.checkout();
	await first.pay(order.id, { methodToken: 'tok-card' });
	expect(await told).toEqual(['SOLD_OUT', 'SOLD_OUT']);
	const { events: listed } = await sale.shopper('dee').ticketEvents.list({ state: 'soldOut' });
	expect(listed.map(({ id }) => id)).toEqual([EVENT]);
});

test('[T2] [T14] places, holds and orders are the same after the server was started again', async () => {
	const directory = world.directory();
	const desk = { seats: seatsOf(4), admission: { mode: 'desk', maxActive: 1 } };
	const before = await TicketBox.open(world, desk, directory);
	const to = (userId: string) => before.shopper(userId).ticketEvent(EVENT);
	const event = to('ann');
	await event.enter();
	await event.admitted();
	await event.hold({ seats: ['A-1'] });
	expect(await to('bob').enter()).toMatchObject({ phase: 'waiting', place: 0 });
	expect(await to('cy').enter()).toMatchObject({ phase: 'waiting', place: 1 });
	await before.stop();

	const after = await TicketBox.open(world, undefined, directory);
	const again = (userId: string) => after.shopper(userId).ticketEvent(EVENT);
	const mine = again('ann');
	expect(await mine.open()).toMatchObject({ phase: 'inside', held: { seats: ['A-1'] } });
	expect(await again('cy').open()).toMatchObject({ phase: 'waiting', place: 1 });
	const next = again('bob');
	expect(await next.open()).toMatchObject({ phase: 'waiting', place: 0 });
	const order = await mine.checkout();
	await mine.pay(order.id, { methodToken: 'tok-card' });
	expect(await next.admitted()).toMatchObject({ phase: 'inside' });
	expect(await codeOf(next.hold({ seats: ['A-1'] }))).toBe('SEAT_TAKEN');
});

test('[T13] of tickets without seats some are given back, then the others', async () => {
	const sale = await TicketBox.open(world, { stock: { total: 10, price: 1_000 } });
	const ann = sale.shopper('ann');
	const event = ann.ticketEvent(EVENT);
	await event.enter();
	await event.admitted();
	await event.hold({ quantity: 3 });
	const { id } = await event.checkout();
	await event.pay(id, { methodToken: 'tok-card' });
	await until(() => event.me?.phase === 'done');
	expect(await codeOf(ann.orders.refund(id, { quantity: 4 }))).toBe('CONFLICT');
	await ann.orders.refund(id, { quantity: 1 });
	await until(async () => (await ann.orders.get(id)).refunded === 1_000);
	expect((await ann.tickets.list()).tickets).toHaveLength(2);
	expect(await sale.report()).toMatchObject({ free: 8, sold: 2, refunded: 1_000 });
	expect(await ann.orders.refund(id)).toMatchObject({ quantity: 2 });
	await until(async () => (await ann.orders.get(id)).status === 'refunded');
	expect((await ann.tickets.list()).tickets).toEqual([]);
	expect(await sale.report()).toMatchObject({ free: 10, sold: 0, refunded: 3_000 });
	expect(await sale.ledger()).toMatchObject([{ captured: 3_000, refunded: 3_000 }]);
});
