import { describe, expect, test } from 'vitest';
import { discoverRooms } from '../../src/gateway/seats/discover-rooms.ts';
import { Player, startSeats, until } from '../gateway/seats/seat-fixture.ts';

const found = await discoverRooms(new URL('../../rooms/', import.meta.url));
const { seats } = await startSeats(found.seats, found.actorRooms);

const open = (id: string, token: string, more = {}) =>
	Player.open(seats, { kind: 'cursor-board', id, token, ...more });

/** Cursors as a player sees them, by user. */
function cursors({ room }: Player): Record<string, unknown> {
	const seen: Record<string, unknown> = {};
	for (const { userId, x, y } of room.state.players?.values() ?? []) seen[userId] = [x, y];
	return seen;
}

describe('cursor board', () => {
	test('[P6] a kind needs its contract and a room file, and is found by the folder', () => {
		expect([...seats.kinds.keys()]).toEqual(['cursor-board']);
		expect(found.actorRooms.map(({ kind }) => kind)).toContain('channel');
	});

	test('[P6] everybody sees everybody move, come and go', async () => {
		const ann = await open('one', 'ann');
		const bob = await open('one', 'bob');
		ann.room.send('move', { x: 0.125, y: 0.875 });
		await until(() => cursors(bob).ann?.toString() === '0.125,0.875');
		await until(() => Object.keys(cursors(ann)).length === 2);
		expect(cursors(ann)).toEqual({ ann: [0.125, 0.875], bob: [0.5, 0.5] });
		bob.seat.leave(true);
		await until(() => Object.keys(cursors(ann)).length === 1);
	});

	test('[P6] two pages of one user have two cursors', async () => {
		const first = await open('two', 'ann');
		const second = await open('two', 'ann');
		await until(() => first.room.state.players?.size === 2);
		expect(new Set(second.room.state.players.keys()).size).toBe(2);
	});

	test('[P6] a lost page keeps its cursor and comes back to it', async () => {
		const ann = await open('three', 'ann');
		const bob = await open('three', 'bob');
		bob.room.send('move', { x: 0, y: 1 });
		await until(() => cursors(ann).bob?.toString() === '0,1');
		bob.seat.leave(false);
		const again = await open('three', 'bob', { reconnectionToken: bob.view.reconnectionToken });
		expect(again.view.reconnected).toBe(true);
		expect(cursors(again)).toEqual({ ann: [0.5, 0.5], bob: [0, 1] });
	});

	test('[P6] a cursor beyond the board is refused and moves nobody', async () => {
		const ann = await open('four', 'ann');
		const bob = await open('four', 'bob');
		bob.room.send('move', { x: 2, y: 0 });
		await until(() => bob.closed !== undefined);
		expect(bob.closed?.code).toBe(4002);
		await until(() => cursors(ann).bob !== undefined);
		expect(cursors(ann).bob).toEqual([0.5, 0.5]);
	});
});
