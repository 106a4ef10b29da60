import { matchMaker, Room, type Client as RoomClient } from '@colyseus/core';
import { Encoder, type SchemaType, schema, t } from '@colyseus/schema';
import { Client, Room as SdkRoom } from '@colyseus/sdk';
import { ColyseusTestServer } from '@colyseus/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { seat as cursorBoard } from '../../../rooms/cursor-board-room.ts';
import { SEAT_BYTES_QUEUED_MAX } from '../../../src/gateway/seats/colyseus-internals.ts';
import { defineSeat } from '../../../src/gateway/seats/seat-definition.ts';
import { CLOSE } from '../../../src/protocol/errors.ts';
import { OWN_PAGE, Player, SOCKETS_MAX, startSeats, until } from './seat-fixture.ts';

const BLOB_BYTES = 60_000;
Encoder.BUFFER_SIZE = 2 * BLOB_BYTES;
const State = schema({ turn: t.number(), blob: t.string() }, 'State');
type State = SchemaType<typeof State>;
const blobOf = (turn: number) => String(turn % 10).repeat(BLOB_BYTES);

class BlobRoom extends Room<{ state: State }> {
	override state = new State({ turn: 0, blob: blobOf(0) });
	override patchRate = 1_000_000;
	override messages = {
		turn: (_client: RoomClient, turn: number) => {
			this.state.assign({ turn, blob: blobOf(turn) });
			this.broadcastPatch();
		},
	};
}

const contract = { ...cursorBoard.contract, kind: 'blob' };
const started = await startSeats([cursorBoard, defineSeat({ contract, room: BlobRoom })]);
const { seats, port, authenticator, colyseus } = started;
const url = `http://127.0.0.1:${port}`;

const opened: SdkRoom[] = [];
afterEach(async () => {
	const open = opened.splice(0).filter((room) => room.connection.isOpen);
	await Promise.all(open.map((room) => room.leave()));
});

function sdk(token: string): Client {
	const client = new Client(url);
	client.auth.token = token;
	return client;
}

async function join(token: string, id: string, kind = 'cursor-board'): Promise<SdkRoom> {
	const room = await sdk(token).joinOrCreate(kind, { id });
	room.reconnection.enabled = false;
	opened.push(room);
	return room;
}

const players = (room: SdkRoom): object => room.state?.players?.toJSON() ?? {};

describe('stock Colyseus clients beside seats', () => {
	test('[P6] a stock client and seats in one room see the same state', async () => {
		const ann = await Player.open(seats, { kind: 'cursor-board', id: 'main', token: 'ann' });
		const bob = await join('bob', 'main');
		const cat = await Player.open(seats, { kind: 'cursor-board', id: 'main', token: 'cat' });
		expect(bob.roomId).toBe(ann.view.roomId);
		bob.send('move', { x: 0.25, y: 0.75 });
		ann.room.send('move', { x: 1, y: 0 });
		await until(() =>
			[ann.room, bob, cat.room].every((room) => JSON.stringify(players(room)).includes('0.25')),
		);
		await until(() => Object.keys(players(bob)).length === 3);
		expect(players(bob)).toEqual(players(ann.room));
		expect(players(cat.room)).toEqual(players(ann.room));
		expect(players(bob)).toMatchObject({
			[ann.view.sessionId]: { userId: 'ann', name: 'ANN', x: 1, y: 0 },
			[bob.sessionId]: { userId: 'bob', name: 'BOB', x: 0.25, y: 0.75 },
		});
	});

	test('[P6] messages and broadcasts cross between both kinds of socket', async () => {
		const heard: unknown[] = [];
		const onMessage = (type: string | number, message: unknown) => heard.push([type, message]);
		await Player.open(seats, { kind: 'cursor-board', id: 'm2', token: 'ann', onMessage });
		const bob = await join('bob', 'm2');
		bob.onMessage('cleared', (message) => heard.push(['bob', message]));
		expect(await bob.request('clear')).toEqual({ cursors: 2 });
		await until(() => heard.length === 2);
		expect(heard).toContainEqual(['cleared', { by: 'bob' }]);
		expect(heard).toContainEqual(['bob', { by: 'bob' }]);
	});

	test('[P6] every way of joining leads to the one room of the key', async () => {
		const [one, two] = await Promise.all([join('ann', 'm3'), join('bob', 'm3')]);
		const three = await sdk('cat').create('cursor-board', { id: 'm3' });
		const four = await sdk('dan').join('cursor-board', { id: 'm3' });
		const five = await sdk('eve').joinById('cursor-board_m3');
		opened.push(three, four, five);
		const ids = [one, two, three, four, five].map((room) => room.roomId);
		expect(new Set(ids)).toEqual(new Set(['cursor-board_m3']));
	});

	test('[P6] the testing tools of Colyseus see the room', async () => {
		const tools = new ColyseusTestServer(Object.assign(colyseus, { port }));
		await Player.open(seats, { kind: 'cursor-board', id: 'm4', token: 'ann' });
		const room = tools.getRoomById('cursor-board_m4');
		const moved = room.waitForNextMessage();
		const bob = await join('bob', 'm4');
		bob.send('move', { x: 0, y: 0 });
		await moved;
		expect(Array.from(room.clients, ({ auth }) => auth.userId)).toEqual(['ann', 'bob']);
	});

	const board = 'joinOrCreate/cursor-board';
	test.each([
		{ what: 'no token', token: '', path: board, body: { id: 'm5' }, status: 401 },
		{ what: 'no id', path: board, body: {}, status: 400 },
		{ what: 'an id that is none', path: board, body: { id: 'a/b' }, status: 400 },
		{ what: 'an unknown kind', path: 'joinOrCreate/nothing', body: { id: 'm5' }, status: 404 },
		{ what: 'a room not there', path: 'join/cursor-board', body: { id: 'none' }, status: 404 },
		{ what: 'a room id that is none', path: 'joinById/whatever', body: {}, status: 404 },
		{ what: 'an unknown method', path: 'delete/cursor-board', body: { id: 'm5' }, status: 404 },
		{ what: 'a false token', path: 'reconnect/cursor-board_m3', body: {}, status: 404 },
	])('[P6] refuses $what', async ({ token = 'ann', path, body, status }) => {
		const answer = await fetch(`${url}/matchmake/${path}`, {
			method: 'POST',
			headers: { authorization: `Bearer ${token}` },
			body: JSON.stringify(body),
		});
		expect(answer.status).toBe(status);
		expect(await answer.json()).toMatchObject({ code: expect.any(String) });
	});

	test.each([
		['no JSON', '{'],
		['no object', '[1]'],
		['more than 16 KB', JSON.stringify({ id: 'x'.repeat(20_000) })],
	])('refuses a body that is %s', async (_what, body) => {
		const headers = { authorization: 'Bearer ann' };
		const path = `${url}/matchmake/joinOrCreate/cursor-board`;
		expect((await fetch(path, { method: 'POST', headers, body })).status).toBe(400);
	});

	test('requests that are not of Colyseus stay with the server', async () => {
		for (const path of ['/', '/api/v1/x', '/matchmake', '/matchmake/a/b/c']) {
			expect(await (await fetch(url + path)).text()).toBe('ours');
		}
	});

	test.each(['/', '/somewhere', '/a/b', '/a/b?x=1'])(
		'an upgrade of %s is nobody’s',
		async (path) => {
			const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
			const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
			expect(error.message).toContain('404');
		},
	);

	test('[P42] who asks for seats too often is told to slow down, and others are not', async () => {
		const ask = (token: string) => {
			const headers = { authorization: `Bearer ${token}` };
			return fetch(`${url}/matchmake/join/cursor-board`, { method: 'POST', headers });
		};
		for (let n = 0; n < 30; n++) expect((await ask('greedy')).status).toBe(400);
		const refused = await ask('greedy');
		expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
		expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
		expect((await ask('modest')).status).toBe(400);
	});

	test('[P42] a page of another origin gets neither place nor socket, whatever token it shows', async () => {
		const headers = { authorization: 'Bearer ann', origin: 'https://evil.example' };
		const path = `${url}/matchmake/joinOrCreate/cursor-board`;
		const body = JSON.stringify({ id: 'm8' });
		expect((await fetch(path, { method: 'POST', headers, body })).status).toBe(403);
		const { origin } = headers;
		const foreign = await rawSocket('cursor-board', {
			user: 'ann',
			token: 'ann',
			headers: { origin },
		});
		expect(await closeCode(foreign.socket)).toBe(CLOSE.origin.code);
		expect(matchMaker.getLocalRoomById(foreign.roomId).clients).toHaveLength(0);
		const own = { origin: OWN_PAGE };
		const { socket } = await rawSocket('cursor-board', { user: 'ann', token: 'ann', headers: own });
		await new Promise((resolve) => socket.once('message', resolve));
		socket.terminate();
		await closeCode(socket);
	});

	test('[P42] sockets of a user, and of an address, are limited, and leaving makes room', async () => {
		const { socketsPerUserMax, socketsPerAddressMax } = SOCKETS_MAX;
		const headers = { 'x-from': 'there' };
		const sockets: WebSocket[] = [];
		const come = async (user: string) => {
			const { socket } = await rawSocket('cursor-board', { user, token: user, headers });
			const joined = new Promise<number>((resolve) => socket.once('message', () => resolve(0)));
			const code = await Promise.race([joined, closeCode(socket)]);
			if (code === 0) sockets.push(socket);
			return code;
		};
		const tooMany = CLOSE.tooMany.code;
		for (let n = 0; n < socketsPerUserMax; n++) expect(await come('pat')).toBe(0);
		expect(await come('pat')).toBe(tooMany);
		for (let n = socketsPerUserMax; n < socketsPerAddressMax; n++) {
			expect(await come(`guest${n}`)).toBe(0);
		}
		expect(await come('late')).toBe(tooMany);
		const gone = sockets.splice(0).map((socket) => {
			socket.terminate();
			return closeCode(socket);
		});
		await Promise.all(gone);
		await expect.poll(() => come('pat')).toBe(0);
		for (const socket of sockets) socket.terminate();
	});

	test('[P42] who never shows a good token is held up by address, and others are not', async () => {
		const come = (from: string) => {
			const path = `ws://127.0.0.1:${port}/x/y?sessionId=z&_authToken=`;
			return closeCode(new WebSocket(path, { headers: { 'x-from': from } }));
		};
		// One after another: it is not their number that is too much.
		for (let n = 0; n < SOCKETS_MAX.connectsPerAddressBurstMax; n++) {
			expect(await come('nowhere')).toBe(4002);
		}
		expect(await come('nowhere')).toBe(CLOSE.tooMany.code);
		expect(await come('elsewhere')).toBe(4002);
	});

	test('a socket with another user’s session, or without a token, is not let in', async () => {
		for (const token of ['bob', '']) {
			const { socket, roomId } = await rawSocket('cursor-board', { user: 'ann', token });
			const code = await new Promise((resolve) => socket.once('close', resolve));
			expect(code).toBe(4002);
			expect(matchMaker.getLocalRoomById(roomId).clients).toHaveLength(0);
		}
	});

	test('[P3] a revoked user’s socket is closed and cannot come back', async () => {
		const zoe = await join('zoe', 'm7');
		const left = new Promise((resolve) => zoe.onLeave((code) => resolve(code)));
		authenticator.revoke('zoe');
		expect(await left).toBe(CLOSE.revoked.code);
		await expect(sdk('zoe').reconnect(zoe.reconnectionToken)).rejects.toMatchObject({ code: 401 });
	});

	test('[P4] patches of 60 KB for a stalled stock client are read uncorrupted', async () => {
		const { socket, roomId } = await rawSocket('blob', { user: 'slow', token: 'slow' });
		const slow = readingRoom(socket);
		await until(() => slow.serializer !== undefined && slow.state.turn === 0);
		const seen: number[] = [];
		slow.onStateChange((state: State) => {
			if (state.blob === blobOf(state.turn)) seen.push(state.turn);
		});
		const ann = await Player.open(seats, { kind: 'blob', id: 'raw', token: 'ann' });
		const { clients } = matchMaker.getLocalRoomById(roomId);
		const slowClient = clients.find((client) => client.auth.userId === 'slow');
		const reader = slowClient?.ref as unknown as WebSocket;
		let turn = 0;
		const sendWhile = async (isDue: () => boolean) => {
			while (isDue()) {
				ann.room.send('turn', ++turn);
				await new Promise((resolve) => setImmediate(resolve));
			}
		};
		socket.pause();
		// Beyond what the kernel takes, so that states wait in the server's memory.
		await sendWhile(() => reader.bufferedAmount < 5 * BLOB_BYTES);
		socket.resume();
		await until(() => slow.state.turn === turn);
		expect(seen).toEqual(Array.from({ length: turn }, (_, index) => index + 1));
		socket.pause();
		await sendWhile(() => clients.length === 2);
		expect(reader.bufferedAmount).toBeLessThan(SEAT_BYTES_QUEUED_MAX + 2 * BLOB_BYTES);
		socket.resume();
		await new Promise((resolve) => socket.once('close', resolve));
		expect(seen).toEqual(seen.map((_, index) => index + 1));
	});
});

const closeCode = (socket: WebSocket) =>
	new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));

interface RawOptions {
	readonly user: string;
	readonly token: string;
	/** Of the socket's request. */
	readonly headers?: Readonly<Record<string, string>>;
}

/** A socket of the test's own, with a place reserved by `user`. */
async function rawSocket(kind: string, { user, token, headers = {} }: RawOptions) {
	const answer = await fetch(`${url}/matchmake/joinOrCreate/${kind}`, {
		method: 'POST',
		headers: { authorization: `Bearer ${user}` },
		body: JSON.stringify({ id: 'raw' }),
	});
	const { sessionId, processId, roomId } = (await answer.json()) as Record<string, string>;
	const query = `sessionId=${sessionId}&_authToken=${token}`;
	const socket = new WebSocket(`ws://127.0.0.1:${port}/${processId}/${roomId}?${query}`, {
		headers,
	});
	return { socket, roomId: `${roomId}` };
}

/** The SDK's room over a socket that the test can stall. */
function readingRoom(socket: WebSocket): SdkRoom {
	const room = new SdkRoom('blob');
	Object.assign(room, {
		connection: { isOpen: true, send: (data: Uint8Array) => socket.send(data.slice()) },
	});
	const read = Reflect.get(room, 'onMessageCallback') as (event: object) => void;
	socket.on('message', (data: Buffer) => read.call(room, { data }));
	return room;
}
