import { afterEach, describe, expect, test } from 'vitest';
import { pack } from '../../src/protocol/codec.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import { encodeFrame, OP } from '../../src/protocol/frames.ts';
import type { Data, Opened, Resumed, WireEvent } from '../../src/protocol/wire.ts';
import type { FrameClient, ReceivedFrame } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
afterEach(() => world.stop());

const KEY = 'board/a';
const BOARD = { kind: 'board', id: 'a' };
const MB = 1024 * 1024;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const LONG = 'x'.repeat(100_000);
const line = (number: number, text = LONG) => ({
	event: ['said', { number, text }] as WireEvent,
	audience: 'all' as const,
});
const codes = (client: FrameClient) => {
	const counts: Record<string, number> = {};
	for (const { op, payload } of client.frames) {
		if (op !== OP.error) continue;
		const { code } = payload as { code: string };
		counts[code] = (counts[code] ?? 0) + 1;
	}
	return counts;
};

describe('a greedy client', () => {
	test('[P4][W13][W29] 10,000 opens on one socket get typed errors, and others are served', async () => {
		world = await TestGateway.start();
		const greedy = await world.connect('ann');
		const other = await world.connect('bob');
		world.actors.create(KEY);
		await other.open(1, BOARD);
		for (let id = 1; id <= 10_000; id++) {
			world.actors.create(`board/b${id}`);
			greedy.send(id, OP.open, { kind: 'board', id: `b${id}` });
		}
		expect(await other.command(1, 1, 'say', { text: 'x' })).toMatchObject([1, {}]);
		await expect.poll(() => greedy.frames.length, { timeout: 10_000 }).toBe(10_000);
		const { LIMIT = 0, RATE_LIMITED = 0 } = codes(greedy);
		expect(world.gateway.connections().handles).toBe(1_001);
		expect(LIMIT + RATE_LIMITED).toBe(9_000);
		expect(RATE_LIMITED).toBeGreaterThan(0);
	});

	test('[P4][W29] a flood that does not end costs the socket', async () => {
		world = await TestGateway.start();
		const client = await world.connect('ann');
		const frame = encodeFrame(1, OP.command, pack([1, 'say', {}]));
		const many = Buffer.concat(Array.from({ length: 500 }, () => frame));
		for (let times = 0; times < 30; times++) client.sendBytes(many);
		expect((await client.closed).code).toBe(CLOSE.flood.code);
	});

	test('[W29] the allowance comes back with time', async () => {
		world = await TestGateway.start({ limits: { framesBurstMax: 5, framesPerSecondMax: 10 } });
		const client = await world.connect('ann');
		for (let id = 1; id <= 6; id++) client.send(id, OP.open, BOARD);
		await client.answer(6);
		expect(codes(client).RATE_LIMITED).toBeGreaterThan(0);
		world.clock.advance(1_000);
		expect((await client.open(7, BOARD)).payload).toMatchObject({ code: 'NOT_FOUND' });
	});

	test('[P3][W30] a client of which too much is in work is not read, and goes on later', async () => {
		world = await TestGateway.start({ limits: { upstreamBytesMax: 300_000 } });
		world.actors.create(KEY);
		const client = await world.connect('ann');
		await client.open(1, BOARD);
		const held: (() => void)[] = [];
		const { actors } = world;
		const command = actors.command.bind(actors);
		actors.command = (key, request, answer) => {
			command(key, request, (given) => held.push(() => answer(given)));
		};
		for (let n = 1; n <= 20; n++) client.send(1, OP.command, [n, 'say', { text: LONG }]);
		await expect.poll(() => held.length).toBe(3);
		for (let round = 0; round < 50; round++) await turn();
		expect(held.length).toBe(3);
		const answering = setInterval(() => held.shift()?.(), 1);
		for (let n = 1; n <= 20; n++) await client.reply(1, n);
		clearInterval(answering);
	});
});

describe('a hasty client', () => {
	test('[W6][W30] more than the bound behind the hello waits, and none of it is lost', async () => {
		world = await TestGateway.start();
		world.actors.create(KEY);
		const client = await world.plain();
		client.send(0, OP.hello, { versions: [1], token: 'ann' });
		client.send(1, OP.open, BOARD);
		for (let n = 1; n <= 30; n++) client.send(1, OP.command, [n, 'say', { text: LONG }]);
		for (let n = 1; n <= 30; n++) expect((await client.reply(1, n))[2]).toBeUndefined();
	});

	test('[P1] a burst is the same for all, however it is joined', async () => {
		world = await TestGateway.start();
		world.actors.create(KEY);
		const clients = [];
		for (let user = 0; user < 5; user++) {
			const client = await world.connect(`user${user}`);
			await client.open(1, BOARD);
			clients.push(client);
		}
		for (let number = 1; number <= 4; number++) world.actors.publish(KEY, [line(number, 'x')]);
		for (const client of clients) {
			await expect.poll(() => numbers(client)).toEqual([1, 2, 3, 4]);
		}
	});
});

/** What a reader that came back has heard: the numbers, in order. */
const numbers = (client: FrameClient) => numbersIn(client.frames);

function numbersIn(frames: readonly ReceivedFrame[]): number[] {
	const heard: number[] = [];
	for (const { op, payload } of frames) {
		if (op === OP.reset) {
			const { lines } = (payload as Opened).view as { lines: WireEvent[] };
			heard.length = 0;
			heard.push(...numbersOf(lines));
		} else if (op === OP.resume) heard.push(...numbersOf((payload as Resumed).events));
		else if (op === OP.data) heard.push(...numbersOf((payload as Data).e));
	}
	return heard;
}

const numbersOf = (events: readonly WireEvent[]) =>
	events.flatMap(([type, data]) => (type === 'said' ? [(data as { number: number }).number] : []));

describe('a slow reader', () => {
	test('[P3][W31] one that stops reading costs a bounded amount of memory, and others nothing', async () => {
		world = await TestGateway.start({ limits: { stalledMs: 60_000 } });
		world.actors.create(KEY);
		const stalled = await world.connect('ann');
		let heard = 0;
		const reader = await world.connect('bob', {
			onFrame: (frame) => {
				heard = numbersIn([frame]).at(-1) ?? heard;
			},
		});
		await stalled.open(1, BOARD);
		await reader.open(1, BOARD);
		stalled.socket.pause();
		for (let number = 1; number <= 2_000; number++) {
			world.actors.publish(KEY, [line(number)]);
			if (number % 4 === 0) await turn();
			if (number % 100 === 0) {
				expect(world.gateway.connections().bytesQueued).toBeLessThan(8 * MB);
				await expect.poll(() => heard, { interval: 1 }).toBeGreaterThanOrEqual(number);
				reader.frames.length = 0;
			}
		}
		// At most one answer to a resume (4 MB) waits behind what the socket had.
		expect(world.gateway.connections().bytesQueued).toBeLessThan(5 * MB);
	});

	test('[P3][W31] one that comes back has everything, in order, once', async () => {
		world = await TestGateway.start({ limits: { stalledMs: 600_000, silenceMs: 600_000 } });
		world.actors.create(KEY);
		const stalled = await world.connect('ann');
		await stalled.open(1, BOARD);
		stalled.socket.pause();
		const many = 300;
		for (let number = 1; number <= many; number++) {
			world.actors.publish(KEY, [line(number)]);
			await turn();
		}
		stalled.socket.resume();
		const all = Array.from({ length: many }, (_, index) => index + 1);
		await expect.poll(() => numbers(stalled), { timeout: 10_000, interval: 20 }).toEqual(all);
		world.actors.publish(KEY, [line(many + 1, 'end')]);
		await expect.poll(() => numbers(stalled).at(-1)).toBe(many + 1);
	});

	test('[P3][W31] one that has not drained for 30 s is closed', async () => {
		world = await TestGateway.start();
		world.actors.create(KEY);
		const stalled = await world.connect('ann');
		await stalled.open(1, BOARD);
		stalled.socket.pause();
		for (let number = 1; number <= 300; number++) {
			world.actors.publish(KEY, [line(number)]);
			await turn();
		}
		world.clock.advance(10_000);
		expect(world.gateway.connections().sockets).toBe(1);
		world.clock.advance(25_000);
		expect(world.gateway.connections()).toMatchObject({ sockets: 0, bytesQueued: 0 });
		expect(world.meter.counts.socketsClosed).toBe(1);
	});

	test('[P3][W31] answers that are asked for and not read are bounded too', async () => {
		world = await TestGateway.start();
		world.actors.create(KEY);
		const greedy = await world.connect('ann');
		await greedy.open(1, BOARD);
		world.actors.intercept = () => ({ ok: true, reply: 'x'.repeat(250_000) });
		greedy.socket.pause();
		for (let n = 1; n <= 2_000; n++) greedy.send(1, OP.command, [n, 'list', {}]);
		for (let round = 0; round < 400; round++) await turn();
		expect(world.gateway.connections().bytesQueued).toBeLessThan(16 * MB);
		expect(world.actors.commands.length).toBeLessThan(300);
	});

	test('[P3][W31] what is told once is left out for it', async () => {
		world = await TestGateway.start({ limits: { ephemeralBytesMax: 10_000 } });
		world.actors.create(KEY);
		const bob = await world.connect('bob');
		const ann = await world.connect('ann');
		await ann.open(1, BOARD);
		await bob.open(1, BOARD);
		world.actors.publish(KEY, [line(1)]);
		world.actors.ephemeral(KEY, { userId: 'ann', roles: [] }, ['waving', {}]);
		await bob.next(({ op }) => op === OP.data);
		await bob.settled();
		expect(bob.frames.filter(({ op }) => op === OP.ephemeral)).toEqual([]);
		world.actors.ephemeral(KEY, { userId: 'ann', roles: [] }, ['waving', {}]);
		await bob.next(({ op }) => op === OP.ephemeral);
	});

	test('[W18][W31] data does not overtake an opening that waits for the reader', async () => {
		world = await TestGateway.start({ limits: { dataBytesMax: 1_000 } });
		world.actors.create(KEY);
		world.actors.create('board/b');
		const ann = await world.connect('ann');
		await ann.open(1, BOARD);
		let leave = () => {};
		world.actors.delayOpen = (later) => {
			leave = later;
		};
		ann.send(2, OP.open, { kind: 'board', id: 'b' });
		await ann.settled();
		await ann.settled();
		// All in one turn: the first fills the socket, so that the opening waits.
		const tell = (key: typeof KEY | 'board/b', position: number, text: string) => {
			const told = [{ ...line(1, text), position }];
			for (const subscriber of world.actors.get(key).subscribers) {
				subscriber.committed({ position, writer: world.actors.get(key).writer, told });
			}
		};
		tell(KEY, 2, 'x'.repeat(1_500));
		leave();
		tell('board/b', 2, 'x');
		await turn();
		world.clock.advance(1_000);
		await expect.poll(() => ann.frames.map(({ op }) => op)).toEqual([OP.data, OP.opened, OP.data]);
	});

	test('[P3][W32] a flood in one feature does not stop a quiet one on the same socket', async () => {
		world = await TestGateway.start();
		world.actors.create(KEY);
		world.actors.create('board/quiet');
		const ann = await world.connect('ann');
		await ann.open(1, BOARD);
		const quiet = (await ann.open(2, { kind: 'board', id: 'quiet' })).payload as Opened;
		// In one turn, so that nothing leaves in between.
		for (let number = 1; number <= 50; number++) world.actors.publish(KEY, [line(number)]);
		world.actors.publish('board/quiet', [line(1, 'small')]);
		const frame = await ann.next(({ op, handle }) => op === OP.data && handle === quiet.down);
		expect(frame.payload).toMatchObject({ p: 2 });
		expect(numbers(ann).length).toBeLessThan(10);
	});
});

describe('writing', () => {
	test('[P3] frames of a window are gathered, and leave with what is sent at once', async () => {
		world = await TestGateway.start();
		world.actors.create(KEY);
		world.gateway.setFlushWindow('board', 25);
		const ann = await world.connect('ann');
		await ann.open(1, BOARD);
		for (let number = 1; number <= 3; number++) world.actors.publish(KEY, [line(number, 'a')]);
		for (let round = 0; round < 5; round++) await turn();
		expect(world.gateway.connections().bytesQueued).toBeGreaterThan(0);
		world.clock.advance(25);
		await ann.next(({ op }) => op === OP.data);
		world.actors.publish(KEY, [line(4, 'b')]);
		await turn();
		await turn();
		await ann.settled();
		expect(numbers(ann).at(-1)).toBe(4);
	});
});
