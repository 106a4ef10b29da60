import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReopenAnswer } from '../../src/core/actor-port.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { Data, Resumed, WireEvent } from '../../src/protocol/wire.ts';
import { type FrameClient, openedOf } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

const KEY = 'board/a';
const BOARD = { kind: 'board', id: 'a' };

let world: TestGateway;
beforeEach(async () => {
	world = await TestGateway.start();
	world.actors.create(KEY);
});
afterEach(() => world.stop());

const said = (text: string) => ({ event: ['said', { text }] as const, audience: 'all' as const });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function opened(userId: string): Promise<FrameClient> {
	const client = await world.connect(userId);
	expect((await client.open(1, BOARD)).op).toBe(OP.opened);
	return client;
}

/** Events that came by `data` and `resume`, as they came. */
const heard = (client: FrameClient): WireEvent[] =>
	client.frames.flatMap(({ op, payload }) => {
		if (op === OP.data) return (payload as Data).e;
		return op === OP.resume ? (payload as Resumed).events : [];
	});

/** Lets everything that is under way arrive. */
async function quiet(...clients: FrameClient[]): Promise<void> {
	for (let round = 0; round < 4; round++) for (const client of clients) await client.settled();
}

/** Lets time pass for back-offs, with the turns that they take. */
async function pass(ms: number): Promise<void> {
	for (let passed = 0; passed < ms; passed += 50) {
		world.clock.advance(50);
		await turn();
		await turn();
	}
}

/** Answers with these in turn, then as an owner would. */
function answering(...answers: ReopenAnswer[]): void {
	world.actors.interceptReopen = () => answers.shift();
}

const refusal = (code: 'MOVED' | 'UNAVAILABLE' | 'INTERNAL' | 'BUSY'): ReopenAnswer => ({
	ok: false,
	code,
});

describe('an owner that goes', () => {
	test('[P21][W21] is asked after once for 1,000 handles, and everybody misses nothing', async () => {
		const userIds = Array.from({ length: 1_000 }, (_, n) => `user${n % 900}`);
		const clients = await Promise.all(userIds.map(opened));
		const opens = world.actors.opens.length;
		world.actors.move(KEY);
		for (let n = 0; n < 20; n++) world.actors.publish(KEY, [said(`missed ${n}`)]);
		await turn();
		await turn();
		world.actors.publish(KEY, [said('next')]);
		await quiet(...clients);
		expect(world.actors.reopens).toHaveLength(1);
		expect(world.actors.reopens[0]?.request.callers).toHaveLength(900);
		expect(world.actors.opens).toHaveLength(opens);
		const wanted = world.actors.heard(KEY, 'user1', 1);
		for (const client of clients) expect(heard(client)).toEqual(wanted);
		const { writer } = world.actors.get(KEY);
		const first = clients[0]?.frames.find(({ op }) => op === OP.data)?.payload as Data;
		expect(first.w).toBe(writer);
	}, 60_000);

	test('[W21] many commits that were missed cost few frames, the same for all', async () => {
		const [ann, bob] = [await opened('ann'), await opened('bob')];
		world.actors.move(KEY);
		for (let n = 0; n < 500; n++) world.actors.publish(KEY, [said(`missed ${n}`)]);
		await quiet(ann, bob);
		expect(heard(ann)).toEqual(world.actors.heard(KEY, 'ann', 1));
		expect(ann.frames.length).toBeLessThan(10);
		expect(ann.frames).toEqual(bob.frames);
		const resume = [501, world.actors.get(KEY).writer] as [number, string];
		const again = await (await world.connect('ann')).open(1, { ...BOARD, resume });
		expect(again).toMatchObject({ op: OP.resume, payload: { events: [] } });
		expect(world.actors.opens).toHaveLength(2);
	});

	test('[W19][W21] who is refused is told so and hears nothing of what was missed', async () => {
		const [ann, bob] = [await opened('ann'), await opened('bob')];
		world.actors.get(KEY).banned.add('ann');
		world.actors.move(KEY);
		world.actors.publish(KEY, [said('secret')]);
		expect(await ann.answer(1)).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
		await quiet(ann, bob);
		expect(heard(ann)).toEqual([]);
		expect(heard(bob)).toEqual([['said', { text: 'secret' }]]);
		world.actors.publish(KEY, [said('more')]);
		await quiet(ann, bob);
		expect([heard(ann).length, heard(bob).length]).toEqual([0, 2]);
	});

	test('[W19][W21] a right that ended in what was missed ends there', async () => {
		const [ann, bob] = [await opened('ann'), await opened('bob')];
		world.actors.move(KEY);
		world.actors.publish(KEY, [said('one')]);
		const kicked = { event: ['kicked', {}] as const, audience: 'all' as const, revoked: ['ann'] };
		world.actors.publish(KEY, [kicked]);
		world.actors.publish(KEY, [said('secret')]);
		world.actors.delayReopen = (take) =>
			setImmediate(() => {
				world.actors.get(KEY).banned.delete('ann');
				take();
			});
		await quiet(ann, bob);
		expect(heard(ann)).toEqual([
			['said', { text: 'one' }],
			['kicked', {}],
		]);
		expect(ann.frames.at(-1)).toMatchObject({ op: OP.close, payload: { code: 'FORBIDDEN' } });
		expect(heard(bob)).toHaveLength(3);
		// The grant went with it: the owner is asked, not the ring.
		const { opens } = world.actors;
		const before = opens.length;
		await ann.open(2, { ...BOARD, resume: [2, world.actors.get(KEY).writer] });
		expect(opens).toHaveLength(before + 1);
	});

	test('[W21] another history: each handle is brought to the new one', async () => {
		const clients = [await opened('ann'), await opened('bob')];
		answering({ ok: true, how: 'reset' });
		const opens = world.actors.opens.length;
		world.actors.resumeEventsMax = 0;
		world.actors.move(KEY);
		world.actors.publish(KEY, [said('one')]);
		for (const client of clients) {
			const answer = await client.answer(1);
			expect(answer.op).toBe(OP.reset);
			expect(openedOf(answer).position).toBe(2);
		}
		expect(world.actors.opens).toHaveLength(opens + 2);
		world.actors.publish(KEY, [said('two')]);
		await quiet(...clients);
		for (const client of clients) expect(heard(client)).toEqual([['said', { text: 'two' }]]);
	});

	test('[W21] a refusal that is no delay: each handle hears its own', async () => {
		const clients = [await opened('ann'), await opened('bob')];
		world.actors.get(KEY).banned.add('bob');
		answering(refusal('INTERNAL'));
		world.actors.move(KEY);
		world.actors.publish(KEY, [said('one')]);
		await quiet(...clients);
		expect(clients.map((client) => client.frames.map(({ op }) => op))).toEqual([
			[OP.resume],
			[OP.error],
		]);
	});

	test('[P22][W24] while none is found it is asked again with back-off, and commands get MOVED', async () => {
		const ann = await opened('ann');
		const answers = Array.from({ length: 12 }, (_, n) => refusal(n % 2 ? 'UNAVAILABLE' : 'MOVED'));
		answering(...answers);
		world.actors.move(KEY);
		await pass(1_000);
		const asked = world.actors.reopens.length;
		expect(asked).toBeGreaterThan(2);
		expect(asked).toBeLessThan(9);
		const reply = await ann.command(1, 1, 'say', { text: 'x' });
		// The longer it takes, the later: everybody's commands come back again and again.
		expect(reply).toMatchObject([1, null, { code: 'MOVED' }]);
		expect(reply[2]?.retryAfterMs).toBeGreaterThan(200);
		expect(reply[2]?.retryAfterMs).toBeLessThan(300);
		await pass(20_000);
		expect(world.actors.reopens).toHaveLength(13);
		world.actors.publish(KEY, [said('late')]);
		await quiet(ann);
		expect(heard(ann)).toEqual([['said', { text: 'late' }]]);
		expect(await ann.command(1, 1, 'say', { text: 'x' })).toMatchObject([1, { position: 3 }]);
	});

	test('[P20][W21] owners that come and go three times cost nobody an event', async () => {
		const clients = [await opened('ann'), await opened('bob')];
		answering(refusal('MOVED'), refusal('BUSY'));
		for (let n = 0; n < 3; n++) {
			world.actors.move(KEY);
			world.actors.publish(KEY, [said(`${n}`)]);
			await pass(150);
		}
		await pass(3_000);
		world.actors.publish(KEY, [said('end')]);
		await quiet(...clients);
		const wanted = world.actors.heard(KEY, 'ann', 1);
		expect(wanted).toHaveLength(4);
		for (const client of clients) expect(heard(client)).toEqual(wanted);
	});

	test('[W21] an answer whose owner has gone meanwhile is none', async () => {
		const ann = await opened('ann');
		world.actors.interceptReopen = (request) => {
			world.actors.interceptReopen = () => undefined;
			request.subscriber.closed();
			const { position, writer } = world.actors.get(KEY);
			return { ok: true, how: 'resumed', position, writer, missed: [], refused: [] };
		};
		world.actors.move(KEY);
		await pass(500);
		world.actors.publish(KEY, [said('one')]);
		await quiet(ann);
		expect(world.actors.reopens).toHaveLength(2);
		expect(heard(ann)).toEqual([['said', { text: 'one' }]]);
	});

	test('[W21] with the last handle the question ends, and what it subscribed', async () => {
		const ann = await opened('ann');
		let take = () => {};
		world.actors.delayReopen = (later) => {
			take = later;
		};
		world.actors.move(KEY);
		await quiet(ann);
		ann.send(1, OP.close, {});
		await quiet(ann);
		take();
		await pass(5_000);
		expect(world.actors.reopens).toHaveLength(1);
		expect(world.actors.get(KEY).subscribers.size).toBe(0);
		expect((await ann.open(2, BOARD)).op).toBe(OP.opened);
	});
});

describe('handles that are not live when the owner goes', () => {
	test('[W21] an opening under way waits for the next owner, and takes nothing from its ear', async () => {
		const bob = await opened('bob');
		const late: (() => void)[] = [];
		world.actors.delayOpen = (leave) => late.push(leave);
		const ann = await world.connect('ann');
		const { actors } = world;
		const open = actors.open.bind(actors);
		actors.open = (...asked) => {
			actors.open = open;
			// The question is taken up by the next owner, with the ear of the one before.
			actors.move(KEY);
			open(...asked);
		};
		ann.send(1, OP.open, BOARD);
		await quiet(ann, bob);
		world.actors.delayOpen = (leave) => leave();
		world.actors.publish(KEY, [said('one')]);
		await quiet(ann, bob);
		for (const leave of late) leave();
		await quiet(ann, bob);
		expect(openedOf(await ann.answer(1)).position).toBe(2);
		world.actors.publish(KEY, [said('two')]);
		await quiet(ann, bob);
		expect(heard(bob)).toEqual(world.actors.heard(KEY, 'bob', 1));
		expect(heard(ann)).toEqual([['said', { text: 'two' }]]);
		expect(world.actors.get(KEY).subscribers.size).toBe(1);
	});

	test('[P22] an opening meets the refusal that the next owner cannot be had; MOVED waits', async () => {
		await opened('bob');
		answering(refusal('MOVED'), refusal('UNAVAILABLE'));
		world.actors.move(KEY);
		const ann = await world.connect('ann');
		ann.send(1, OP.open, BOARD);
		await pass(50);
		await ann.settled();
		expect(ann.frames).toEqual([]);
		await pass(1_000);
		expect(await ann.answer(1)).toMatchObject({ op: OP.error, payload: { code: 'UNAVAILABLE' } });
		await pass(2_000);
		expect((await ann.open(2, BOARD)).op).toBe(OP.opened);
	});

	test('[W19] roles that change meanwhile are asked about on their own', async () => {
		const ann = await opened('ann');
		await opened('bob');
		const opens = world.actors.opens.length;
		let take = () => {};
		world.actors.delayReopen = (later) => {
			take = later;
		};
		world.actors.move(KEY);
		await quiet(ann);
		ann.send(0, OP.hello, { versions: [1], token: 'ann roles=ops,user' });
		await quiet(ann);
		expect(world.actors.opens).toHaveLength(opens);
		take();
		world.actors.publish(KEY, [said('one')]);
		await quiet(ann);
		expect(world.actors.opens).toHaveLength(opens + 1);
		expect(world.actors.opens.at(-1)?.request.caller.roles).toEqual(['ops', 'user']);
		expect(heard(ann)).toEqual([['said', { text: 'one' }]]);
	});
});
