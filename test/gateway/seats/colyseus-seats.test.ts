import { type Client, matchMaker, Room, ServerError } from '@colyseus/core';
import { Encoder, type SchemaType, schema, t } from '@colyseus/schema';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SEAT_BYTES_QUEUED_MAX } from '../../../src/gateway/seats/colyseus-internals.ts';
import { defineSeat, keyOf, roomIdOf } from '../../../src/gateway/seats/seat-definition.ts';
import { CLOSE } from '../../../src/protocol/errors.ts';
import { defineKind } from '../../../src/protocol/kind.ts';
import { Player, type Refused, startSeats, until } from './seat-fixture.ts';

const State = schema({ turn: t.number(), blob: t.string() }, 'State');
type State = SchemaType<typeof State>;
const BLOB_BYTES = 60_000;
Encoder.BUFFER_SIZE = 2 * BLOB_BYTES;

/** The blob that goes with a turn; a state in which they differ is corrupt. */
const blobOf = (turn: number) => String(turn % 10).repeat(BLOB_BYTES);

const made: string[] = [];
/** What slow rooms wait for. */
let gate = Promise.withResolvers<void>();

class SlowRoom extends Room<{ state: State }> {
	override state = new State({ turn: 0, blob: blobOf(0) });
	override patchRate = 1_000_000;
	override maxClients = 3;

	override messages = {
		turn: (_client: Client, turn: number) => {
			this.state.assign({ turn, blob: blobOf(turn) });
			this.broadcastPatch();
		},
		end: () => {
			this.disconnect().catch(() => undefined);
		},
		flood: () => {
			for (let i = 0; i < 20; i++) this.broadcast('news', 'x'.repeat(20_000));
		},
		latest: (client: Client) => client.send('turn', this.state.turn),
	};

	override async onCreate(options: { id: string; color?: string }) {
		made.push(options.id);
		if (options.id.startsWith('slow')) await gate.promise;
		if (options.id.startsWith('bad')) throw new Error('a secret of the room');
	}
	override onJoin(client: Client, options: { color?: string }) {
		if (client.auth.userId === 'banned') throw new ServerError(4711, 'you are banned');
		if (client.auth.userId === 'bug') throw new Error('a secret of the room');
		if (options.color === 'none') client.leave();
	}
	override async onDispose() {
		made.push(`end ${this.roomId}`);
		if (this.roomId.startsWith('slow-board_end')) await gate.promise;
	}
}

const contract = defineKind({
	kind: 'slow-board',
	style: 'seat',
	openArgs: z.object({ color: z.string().max(5).optional() }),
	view: z.unknown(),
	commands: {},
	events: {},
	ephemerals: {},
});
const opsContract = { ...contract, kind: 'ops-board' };

const { seats, logged } = await startSeats([
	defineSeat({ contract, room: SlowRoom }),
	defineSeat({ contract: opsContract, room: SlowRoom, roles: ['ops'] }),
]);

const open = (id: string, token: string, more = {}) =>
	Player.open(seats, { kind: 'slow-board', id, token, ...more });
const refusal = (opening: Promise<unknown>) =>
	opening.then(
		() => 'opened',
		(error: Refused) => error.code,
	);

afterAll(() => gate.resolve());
beforeEach(() => {
	made.length = 0;
	logged.length = 0;
	gate = Promise.withResolvers();
});

describe('one room per key', () => {
	test('openings at the same time make one room', async () => {
		const openings = ['ann', 'bob', 'cat'].map((token) => open('slow1', token));
		await until(() => made.length > 0);
		gate.resolve();
		const players = await Promise.all(openings);
		expect(made).toEqual(['slow1']);
		expect(new Set(players.map(({ view }) => view.roomId)).size).toBe(1);
	});

	test('an opening waits until the last room of the key is quite gone', async () => {
		const ann = await open('end1', 'ann');
		ann.room.send('end');
		await until(() => made.includes('end slow-board_end1'));
		const opening = open('end1', 'bob');
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(made).toEqual(['end1', 'end slow-board_end1']);
		gate.resolve();
		const bob = await opening;
		expect(made).toEqual(['end1', 'end slow-board_end1', 'end1']);
		expect(ann.closed).toMatchObject({ code: 4000 });
		expect(bob.room.state.turn).toBe(0);
	});

	test('the same id of two kinds, and ids that look alike, are different rooms', () => {
		const ids = [
			['a', 'b'],
			['a', '@b@c'],
			['a', 'X'],
			['ax', 'b'],
			['a-b', 'c_d'],
			['a', 'b-c_d'],
		] as const;
		const rooms = ids.map(([kind, id]) => roomIdOf(kind, id));
		expect(new Set(rooms).size).toBe(ids.length);
		for (const room of rooms) expect(room).toMatch(/^[\w-]+$/);
		expect(rooms.map(keyOf)).toEqual(ids.map(([kind, id]) => ({ kind, id })));
	});
});

describe('refusals', () => {
	test('each reason has its code, and a room error shows nothing of itself', async () => {
		expect(await refusal(open('r1', 'ann', { kind: 'nothing' }))).toBe('NOT_FOUND');
		expect(await refusal(open('r1', 'ann', { kind: 'ops-board' }))).toBe('FORBIDDEN');
		expect(await refusal(open('r1', 'ann.ops', { kind: 'ops-board' }))).toBe('opened');
		expect(await refusal(open('r1', 'ann', { args: { color: 'a long one' } }))).toBe('INVALID');
		expect(await refusal(open('r1', 'bug'))).toBe('INTERNAL');
		expect(await refusal(open('r1', 'ann', { args: { color: 'none' } }))).toBe('FORBIDDEN');
		const banned = await open('r1', 'banned').catch((error: Error) => error.message);
		expect(banned).toBe('CONFLICT you are banned');
		const bad = await open('bad1', 'ann').catch((error: Error) => error.message);
		expect(bad).toBe('INTERNAL ');
		expect(logged.filter((line) => line.level === 'error')).not.toEqual([]);
	});

	test('a full room says so, and takes the next when one leaves', async () => {
		const players = await Promise.all(['a', 'b', 'c'].map((token) => open('full1', token)));
		expect(await refusal(open('full1', 'd'))).toBe('MEMBER_LIMIT');
		players[0]?.seat.leave(true);
		await until(() => matchMaker.getLocalRoomById('slow-board_full1').clients.length === 2);
		expect(await refusal(open('full1', 'd'))).toBe('opened');
	});
});

describe('slow readers', () => {
	test('[P4] patches of 60 KB that wait for a stalled reader are read uncorrupted', async () => {
		const ann = await open('stall1', 'ann');
		const bob = await open('stall1', 'bob');
		// What waits must be what was sent then, not what the encoder wrote over it since.
		const seen: number[] = [];
		ann.room.onStateChange((state: State) => {
			if (state.blob === blobOf(state.turn)) seen.push(state.turn);
		});
		for (let round = 0; round < 10; round++) {
			ann.isStalled = true;
			for (let i = 1; i <= 10; i++) bob.room.send('turn', round * 10 + i);
			ann.catchUp();
		}
		expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
	});

	test('[P4] a reader too slow loses its seat, not its state, and memory stays bounded', async () => {
		const ann = await open('stall2', 'ann');
		const bob = await open('stall2', 'bob');
		ann.isStalled = true;
		for (let turn = 1; turn <= 200; turn++) bob.room.send('turn', turn);
		expect(ann.bytesQueued).toBeLessThan(SEAT_BYTES_QUEUED_MAX + 2 * BLOB_BYTES);
		await until(() => ann.closed !== undefined);
		expect(ann.closed?.code).toBe(CLOSE.slow.code);
		ann.catchUp();
		expect(ann.room.state.blob).toBe(blobOf(ann.room.state.turn));
		const again = await open('stall2', 'ann');
		expect(again.room.state.turn).toBe(200);
		expect(again.room.state.blob).toBe(blobOf(200));
	});

	test('[P4] a client that never answers its admission cannot make the room hoard', async () => {
		const bob = await open('mute1', 'bob');
		let closed = 0;
		const mute = await seats.open({
			kind: 'slow-board',
			id: 'mute1',
			args: {},
			identity: { userId: 'eve', roles: [] },
			send: () => {},
			closed: (code) => {
				closed = code;
			},
			moved: () => {},
			bytesQueued: () => 0,
		});
		expect(mute.ok).toBe(true);
		bob.room.send('flood');
		await until(() => closed !== 0);
		expect(closed).toBe(CLOSE.slow.code);
	});
});

describe('hostile bytes', () => {
	const string = (text: string) => [0xa0 + text.length, ...Buffer.from(text)];
	const cases: [string, number[]][] = [
		['nothing', []],
		['a name that is cut short', [13, 0xbf, 65]],
		['a name of four gigabytes', [13, 0xdb, 255, 255, 255, 255]],
		['a name that is no text', [13, 0xa2, 0xff, 0xfe]],
		['a name that JavaScript knows', [13, ...string('constructor'), 0xc0]],
		['another', [17, ...string('toString')]],
		['a body that is cut short', [13, ...string('turn'), 0x92]],
		['an array of four thousand million', [13, ...string('turn'), 0xdd, 255, 255, 255, 255]],
		['depth', [13, ...string('turn'), ...Array<number>(50_000).fill(0x91)]],
		['an unknown message', [13, ...string('nope'), 0xc0]],
	];

	test.each(cases)('[P4] %s harms nobody and prints no stack', async (_name, bytes) => {
		const bob = await open('evil', 'bob');
		const eve = await open('evil', 'eve');
		const printed: unknown[] = [];
		const error = console.error;
		console.error = (...parts) => printed.push(parts);
		eve.seat.receive(Uint8Array.from(bytes));
		eve.seat.receive(Uint8Array.from(bytes));
		console.error = error;
		expect(printed).toEqual([]);
		await until(() => eve.closed !== undefined);
		expect(eve.closed?.code).toBe(4002);
		expect(logged.map((line) => JSON.stringify(line.fields)).join()).not.toContain('    at ');
		bob.room.send('turn', 3);
		expect(bob.room.state.turn).toBe(3);
		bob.seat.leave(true);
	});

	test('[P4] complaints are few however many messages provoke them', async () => {
		const eve = await open('evil2', 'eve');
		for (let i = 0; i < 1_000; i++)
			eve.seat.receive(Uint8Array.from([21, 1, ...string('turn'), 0x92]));
		expect(logged.length).toBeLessThanOrEqual(11);
		expect(eve.received.length).toBeGreaterThan(900);
	});

	test('[P4] any bytes at all leave the room and the other seats as they were', async () => {
		const bob = await open('fuzz', 'bob');
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
				async (all) => {
					const eve = await open('fuzz', 'eve');
					for (const bytes of all) eve.seat.receive(bytes);
					eve.seat.leave(true);
					bob.room.send('turn', 1);
					expect(bob.room.state.blob).toBe(blobOf(bob.room.state.turn));
					expect(bob.closed).toBeUndefined();
				},
			),
			{ numRuns: 200 },
		);
	});
});
