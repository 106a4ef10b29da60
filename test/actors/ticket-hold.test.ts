import { describe, expect, test } from 'vitest';
import { codeOf, NODE, OPS, replyOf, TicketSale, users } from '../support/ticket-sale.ts';

describe('holding seats', () => {
	test('[A16] [T6] 100 want one seat: 1 winner, 99 are told at once', async () => {
		const sale = await TicketSale.open({ seats: 200 });
		await sale.letIn(...users(100));
		const answers = [];
		for (const userId of users(100)) answers.push(await sale.hold(userId, ['s7']));
		expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
		expect(answers.filter((answer) => codeOf(answer) === 'SEAT_TAKEN')).toHaveLength(99);
	});

	test('[T6] all or nothing, and it adds to what is held', async () => {
		const sale = await TicketSale.open({ maxPerUser: 3 });
		await sale.letIn('ann', 'bob');
		await sale.hold('ann', ['s1']);
		expect(codeOf(await sale.hold('bob', ['s2', 's1', 's3']))).toBe('SEAT_TAKEN');
		expect(sale.state.tally.held).toBe(1);
		expect(replyOf(await sale.hold('ann', ['s2', 's1']))).toMatchObject({
			held: { seats: ['s1', 's2'], quantity: 2 },
		});
	});

	test('[T6] [T11] the limit of a user is looked at before anything else', async () => {
		const sale = await TicketSale.open({ maxPerUser: 2 });
		await sale.letIn('ann', 'bob');
		await sale.hold('bob', ['s9']);
		expect(codeOf(await sale.hold('ann', ['s1', 's2', 's9']))).toBe('MEMBER_LIMIT');
		expect(codeOf(await sale.hold('ann', ['s1', 's99']))).toBe('NOT_FOUND');
		expect(codeOf(await sale.hold('ann', ['s1', 's2']))).toBeUndefined();
		expect(codeOf(await sale.hold('ann', ['s3']))).toBe('MEMBER_LIMIT');
	});

	test('[T6] what is released is free for others at once', async () => {
		const sale = await TicketSale.open();
		await sale.letIn('ann', 'bob');
		await sale.hold('ann', ['s1', 's2']);
		expect(replyOf(await sale.release('ann', ['s1', 's5']))).toMatchObject({
			held: { seats: ['s2'], quantity: 1 },
		});
		expect(codeOf(await sale.hold('bob', ['s1']))).toBeUndefined();
		await sale.release('ann');
		expect(sale.state.tally).toMatchObject({ held: 1, free: 9 });
	});

	test('[T7] every change of a seat is told by its index, to all', async () => {
		const sale = await TicketSale.open({ seats: 5 });
		await sale.letIn('ann');
		await sale.hold('ann', ['s2', 's4']);
		await sale.release('ann', ['s4']);
		await sale.checkout('ann');
		const [order] = sale.state.orders.keys();
		await sale.pay('ann', order ?? '');
		await sale.answerCalls();
		expect(sale.told('seats')).toEqual([
			{ seats: [1, 3], states: 'HH' },
			{ seats: [3], states: 'F' },
			{ seats: [1], states: 'S' },
		]);
		expect(await sale.actor.query(NODE, 'seatMap')).toMatchObject({ states: 'FSFFF' });
	});

	test('[T6] stock is held by number, and only as much as is left', async () => {
		const sale = await TicketSale.open({ stock: 5, maxPerUser: 4 });
		await sale.letIn('ann', 'bob');
		await sale.hold('ann', 3);
		expect(codeOf(await sale.hold('bob', 3))).toBe('TOTAL_LIMIT');
		expect(codeOf(await sale.hold('ann', 2))).toBe('MEMBER_LIMIT');
		expect(codeOf(await sale.hold('bob', ['s1']))).toBe('INVALID');
		await sale.release('ann');
		expect(codeOf(await sale.hold('bob', 3))).toBeUndefined();
	});

	test('nobody holds in a sale that is closed, or behind its closing time', async () => {
		const sale = await TicketSale.open();
		await sale.letIn('ann');
		const closesAt = sale.now + 5_000;
		replyOf(await sale.actor.command(OPS, 'settings', { closesAt }));
		sale.actor.now = closesAt;
		expect(codeOf(await sale.hold('ann', ['s1']))).toBe('CLOSED');
		await sale.goTo(closesAt + 10);
		expect(await sale.me('ann')).toMatchObject({ phase: 'closed' });
	});
});
