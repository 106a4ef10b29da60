import { describe, expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import type { Ticket, TicketEventInfo } from '../../src/protocol/ticket-event.ts';
import { ticketsContract } from '../../src/protocol/ticket-lobby.ts';
import { openService } from '../support/open-service.ts';
import { TicketWorld } from './ticket-world.ts';

type Name = keyof typeof ticketsContract.commands;

function asUser(world: TicketWorld, userId: string, roles = ['user']) {
	const connection = { id: 'c', deviceId: 'd', identity: { userId, roles } };
	const session = openService(world.tickets.tickets, connection);
	return async (name: Name, args: object = {}): Promise<CommandAnswer> => {
		const checked = ticketsContract.commands[name].args.parse(args);
		return world.settled(session.command(name, checked));
	};
}

const replyOf = <T>(answer: CommandAnswer): T => {
	if (!answer.ok) throw new Error(answer.code);
	return answer.reply as T;
};

interface EventsPage {
	readonly events: readonly TicketEventInfo[];
	readonly next?: string;
}
interface TicketsPage {
	readonly tickets: readonly Ticket[];
	readonly hasMore: boolean;
	readonly next?: string;
}

describe('[T18] the list of events', () => {
	async function withEvents(count: number): Promise<TicketWorld> {
		const world = new TicketWorld();
		const now = world.runtime.now();
		for (let at = 0; at < count; at++) {
			// Two of a time: the id decides.
			const opensAt = now + 10_000 + Math.floor(at / 2) * 1_000;
			const title = at % 5 === 0 ? `Jazz night ${at}` : `Concert ${at}`;
			await world.create({ opensAt, title }, `e${String(at).padStart(2, '0')}`);
		}
		return world;
	}

	async function allOf(world: TicketWorld, args: object) {
		const ann = asUser(world, 'ann');
		const ids: string[] = [];
		let pages = 0;
		for (let after: string | undefined; ; pages++) {
			const more = after === undefined ? {} : { after };
			const page = replyOf<EventsPage>(await ann('events', { ...args, ...more }));
			ids.push(...page.events.map(({ id }) => id));
			after = page.next;
			if (after === undefined) return { ids, pages: pages + 1 };
		}
	}

	const all = Array.from({ length: 25 }, (_, at) => `e${String(at).padStart(2, '0')}`);

	test('goes by opening time, in pages, without a gap or a double', async () => {
		const world = await withEvents(25);
		expect(await allOf(world, { limit: 7 })).toEqual({ ids: all, pages: 4 });
		expect((await allOf(world, { limit: 25 })).ids).toEqual(all);
	});

	test('is searched by title, in any case', async () => {
		const world = await withEvents(25);
		const jazz = all.filter((_, at) => at % 5 === 0);
		expect((await allOf(world, { text: ' jAZZ ' })).ids).toEqual(jazz);
		expect((await allOf(world, { text: 'jazz', limit: 2 })).ids).toEqual(jazz);
		expect((await allOf(world, { text: 'opera' })).ids).toEqual([]);
	});

	test('is of one state when asked; a paused sale is an open one', async () => {
		const world = await withEvents(6);
		await world.pass(11_500);
		await world.ops('pause', {}, 'e01');
		await world.ops('close', {}, 'e02');
		await world.pass(2_000);
		const open = ['e00', 'e01', 'e03', 'e04', 'e05'];
		expect((await allOf(world, { state: 'open', limit: 1 })).ids).toEqual(open);
		expect((await allOf(world, { state: 'closed' })).ids).toEqual(['e02']);
		expect((await allOf(world, { state: 'upcoming' })).ids).toEqual([]);
	});

	test('a cursor that is none of ours is refused', async () => {
		const world = await withEvents(1);
		const ann = asUser(world, 'ann');
		for (const after of ['x', '1.', '.a', '1.a.b', '99999999999999999.a']) {
			expect(await ann('events', { after })).toMatchObject({ ok: false, code: 'INVALID' });
		}
		for (const after of ['x', '1.a', '.a.b', '1.a.', '1.a.b.c']) {
			expect(await ann('list', { after })).toMatchObject({ ok: false, code: 'INVALID' });
		}
	});
});

describe('[T13] own tickets and orders', () => {
	test('tickets come newest first, in pages; those of others do not', async () => {
		const world = await TicketWorld.with({ maxPerUser: 5 });
		await world.pass(1_000);
		const { store } = world.way.bench;
		const events = Array.from({ length: 9 }, (_, at) => ({
			position: at + 1,
			rows: [
				{
					op: 'put' as const,
					collection: 'tickets',
					key: ['concert', `t${at}`],
					doc: {
						...{ id: `t${at}`, eventId: 'concert', orderId: 'concert:1', title: 'Concert' },
						user: at % 3 === 0 ? 'bob' : 'ann',
						at: 1_000 + Math.floor(at / 2),
					},
				},
			],
		}));
		await store.project([{ actor: 'ticket-event/other', position: 9, events }]);
		const ann = asUser(world, 'ann');
		const first = replyOf<TicketsPage>(await ann('list', { limit: 4 }));
		const second = replyOf<TicketsPage>(await ann('list', { limit: 4, after: first.next }));
		const ids = [...first.tickets, ...second.tickets].map(({ id }) => id);
		expect(ids).toEqual(['t8', 't7', 't5', 't4', 't2', 't1']);
		expect([first.hasMore, second.hasMore]).toEqual([true, false]);
		expect(first.tickets[0]).not.toHaveProperty('user');
	});

	test('[T17] an operator gives back what others bought only where it is noted', async () => {
		const world = await TicketWorld.with();
		await world.pass(1_000);
		const page = await world.enterPage('ann');
		await page.ask('enter');
		await world.until(() => page.me?.phase === 'inside');
		const admission = page.me?.admission;
		await page.ask('hold', { quantity: 1, admission });
		const { id: orderId } = (await page.ask('checkout', { admission })) as { id: string };
		await page.ask('pay', { orderId, methodToken: 'tok' });
		await world.until(() => page.me?.phase === 'done');
		const root = asUser(world, 'root', ['user', 'ops']);
		expect(await root('order', { orderId })).toMatchObject({ ok: true, reply: { status: 'paid' } });
		expect(await root('refund', { orderId })).toMatchObject({ ok: false, code: 'NOT_FOUND' });
		expect(await world.ops('refund', { orderId })).toMatchObject({ ok: true });
	});

	test('an order is its buyer’s: others and unknown ones are refused', async () => {
		const world = await TicketWorld.with();
		await world.pass(1_000);
		const page = await world.enterPage('ann');
		await page.ask('enter');
		await world.until(() => page.me?.phase === 'inside');
		const admission = page.me?.admission;
		await page.ask('hold', { quantity: 1, admission });
		const order = (await page.ask('checkout', { admission })) as { id: string };
		const [ann, bob] = [asUser(world, 'ann'), asUser(world, 'bob')];
		expect(await ann('order', { orderId: order.id })).toMatchObject({
			ok: true,
			reply: { id: order.id, status: 'paying' },
		});
		expect((await bob('order', { orderId: order.id })).ok).toBe(false);
		expect((await bob('refund', { orderId: order.id })).ok).toBe(false);
		expect(await ann('order', { orderId: 'nothing:1' })).toMatchObject({ code: 'NOT_FOUND' });
	});
});
