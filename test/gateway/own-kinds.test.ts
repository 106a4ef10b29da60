import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryBus, type MemoryRelay } from '../../src/adapters/memory/memory-relay.ts';
import { RelayAnnouncements } from '../../src/cluster/announcements.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { Data } from '../../src/protocol/wire.ts';
import { VirtualRuntime } from '../cluster/virtual-runtime.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
beforeEach(async () => {
	world = await TestGateway.start();
});
afterEach(() => world.stop());

const said = (text: string) => ({ event: ['said', { text }] as const, audience: 'all' as const });
const dataOf = async (client: FrameClient) =>
	(await client.next(({ op }) => op === OP.data)).payload as Data;

describe('kinds of one user', () => {
	const DIARY = { kind: 'diary', id: 'ann' };

	test('[W13] a kind with `own` is opened by its user only', async () => {
		const ann = await world.connect('ann');
		const answer = await ann.open(1, { kind: 'diary', id: 'bob' });
		expect(answer).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
	});

	test('[W15] opening one that was never written wakes nobody and shows the empty view', async () => {
		const ann = await world.connect('ann');
		const answer = await ann.open(1, DIARY);
		expect(answer).toMatchObject({
			op: OP.opened,
			payload: { position: 0, writer: '', view: { lines: [] } },
		});
		expect(world.actors.opens).toEqual([]);
		expect(await ann.command(1, 1, 'list', {})).toMatchObject([1, null, { code: 'NOT_FOUND' }]);
	});

	test('[P5][W15] the handle opens by itself when the actor comes alive', async () => {
		const ann = await world.connect('ann');
		await ann.open(1, DIARY);
		world.actors.create('diary/ann');
		world.gateway.announce('diary/ann');
		const answer = await ann.answer(1);
		expect([OP.reset, OP.resume]).toContain(answer.op);
		world.actors.publish('diary/ann', [said('one')]);
		expect(await dataOf(ann)).toMatchObject({ p: 2, e: [['said', { text: 'one' }]] });
	});

	test('[W15] a command that creates goes through, and what it wrote comes', async () => {
		const ann = await world.connect('ann');
		await ann.open(1, DIARY);
		expect(await ann.command(1, 1, 'post', { text: 'x' })).toEqual([1, { position: 2 }]);
		const answer = await ann.answer(1);
		expect(answer.payload).toMatchObject({ position: 2 });
	});

	test('[W15] an actor that comes alive while it is looked for is opened', async () => {
		let found = (_: undefined) => {};
		world.actors.peek = () => new Promise((resolve) => (found = resolve));
		const ann = await world.connect('ann');
		ann.send(1, OP.open, DIARY);
		await ann.settled();
		world.actors.create('diary/ann');
		world.gateway.announce('diary/ann');
		found(undefined);
		expect(await ann.answer(1)).toMatchObject({ op: OP.opened, payload: { position: 1 } });
	});

	test('[W15] when its owner goes, a handle waits until something is written', async () => {
		world.actors.create('diary/ann');
		const ann = await world.connect('ann');
		await ann.open(1, DIARY);
		world.actors.move('diary/ann');
		await ann.settled();
		expect(world.actors.opens.length).toBe(1);
		world.actors.publish('diary/ann', [said('one')]);
		await ann.settled();
		world.gateway.announce('diary/ann');
		expect(await ann.answer(1)).toMatchObject({ op: OP.resume, payload: { position: 2 } });
	});
});

describe('kinds of one user, with other nodes', () => {
	const DIARY = { kind: 'diary', id: 'ann' };
	const SUBJECT = 's.diary.ann';
	const runtime = new VirtualRuntime();
	const bus = new MemoryBus({ runtime });
	const kinds = new Set(['diary']);
	const announcements = (self: string) =>
		new RelayAnnouncements({ self, relay: bus.relay(self), runtime, kinds, subjects: 's' });
	const there = announcements('2');
	let relay: MemoryRelay;
	let edge: TestGateway;
	beforeEach(async () => {
		relay = bus.relay('1');
		const here = new RelayAnnouncements({ self: '1', relay, runtime, kinds, subjects: 's' });
		edge = await TestGateway.start({ announcements: here });
	});
	afterEach(async () => {
		await relay.close();
		await edge.stop();
	});

	test('[P5] the handle opens when the actor comes alive at another node', async () => {
		const ann = await edge.connect('ann');
		await ann.open(1, DIARY);
		expect(relay.hears(SUBJECT)).toBe(true);
		edge.actors.create('diary/ann');
		there.announce('diary/ann');
		runtime.turn();
		expect(await ann.answer(1)).toMatchObject({ payload: { position: 1 } });
		expect(relay.hears(SUBJECT), 'it need not listen any more').toBe(false);
	});

	test('[P5] it listens before it looks at the store', async () => {
		let found = (_: undefined) => {};
		edge.actors.peek = () => new Promise((resolve) => (found = resolve));
		const ann = await edge.connect('ann');
		ann.send(1, OP.open, DIARY);
		await ann.settled();
		edge.actors.create('diary/ann');
		there.announce('diary/ann');
		runtime.turn();
		found(undefined);
		expect(await ann.answer(1)).toMatchObject({ op: OP.opened, payload: { position: 1 } });
	});

	test('[P22] what was missed is found in the store, which may be away for a while', async () => {
		const ann = await edge.connect('ann');
		await ann.open(1, DIARY);
		edge.actors.create('diary/ann');
		const { peek } = edge.actors;
		edge.actors.peek = () => Promise.reject(new Error('away'));
		relay.setConnected(false);
		relay.setConnected(true);
		runtime.advance(1_000);
		await ann.settled();
		expect(edge.actors.opens).toEqual([]);
		edge.actors.peek = peek;
		runtime.advance(240_000);
		expect(await ann.answer(1)).toMatchObject({ payload: { position: 1 } });
	});

	test('[W15] looking again wakes nobody; a closed handle listens to nothing', async () => {
		edge.actors.create('diary/ann');
		const ann = await edge.connect('ann');
		await ann.open(1, DIARY);
		expect(relay.hears(SUBJECT)).toBe(false);
		edge.actors.move('diary/ann');
		await ann.settled();
		expect(relay.hears(SUBJECT)).toBe(true);
		runtime.advance(240_000);
		await ann.settled();
		expect(edge.actors.opens.length).toBe(1);
		ann.socket.terminate();
		await expect.poll(() => relay.hears(SUBJECT)).toBe(false);
	});
});
