import { describe, expect, test } from 'vitest';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { codeOf, OPENS_AT, replyOf, seats, TicketSale } from '../support/ticket-sale.ts';

describe('a sale', () => {
	test('[T1] opens at its time by itself; whoever comes before is told so and not queued', async () => {
		const sale = new TicketSale();
		await sale.create();
		await sale.goTo(OPENS_AT - 1);
		expect(await sale.arrive('ann')).toMatchObject([{ phase: 'before' }]);
		expect((await sale.report()).state).toBe('scheduled');
		await sale.goTo(OPENS_AT);
		expect((await sale.report()).state).toBe('open');
		expect(await sale.arrive('ann')).toMatchObject([{ phase: 'turn' }]);
	});

	test('[T6] [T8] [T9] somebody enters, picks, checks out, pays and has tickets', async () => {
		const sale = await TicketSale.open({ seats: 4, maxPerUser: 2 });
		await sale.letIn('ann');
		expect(await sale.me('ann')).toMatchObject({ phase: 'inside', deadline: sale.now + 600_000 });
		replyOf(await sale.hold('ann', ['s1', 's3']));
		const order = replyOf<Order>(await sale.checkout('ann'));
		expect(order).toMatchObject({ status: 'paying', seats: ['s1', 's3'], amount: 2_000 });
		replyOf(await sale.pay('ann', order.id));
		await sale.answerCalls();
		expect(await sale.me('ann')).toMatchObject({ phase: 'done', order: { status: 'paid' } });
		expect(await sale.report()).toMatchObject({ free: 2, held: 0, paying: 0, sold: 2 });
		const { rows } = await sale.actor.store.page({
			collection: 'tickets',
			index: 'byUser',
			prefix: ['ann'],
			limit: 10,
		});
		expect(rows.map(({ doc }) => doc)).toMatchObject([
			{ id: '1', seatId: 's1', orderId: order.id },
			{ id: '2', seatId: 's3', orderId: order.id },
		]);
	});

	test('[T6] a seat has one owner: the second gets SEAT_TAKEN', async () => {
		const sale = await TicketSale.open({ seats: 4 });
		await sale.letIn('ann', 'bob');
		expect(codeOf(await sale.hold('ann', ['s1']))).toBeUndefined();
		expect(codeOf(await sale.hold('bob', ['s2', 's1']))).toBe('SEAT_TAKEN');
		expect(await sale.report()).toMatchObject({ free: 3, held: 1 });
		expect(seats(1)).toHaveLength(1);
	});
});
