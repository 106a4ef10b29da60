/** Run on every upgrade of Colyseus: whether its rooms still work over sockets that are not its own. */
import { type Client, Room } from '@colyseus/core';
import { type SchemaType, schema, t } from '@colyseus/schema';
import { getStateCallbacks } from '@colyseus/sdk';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineSeat } from '../../../src/gateway/seats/seat-definition.ts';
import { defineKind } from '../../../src/protocol/kind.ts';
import { Player, startSeats, until } from './seat-fixture.ts';

const Item = schema({ n: t.number() }, 'Item');
const State = schema({ turn: t.number(), blob: t.string(), items: t.map(Item) }, 'State');
type State = SchemaType<typeof State>;

/** What the last made room went through. */
const lives: string[] = [];

class ProbeRoom extends Room<{ state: State }> {
	override state = new State({ turn: 0, blob: '' });
	override patchRate = 1_000_000;

	override messages = {
		say: (client: Client, text: string) => this.broadcast('said', { by: client.auth.userId, text }),
		echo: (client: Client, text: string) => client.send('echo', text),
		ask: (_client: Client, n: number) => n * 2,
		askLater: async (_client: Client, n: number) => n * 3,
		fail: () => {
			throw new Error('a secret of the room');
		},
		failLater: async () => {
			throw new Error('a secret of the room');
		},
		kick: (client: Client) => client.leave(4200, 'out'),
		put: (_client: Client, n: number) => {
			this.state.items.set(`i${n}`, new Item({ n }));
			this.state.turn = n;
			this.broadcastPatch();
		},
		mixed: (client: Client, n: number) => {
			this.broadcast('order', n);
			client.send('order', n + 1);
			this.broadcast('order', n + 2);
		},
	};

	override onCreate(options: { id: string }) {
		lives.push(`create ${options.id}`);
	}
	override onJoin(client: Client) {
		lives.push(`join ${client.auth.userId}`);
		client.send('welcome', client.auth.name);
	}
	override onDrop(client: Client) {
		lives.push(`drop ${client.auth.userId}`);
		this.allowReconnection(client, 30);
	}
	override onReconnect(client: Client) {
		lives.push(`back ${client.auth.userId}`);
	}
	override onLeave(client: Client, code: number) {
		lives.push(`leave ${client.auth.userId} ${code}`);
	}
	override onDispose() {
		lives.push('dispose');
	}
}

const nothing = z.object({});
const contract = defineKind({
	kind: 'probe',
	style: 'seat',
	openArgs: nothing,
	view: z.unknown(),
	commands: {},
	events: {},
	ephemerals: {},
});

const signals = ['SIGINT', 'SIGTERM', 'SIGUSR2', 'uncaughtException', 'unhandledRejection'];
const handlers = () => signals.map((name) => process.listeners(name as NodeJS.Signals).length);
const handlersBefore = handlers();
const { seats, logged } = await startSeats([defineSeat({ contract, room: ProbeRoom })]);

let rooms = 0;
const newId = () => `r${rooms++}`;
const open = (id: string, token: string, more = {}) =>
	Player.open(seats, { kind: 'probe', id, token, ...more });

/** What a seat is told, by type. */
function listening() {
	const heard: [string | number, unknown][] = [];
	return {
		heard,
		onMessage: (type: string | number, message: unknown) => heard.push([type, message]),
	};
}

describe('Colyseus rooms over handed bytes', () => {
	test('[P6] full state, patches and callbacks reach a seat', async () => {
		const id = newId();
		const ann = await open(id, 'ann');
		const added: string[] = [];
		const turns: number[] = [];
		const $ = getStateCallbacks(ann.room);
		$?.(ann.room.state).items?.onAdd((_item: unknown, key: string) => added.push(key));
		$?.(ann.room.state).listen('turn', (turn: number) => turns.push(turn));
		ann.room.send('put', 1);
		ann.room.send('put', 2);
		expect(added).toEqual(['i1', 'i2']);
		expect(turns.at(-1)).toBe(2);
		const late = await open(id, 'bob');
		expect(late.room.state.toJSON()).toEqual(ann.room.state.toJSON());
		expect(late.room.state.items.size).toBe(2);
	});

	test('[P6] messages, broadcasts and answers arrive, in the order of the room', async () => {
		const id = newId();
		const [a, b] = [listening(), listening()];
		const ann = await open(id, 'ann', a);
		await open(id, 'bob', b);
		ann.room.send('say', 'hi');
		ann.room.send('echo', 'me');
		ann.room.send('mixed', 1);
		expect(a.heard).toEqual([
			['welcome', 'ANN'],
			['said', { by: 'ann', text: 'hi' }],
			['echo', 'me'],
			['order', 1],
			['order', 2],
			['order', 3],
		]);
		expect(b.heard.slice(1)).toEqual([
			['said', { by: 'ann', text: 'hi' }],
			['order', 1],
			['order', 3],
		]);
		expect(await ann.room.request('ask', 21)).toBe(42);
		expect(await ann.room.request('askLater', 14)).toBe(42);
	});

	test('[P6] a broadcast and a patch are the same bytes object for every seat', async () => {
		const id = newId();
		const ann = await open(id, 'ann');
		const bob = await open(id, 'bob');
		ann.room.send('say', 'hi');
		ann.room.send('put', 7);
		expect(ann.received.slice(-2)).toHaveLength(2);
		expect(ann.received.at(-1)).toBe(bob.received.at(-1));
		expect(ann.received.at(-2)).toBe(bob.received.at(-2));
	});

	test('[P6] a handler that fails answers its caller without a word of the error', async () => {
		const ann = await open(newId(), 'ann');
		for (const type of ['fail', 'failLater']) {
			const failed = await ann.room.request(type).catch((error: Error) => error);
			expect(failed).toBeInstanceOf(Error);
			expect(String(failed)).not.toContain('secret');
		}
		ann.room.send('fail');
		ann.room.send('failLater');
		await until(() => logged.filter((line) => line.message === 'a room failed').length === 4);
		expect(await ann.room.request('ask', 1)).toBe(2);
	});

	test('[P6] a room kicks a seat with a code and a reason of its own', async () => {
		const ann = await open(newId(), 'ann');
		ann.room.send('kick');
		expect(ann.closed).toBeUndefined();
		await until(() => ann.closed !== undefined);
		expect(ann.closed).toEqual({ code: 4200, reason: 'out' });
		const before = ann.received.length;
		ann.seat.receive(new Uint8Array([18]));
		expect(ann.received).toHaveLength(before);
	});

	test('[P6] leaving by consent and by loss are told apart', async () => {
		const id = newId();
		const ann = await open(id, 'ann');
		await open(id, 'bob');
		lives.length = 0;
		ann.seat.leave(true);
		await until(() => lives.length === 1);
		const cat = await open(id, 'cat');
		cat.seat.leave(false);
		await until(() => lives.length === 3);
		expect(lives).toEqual(['leave ann 4000', 'join cat', 'drop cat']);
		expect(ann.closed).toBeUndefined();
	});

	test('[P6] a lost seat is taken up again with its token, with what was missed', async () => {
		const id = newId();
		const ann = await open(id, 'ann');
		const bob = await open(id, 'bob');
		ann.seat.leave(false);
		bob.room.send('put', 5);
		const options = { reconnectionToken: ann.view.reconnectionToken, room: ann.room };
		const again = await open(id, 'ann.ops', options);
		expect(again.view).toMatchObject({ reconnected: true, sessionId: ann.view.sessionId });
		expect(again.room.state.turn).toBe(5);
		bob.room.send('put', 6);
		expect(again.room.state.toJSON()).toEqual(bob.room.state.toJSON());
		expect(lives.slice(-2)).toEqual(['drop ann', 'back ann']);
	});

	test('[P6] a token takes up a seat whose loss was not noticed yet', async () => {
		const id = newId();
		const ann = await open(id, 'ann');
		const options = { reconnectionToken: ann.view.reconnectionToken, room: ann.room };
		const again = await open(id, 'ann', options);
		expect(again.view).toMatchObject({ reconnected: true, sessionId: ann.view.sessionId });
		again.room.send('put', 1);
		expect(again.room.state.turn).toBe(1);
	});

	test('[P6] a token that is used up, false or of somebody else gives a fresh seat', async () => {
		const id = newId();
		const ann = await open(id, 'ann');
		ann.seat.leave(false);
		const token = { reconnectionToken: ann.view.reconnectionToken };
		const eve = await open(id, 'eve', token);
		expect(eve.view).toMatchObject({ reconnected: false });
		expect(eve.view.sessionId).not.toBe(ann.view.sessionId);
		expect((await open(id, 'ann', token)).view.reconnected).toBe(true);
		expect((await open(id, 'ann', token)).view.reconnected).toBe(false);
		expect((await open(id, 'ann', { reconnectionToken: 'x' })).view.reconnected).toBe(false);
	});

	test('Colyseus installs no handlers of signals or errors', () => {
		expect(handlers()).toEqual(handlersBefore);
	});
});
