import { matchMaker, Room } from '@colyseus/core';
import { describe, expect, test } from 'vitest';
import { seat } from '../../../rooms/cursor-board-room.ts';
import { startColyseus } from '../../../src/gateway/seats/colyseus-server.ts';
import { Player, startSeats, until } from './seat-fixture.ts';

describe('Colyseus in this process', () => {
	test('stops when told, with its rooms, and starts again; never twice at once', async () => {
		for (let round = 0; round < 2; round++) {
			const started = await startSeats([seat]);
			const again = startColyseus({ ...started, rooms: { seats: [], actorRooms: [] } } as never);
			await expect(again).rejects.toThrow('already');
			const open = () =>
				Player.open(started.seats, { kind: 'cursor-board', id: 'x', token: 'ann' });
			const ann = await open();
			const stopped = started.stop();
			await until(() => ann.hasMoved);
			expect(ann.closed).toBeUndefined();
			await stopped;
			await expect(open()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
			expect(matchMaker.getLocalRoomById('cursor-board_x')).toBeUndefined();
			expect(started.server.listenerCount('upgrade')).toBe(0);
		}
	});

	test('what is no room is named at the start', async () => {
		for (const room of [Room, {}, class NoRoom {}]) {
			const started = startSeats([{ ...seat, room }]);
			await expect(started).rejects.toThrow('cursor-board');
		}
	});
});
