import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SeatHost, SeatRequest } from '../../src/gateway/ports.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import { decodeFrames, encodeFrame, OP } from '../../src/protocol/frames.ts';
import { defineKind } from '../../src/protocol/kind.ts';
import type { Opened } from '../../src/protocol/wire.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { TestGateway } from '../support/test-gateway.ts';

const gameContract = defineKind({
	kind: 'game',
	style: 'seat',
	openArgs: z.object({ name: z.string().optional() }),
	view: z.unknown(),
	commands: {},
	events: {},
	ephemerals: {},
});

/** A room that keeps what it gets; the Colyseus side of it is tested beside its adapter. */
class Room implements SeatHost {
	readonly kinds = new Map([['game', gameContract]]);
	readonly requests: SeatRequest[] = [];
	readonly received: number[][] = [];
	readonly left: boolean[] = [];
	isFull = false;

	open: SeatHost['open'] = (request) => {
		if (this.isFull) return Promise.resolve({ ok: false, code: 'LIMIT', message: 'full' });
		this.requests.push(request);
		const seat = {
			receive: (bytes: Uint8Array) => void this.received.push([...bytes]),
			leave: (consented: boolean) => void this.left.push(consented),
		};
		return Promise.resolve({ ok: true, seat, view: { token: 'again' } });
	};
}

const GAME = { kind: 'game', id: 'a' };
let world: TestGateway;
let room: Room;
beforeEach(async () => {
	room = new Room();
	world = await TestGateway.start({ seats: room });
});
afterEach(() => world.stop());

/** A client that keeps raw payloads: those of rooms are no msgpack. */
async function seated(token: string) {
	const client = await world.connect(token, { keep: true });
	const raw: { readonly handle: number; readonly bytes: number[] }[] = [];
	client.socket.removeAllListeners('message');
	let opened: Opened | undefined;
	const listen = new Promise<void>((resolve) => {
		client.socket.on('message', (data: Buffer) => {
			for (const { handle, op, payload } of decodeFrames(data)) {
				if (op === OP.data) raw.push({ handle, bytes: [...payload] });
				else if (op === OP.opened) resolve();
			}
		});
	});
	client.send(1, OP.open, GAME);
	await listen;
	return { client, raw, opened };
}

describe('seats', () => {
	test('[P6][W27] bytes go both ways as they are', async () => {
		const { client, raw } = await seated('ann');
		client.sendBytes(encodeFrame(1, OP.data, Uint8Array.of(9, 8, 7)));
		await expect.poll(() => room.received).toEqual([[9, 8, 7]]);
		room.requests[0]?.send(Uint8Array.of(1, 2));
		await expect.poll(() => raw.map(({ bytes }) => bytes)).toEqual([[1, 2]]);
		expect(room.requests[0]).toMatchObject({ kind: 'game', id: 'a', identity: { userId: 'ann' } });
	});

	test('[P6] a buffer that the room uses again does not change what was sent', async () => {
		const ann = await seated('ann');
		const bob = await seated('bob');
		const buffer = Uint8Array.of(1, 1);
		for (const { send } of room.requests) send(buffer);
		buffer.fill(9);
		await expect
			.poll(() => [ann.raw, bob.raw].map(([frame]) => frame?.bytes))
			.toEqual([
				[1, 1],
				[1, 1],
			]);
		// Both have the room's own downstream id.
		expect(ann.raw[0]?.handle).toBe(bob.raw[0]?.handle);
		room.requests[0]?.send(buffer);
		await expect.poll(() => ann.raw[1]?.bytes).toEqual([9, 9]);
	});

	test('[W27] the token of an earlier seat comes with the resume', async () => {
		const client = await world.connect('ann');
		await client.open(1, { ...GAME, resume: [0, 'again'] });
		expect(room.requests[0]?.reconnectionToken).toBe('again');
	});

	test('[W27] leaving is consented, losing the socket is not', async () => {
		const ann = await world.connect('ann');
		await ann.open(1, GAME);
		ann.send(1, OP.close, {});
		await expect.poll(() => room.left).toEqual([true]);
		await ann.open(1, GAME);
		ann.socket.terminate();
		await expect.poll(() => room.left).toEqual([true, false]);
	});

	test('[P6][W14] the room ends a seat with its own code, and refuses one', async () => {
		const ann = await world.connect('ann');
		await ann.open(1, GAME);
		room.requests[0]?.closed(4000, 'kicked');
		const { payload } = await ann.next(({ op }) => op === OP.close);
		expect(payload).toEqual({ closeCode: 4000, message: 'kicked' });
		room.isFull = true;
		expect(await ann.open(2, GAME)).toMatchObject({ op: OP.error, payload: { code: 'LIMIT' } });
		expect(await ann.command(1, 1, 'x', {})).toMatchObject([1, null, { code: 'NOT_OPEN' }]);
	});

	test('[P3][W31] a seat that ends for a slow reader may be opened again', async () => {
		const ann = await world.connect('ann');
		await ann.open(1, GAME);
		room.requests[0]?.closed(CLOSE.slow.code, CLOSE.slow.says);
		const { payload } = await ann.next(({ op }) => op === OP.close);
		expect(payload).toMatchObject({ code: 'RETRY_LATER', closeCode: CLOSE.slow.code });
		expect(await ann.open(1, GAME)).toMatchObject({ op: OP.opened });
	});

	test('[P3][W31] a reader too slow for its room loses the socket', async () => {
		const ann: FrameClient = await world.connect('ann');
		await ann.open(1, GAME);
		ann.socket.removeAllListeners('message');
		ann.socket.pause();
		for (let times = 0; times < 500; times++) {
			room.requests[0]?.send(new Uint8Array(100_000));
			await new Promise(setImmediate);
		}
		expect(world.gateway.connections()).toMatchObject({ sockets: 0, bytesQueued: 0 });
		expect(room.left).toEqual([false]);
		ann.socket.resume();
		expect((await ann.closed).code).toBe(CLOSE.slow.code);
	});
});
