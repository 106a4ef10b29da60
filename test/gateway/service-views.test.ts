import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type {
	Service,
	ServiceRequest,
	ServiceSession,
	ServiceView,
	Tell,
} from '../../src/gateway/ports.ts';
import { OP } from '../../src/protocol/frames.ts';
import { defineKind } from '../../src/protocol/kind.ts';
import { openedOf } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
afterEach(() => world.stop());

const contract = defineKind({
	kind: 'hall',
	style: 'service',
	openArgs: z.object({}),
	view: z.unknown(),
	commands: { note: { args: z.object({}), reply: z.unknown() } },
	events: {},
	ephemerals: { news: z.unknown() },
});

/** A service with ids whose first views come when the test says so. */
class Halls implements Service {
	readonly contract = contract;
	readonly anyId = true;
	readonly opened: string[] = [];
	readonly requests: ServiceRequest[] = [];
	readonly views: PromiseWithResolvers<ServiceView>[] = [];
	closed = 0;
	caughtUp = 0;
	tell: Tell = () => true;

	open(_: unknown, tell: Tell, id: string): ServiceSession {
		this.opened.push(id);
		this.tell = tell;
		const view = Promise.withResolvers<ServiceView>();
		this.views.push(view);
		return {
			view: view.promise,
			command: async (_name, _args, request) => {
				this.requests.push(request);
				return { ok: true, reply: { seen: this.requests.length } };
			},
			caughtUp: () => {
				this.caughtUp++;
				tell(['news', { late: true }]);
			},
			close: () => {
				this.closed++;
			},
		};
	}
}

async function withHalls(): Promise<Halls> {
	const halls = new Halls();
	const plain: Service = {
		contract: { ...contract, kind: 'plain' },
		open: () => ({ command: async () => ({ ok: true, reply: {} }), close: () => {} }),
	};
	world = await TestGateway.start({ services: [halls, plain] });
	return halls;
}

const until = (check: () => boolean) => expect.poll(check).toBe(true);

describe('services', () => {
	test('[W13] a service with ids is opened under any, another under `me` only', async () => {
		const halls = await withHalls();
		const ann = await world.connect('ann');
		const one = ann.open(1, { kind: 'hall', id: 'one' });
		const two = ann.open(2, { kind: 'hall', id: 'two' });
		await until(() => halls.views.length === 2);
		for (const { resolve } of halls.views) resolve({ ok: true, view: {} });
		expect([(await one).op, (await two).op]).toEqual([OP.opened, OP.opened]);
		expect(halls.opened).toEqual(['one', 'two']);
		expect(await ann.open(3, { kind: 'plain', id: 'one' })).toMatchObject({
			op: OP.error,
			payload: { code: 'NOT_FOUND' },
		});
		expect((await ann.open(4, { kind: 'plain', id: 'me' })).op).toBe(OP.opened);
	});

	test('[W28] the handle opens when its first view is there; nothing of it comes before', async () => {
		const halls = await withHalls();
		const ann = await world.connect('ann');
		const opening = ann.open(1, { kind: 'hall', id: 'one' });
		await until(() => halls.views.length === 1);
		expect(halls.tell(['news', { early: true }])).toBe(false);
		ann.send(1, OP.command, [1, 'note', {}, 'request-1', true]);
		await ann.settled();
		expect(ann.frames).toEqual([]);
		expect(halls.requests).toEqual([]);
		halls.views[0]?.resolve({ ok: true, view: { seats: 3 } });
		const { view, down } = openedOf(await opening);
		expect(view).toEqual({ seats: 3 });
		expect(await ann.reply(1, 1)).toEqual([1, { seen: 1 }]);
		const told = await ann.next(({ op }) => op === OP.ephemeral);
		expect(told).toEqual({ handle: down, op: OP.ephemeral, payload: ['news', { late: true }] });
		expect(halls.caughtUp).toBe(1);
	});

	test('[W25] a service learns the id of a request and whether it was sent before', async () => {
		const halls = await withHalls();
		const ann = await world.connect('ann');
		const opening = ann.open(1, { kind: 'hall', id: 'one' });
		await until(() => halls.views.length === 1);
		halls.views[0]?.resolve({ ok: true, view: {} });
		await opening;
		await ann.command(1, 1, 'note', {}, 'request-1');
		await ann.command(1, 2, 'note', {}, 'request-1', true);
		await ann.command(1, 3, 'note', {});
		expect(halls.requests.map(({ requestId, resend }) => [requestId, resend])).toEqual([
			['request-1', false],
			['request-1', true],
			[undefined, false],
		]);
		expect(halls.requests.every(({ bytes }) => bytes > 0)).toBe(true);
	});

	test.each([
		['a refusal', { ok: false, code: 'SOLD_OUT' } as const, 'SOLD_OUT'],
		['a failure', undefined, 'INTERNAL'],
	])('[W14] %s instead of the view ends the handle and its session', async (_, view, code) => {
		const halls = await withHalls();
		const ann = await world.connect('ann');
		const opening = ann.open(1, { kind: 'hall', id: 'one' });
		await until(() => halls.views.length === 1);
		if (view === undefined) halls.views[0]?.reject(new Error('no view'));
		else halls.views[0]?.resolve(view);
		expect(await opening).toMatchObject({ op: OP.error, payload: { code } });
		expect(halls.closed).toBe(1);
		const again = ann.open(2, { kind: 'hall', id: 'one' });
		await until(() => halls.views.length === 2);
		halls.views[1]?.resolve({ ok: true, view: {} });
		expect((await again).op).toBe(OP.opened);
	});

	test('[W14] a handle that is closed before it is open leaves no session behind', async () => {
		const halls = await withHalls();
		const ann = await world.connect('ann');
		ann.send(1, OP.open, { kind: 'hall', id: 'one' });
		await until(() => halls.views.length === 1);
		ann.send(1, OP.close, {});
		await ann.settled();
		expect(halls.closed).toBe(1);
		halls.views[0]?.resolve({ ok: true, view: {} });
		await ann.settled();
		expect(ann.frames).toEqual([]);
		expect(halls.tell(['news', {}])).toBe(true);
	});

	test('[W30] openings that wait for their view count as reads of the client', async () => {
		const halls = await withHalls();
		const ann = await world.connect('ann');
		for (let id = 1; id <= 40; id++) ann.send(id, OP.open, { kind: 'hall', id: `h${id}` });
		await until(() => halls.views.length === 32);
		await new Promise((resolve) => setImmediate(resolve));
		expect(halls.views).toHaveLength(32);
		for (const { resolve } of halls.views) resolve({ ok: true, view: {} });
		await until(() => halls.views.length === 40);
	});
});

describe('[W28] what a service tells to many', () => {
	test('the same event in a row is one frame for all handles of its key', async () => {
		const tells: Tell[] = [];
		const crowd: Service = {
			contract: { ...contract, kind: 'crowd' },
			anyId: true,
			open: (_, tell) => {
				tells.push(tell);
				return { command: async () => ({ ok: true, reply: {} }), close: () => {} };
			},
		};
		world = await TestGateway.start({ services: [crowd] });
		const users = ['ann', 'bob', 'cy'];
		const clients = await Promise.all(users.map((userId) => world.connect(userId)));
		const downs: number[] = [];
		for (const client of clients) {
			downs.push(openedOf(await client.open(1, { kind: 'crowd', id: 'one' })).down);
		}
		const [ann] = clients;
		const other = openedOf((await ann?.open(2, { kind: 'crowd', id: 'two' })) as never).down;
		expect(new Set(downs).size).toBe(1);
		expect(other).not.toBe(downs[0]);
		const news = { count: 0 };
		const event = ['news', news] as const;
		for (const tell of tells.slice(0, 2)) tell(event);
		// Packed before: what is told in a row may not be changed in between.
		news.count = 1;
		tells[2]?.(event);
		tells[3]?.(event);
		const told = await Promise.all(
			clients.map((client) =>
				client.next(({ op, handle }) => {
					return op === OP.ephemeral && handle === downs[0];
				}),
			),
		);
		expect(told.map(({ payload }) => payload)).toEqual(users.map(() => ['news', { count: 0 }]));
		const second = await ann?.next(({ op, handle }) => op === OP.ephemeral && handle === other);
		expect(second?.payload).toEqual(['news', { count: 1 }]);
	});
});
