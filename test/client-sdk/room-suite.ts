import { Encoder, encode, Reflection, schema, t } from '@colyseus/schema';
import { describe, expect, test } from 'vitest';
// Loaded here, so that loading it in a test takes no time of its own.
import '../../client-sdk/src/room-schema.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { encodeFrame, OP } from '../../src/protocol/frames.ts';
import { onlineScene, outcome, type Scene, type Sdk } from './support/sdk.ts';

const Player = schema({ x: t.number() });
const Board = schema({ players: t.map(Player) });

/** Colyseus frames as a room writes them. */
class FakeRoom {
	readonly state = new Board();
	readonly #encoder = new Encoder(this.state);

	get join(): Uint8Array {
		const reflection = Reflection.encode(this.#encoder);
		const head = [10, 2, 0x72, 0x74, 6, ...new TextEncoder().encode('schema')];
		encode.number(head, reflection.length, { offset: head.length });
		return Uint8Array.from([...head, ...reflection]);
	}

	whole(): Uint8Array {
		const bytes = Uint8Array.from([14, ...this.#encoder.encodeAll()]);
		this.#encoder.discardChanges();
		return bytes;
	}

	patch(): Uint8Array {
		const bytes = Uint8Array.from([15, ...this.#encoder.encode()]);
		this.#encoder.discardChanges();
		return bytes;
	}
}

interface RoomScene extends Scene {
	readonly room: FakeRoom;
	bytes(...parts: (number | Uint8Array)[]): void;
	/** What the client sent on its seat: first byte, then what is packed behind it. */
	sent(): { readonly code: number; readonly rest: readonly unknown[] }[];
}

async function beside(sdk: Sdk): Promise<RoomScene> {
	const made = await onlineScene(sdk);
	const room = new FakeRoom();
	const raw: Uint8Array[] = [];
	made.server.onBytes = (bytes) => raw.push(bytes);
	let seats = 0;
	made.server.viewOf = () => {
		const sessionId = `seat-${++seats}`;
		const reconnected = made.server.opens().at(-1)?.resume !== undefined;
		return { sessionId, reconnectionToken: `token-${seats}`, reconnected, join: room.join };
	};
	const bytes = (...parts: (number | Uint8Array)[]) => {
		const all = parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part]));
		const opened = made.server.seen.filter(({ op }) => op === OP.open).at(-1);
		const down = 1_000 + (opened?.handle ?? 0);
		made.server.last.socket.deliver(encodeFrame(down, OP.data, Uint8Array.from(all)));
	};
	const sent = () =>
		raw.map((one) => ({
			code: one[0] ?? 0,
			rest: one[0] === 13 ? [unpack(one.subarray(1, 6)), unpack(one.subarray(6))] : [],
		}));
	return { ...made, room, bytes, sent };
}

async function seated(sdk: Sdk) {
	const made = await beside(sdk);
	const board = made.naru.room('cursor-board', 'main');
	const opened = outcome(board.open());
	// The library of states is loaded first, which takes turns of its own.
	for (let turn = 0; turn < 50 && !made.server.ops().includes('open'); turn++) {
		await made.world.advance(1);
	}
	await made.world.advance(10);
	expect(opened.error).toBeUndefined();
	made.room.state.players.set('ann', new Player().assign({ x: 1 }));
	made.bytes(made.room.whole());
	await made.world.advance(5);
	return { ...made, board };
}

const stateOf = (board: { readonly state: unknown }) =>
	(board.state as { toJSON(): unknown } | undefined)?.toJSON();

/** Rooms with schema state. */
export function roomSuite(sdk: Sdk): void {
	describe(`room (${sdk.name})`, () => {
		test('[P6] state and patches are followed, and the seat is answered for', async () => {
			const { board, room, world, bytes, sent } = await seated(sdk);
			const states: unknown[] = [];
			board.on('state', () => states.push(stateOf(board)));
			await world.advance(0);
			room.state.players.set('bob', new Player().assign({ x: 2 }));
			bytes(room.patch());
			await world.advance(5);
			expect(sent()[0]?.code).toBe(10);
			expect(states).toEqual([
				{ players: { ann: { x: 1 } } },
				{ players: { ann: { x: 1 }, bob: { x: 2 } } },
			]);
		});

		test('[P6] messages go both ways, and requests are answered', async () => {
			const { board, world, bytes, sent } = await seated(sdk);
			const told: unknown[] = [];
			board.on('cleared', (data) => told.push(data));
			board.on('message', ({ type }) => told.push(type));
			board.send('move', { x: 0.5, y: 0.5 });
			const answers = [1, 2, 3].map(() => outcome(board.request('clear', {})));
			await world.advance(5);
			expect(sent().at(1)).toEqual({ code: 13, rest: ['move', { x: 0.5, y: 0.5 }] });
			expect(
				sent()
					.slice(2)
					.map(({ code }) => code),
			).toEqual([21, 21, 21]);
			bytes(13, pack('cleared'), pack({ by: 'bob' }));
			bytes(22, 1, 0, pack({ cursors: 2 }));
			bytes(22, 2, 1, pack('not now'));
			bytes(22, 3, 2, pack({ message: 'it broke' }));
			await world.advance(5);
			expect(told).toEqual(['cleared', { by: 'bob' }]);
			expect(answers.map(({ value, error }) => value ?? error?.code)).toEqual([
				{ cursors: 2 },
				'CONFLICT',
				'INTERNAL',
			]);
		});

		test('[P6] after a cut the same seat is taken up again, and what left meanwhile is gone', async () => {
			const { board, room, server, world, bytes } = await seated(sdk);
			const joined: unknown[] = [];
			board.on('joined', ({ reconnected }) => joined.push(reconnected));
			const waiting = outcome(board.request('clear', {}));
			await world.advance(0);
			server.last.socket.cut();
			await world.advance(1_000);
			expect(server.opens().at(-1)?.resume).toEqual([0, 'token-1']);
			expect(waiting.error?.code).toBe('TIMEOUT');
			room.state.players.delete('ann');
			room.state.players.set('cy', new Player().assign({ x: 3 }));
			bytes(room.whole());
			await world.advance(5);
			expect(joined).toEqual([false, true]);
			expect(stateOf(board)).toEqual({ players: { cy: { x: 3 } } });
		});

		test('what no room can be told is refused before it costs the socket', async () => {
			const { board, world, naru, sent } = await seated(sdk);
			const before = sent().length;
			const data = { x: 1, y: 'y'.repeat(600_000) as never };
			expect(() => board.send('move', data)).toThrow(
				expect.objectContaining({ code: 'TOO_LARGE' }),
			);
			const calls = [
				outcome(board.request('move', data)),
				outcome(naru.room('cursor-board', 'no id').open()),
				outcome(naru.room('cursor-board', 'other').open({ at: new Date() } as never)),
			];
			await world.advance(50);
			expect(calls.map(({ error }) => error?.code)).toEqual(['TOO_LARGE', 'INVALID', 'INVALID']);
			expect(sent().length).toBe(before);
			expect([naru.status, naru.stats.sockets]).toEqual(['online', 1]);
		});

		test('[P6] a room that ends the seat says why, and is not opened again by itself', async () => {
			const { board, server, world } = await seated(sdk);
			const left: unknown[] = [];
			board.on('left', (why) => left.push(why));
			await world.advance(0);
			const { handle = 0 } = server.seen.filter(({ op }) => op === OP.open).at(-1) ?? {};
			server.last.send(handle, OP.close, { closeCode: 4_001, message: 'kicked' });
			await world.advance(5_000);
			expect(left).toEqual([{ code: 4_001, reason: 'kicked' }]);
			expect(server.opens()).toHaveLength(1);
			const late = outcome(board.request('clear', {}));
			await world.advance(0);
			expect(late.error?.code).toBe('NOT_OPEN');
		});

		test('[P6][W31] a seat that was lost as its reader was slow is opened again with its token', async () => {
			const { board, server, world } = await seated(sdk);
			const left: unknown[] = [];
			board.on('left', (why) => left.push(why));
			await world.advance(0);
			const { handle = 0 } = server.seen.filter(({ op }) => op === OP.open).at(-1) ?? {};
			server.last.send(handle, OP.close, { code: 'RETRY_LATER', closeCode: 4_100 });
			await world.advance(5_000);
			expect(server.opens()).toHaveLength(2);
			expect(server.opens().at(-1)?.resume).toEqual([0, 'token-1']);
			expect(left).toEqual([]);
		});
	});
}
