import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import type { Close, Data, WireError } from '../../src/protocol/wire.ts';
import { type FrameClient, openedOf, resumedOf } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
beforeEach(async () => {
	world = await TestGateway.start();
});
afterEach(() => world.stop());

const KEY = 'board/a';
const BOARD = { kind: 'board', id: 'a' };
const said = (text: string) => ({ event: ['said', { text }] as const, audience: 'all' as const });
const dataOf = async (client: FrameClient) =>
	(await client.next(({ op }) => op === OP.data)).payload as Data;
const closeOf = async (client: FrameClient) =>
	(await client.next(({ op }) => op === OP.close)).payload as Close;
/** What came so far and was not looked at. */
const dataSoFar = (client: FrameClient) =>
	client.frames.filter(({ op }) => op === OP.data).map(({ payload }) => payload as Data);

/** A client with the board open on handle 1. */
async function opened(token: string, more: object = {}) {
	const client = await world.connect(token);
	const answer = await client.open(1, { ...BOARD, ...more });
	return { client, answer, ...openedOf(answer) };
}

describe('opening', () => {
	test('[P1][W18] a handle hears what follows its position, in a frame that all share', async () => {
		world.actors.create(KEY);
		const ann = await opened('ann');
		expect(ann).toMatchObject({ position: 1, view: { lines: [['made', null]] } });
		const bob = await opened('bob');
		expect(await bob.client.command(1, 1, 'say', { text: 'hi' })).toEqual([1, { position: 2 }]);
		const frame = await ann.client.next(({ op }) => op === OP.data);
		const payload = { p: 2, e: [['said', { by: 'bob', text: 'hi' }]] };
		expect(frame).toEqual({ handle: ann.down, op: OP.data, payload });
		expect(await bob.client.next(({ op }) => op === OP.data)).toEqual(frame);
	});

	test('[P1] the edge subscribes once, however many handles it serves', async () => {
		const actor = world.actors.create(KEY);
		for (const user of ['ann', 'bob', 'eve']) await opened(user);
		expect(actor.subscribers.size).toBe(1);
		expect(world.gateway.connections()).toMatchObject({ sockets: 3, handles: 3, streams: 1 });
	});

	test('[W11] what cannot be opened is told on its own id, and the socket goes on', async () => {
		const ann = await world.connect('ann');
		const unknown = await ann.open(1, { kind: 'nothing', id: 'a' });
		const absent = await ann.open(2, BOARD);
		expect(unknown).toMatchObject({ op: OP.error, payload: { code: 'NOT_FOUND' } });
		expect(absent).toMatchObject({ op: OP.error, payload: { code: 'NOT_FOUND' } });
		const wrong = await ann.open(3, { ...BOARD, args: { last: 'x' } });
		expect((wrong.payload as WireError).message).toMatch(/^last: /);
		await ann.settled();
		expect(world.gateway.connections().handles).toBe(0);
	});

	test('[W13] what is not an id is refused on its own handle, and the socket goes on', async () => {
		const ann = await world.connect('ann');
		for (const [n, id] of ['', 'a/b', 'a b', 'x'.repeat(65), '@bob@ann', 'é'].entries()) {
			const answer = await ann.open(n + 1, { ...BOARD, id });
			expect(answer).toMatchObject({ op: OP.error, payload: { code: 'INVALID' } });
			expect((answer.payload as WireError).message).toMatch(/^id: /);
		}
		expect(await ann.open(9, { kind: 'No Kind', id: 'a' })).toMatchObject({
			op: OP.error,
			payload: { code: 'NOT_FOUND' },
		});
		world.actors.create(KEY);
		expect(await ann.open(1, BOARD)).toMatchObject({ op: OP.opened });
	});

	test('[W13] a key is open once on a socket', async () => {
		world.actors.create(KEY);
		const { client } = await opened('ann');
		expect(await client.open(2, BOARD)).toMatchObject({
			op: OP.error,
			payload: { code: 'INVALID' },
		});
		client.send(1, OP.close, {});
		expect(await client.open(2, BOARD)).toMatchObject({ op: OP.opened });
	});

	test('[W12] a command that comes with the opening may create the actor', async () => {
		const ann = await world.connect('ann');
		const answer = await ann.open(1, { ...BOARD, with: { name: 'make', args: {} } });
		expect(answer).toMatchObject({ op: OP.opened, payload: { reply: { position: 1 } } });
	});

	test('[W12] when the command is refused, or creates nothing, so is the handle', async () => {
		const ann = await world.connect('ann');
		world.actors.intercept = () => ({ ok: false, code: 'EXISTS' });
		const refused = await ann.open(1, { ...BOARD, with: { name: 'make', args: {} } });
		expect(refused).toMatchObject({ op: OP.error, payload: { code: 'EXISTS' } });
		const wrong = await ann.open(2, { ...BOARD, with: { name: 'say', args: { text: 'x' } } });
		expect(wrong).toMatchObject({ op: OP.error, payload: { code: 'INVALID' } });
	});

	test('[W18] events that overtake a late answer come behind it, once', async () => {
		world.actors.create(KEY);
		const late: (() => void)[] = [];
		world.actors.delayOpen = (leave) => late.push(leave);
		const ann = await world.connect('ann');
		ann.send(1, OP.open, BOARD);
		await ann.settled();
		world.actors.publish(KEY, [said('one')]);
		world.actors.publish(KEY, [said('two')]);
		await ann.settled();
		await ann.settled();
		expect(ann.frames).toEqual([]);
		for (const leave of late) leave();
		expect((await ann.answer(1)).payload).toMatchObject({ position: 1 });
		expect(await dataOf(ann)).toMatchObject({
			p: 3,
			e: [
				['said', { text: 'one' }],
				['said', { text: 'two' }],
			],
		});
		world.actors.publish(KEY, [said('three')]);
		expect(await dataOf(ann)).toMatchObject({ p: 4 });
	});
});

describe('resume', () => {
	test('[P2][W20] it is answered from the ring without asking the owner', async () => {
		world.actors.create(KEY);
		await opened('bob');
		const ann = await opened('ann');
		await ann.client.close();
		world.actors.publish(KEY, [said('one'), said('two')]);
		const asked = world.actors.opens.length;
		const again = await opened('ann', { resume: [ann.position, ann.writer] });
		expect(resumedOf(again.answer)).toMatchObject({ position: 1, events: [], more: false });
		expect(await dataOf(again.client)).toMatchObject({ p: 3, e: [{}, {}] });
		expect(world.actors.opens.length).toBe(asked);
		expect(world.meter.counts.ringResumes).toBe(1);
		world.actors.publish(KEY, [said('three')]);
		expect(await dataOf(again.client)).toMatchObject({ p: 4, e: [['said', { text: 'three' }]] });
	});

	test('[P2][W20] the ring outlives the last handle for a while, then the edge lets go', async () => {
		const actor = world.actors.create(KEY);
		const ann = await opened('ann');
		await ann.client.close();
		world.clock.advance(20_000);
		const again = await opened('ann', { resume: [ann.position, ann.writer] });
		expect(world.actors.opens.length).toBe(1);
		await again.client.close();
		await expect.poll(() => world.gateway.connections().handles).toBe(0);
		world.clock.advance(90_000);
		expect(actor.subscribers.size).toBe(0);
		expect(world.gateway.connections().streams).toBe(0);
	});

	test('[P2][W20] a pair of another history is reset by the owner', async () => {
		world.actors.create(KEY);
		await opened('bob');
		const { answer } = await opened('ann', { resume: [1, 'somebody-else'] });
		expect(answer).toMatchObject({ op: OP.reset, payload: { position: 1 } });
		expect(world.actors.opens.length).toBe(2);
	});

	test('[W20] a user whom the owner has not let in, or with other roles, is not served by the ring', async () => {
		world.actors.create(KEY);
		const bob = await opened('bob roles=ops');
		const resume = [bob.position, bob.writer];
		await opened('eve', { resume });
		await opened('bob', { resume });
		expect(world.actors.opens.length).toBe(3);
		expect(world.meter.counts.ringResumes).toBeUndefined();
	});

	test('[W19][W20] a user who was kicked while away is refused, whatever the ring holds', async () => {
		world.actors.create(KEY);
		const bob = await opened('bob');
		const ann = await opened('ann');
		await ann.client.close();
		await bob.client.command(1, 1, 'kick', { userId: 'ann' });
		world.actors.publish(KEY, [said('secret')]);
		const again = await opened('ann', { resume: [ann.position, ann.writer] });
		expect(again.answer).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
		await again.client.settled();
		expect(again.client.frames).toEqual([]);
	});

	test('[P2][W16] what the owner brings comes in parts of at most 256 KB, the reply in the last', async () => {
		world.actors.create(KEY);
		const text = 'x'.repeat(100_000);
		for (let index = 0; index < 7; index++) world.actors.publish(KEY, [said(`${index}${text}`)]);
		const writer = world.actors.get(KEY).writer;
		const ann = await world.connect('ann');
		ann.send(1, OP.open, { ...BOARD, resume: [1, writer], with: { name: 'make', args: {} } });
		const parts = [];
		do parts.push(resumedOf(await ann.answer(1)));
		while (parts.at(-1)?.more === true);
		expect(parts.map(({ events }) => events.length)).toEqual([2, 2, 2, 1]);
		expect(parts.map(({ reply }) => reply !== undefined)).toEqual([false, false, false, true]);
		expect(parts.map(({ position }) => position)).toEqual([8, 8, 8, 8]);
	});
});

describe('who may hear', () => {
	test('[W19] an audience of named users tells only them, and others see a hole', async () => {
		world.actors.create(KEY);
		const ann = (await opened('ann')).client;
		const bob = (await opened('bob')).client;
		world.actors.publish(KEY, [
			said('all'),
			{ event: ['whisper', null], audience: ['ann'] },
			said('more'),
		]);
		world.actors.publish(KEY, [{ event: ['whisper', null], audience: ['ann', 'eve'] }]);
		world.actors.publish(KEY, [said('end')]);
		expect((await dataOf(ann)).e).toEqual([
			['said', { text: 'all' }],
			['whisper', null],
			['said', { text: 'more' }],
		]);
		expect(await dataOf(ann)).toEqual({ p: 5, e: [['whisper', null]] });
		expect((await dataOf(bob)).e).toEqual([
			['said', { text: 'all' }],
			['said', { text: 'more' }],
		]);
		expect(await dataOf(bob)).toEqual({ p: 6, e: [['said', { text: 'end' }]] });
	});

	test('[W19] a revocation ends the frame of the user whose right ends', async () => {
		world.actors.create(KEY);
		const ann = (await opened('ann')).client;
		const bob = (await opened('bob')).client;
		world.actors.publish(KEY, [
			said('before'),
			{ event: ['kicked', { userId: 'ann' }], audience: 'all', revoked: ['ann'] },
			said('secret'),
			{ event: ['whisper', null], audience: ['ann'] },
		]);
		world.actors.publish(KEY, [said('later')]);
		const last = await dataOf(ann);
		expect(last).toEqual({
			p: 3,
			e: [
				['said', { text: 'before' }],
				['kicked', { userId: 'ann' }],
			],
		});
		expect(await closeOf(ann)).toMatchObject({ code: 'FORBIDDEN' });
		await ann.settled();
		expect(ann.frames).toEqual([]);
		expect(await dataOf(bob)).toMatchObject({ p: 5, e: [{}, {}, ['said', { text: 'secret' }]] });
		expect(await dataOf(bob)).toMatchObject({ p: 6 });
	});

	test('[W19] a revocation that overtakes the answer of an opening ends that handle', async () => {
		world.actors.create(KEY);
		await opened('bob');
		let leave = () => {};
		world.actors.delayOpen = (later) => {
			leave = later;
		};
		const ann = await world.connect('ann');
		ann.send(1, OP.open, BOARD);
		await ann.settled();
		world.actors.publish(KEY, [
			{ event: ['kicked', { userId: 'ann' }], audience: [], revoked: ['ann'] },
			said('secret'),
		]);
		await ann.settled();
		await ann.settled();
		leave();
		expect(await closeOf(ann)).toMatchObject({ code: 'FORBIDDEN' });
		await ann.settled();
		expect(dataSoFar(ann).flatMap(({ e }) => e)).toEqual([]);
		const again = await ann.open(2, { ...BOARD, resume: [1, world.actors.get(KEY).writer] });
		expect(again).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
	});

	test('[W19] a revocation of everybody ends every handle', async () => {
		world.actors.create(KEY);
		const clients = [(await opened('ann')).client, (await opened('bob')).client];
		world.actors.publish(KEY, [
			{ event: ['gone', null], audience: 'all', revoked: 'all' },
			said('secret'),
		]);
		for (const client of clients) {
			expect(await dataOf(client)).toEqual({ p: 2, e: [['gone', null]] });
			await closeOf(client);
		}
		expect(world.gateway.connections().handles).toBe(0);
	});
});

describe('a new owner', () => {
	test('[P2][W21] handles stay and go on with what they missed, with the new writer named', async () => {
		world.actors.create(KEY);
		const ann = await opened('ann');
		world.actors.publish(KEY, [said('one')]);
		expect(await dataOf(ann.client)).toMatchObject({ p: 2 });
		world.actors.move(KEY);
		world.actors.publish(KEY, [said('two')]);
		world.actors.publish(KEY, [said('three')]);
		const resumed = await ann.client.next(({ op }) => op === OP.resume || op === OP.data);
		const events = [resumed, ...ann.client.frames].flatMap(({ payload }) => {
			const { e = [], events = [] } = payload as { e?: unknown[]; events?: unknown[] };
			return [...events, ...e];
		});
		expect(events).toEqual([
			['said', { text: 'two' }],
			['said', { text: 'three' }],
		]);
		const { writer } = world.actors.get(KEY);
		const again = await opened('ann', { resume: [4, writer] });
		expect(again.answer.op).toBe(OP.resume);
	});

	test('[W24] commands wait for the new owner to answer', async () => {
		world.actors.create(KEY);
		const { client } = await opened('ann');
		let leave = () => {};
		world.actors.delayReopen = (later) => {
			leave = later;
		};
		world.actors.move(KEY);
		await client.settled();
		await client.settled();
		expect(await client.command(1, 1, 'say', { text: 'x' })).toMatchObject([
			1,
			null,
			{ code: 'MOVED' },
		]);
		leave();
		expect(await client.command(1, 1, 'say', { text: 'x' })).toMatchObject([1, { position: 2 }]);
	});

	test('[W21] who is not let in by the new owner gets an error, the others go on', async () => {
		const actor = world.actors.create(KEY);
		const ann = (await opened('ann')).client;
		const bob = (await opened('bob')).client;
		actor.banned.add('ann');
		world.actors.move(KEY);
		expect(await ann.answer(1)).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
		world.actors.publish(KEY, [said('on')]);
		expect((await bob.next(({ op }) => op === OP.data || op === OP.resume)).op).toBeDefined();
	});

	test('[W17] a writer that changes under the same subscription is named to everybody', async () => {
		const actor = world.actors.create(KEY);
		const bob = (await opened('bob')).client;
		actor.writer = 'another';
		world.actors.publish(KEY, [{ event: ['whisper', null], audience: ['ann'] }]);
		world.actors.publish(KEY, [said('all')]);
		expect(await dataOf(bob)).toEqual({ p: 2, e: [], w: 'another' });
		expect(await dataOf(bob)).toEqual({ p: 3, e: [['said', { text: 'all' }]] });
	});
});
