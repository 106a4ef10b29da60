import { describe, expect, test } from 'vitest';
import type { Order, TicketMe, TicketTick } from '../../src/protocol/ticket-event.ts';
import { EVENT, type Page, seatsOf, TicketWorld } from './ticket-world.ts';

const DESK = { mode: 'desk', maxActive: 1 } as const;

describe('[T15] a lobby', () => {
	test('[T2] whoever enters waits with a place; entering again answers the same', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		const bob = await world.enterPage('bob');
		const cy = await world.enterPage('cy');
		expect(await ann.ask('enter')).toMatchObject({ phase: 'turn' });
		expect(await bob.ask('enter')).toMatchObject({ phase: 'waiting', place: 0 });
		expect(await cy.ask('enter')).toMatchObject({ phase: 'waiting', place: 1 });
		const sent = world.way.sent.length;
		for (let again = 0; again < 20; again++) {
			expect(await cy.ask('enter')).toMatchObject({ phase: 'waiting', place: 1 });
		}
		expect(world.way.sent).toHaveLength(sent);
	});

	test('[T2] a second device sees the same place, also at another node', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		const bob = await world.enterPage('bob');
		await bob.ask('enter');
		const phone = world.page('bob');
		expect((await phone.opened()).me).toMatchObject({ phase: 'waiting', place: 0 });
		const elsewhere = world.page('bob', { at: world.edge('node-2') });
		expect((await elsewhere.opened()).me).toMatchObject({ phase: 'waiting', place: 0 });
		await ann.ask('leave');
		const pages = [bob, phone, elsewhere];
		await world.until(() => pages.every(({ me }) => me?.phase === 'inside'));
		const seen = await elsewhere.ask('hold', { quantity: 1, admission: bob.me?.admission });
		expect(seen).toMatchObject({ held: { quantity: 1 } });
	});

	test('[T5] a turn is claimed for whoever is here, and all devices get one proof', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		await world.until(() => ann.me?.phase === 'inside');
		expect(ann.me?.admission?.split('.')).toHaveLength(3);
		const bob = await world.enterPage('bob');
		const phone = await world.enterPage('bob');
		await bob.ask('enter');
		await ann.ask('leave');
		await world.until(() => bob.me?.phase === 'inside' && phone.me?.phase === 'inside');
		expect(bob.me?.admission).toBe(phone.me?.admission);
		expect(bob.me?.admission).not.toBe(ann.me?.admission);
		expect(ann.me).toMatchObject({ phase: 'before', ended: 'left' });
	});

	test('[T2] a turn of somebody who is not here is not claimed; coming back in time takes it', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		const bob = await world.enterPage('bob');
		await bob.ask('enter');
		bob.close();
		await ann.ask('leave');
		await world.pass(30_000);
		const again = world.page('bob');
		expect((await again.opened()).me).toMatchObject({ phase: 'turn' });
		await world.until(() => again.me?.phase === 'inside');
	});

	test('[T15] arrivals of many are one command; the order is that in which they came', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const first = await world.enterPage('first');
		await first.ask('enter');
		const users = Array.from({ length: 200 }, (_, at) => `u${(at * 37) % 200}`);
		const pages = await Promise.all(users.map((userId) => world.enterPage(userId)));
		world.way.sent.length = 0;
		const places = (await Promise.all(pages.map((page) => page.ask('enter')))) as TicketMe[];
		expect(places.map(({ place }) => place)).toEqual(users.map((_, at) => at));
		expect(world.way.sent.filter(([name]) => name === 'arrive')).toEqual([['arrive', 200]]);
	});

	test('[T18] whoever enters before the opening is answered here and not queued', async () => {
		const world = await TicketWorld.with();
		const ann = await world.enterPage('ann');
		world.way.sent.length = 0;
		expect(await ann.ask('enter')).toMatchObject({ phase: 'before' });
		expect(world.way.sent).toEqual([]);
		await world.pass(1_000);
		await world.until(() => ann.of<{ state: string }>('info').at(-1)?.state === 'open');
		expect(await ann.ask('enter')).toMatchObject({ phase: 'turn' });
	});

	test('[T12] everybody who waits is told at once when all is sold, and when it is on again', async () => {
		const world = await TicketWorld.with({
			admission: { mode: 'desk', maxActive: 1 },
			seats: seatsOf(2),
			maxPerUser: 2,
		});
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		const [bob, cy] = [await world.enterPage('bob'), await world.enterPage('cy')];
		expect(await bob.ask('enter')).toMatchObject({ phase: 'waiting' });
		await world.until(() => ann.me?.phase === 'inside');
		const admission = ann.me?.admission;
		await ann.ask('hold', { seats: ['s1', 's2'], admission });
		const order = (await ann.ask('checkout', { admission })) as Order;
		await ann.ask('pay', { orderId: order.id, methodToken: 'tok' });
		await world.until(() => ann.me?.phase === 'done');
		await world.until(() => bob.me?.phase === 'soldOut' && cy.me?.phase === 'soldOut');
		// What the last tick said before is said to nobody behind it.
		const { info, tick } = await world.page('dan').opened();
		expect([info.state, tick.state]).toEqual(['soldOut', 'soldOut']);
		await world.pass(30_000);
		const saidOf = ({ told }: Page) =>
			told.flatMap(([type, data]) =>
				type === 'tick' || type === 'info' ? (data as TicketTick).state : [],
			);
		for (const one of [ann, bob, cy]) {
			const said = saidOf(one);
			expect(said.slice(said.indexOf('soldOut'))).not.toContain('open');
		}
		world.way.sent.length = 0;
		expect(await cy.ask('enter')).toMatchObject({ phase: 'soldOut' });
		expect(world.way.sent).toEqual([]);

		const { command } = world.way;
		const asAnn = { caller: { userId: 'ann', roles: ['user'] }, name: 'refund' };
		const args = { orderId: order.id, seats: ['s2'] };
		command('ticket-event/concert', { ...asAnn, args }, () => {});
		await world.until(() => bob.me?.phase === 'before' && cy.me?.phase === 'before');
		expect(await bob.ask('enter')).toMatchObject({ phase: 'turn' });
		await world.until(() => bob.me?.phase === 'inside');
	});

	test('[T1] a sale that is closed tells those who wait; who is inside leaves, who pays goes on', async () => {
		const world = await TicketWorld.with({ admission: { mode: 'desk', maxActive: 2 } });
		await world.pass(1_000);
		const [ann, bob, cy] = [
			await world.enterPage('ann'),
			await world.enterPage('bob'),
			await world.enterPage('cy'),
		];
		for (const page of [ann, bob, cy]) await page.ask('enter');
		await world.until(() => ann.me?.phase === 'inside' && bob.me?.phase === 'inside');
		const admission = ann.me?.admission;
		await ann.ask('hold', { quantity: 1, admission });
		await ann.ask('checkout', { admission });
		await world.ops('close');
		await world.until(() => cy.me?.phase === 'closed' && bob.me?.phase === 'closed');
		expect(ann.me?.phase).toBe('paying');
		expect(await cy.ask('enter')).toMatchObject({ phase: 'closed' });
	});

	test('news of the sale that moves nobody is told without the standings', async () => {
		const world = await TicketWorld.with();
		const ann = await world.enterPage('ann');
		await world.pass(1_000);
		await world.ops('settings', { title: 'Another' });
		await world.pass(100);
		expect(ann.of<{ title: string }>('info').at(-1)?.title).toBe('Another');
		expect(ann.of('me')).toEqual([]);
	});

	test('[T6] [T8] holds and checkout are the actor’s, in the name of the buyer, with a proof', async () => {
		const world = await TicketWorld.with({ seats: seatsOf(4) });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		const bob = await world.enterPage('bob');
		await Promise.all([ann.ask('enter'), bob.ask('enter')]);
		await world.until(() => ann.me?.phase === 'inside' && bob.me?.phase === 'inside');
		const { admission } = ann.me as TicketMe;
		expect(await ann.ask('hold', { seats: ['s1', 's2'], admission })).toMatchObject({
			phase: 'inside',
			admission,
			held: { seats: ['s1', 's2'] },
		});
		const mine = { admission: bob.me?.admission };
		expect(await bob.ask('hold', { seats: ['s2', 's3'], ...mine })).toBe('SEAT_TAKEN');
		expect(await ann.ask('release', { seats: ['s2'], admission })).toMatchObject({
			held: { seats: ['s1'] },
		});
		const order = (await ann.ask('checkout', { admission })) as Order;
		expect(order).toMatchObject({ status: 'paying', seats: ['s1'], amount: 1_000 });
		await world.until(() => ann.me?.phase === 'paying');
		expect(await ann.ask('checkout', { admission })).toBe('EXPIRED');
		expect(await ann.ask('hold', { seats: ['s3'], admission })).toBe('EXPIRED');
		expect(await bob.ask('pay', { orderId: order.id, methodToken: 't' })).not.toMatchObject({
			status: 'paying',
		});
	});

	test('[T6] a hold that is sent again with its id takes effect once', async () => {
		const world = await TicketWorld.with();
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		await world.until(() => ann.me?.phase === 'inside');
		const pick = { quantity: 1, admission: ann.me?.admission };
		for (const resend of [false, true, true]) {
			const answer = await ann.run('hold', pick, { requestId: 'hold-1', resend });
			expect(answer).toMatchObject({ ok: true, reply: { held: { quantity: 1 } } });
		}
	});

	test('[T5] no proof, a forged one, another’s and an old one are refused by their codes', async () => {
		const world = await TicketWorld.with({ seats: seatsOf(4), pickSeconds: 60 });
		await world.create({ seats: seatsOf(4) }, 'other');
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		const bob = await world.enterPage('bob');
		const elsewhere = world.page('ann', { id: 'other' });
		await elsewhere.opened();
		await Promise.all([ann.ask('enter'), bob.ask('enter'), elsewhere.ask('enter')]);
		await world.until(() => [ann, bob, elsewhere].every(({ me }) => me?.phase === 'inside'));
		const hold = (admission: string | undefined) =>
			ann.ask('hold', { seats: ['s1'], admission: admission ?? '' });
		const proof = ann.me?.admission ?? '';
		expect(await hold('')).toBe('NOT_ADMITTED');
		expect(await hold('a.b.c')).toBe('NOT_ADMITTED');
		expect(await hold(`${proof.slice(0, -4)}AAAA`)).toBe('NOT_ADMITTED');
		expect(await hold(bob.me?.admission)).toBe('NOT_ADMITTED');
		expect(await hold(elsewhere.me?.admission)).toBe('NOT_ADMITTED');
		await world.pass(61_000);
		expect(await hold(proof)).toBe('EXPIRED');
		expect(ann.me).toMatchObject({ phase: 'before', ended: 'pickExpired' });
	});

	test('[T14] [T15] when the owner is lost, all keep their places and turns are claimed again', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		await world.until(() => ann.me?.phase === 'inside');
		const pages = [];
		for (const userId of ['bob', 'cy', 'dee']) {
			const page = await world.enterPage(userId);
			await page.ask('enter');
			pages.push(page);
		}
		const [bob, cy, dee] = pages;
		await world.loseOwner();
		await world.pass(5_000);
		expect(pages.map(({ me }) => me?.place)).toEqual([0, 1, 2]);
		expect(await cy?.ask('place')).toMatchObject({ phase: 'waiting', place: 1 });
		await ann.ask('leave');
		await world.until(() => bob?.me?.phase === 'inside');
		expect(dee?.me?.phase).toBe('waiting');
	});

	test('[T15] an arrival that nobody answered is sent again, and no later one overtakes it', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const first = await world.enterPage('first');
		await first.ask('enter');
		const [ann, bob] = [await world.enterPage('ann'), await world.enterPage('bob')];
		let refusals = 3;
		world.way.intercept = (name) =>
			name === 'arrive' && refusals-- > 0 ? { ok: false, code: 'MOVED' } : undefined;
		const one = ann.ask('enter');
		await world.pass(60);
		const two = bob.ask('enter');
		expect(await one).toMatchObject({ phase: 'waiting', place: 0 });
		expect(await two).toMatchObject({ phase: 'waiting', place: 1 });
		expect(refusals).toBeLessThan(0);
	});

	test('an event that nobody made refuses its handle; the next one asks again', async () => {
		const world = new TicketWorld();
		expect(await world.settled(world.page('ann').view)).toMatchObject({
			ok: false,
			code: 'NOT_FOUND',
		});
		await world.create();
		expect((await world.page('ann').opened()).info.id).toBe(EVENT);
	});

	test('one node listens once per event, from its first handle to its last', async () => {
		const world = await TicketWorld.with();
		const ann = await world.enterPage('ann');
		const bob = await world.enterPage('bob');
		expect(world.way.listening).toBe(1);
		ann.close();
		expect(world.way.listening).toBe(1);
		bob.close();
		expect(world.way.listening).toBe(0);
		await world.pass(1_000);
		expect(ann.told).toEqual([]);
		const again = await world.enterPage('ann');
		expect((await again.opened()).info.state).toBe('open');
	});
});

describe('[T4] ticks', () => {
	const TIERS = [
		{ places: 2, everyMs: 1_000 },
		{ places: 4, everyMs: 5_000 },
		{ places: Infinity, everyMs: 20_000 },
	];

	test('go to the head often, to the others less', async () => {
		const world = await TicketWorld.with(
			{ admission: { mode: 'desk', maxActive: 1 } },
			{ tiers: TIERS },
		);
		await world.pass(1_000);
		const first = await world.enterPage('first');
		await first.ask('enter');
		const pages = [];
		for (let at = 0; at < 6; at++) {
			const page = await world.enterPage(`u${at}`);
			await page.ask('enter');
			pages.push(page);
		}
		const before = pages.map((page) => page.of<TicketTick>('tick').length);
		for (let second = 0; second < 20; second++) {
			// Something has to move, or there is nothing to tell.
			const page = await world.enterPage(`x${second}`);
			await page.ask('enter');
			await world.pass(1_000);
		}
		const counts = pages.map((page, at) => page.of('tick').length - (before[at] ?? 0));
		expect(counts[0]).toBeGreaterThanOrEqual(18);
		expect(counts[2]).toBeGreaterThanOrEqual(3);
		expect(counts[2]).toBeLessThanOrEqual(6);
		expect(counts[5]).toBeLessThanOrEqual(2);
	});

	test('a slow reader is told the present when it is there again', async () => {
		const world = await TicketWorld.with({ admission: DESK });
		await world.pass(1_000);
		const ann = await world.enterPage('ann');
		await ann.ask('enter');
		const bob = await world.enterPage('bob');
		await bob.ask('enter');
		bob.isSlow = true;
		await ann.ask('leave');
		await world.pass(2_000);
		expect(bob.me).toBeUndefined();
		bob.catchUp();
		await world.until(() => bob.me?.phase === 'inside');
		expect(bob.of('info')).toHaveLength(1);
		expect(bob.of('tick')).toHaveLength(1);
	});
});
