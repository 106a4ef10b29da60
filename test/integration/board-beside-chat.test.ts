import { Client } from '@colyseus/sdk';
import { afterEach, expect, test } from 'vitest';
import type { Device } from '../support/device.ts';
import { devToken, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

interface Cursor {
	readonly userId: string;
	readonly x: number;
	readonly y: number;
}

/** The cursors of a board by user, of whichever client. */
function cursorsOf(state: unknown): Record<string, readonly [number, number]> {
	const { players } = (state ?? {}) as { players?: { toJSON(): Record<string, Cursor> } };
	const all = Object.values(players?.toJSON() ?? {});
	return Object.fromEntries(all.map(({ userId, x, y }) => [userId, [x, y]] as const).sort());
}

const boardOf = (device: Device) => device.naru.room('cursor-board', 'main');

test('[P1][P6] a board and a chat share one socket, and a stock Colyseus client sees the same board', async () => {
	const server = await world.server();
	const ann = world.device(server.url, 'ann');
	const bob = world.device(server.url, 'bob');
	for (const { naru } of [ann, bob]) {
		await naru.channel('lobby').join();
		await naru.room('cursor-board', 'main').open();
	}
	const stock = new Client(server.url);
	stock.auth.token = await devToken(server.url, { userId: 'cid' });
	const seat = await stock.joinOrCreate('cursor-board', { id: 'main' });
	world.later(() => seat.leave());
	const cleared: unknown[] = [];
	seat.onMessage('cleared', (message) => cleared.push(message));
	boardOf(bob).on('cleared', (message) => cleared.push(message));
	boardOf(ann).send('move', { x: 0.25, y: 0.75 });
	boardOf(bob).send('move', { x: 1, y: 0 });
	seat.send('move', { x: 0.5, y: 0.125 });
	const all = { ann: [0.25, 0.75], bob: [1, 0], cid: [0.5, 0.125] };
	for (const state of [() => boardOf(ann).state, () => boardOf(bob).state, () => seat.state]) {
		await until(() => JSON.stringify(cursorsOf(state())) === JSON.stringify(all));
	}
	expect(await boardOf(ann).request('clear', {})).toEqual({ cursors: 3 });
	await until(() => cleared.length === 2);
	expect(cleared).toEqual([{ by: 'ann' }, { by: 'ann' }]);
	const { seq } = await ann.naru.channel('lobby').send('and we chat');
	await until(() => bob.naru.channel('lobby').messages.at(-1)?.seq === seq);
	expect([ann.naru.stats.sockets, bob.naru.stats.sockets]).toEqual([1, 1]);
	expect(server.gateway.connections().sockets).toBe(2);
});

test('[P2][P6] a seat that was cut is taken up again with the board as it is, beside the chat', async () => {
	const server = await world.server();
	const ann = world.device(server.url, 'ann');
	const bob = world.device(server.url, 'bob');
	for (const { naru } of [ann, bob]) {
		await naru.channel('lobby').join();
		await naru.room('cursor-board', 'main').open();
	}
	boardOf(ann).send('move', { x: 0.25, y: 0.75 });
	await until(() => cursorsOf(boardOf(bob).state).ann?.[0] === 0.25);
	const { sessionId } = boardOf(ann);
	ann.cut();
	boardOf(bob).send('move', { x: 0, y: 1 });
	await bob.naru.channel('lobby').send('while ann is away');
	await until(() => cursorsOf(boardOf(bob).state).bob?.[1] === 1);
	expect(cursorsOf(boardOf(bob).state).ann).toEqual([0.25, 0.75]);
	await ann.comeBack();
	await until(() => cursorsOf(boardOf(ann).state).bob?.[1] === 1);
	expect(boardOf(ann).sessionId).toBe(sessionId);
	expect(cursorsOf(boardOf(ann).state)).toEqual(cursorsOf(boardOf(bob).state));
	await until(() => ann.naru.channel('lobby').messages.at(-1)?.text === 'while ann is away');
	boardOf(ann).send('move', { x: 1, y: 1 });
	await until(() => cursorsOf(boardOf(bob).state).ann?.[0] === 1);
});

test('[P6] after a kill of the process everybody sits on the board again', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const ann = world.device(first.url, 'ann');
	const bob = world.device(first.url, 'bob');
	for (const device of [ann, bob]) await boardOf(device).open();
	await until(() => Object.keys(cursorsOf(boardOf(ann).state)).length === 2);
	await first.kill();
	await world.process({ directory, port: first.port });
	await Promise.all([ann.comeBack(), bob.comeBack()]);
	const moved = () => {
		boardOf(ann).send('move', { x: 0.25, y: 0.75 });
		return cursorsOf(boardOf(bob).state).ann?.[0] === 0.25;
	};
	await until(moved);
	expect(Object.keys(cursorsOf(boardOf(bob).state))).toEqual(['ann', 'bob']);
});
