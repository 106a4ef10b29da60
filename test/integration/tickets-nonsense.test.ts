import { afterEach, expect, test } from 'vitest';
import { CLOSE } from '../../src/protocol/errors.ts';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { RawBuyer, type Said, seatsOf, TicketBox } from '../support/ticket-box.ts';
import { World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

const STOCK = { stock: { total: 5, price: 100 }, maxPerUser: 3 };

/** Another device of the same user, who knows the proof. */
async function another(box: TicketBox, { admission }: RawBuyer, userId: string) {
	const device = await box.buyer(userId);
	device.admission = admission;
	return device;
}

test('[T6] seats that are doubled, too many, strange or none: one seat once, or a refusal', async () => {
	const box = await TicketBox.open(world, { seats: seatsOf(6) });
	const ann = await (await box.buyer('ann')).inside();
	await box.unchanged(async () => {
		for (const strange of ['__proto__', 'constructor', 'toString', 'a-1', 'A-07', '0']) {
			expect(await ann.hold({ seats: [strange] })).toBe('NOT_FOUND');
			expect(await ann.hold({ seats: ['A-1', strange] })).toBe('NOT_FOUND');
		}
		const lengths = [101, 10_000].map((length) => Array(length).fill('A-1'));
		const wrong = ['A-1', null, {}, { 0: 'A-1', length: 1 }, [null], [1], [['A-1']], [''], ['A 1']];
		for (const seats of [...lengths, ...wrong]) expect(await ann.hold({ seats })).toBe('INVALID');
		expect(await ann.hold({ seats: seatsOf(100).map(({ id }) => id) })).toBe('NOT_FOUND');
		expect(await ann.hold({ seats: seatsOf(4).map(({ id }) => id) })).toBe('MEMBER_LIMIT');
	});
	const doubled = await ann.hold({ seats: ['A-1', 'A-2', 'A-1', 'A-1'] });
	expect(doubled).toMatchObject({ held: { seats: ['A-1', 'A-2'], quantity: 2 } });
	await box.unchanged(async () => {
		// What is held already is held, also when it is named again, and costs nothing more.
		expect(await ann.hold({ seats: ['A-2', 'A-1'] })).toMatchObject({ held: { quantity: 2 } });
		const release = (seats: unknown) => ann.ask('release', { admission: ann.admission, seats });
		expect(await release(['A-3', 'nothing'])).toMatchObject({ held: { quantity: 2 } });
		for (const seats of [[], 'A-1', null, Array(101).fill('A-1')]) {
			expect(await release(seats)).toBe('INVALID');
		}
	});
	expect(await ann.checkout()).toMatchObject({ seats: ['A-1', 'A-2'], amount: 2_000 });
});

test('[T6] a list of seats that no message may hold ends the socket, and nothing else', async () => {
	const box = await TicketBox.open(world, { seats: seatsOf(6) });
	const ann = await (await box.buyer('ann')).inside();
	await box.unchanged(async () => {
		ann.post('hold', { admission: ann.admission, seats: Array(200_000).fill('A-1') });
		expect((await ann.client.closed).code).toBe(CLOSE.tooLarge.code);
	});
	const again = await another(box, ann, 'ann');
	expect(await again.hold({ seats: ['A-1'] })).toMatchObject({ held: { seats: ['A-1'] } });
});

test('[T6] [T11] quantities that are no number of units are refused', async () => {
	const box = await TicketBox.open(world, STOCK);
	const ann = await (await box.buyer('ann')).inside();
	await box.unchanged(async () => {
		const numbers = [Number.NaN, Infinity, -Infinity, -0, -1, 0, 0.5, 101, 2 ** 53, 1e308];
		for (const quantity of [...numbers, '1', '', null, true, [1], {}]) {
			expect(await ann.hold({ quantity })).toBe('INVALID');
		}
		expect(await ann.hold({ quantity: 4 })).toBe('MEMBER_LIMIT');
		expect(await ann.hold({ seats: ['A-1'] })).toBe('INVALID');
	});
	expect(await ann.hold({ quantity: 2 })).toMatchObject({ held: { quantity: 2 } });
	await box.unchanged(async () => {
		expect(await ann.hold({ quantity: 2 })).toBe('MEMBER_LIMIT');
	});
});

test('[T6] seats of other grades cost what the event says', async () => {
	const seats = [
		{ id: 'R-1', grade: 'R', price: 5_000 },
		{ id: 'S-1', grade: 'S', price: 1_000 },
		{ id: 'VIP-1', grade: 'VIP', price: 90_000 },
	];
	const box = await TicketBox.open(world, { seats });
	const ann = await (await box.buyer('ann')).inside();
	const cheap = { grade: 'S', price: 1_000, grades: { VIP: 'S' } };
	await ann.hold({ seats: ['S-1'] });
	await ann.hold({ seats: ['VIP-1'], ...cheap });
	const args = { admission: ann.admission, seats: ['S-1'], ...cheap };
	const order = (await ann.ask('checkout', args)) as Order;
	expect(order).toMatchObject({ seats: ['S-1', 'VIP-1'], amount: 91_000 });
	await ann.pay(order.id);
	await ann.reach('done');
	expect(await box.ledger()).toMatchObject([{ captured: 91_000 }]);
});

test('[T8] [T9] two devices check out and pay at once: one order, one payment of its amount', async () => {
	const box = await TicketBox.open(world, { seats: seatsOf(6) });
	const phone = await (await box.buyer('ann')).inside();
	const laptop = await another(box, phone, 'ann');
	await phone.hold({ seats: ['A-1', 'A-2'] });
	const said = await Promise.all([phone.checkout(), laptop.checkout()]);
	const orders = said.filter((one): one is Order => typeof one !== 'string');
	expect(orders).toHaveLength(1);
	expect(said).toContain('EXPIRED');
	const { id } = orders[0] as Order;
	await box.unchanged(async () => {
		for (const orderId of ['', 'x', `${id}x`, 'other:1', '__proto__:1', `${id}:${id}`, null]) {
			expect(await laptop.ask('pay', { orderId, methodToken: 'tok' })).toMatch(
				/^(INVALID|NOT_FOUND)$/,
			);
		}
		for (const methodToken of ['', 'x'.repeat(201), null, 7]) {
			expect(await laptop.ask('pay', { orderId: id, methodToken })).toBe('INVALID');
		}
	});
	const pays = [phone, laptop].map((device, at) =>
		device.ask('pay', { orderId: id, methodToken: `tok-${at}`, amount: at, currency: 'VND' }),
	);
	const paid = await Promise.all(pays);
	expect(paid.filter((one: Said<unknown>) => one === 'CONFLICT')).toHaveLength(1);
	for (const device of [phone, laptop]) {
		expect(await device.reach('done')).toMatchObject({ order: { id, amount: 2_000 } });
	}
	expect(await box.ledger()).toMatchObject([{ authorised: 2_000, captured: 2_000, refunded: 0 }]);
	expect(await box.report()).toMatchObject({ sold: 2, captured: 2_000 });
});

test('[T13] refunds that are doubled, too large or of seats that were not bought', async () => {
	const box = await TicketBox.open(world, { seats: seatsOf(6) });
	const ann = await (await box.buyer('ann')).inside();
	const bob = await (await box.buyer('bob')).inside();
	const unpaid = async () => {
		await bob.hold({ seats: ['A-5'] });
		return (await bob.checkout()) as Order;
	};
	const { id: bobs } = await unpaid();
	const { id } = await ann.buy({ seats: ['A-1', 'A-2'] });
	const ask = async (userId: string) => {
		const client = await world.frames(box.url, userId);
		await client.open(1, { kind: 'tickets', id: 'me', args: {} });
		return new RawBuyer(client);
	};
	const [anns, hers] = [await ask('ann'), await ask('ann')];
	await box.unchanged(async () => {
		for (const seats of [['A-3'], ['A-1', 'A-5'], ['nothing']]) {
			expect(await anns.ask('refund', { orderId: id, seats })).toBe('CONFLICT');
		}
		for (const seats of [[], 'A-1', [null], Array(101).fill('A-1')]) {
			expect(await anns.ask('refund', { orderId: id, seats })).toBe('INVALID');
		}
		expect(await anns.ask('refund', { orderId: bobs })).toBe('NOT_FOUND');
		expect(await (await ask('bob')).ask('refund', { orderId: bobs })).toBe('CONFLICT');
	});
	await Promise.all([
		anns.ask('refund', { orderId: id, seats: ['A-1', 'A-1'], amount: 9_000 }),
		hers.ask('refund', { orderId: id, seats: ['A-1'] }),
	]);
	const figures = { sold: 1, captured: 2_000, refunded: 1_000 };
	await expect.poll(() => box.report()).toMatchObject(figures);
	await Promise.all([anns.ask('refund', { orderId: id }), hers.ask('refund', { orderId: id })]);
	await expect.poll(() => box.report()).toMatchObject({ sold: 0, refunded: 2_000 });
	expect(await box.ledger()).toMatchObject([{ captured: 2_000, refunded: 2_000 }]);
});

test('[T16] [T17] settings that cannot be are refused, and the stock is never below what is used', async () => {
	const box = await TicketBox.open(world, STOCK);
	const ann = await (await box.buyer('ann')).inside();
	await ann.buy({ quantity: 3 });
	const bob = await (await box.buyer('bob')).inside();
	await bob.hold({ quantity: 1 });
	await box.unchanged(async () => {
		for (const stockTotal of [4, 3, 1]) {
			expect(await box.order('settings', { stockTotal })).toMatchObject({
				status: 409,
				body: { error: { code: 'CONFLICT' } },
			});
		}
		const wrong: object[] = [0, -1, 0.5, null, '6', 1e12].map((stockTotal) => ({ stockTotal }));
		wrong.push({ batch: 0 }, { maxActive: 0 }, { intervalMs: 1 }, { pickSeconds: 1_201 });
		for (const settings of wrong) {
			expect(await box.order('settings', settings)).toMatchObject({
				status: 400,
				body: { error: { code: 'INVALID' } },
			});
		}
	});
	expect(await box.order('settings', { stockTotal: 6 })).toMatchObject({ status: 200 });
	expect(await box.report()).toMatchObject({ capacity: 6, free: 2, held: 1, sold: 3 });
});
