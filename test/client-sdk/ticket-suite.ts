import { describe, expect, test } from 'vitest';
import { pack } from '../../src/protocol/codec.ts';
import { encodeFrame, OP } from '../../src/protocol/frames.ts';
import { beside, HELD, OPENS_IN } from './support/fake-sale.ts';
import { outcome, type Sdk } from './support/sdk.ts';

const TEN_MINUTES = 600_000;

function entering(sdk: Sdk): void {
	test.each([0, TEN_MINUTES, -TEN_MINUTES])(
		'[T18] enter() before the opening enters at its second, with a clock %i ms wrong',
		async (behindMs) => {
			const { naru, sale, world } = beside(sdk, behindMs);
			const event = naru.ticketEvent('concert');
			const entered = outcome(event.enter());
			await world.advance(OPENS_IN - 1_000);
			expect(entered).toEqual({});
			expect(sale.enters.filter((at) => at >= sale.info.opensAt)).toEqual([]);
			await world.advance(2_000);
			expect(entered.value).toMatchObject({ phase: 'waiting', place: 250 });
			const [first] = sale.enters.filter((at) => at >= sale.info.opensAt);
			expect((first ?? 0) - sale.info.opensAt).toBeLessThan(50);
			expect(sale.enters.length).toBeLessThanOrEqual(2);
			expect(Math.abs(naru.now() - world.now - behindMs)).toBeLessThan(10);
		},
	);

	test('[T18] when the opening is moved, the wait moves with it', async () => {
		const { naru, sale, world } = beside(sdk);
		const entered = outcome(naru.ticketEvent('concert').enter());
		await world.advance(100);
		sale.info = { ...sale.info, opensAt: sale.info.opensAt + 60_000 };
		sale.tell('info', sale.info);
		await world.advance(OPENS_IN);
		expect(entered).toEqual({});
		sale.info = { ...sale.info, opensAt: sale.info.opensAt - 30_000 };
		sale.tell('info', sale.info);
		await world.advance(30_100);
		expect(entered.value).toMatchObject({ phase: 'waiting' });
	});

	test.each(['soldOut', 'closed'] as const)(
		'[T12] entering rejects with its code when it is %s',
		async (phase) => {
			const { naru, sale, world } = beside(sdk);
			sale.open();
			sale.entered = { phase, held: HELD };
			const event = naru.ticketEvent('concert');
			const entered = outcome(event.enter());
			await world.advance(100);
			expect(entered.error?.code).toBe(phase === 'soldOut' ? 'SOLD_OUT' : 'CLOSED');
			expect(outcome(event.admitted())).toEqual({});
		},
	);

	test('[T18] a sale that rests at its time is asked for less and less, and at once when it opens', async () => {
		const { naru, sale, world } = beside(sdk);
		sale.info = { ...sale.info, state: 'paused', opensAt: 0 };
		sale.entered = sale.me;
		const entered = outcome(naru.ticketEvent('concert').enter());
		await world.advance(120_000);
		expect(sale.enters.length).toBeLessThan(20);
		const gaps = sale.enters.slice(1).map((at, n) => at - (sale.enters[n] ?? 0));
		expect(Math.max(...gaps.slice(-3))).toBeGreaterThanOrEqual(10_000);
		sale.entered = { phase: 'waiting', place: 3, turned: 0, held: HELD };
		sale.open();
		sale.tell('info', sale.info);
		await world.advance(50);
		expect(entered.value).toMatchObject({ phase: 'waiting', place: 3 });
	});

	test('after close() nothing is known, and the next call opens anew', async () => {
		const { naru, sale, server, world } = beside(sdk);
		sale.open();
		const event = naru.ticketEvent('concert');
		await Promise.all([event.enter(), world.advance(100)]);
		const admitted = outcome(event.admitted());
		event.close();
		await world.advance(10);
		expect(admitted.error?.code).toBe('CLOSED');
		expect([event.me, event.state, event.seats]).toEqual([undefined, undefined, []]);
		await Promise.all([event.open(), world.advance(100)]);
		expect(event.me).toMatchObject({ phase: 'waiting' });
		expect(server.opens()).toHaveLength(2);
	});

	test('leave() gives up the wish to enter', async () => {
		const { naru, sale, world } = beside(sdk);
		const event = naru.ticketEvent('concert');
		const entered = outcome(event.enter());
		await world.advance(100);
		void event.leave();
		await world.advance(OPENS_IN + 1_000);
		expect(entered.error?.code).toBe('CLOSED');
		expect(sale.enters.filter((at) => at >= sale.info.opensAt)).toEqual([]);
	});

	test('[T2] a missed turn is made good by coming back; a place that was given up is not', async () => {
		const { naru, sale, world } = beside(sdk);
		sale.open();
		const event = naru.ticketEvent('concert');
		await Promise.all([event.enter(), world.advance(100)]);
		sale.tell('me', { phase: 'before', held: HELD, ended: 'turnMissed' });
		await world.advance(100);
		expect(sale.enters).toHaveLength(2);
		expect(event.me?.phase).toBe('waiting');
		sale.tell('me', { phase: 'before', held: HELD, ended: 'left' });
		await world.advance(10_000);
		expect(sale.enters).toHaveLength(2);
	});
}

function waiting(sdk: Sdk): void {
	test('[T4] place and wait are reckoned from the ticks, and told with each', async () => {
		const { naru, sale, world } = beside(sdk);
		sale.open();
		sale.tick = { ...sale.tick, turned: 1_000 };
		const event = naru.ticketEvent('concert');
		const told: unknown[] = [];
		event.on('me', ({ place, waitSeconds }) => told.push([place, waitSeconds]));
		await Promise.all([event.enter(), world.advance(100)]);
		for (const turned of [1_050, 1_200, 1_400]) {
			sale.tell('tick', { ...sale.tick, at: turned, turned });
			await world.advance(10);
		}
		sale.tell('tick', { ...sale.tick, active: 1_000, leaveRate: 10, turned: 1_050 });
		await world.advance(10);
		expect(told.slice(1)).toEqual([
			[250, 10],
			[200, 10],
			[50, 0],
			[0, 0],
			[200, 20],
		]);
		expect(event.me).not.toHaveProperty('turned');
	});

	test('[T3] admitted() resolves when inside, also for who is told later', async () => {
		const { naru, sale, world } = beside(sdk);
		sale.open();
		const event = naru.ticketEvent('concert');
		const admitted = outcome(event.admitted());
		await Promise.all([event.enter(), world.advance(100)]);
		sale.tell('me', { phase: 'turn', deadline: 1, held: HELD });
		await world.advance(10);
		expect(admitted).toEqual({});
		sale.tell('me', { phase: 'inside', deadline: 2, admission: 'proof', held: HELD });
		await world.advance(10);
		expect(admitted.value).toMatchObject({ phase: 'inside', deadline: 2 });
		const later = outcome(event.admitted());
		await world.advance(1);
		expect(later.value).toMatchObject({ phase: 'inside' });
	});

	test('[T3] an answer and newer news in one message: the news holds', async () => {
		const { naru, sale, server, world } = beside(sdk);
		sale.open();
		const event = naru.ticketEvent('concert');
		await Promise.all([event.open(), world.advance(100)]);
		const [entered, admitted] = [outcome(event.enter()), outcome(event.admitted())];
		server.isSilent = true;
		await world.advance(10);
		server.isSilent = false;
		const { handle = 0, payload } = server.seen.filter(({ op }) => op === OP.command).at(-1) ?? {};
		const turn = { phase: 'turn', deadline: 1, held: HELD };
		const inside = { phase: 'inside', deadline: 2, admission: 'proof', held: HELD };
		server.last.socket.deliver(
			Buffer.concat([
				encodeFrame(handle, OP.reply, pack([(payload as [number])[0], turn])),
				encodeFrame(1_000 + handle, OP.ephemeral, pack(['me', inside])),
			]),
		);
		await world.advance(10);
		expect(event.me?.phase).toBe('inside');
		expect(admitted.value).toMatchObject({ phase: 'inside' });
		expect(entered.value).toMatchObject({ phase: 'inside' });
		// The wish is fulfilled: whoever is outside again has to enter anew.
		sale.tell('me', { phase: 'before', held: HELD, ended: 'pickExpired' });
		await world.advance(10_000);
		expect(server.commands().filter(([, name]) => name === 'enter')).toHaveLength(1);
	});

	test('[T12] admitted() rejects when all is sold, closed, or the wait is given up', async () => {
		const { naru, sale, world } = beside(sdk);
		sale.open();
		const event = naru.ticketEvent('concert');
		const giveUp = new AbortController();
		const aborted = outcome(event.admitted({ signal: giveUp.signal }));
		const admitted = outcome(event.admitted());
		await Promise.all([event.enter(), world.advance(100)]);
		giveUp.abort();
		sale.tell('me', { phase: 'soldOut', held: HELD });
		await world.advance(10);
		expect([aborted.error?.code, admitted.error?.code]).toEqual(['CLOSED', 'SOLD_OUT']);
	});

	test('[T2] after a lost socket the standing is told again, and the wait goes on', async () => {
		const { naru, sale, server, world } = beside(sdk);
		sale.open();
		const event = naru.ticketEvent('concert');
		await Promise.all([event.enter(), world.advance(100)]);
		const admitted = outcome(event.admitted());
		server.last.socket.cut();
		sale.me = { ...sale.entered, place: 120 };
		await world.advance(5_000);
		expect(event.me?.place).toBe(120);
		expect(sale.enters).toHaveLength(1);
		server.last.socket.cut();
		sale.me = { phase: 'inside', admission: 'proof', deadline: 5, held: HELD };
		await world.advance(5_000);
		expect(admitted.value).toMatchObject({ phase: 'inside' });
	});

	test('[T1] the sale is told with what ticks and news say of it', async () => {
		const { naru, sale, world } = beside(sdk);
		const event = naru.ticketEvent('concert');
		const told: unknown[] = [];
		event.on('state', ({ state, free, waiting: wait }) => told.push([state, free, wait]));
		await world.advance(100);
		sale.tell('info', { ...sale.info, state: 'open' });
		sale.tell('tick', { ...sale.tick, state: 'open', free: 7, waiting: 3 });
		await world.advance(10);
		expect(told).toEqual([
			['scheduled', 10, 0],
			['open', 10, 0],
			['open', 7, 3],
		]);
		expect(event.state).toMatchObject({ title: 'Concert', free: 7, waiting: 3 });
	});

	test('an event that is not there rejects, and says so', async () => {
		const { naru, server, world } = beside(sdk);
		server.refuseOpen = () => ({ code: 'NOT_FOUND' });
		const event = naru.ticketEvent('nothing');
		const closed: string[] = [];
		event.on('closed', ({ code }) => closed.push(code));
		const opened = outcome(event.open());
		const entered = outcome(event.enter());
		const admitted = outcome(event.admitted());
		await world.advance(100);
		const codes = [opened, entered, admitted].map(({ error }) => error?.code);
		expect(codes).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
		expect(closed).toEqual(['NOT_FOUND']);
	});
}

/** A buyer who pays, with what is told of the payment. */
async function paying(sdk: Sdk) {
	const made = beside(sdk);
	const { naru, sale, world } = made;
	let status = 'paying';
	let asking = true;
	const order = () => ({ id: 'concert:1', status, ...(asking && { asking }) });
	sale.answer = (name) => (name === 'order' ? { reply: order() } : undefined);
	sale.open();
	sale.me = { phase: 'paying', deadline: 9, held: HELD };
	await Promise.all([naru.orders.get('concert:1'), world.advance(100)]);
	const event = naru.ticketEvent('concert');
	await Promise.all([event.open(), world.advance(100)]);
	const pay = (now: string) => {
		status = now;
		asking = false;
		sale.tell('me', { ...sale.me });
	};
	return { ...made, event, pay };
}

function buying(sdk: Sdk): void {
	test('[T5] [T6] the proof goes along with what needs it; without one the server decides', async () => {
		const { naru, sale, world } = beside(sdk);
		sale.open();
		const event = naru.ticketEvent('concert');
		await Promise.all([event.open(), world.advance(100)]);
		void event.hold({ quantity: 1 }).catch(() => {});
		await world.advance(10);
		sale.tell('me', { phase: 'inside', admission: 'proof', deadline: 9, held: HELD });
		await world.advance(10);
		void event.hold({ seats: ['A-1'] });
		void event.release();
		void event.release({ seats: ['A-1'] });
		const order = outcome(event.checkout());
		void event.pay('concert:1', { methodToken: 'tok' });
		await world.advance(10);
		expect(sale.commands).toEqual([
			['hold', { quantity: 1, admission: '' }],
			['hold', { seats: ['A-1'], admission: 'proof' }],
			['release', { admission: 'proof' }],
			['release', { seats: ['A-1'], admission: 'proof' }],
			['checkout', { admission: 'proof' }],
			['pay', { orderId: 'concert:1', methodToken: 'tok' }],
		]);
		expect(order.value).toMatchObject({ id: 'concert:1', status: 'paying' });
	});

	test('[T6] a hold keeps its id when the socket is lost under it', async () => {
		const { naru, sale, server, world } = beside(sdk);
		sale.open();
		sale.me = { phase: 'inside', admission: 'proof', deadline: 9, held: HELD };
		const event = naru.ticketEvent('concert');
		await Promise.all([event.open(), world.advance(100)]);
		server.isSilent = true;
		const held = outcome(event.hold({ quantity: 1 }));
		await world.advance(10);
		server.isSilent = false;
		server.last.socket.cut();
		await world.advance(5_000);
		expect(held.value).toMatchObject({ phase: 'inside' });
		const frames = server.commands().filter(([, name]) => name === 'hold');
		expect(frames.map(([, , , id]) => id)).toEqual([frames[0]?.[3], frames[0]?.[3]]);
		expect(frames.at(-1)?.[4]).toBe(true);
	});

	// `paying`: nobody could be asked, and it may be paid again.
	test.each(['paid', 'declined', 'expired', 'refunded', 'paying'])(
		'[T9] outcome() waits while a payment is on its way or in doubt, and ends %s',
		async (end) => {
			const { sale, world, event, pay } = await paying(sdk);
			const ended = outcome(event.outcome('concert:1'));
			await world.advance(60_000);
			expect(ended).toEqual({});
			pay('resolving');
			await world.advance(60_000);
			expect(ended).toEqual({});
			pay(end);
			await world.advance(100);
			expect(ended.value).toEqual({ id: 'concert:1', status: end });
			// Once for each news, never by the clock.
			expect(sale.commands.filter(([name]) => name === 'order')).toHaveLength(1 + 3);
			const again = outcome(event.outcome('concert:1'));
			await world.advance(100);
			expect(again.value).toMatchObject({ status: end });
		},
	);

	test('[T9] outcome() comes to know what happened while the socket was lost', async () => {
		const { sale, server, world, event } = await paying(sdk);
		const ended = outcome(event.outcome('concert:1'));
		await world.advance(100);
		sale.answer = () => ({ reply: { id: 'concert:1', status: 'paid' } });
		server.last.socket.cut();
		await world.advance(5_000);
		expect(ended.value).toMatchObject({ status: 'paid' });
	});

	test('[T9] outcome() rejects with the event, and with an order that is not there', async () => {
		const { sale, world, event } = await paying(sdk);
		const ended = outcome(event.outcome('concert:1'));
		await world.advance(100);
		event.close();
		sale.answer = () => ({ code: 'NOT_FOUND' });
		const nothing = outcome(event.outcome('concert:2'));
		await world.advance(100);
		expect([ended.error?.code, nothing.error?.code]).toEqual(['CLOSED', 'NOT_FOUND']);
	});

	test('[T13] orders, tickets and events are asked for on one handle', async () => {
		const { naru, sale, server, world } = beside(sdk);
		void naru.orders.get('concert:1');
		void naru.orders.refund('concert:1', { seats: ['A-1'] });
		void naru.orders.refund('concert:1');
		void naru.tickets.list({ limit: 5 });
		void naru.ticketEvents.list({ state: 'open', text: 'con' });
		await world.advance(100);
		expect(server.opens().map(({ kind, id }) => `${kind}/${id}`)).toEqual(['tickets/me']);
		expect(sale.commands).toEqual([
			['order', { orderId: 'concert:1' }],
			['refund', { orderId: 'concert:1', seats: ['A-1'] }],
			['refund', { orderId: 'concert:1' }],
			['list', { limit: 5 }],
			['events', { state: 'open', text: 'con' }],
		]);
	});
}

/** A buyer's way through a sale. */
export function ticketSuite(sdk: Sdk): void {
	describe(`tickets (${sdk.name})`, () => {
		entering(sdk);
		waiting(sdk);
		buying(sdk);
	});
}
