import { SignJWT } from 'jose';
import { afterEach, expect, test } from 'vitest';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { FrameClient } from '../support/frame-client.ts';
import { seatsOf, TicketBox } from '../support/ticket-box.ts';
import { rest, socketUrl, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

const open = (draft: object = {}) => TicketBox.open(world, { seats: seatsOf(6), ...draft });

test('[T5] nobody gets in without a token, and no buyer behind the counter', async () => {
	const box = await open();
	const ann = await box.buyer('ann');
	await box.unchanged(async () => {
		for (const token of ['', 'x', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.']) {
			const client = new FrameClient(socketUrl(box.url));
			await client.whenOpen();
			client.send(0, 1, { versions: [1], token });
			expect((await client.closed).code).toBeGreaterThan(1_000);
		}
		const event = `/api/v1/ticket-events/${box.event}`;
		for (const deed of ['pause', 'close', 'settings', 'report', 'resolve']) {
			const body = deed === 'report' ? {} : { body: { orderId: 'concert:1', how: 'settled' } };
			expect((await rest(box.url, `${event}/${deed}`, body)).status).toBe(401);
		}
		const opened = await ann.client.open(2, { kind: 'ticket-event', id: box.event, args: {} });
		expect(opened.payload).toMatchObject({ code: 'FORBIDDEN' });
		for (const name of ['create', 'arrive', 'claim', 'look', 'reserve', 'wake', 'intentDone']) {
			expect(await ann.ask(name, { users: ['eve'] })).toMatch(/^(INVALID|NOT_FOUND)$/);
		}
	});
});

test('[T5] [A16] no hold without an admission, with a forged one, or with somebody else’s', async () => {
	const box = await open({ admission: { mode: 'desk', maxActive: 1 } });
	await box.create({ seats: seatsOf(2) }, 'other');
	const ann = await (await box.buyer('ann')).inside();
	const eve = await box.buyer('eve');
	const elsewhere = await (await box.buyer('eve', 'other')).inside();
	const forged = await new SignJWT({ event: box.event })
		.setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
		.setSubject('eve')
		.setJti('0-1')
		.setExpirationTime('10 m')
		.sign(new TextEncoder().encode('x'.repeat(32)));
	const proofs = ['', 'x', '0-1', forged, ann.admission, elsewhere.admission];
	await eve.ask('place');
	for (const phase of ['before', 'waiting']) {
		if (phase === 'waiting') expect(await eve.enter()).toMatchObject({ phase, place: 0 });
		await box.unchanged(async () => {
			for (const admission of proofs) {
				expect(await eve.ask('hold', { admission, seats: ['A-1'] })).toBe('NOT_ADMITTED');
				expect(await eve.ask('release', { admission })).toBe('NOT_ADMITTED');
				expect(await eve.ask('checkout', { admission })).toBe('NOT_ADMITTED');
			}
		});
	}
	// Inside she has her own; that of another is still no good.
	await ann.ask('leave');
	await eve.reach('inside');
	await box.unchanged(async () => {
		expect(await eve.ask('hold', { admission: ann.admission, seats: ['A-1'] })).toBe(
			'NOT_ADMITTED',
		);
		expect(await ann.hold({ seats: ['A-1'] })).toBe('EXPIRED');
	});
});

test('[T5] [T8] an admission that was used, left or let lapse is refused', async () => {
	const box = await open({ pickSeconds: 2 });
	const ann = await (await box.buyer('ann')).inside();
	await ann.hold({ seats: ['A-1'] });
	const order = (await ann.checkout()) as Order;
	const bob = await (await box.buyer('bob')).inside();
	await bob.ask('leave');
	await box.unchanged(async () => {
		for (const buyer of [ann, bob]) {
			expect(await buyer.hold({ seats: ['A-2'] })).toBe('EXPIRED');
			expect(await buyer.ask('release', { admission: buyer.admission })).toBe('EXPIRED');
			expect(await buyer.checkout()).toBe('EXPIRED');
		}
	});
	expect(await ann.ask('place')).toMatchObject({ phase: 'paying', order: { id: order.id } });
	const cy = await (await box.buyer('cy')).inside();
	await cy.hold({ seats: ['A-3'] });
	await cy.reach('before');
	await box.unchanged(async () => expect(await cy.checkout()).toBe('EXPIRED'));
	expect(await box.report()).toMatchObject({ free: 5, held: 0, paying: 1 });
});

test('[T9] [T13] paid twice at once, again and by others: one capture, one ticket', async () => {
	const box = await open();
	const ann = await (await box.buyer('ann')).inside();
	const eve = await (await box.buyer('eve')).inside();
	await ann.hold({ seats: ['A-1'] });
	const order = (await ann.checkout()) as Order;
	expect(await eve.pay(order.id)).toBe('NOT_FOUND');
	expect(await eve.pay(`${box.event}:nothing`)).toBe('NOT_FOUND');
	const both = await Promise.all([ann.pay(order.id), ann.pay(order.id, 'tok-other')]);
	expect(both.filter((said) => said === 'CONFLICT')).toHaveLength(1);
	await ann.reach('done');
	await box.unchanged(async () => {
		expect(await ann.pay(order.id)).toBe('CONFLICT');
		expect(await ann.checkout()).toBe('EXPIRED');
		expect(await eve.pay(order.id)).toBe('NOT_FOUND');
	});
	const orders = await world.frames(box.url, 'eve');
	await orders.open(1, { kind: 'tickets', id: 'me', args: {} });
	const [, , refusal] = await orders.command(1, 1, 'refund', { orderId: order.id }, 'r1');
	expect(refusal?.code).toBe('NOT_FOUND');
	expect(await box.ledger()).toMatchObject([{ captured: 1_000, refunded: 0 }]);
	expect(await box.report()).toMatchObject({ sold: 1, captured: 1_000, refunded: 0 });
});

test('[T8] paid behind the deadline: refused, the seats are free, and no money was asked for', async () => {
	const box = await open({ paySeconds: 1 });
	const ann = await (await box.buyer('ann')).inside();
	await ann.hold({ seats: ['A-1', 'A-2'] });
	const order = (await ann.checkout()) as Order;
	await ann.reach('before');
	await box.unchanged(async () => expect(await ann.pay(order.id)).toBe('EXPIRED'));
	expect(await box.report()).toMatchObject({ free: 6, paying: 0, sold: 0 });
	expect(await box.ledger()).toEqual([]);
});

test('[T6] prices, seats and quantities are the event’s, whatever a client says', async () => {
	const box = await open({ maxPerUser: 2 });
	const ann = await (await box.buyer('ann')).inside();
	const eve = await (await box.buyer('eve')).inside();
	await eve.hold({ seats: ['A-6'] });
	await box.unchanged(async () => {
		expect(await ann.hold({ seats: ['A-5', 'A-6'] })).toBe('SEAT_TAKEN');
		expect(await ann.hold({ seats: ['A-1', 'Z-1'] })).toBe('NOT_FOUND');
		expect(await ann.hold({ seats: ['A-1', 'A-2', 'A-3'] })).toBe('MEMBER_LIMIT');
		expect(await ann.hold({ quantity: 1 })).toBe('INVALID');
		for (const wrong of [
			{ seats: [] },
			{ quantity: -1 },
			{ quantity: 0.5 },
			{ seats: 'A-1' },
			{},
		]) {
			expect(await ann.hold(wrong)).toBe('INVALID');
		}
		expect(await ann.checkout()).toBe('CONFLICT');
	});
	await ann.hold({ seats: ['A-1'], price: 1, userId: 'eve' });
	const cheap = { admission: ann.admission, seats: ['A-6'], amount: 1, price: 1, currency: 'VND' };
	const order = (await ann.ask('checkout', cheap)) as Order;
	expect(order).toMatchObject({ seats: ['A-1'], amount: 1_000, currency: 'KRW' });
	await ann.ask('pay', { orderId: order.id, methodToken: 'tok', amount: 1, seats: ['A-1', 'A-2'] });
	expect(await ann.reach('done')).toMatchObject({ order: { seats: ['A-1'], amount: 1_000 } });
	expect(await box.ledger()).toMatchObject([{ authorised: 1_000, captured: 1_000 }]);
	// More than the limit in two visits is refused as well.
	await ann.inside();
	expect(await ann.hold({ seats: ['A-2', 'A-3'] })).toBe('MEMBER_LIMIT');
	expect(await ann.hold({ seats: ['A-2'] })).toMatchObject({ held: { seats: ['A-2'] } });
});

test('[T2] ten thousand enters of one user are one place', async () => {
	const box = await open({ admission: { mode: 'desk', maxActive: 1 } });
	await (await box.buyer('ann')).inside();
	const eve = await box.buyer('eve');
	await eve.enter();
	const bob = await box.buyer('bob');
	expect(await bob.enter()).toMatchObject({ phase: 'waiting', place: 1 });
	for (let n = 0; n < 10_000; n++) eve.post('enter');
	const again = await box.buyer('eve');
	await until(async () => {
		const me = await again.enter();
		return me.phase === 'waiting' && me.place === 0;
	});
	expect(await bob.ask('place')).toMatchObject({ phase: 'waiting', place: 1 });
	expect(await box.report()).toMatchObject({ waiting: 2, arrived: 3 });
});
