import { describe, expect, test } from 'vitest';
import type { TicketTick } from '../../src/protocol/ticket-event.ts';
import { codeOf, NODE, OPENS_AT, OPS, replyOf, TicketSale, users } from '../support/ticket-sale.ts';

const TURNSTILE = { mode: 'turnstile', batch: 10, intervalMs: 5_000 };

describe('the line', () => {
	test('[T2] first come, first served, in the order inside a batch too; a place is kept', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1 } });
		await sale.arrive('first');
		await sale.arrive('cem', 'ann', 'bob');
		expect((await sale.arrive('bob', 'ann')).map(({ place }) => place)).toEqual([2, 1]);
		await sale.actor.command(OPS, 'pause');
		await sale.pass(3_600_000);
		expect(await sale.look('cem', 'ann', 'bob')).toMatchObject([
			{ place: 0 },
			{ place: 1 },
			{ place: 2 },
		]);
	});

	test('[T2] one place per user: a batch that names somebody twice gives one number', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1 } });
		await sale.arrive('first');
		const told = await sale.arrive('ann', 'bob', 'ann');
		expect(told.map(({ place }) => place)).toEqual([0, 1, 0]);
		expect(await sale.report()).toMatchObject({ arrived: 3, waiting: 2 });
	});

	test('[T2] a thousand enters of one user change nothing', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1 } });
		await sale.arrive('first', 'ann');
		const { position } = sale.actor;
		const told = await sale.arrive(...Array<string>(1_000).fill('ann'));
		expect(new Set(told.map(({ place }) => place))).toEqual(new Set([0]));
		expect(sale.actor.position).toBe(position);
	});

	test('[T2] a turn that nobody takes passes on within its grace, and the user is told', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1, graceMs: 60_000 } });
		await sale.arrive('ann', 'bob');
		const deadline = sale.now + 60_000;
		expect(await sale.me('ann')).toMatchObject({ phase: 'turn', deadline });
		await sale.goTo(deadline);
		expect(await sale.me('ann')).toMatchObject({ phase: 'before', ended: 'turnMissed' });
		expect(await sale.me('bob')).toMatchObject({ phase: 'turn' });
		expect(sale.told('me')).toContainEqual(
			expect.objectContaining({
				userId: 'ann',
				me: expect.objectContaining({ ended: 'turnMissed' }),
			}),
		);
	});

	test('[T2] whoever comes back in time enters next; later, at the end', async () => {
		const sale = await TicketSale.open({
			admission: { maxActive: 1, graceMs: 60_000, returnMs: 600_000 },
		});
		await sale.arrive('ann', 'bob', 'cem');
		await sale.pass(60_000);
		await sale.claim('bob');
		expect(await sale.arrive('ann', 'dana')).toMatchObject([{ place: 0 }, { place: 1 }]);
		await sale.actor.command('bob', 'leave');
		expect(await sale.look('ann', 'cem')).toMatchObject([{ phase: 'turn' }, { place: 0 }]);
		await sale.pass(60_000);
		await sale.claim('cem');
		await sale.pass(600_000);
		expect(await sale.look('dana', 'ann')).toMatchObject([{ phase: 'turn' }, { phase: 'before' }]);
		await sale.arrive('ann');
		expect(sale.state.tally.arrived).toBe(5);
	});

	test('[T2] a claim behind the grace takes no effect', async () => {
		const sale = await TicketSale.open({ admission: { graceMs: 1_000 } });
		await sale.arrive('ann');
		sale.actor.now += 1_000;
		await sale.claim('ann');
		expect(await sale.me('ann')).toMatchObject({ phase: 'turn' });
		await sale.wake();
		expect(await sale.me('ann')).toMatchObject({ ended: 'turnMissed' });
	});

	test('[T2] who leaves makes place for those behind, and is out', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1 } });
		await sale.arrive('first', 'ann', 'bob', 'cem');
		replyOf(await sale.actor.command('ann', 'leave'));
		expect(await sale.look('ann', 'bob', 'cem')).toMatchObject([
			{ phase: 'before', ended: 'left' },
			{ place: 0 },
			{ place: 1 },
		]);
	});

	test('only nodes speak for others, and only operators and nodes look', async () => {
		const sale = await TicketSale.open();
		for (const name of ['arrive', 'claim']) {
			const answer = await sale.actor.command('ann', name, { users: ['bob'] });
			expect(codeOf(answer)).toBe('FORBIDDEN');
		}
		expect(await sale.actor.query('ann', 'look', { users: ['bob'] })).toMatchObject({
			code: 'FORBIDDEN',
		});
		expect(await sale.actor.open('ann')).toMatchObject({ code: 'FORBIDDEN' });
		expect(await sale.actor.open(OPS)).not.toHaveProperty('secret');
		expect(await sale.actor.open(NODE)).toHaveProperty('secret');
	});
});

describe('admission', () => {
	test('[T3] at a desk one leaves and the next enters with the same commit', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 2 } });
		await sale.letIn('ann', 'bob', 'cem');
		expect(await sale.me('cem')).toMatchObject({ phase: 'waiting', place: 0 });
		const answer = await sale.actor.command('ann', 'leave');
		expect(answer).toMatchObject({ events: [{ type: 'visitEnded' }, { type: 'turned' }] });
		expect(await sale.me('cem')).toMatchObject({ phase: 'turn' });
	});

	test('[T3] after k intervals of a turnstile k × N had a turn, without drift', async () => {
		const sale = await TicketSale.open({ seats: 1_000, admission: TURNSTILE });
		await sale.pass(137);
		await sale.arrive(...users(300));
		for (let k = 1; k <= 20; k++) {
			await sale.goTo(OPENS_AT + k * 5_000 - 1);
			expect(sale.state.tally.turned).toBe(k * 10);
			await sale.goTo(OPENS_AT + k * 5_000);
			expect(sale.state.tally.turned).toBe((k + 1) * 10);
		}
	});

	test('[T3] a turnstile that stood still makes up for one interval at most', async () => {
		const sale = await TicketSale.open({ seats: 1_000, admission: TURNSTILE });
		await sale.arrive(...users(300));
		sale.actor.now = OPENS_AT + 7 * 5_000 + 300;
		await sale.wake();
		expect(sale.state.tally.turned).toBe(30);
		await sale.goTo(OPENS_AT + 8 * 5_000);
		expect(sale.state.tally.turned).toBe(40);
	});

	test('[T1] [T3] a timer that is late by a little moves no interval', async () => {
		const sale = new TicketSale();
		await sale.create({ seats: 1_000, admission: TURNSTILE });
		sale.actor.now = OPENS_AT + 700;
		await sale.arrive(...users(300));
		await sale.goTo(OPENS_AT + 4_999);
		expect(sale.state.tally.turned).toBe(10);
		await sale.goTo(OPENS_AT + 5_000);
		expect(sale.state.tally.turned).toBe(20);
	});

	test('[T3] a turnstile stays alive when nobody waits, and saves no turns up', async () => {
		const sale = await TicketSale.open({ seats: 1_000, admission: TURNSTILE });
		await sale.pass(60_000);
		await sale.arrive(...users(15));
		expect(sale.state.tally.turned).toBe(10);
		await sale.pass(5_000);
		expect(sale.state.tally.turned).toBe(15);
	});

	test('[T3] at most maxActive have a place, those who pay included', async () => {
		const sale = await TicketSale.open({ admission: { ...TURNSTILE, maxActive: 3 } });
		await sale.letIn(...users(9));
		expect(sale.state.tally).toMatchObject({ turned: 3, inside: 3 });
		await sale.hold('u1', ['s1']);
		await sale.checkout('u1');
		await sale.pass(20_000);
		expect(sale.state.tally).toMatchObject({ turned: 3, inside: 2, payers: 1 });
		await sale.actor.command('u2', 'leave');
		expect(sale.state.tally.turned).toBe(4);
	});

	test('[T3] nobody is let in for whom nothing is left to pick', async () => {
		const sale = await TicketSale.open({ seats: 3, maxPerUser: 2 });
		await sale.letIn(...users(6));
		expect(sale.state.tally.inside).toBe(3);
		await sale.hold('u1', ['s1', 's2']);
		await sale.actor.command('u2', 'leave');
		await sale.actor.command('u3', 'leave');
		// One is left: one more may look for it.
		expect(sale.state.tally).toMatchObject({ free: 1, turns: 1 });
		await sale.release('u1');
		expect(sale.state.tally).toMatchObject({ free: 3, turns: 2, inside: 1 });
	});

	test('[T3] settings apply at once: more at a time', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1 } });
		await sale.arrive(...users(5));
		replyOf(await sale.actor.command(OPS, 'settings', { maxActive: 4 }));
		expect(sale.state.tally.turns).toBe(4);
	});

	test('[T5] an admission has an id of its own and ends by its deadline', async () => {
		const sale = await TicketSale.open({ pickSeconds: 60, admission: { maxActive: 1 } });
		await sale.letIn('ann', 'bob');
		const admission = sale.admissionOf('ann');
		await sale.hold('ann', ['s1']);
		expect(codeOf(await sale.hold('bob', ['s2'], admission))).toBe('NOT_ADMITTED');
		expect(codeOf(await sale.hold('ann', ['s2'], 'none'))).toBe('NOT_ADMITTED');
		sale.actor.now += 60_000;
		expect(codeOf(await sale.hold('ann', ['s2'], admission))).toBe('EXPIRED');
		await sale.wake();
		expect(codeOf(await sale.hold('ann', ['s2'], admission))).toBe('EXPIRED');
		expect(await sale.look('ann', 'bob')).toMatchObject([
			{ phase: 'before', ended: 'pickExpired' },
			{ phase: 'turn' },
		]);
		expect(await sale.report()).toMatchObject({ free: 10, held: 0 });
	});

	test('[T5] an admission serves once: a second checkout with it is refused', async () => {
		const sale = await TicketSale.open();
		await sale.letIn('ann');
		const admission = sale.admissionOf('ann');
		await sale.hold('ann', ['s1']);
		replyOf(await sale.checkout('ann', admission));
		expect(codeOf(await sale.checkout('ann', admission))).toBe('EXPIRED');
		expect(codeOf(await sale.hold('ann', ['s2'], admission))).toBe('EXPIRED');
	});

	test('a wake deals with hundreds at a time and goes on at once', async () => {
		const sale = await TicketSale.open({
			seats: 2_000,
			admission: { maxActive: 1_200, graceMs: 1_000 },
		});
		await sale.arrive(...users(1_200));
		await sale.goTo(OPENS_AT + 1_000);
		expect(sale.state.tally.turns).toBe(700);
		await sale.goTo(OPENS_AT + 1_003);
		expect(sale.state.tally.turns).toBe(0);
	});
});

describe('ticks', () => {
	test('[T4] one a second at most, only while something moves', async () => {
		const sale = await TicketSale.open({ admission: { maxActive: 1 } });
		await sale.pass(10_000);
		const before = sale.told('tick').length;
		for (let at = 0; at < 30; at++) {
			await sale.arrive(`u${at}`);
			await sale.pass(100);
		}
		expect(sale.told('tick').length - before).toBe(3);
		await sale.pass(50_000);
		expect(sale.told('tick').length - before).toBeLessThanOrEqual(4);
	});

	test('[T4] says all that a client needs, and the rate at which places become free', async () => {
		const sale = await TicketSale.open({ seats: 100, admission: { maxActive: 5 } });
		await sale.letIn(...users(20));
		for (let at = 1; at <= 10; at++) {
			await sale.actor.command(`u${at}`, 'leave');
			await sale.claim(...users(20));
			await sale.pass(1_000);
		}
		const tick = sale.told('tick').at(-1) as TicketTick;
		expect(tick).toMatchObject({ turned: 15, waiting: 5, active: 5, maxActive: 5, free: 100 });
		expect(tick.leaveRate).toBe(1);
		expect(tick).not.toHaveProperty('batch');
	});

	test('[T17] waits are told as percentiles of the turns so far', async () => {
		const sale = await TicketSale.open({
			seats: 1_000,
			admission: { ...TURNSTILE, batch: 50, intervalMs: 10_000 },
		});
		await sale.arrive(...users(100));
		await sale.pass(10_000);
		const { waitP50Ms, waitP99Ms } = await sale.report();
		expect(waitP50Ms).toBeLessThanOrEqual(1);
		expect(waitP99Ms).toBeGreaterThan(9_000);
		expect(waitP99Ms).toBeLessThan(12_000);
	});
});
