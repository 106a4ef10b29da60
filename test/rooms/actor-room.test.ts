import { matchMaker } from '@colyseus/core';
import { Client } from '@colyseus/sdk';
import { describe, expect, test, vi } from 'vitest';
import { defineActorRoom } from '../../rooms/actor-room.ts';
import { actorRoom as channel } from '../../rooms/channel-room.ts';
import { ChannelFigures } from '../../rooms/schema/channel-figures.ts';
import { startSeats, until } from '../gateway/seats/seat-fixture.ts';

const Failing = defineActorRoom({ state: ChannelFigures, show: () => {} });
class FailingRoom extends Failing {
	override onCreate(): void {
		throw new Error('cannot be made');
	}
}

const { seats, actorRooms, port, clock, logged } = await startSeats(
	[],
	[channel, { kind: 'failing', room: FailingRoom }],
);

function sdk(token: string): Client {
	const client = new Client(`http://127.0.0.1:${port}`);
	client.auth.token = token;
	return client;
}

const room = (id: string) => matchMaker.getLocalRoomById(id);
/** Lets all that is ready happen. */
const settle = async () => {
	for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('rooms beside actors', () => {
	test('an actor has a room while it is live, listed by its id', async () => {
		actorRooms.opened('channel/general');
		await until(() => room('channel_general') !== undefined);
		const [listing] = await matchMaker.query({ name: 'channel' });
		expect(listing).toMatchObject({ roomId: 'channel_general', metadata: { id: 'general' } });
		actorRooms.closed('channel/general');
		await until(() => room('channel_general') === undefined);
	});

	test('operators see figures, at most once a second, and nobody else gets in', async () => {
		actorRooms.opened('channel/watched');
		actorRooms.figures('channel/watched', { members: 3, online: 2, position: 1, topic: 'x' });
		await until(() => room('channel_watched') !== undefined);
		await settle();
		clock.pass();
		const refused = sdk('ann').joinById('channel_watched');
		await expect(refused).rejects.toMatchObject({ code: 403 });
		const ops = await sdk('olga.ops').join('channel', { id: 'watched' });
		ops.reconnection.enabled = false;
		const seen: number[] = [];
		ops.onStateChange((state: ChannelFigures) => seen.push(state.position));
		await until(() => seen.length === 1);
		for (let position = 2; position <= 50; position++) {
			actorRooms.figures('channel/watched', { members: 4, position });
		}
		clock.pass();
		await until(() => seen.length === 2);
		expect(seen).toEqual([1, 50]);
		expect(ops.state).toMatchObject({ members: 4, online: 2, position: 50 });
		actorRooms.closed('channel/watched');
		await new Promise((resolve) => ops.onLeave(resolve));
	});

	test('clients cannot make the room of an actor, by neither kind of socket', async () => {
		await expect(sdk('olga.ops').joinOrCreate('channel', { id: 'ghost' })).rejects.toMatchObject({
			code: 404,
		});
		expect(seats.kinds.has('channel')).toBe(false);
		expect(room('channel_ghost')).toBeUndefined();
	});

	test('a room without onlookers holds no state and no fast timer', async () => {
		actorRooms.opened('channel/idle');
		actorRooms.figures('channel/idle', { members: 1 });
		await until(() => room('channel_idle') !== undefined);
		await settle();
		clock.pass();
		expect(room('channel_idle').state).toBeUndefined();
		expect(room('channel_idle').patchRate).toBeGreaterThan(60_000);
		actorRooms.closed('channel/idle');
	});

	test('the room follows the actor however fast it comes and goes', async () => {
		const create = vi.spyOn(channel.room.prototype, 'onCreate');
		for (let i = 0; i < 10; i++) {
			actorRooms.opened('channel/restless');
			actorRooms.closed('channel/restless');
		}
		actorRooms.opened('channel/restless');
		await until(() => room('channel_restless') !== undefined);
		await settle();
		expect(room('channel_restless')).toBeDefined();
		for (let i = 0; i < 10; i++) {
			actorRooms.closed('channel/restless');
			await settle();
			actorRooms.opened('channel/restless');
			await settle();
		}
		expect(room('channel_restless')).toBeDefined();
		expect(create.mock.calls.length).toBe(11);
		actorRooms.closed('channel/restless');
		await until(() => room('channel_restless') === undefined);
		create.mockRestore();
	});

	test('a room that cannot be made is logged, and the actor hears nothing of it', async () => {
		actorRooms.opened('failing/one');
		actorRooms.figures('failing/one', { members: 1 });
		await until(() => logged.some((line) => line.message === 'the room of an actor failed'));
		actorRooms.closed('failing/one');
		actorRooms.opened('unknown/one');
		actorRooms.figures('unknown/one', {});
		actorRooms.closed('unknown/one');
	});

	test('the id of a direct channel is hidden behind one that Colyseus takes', async () => {
		actorRooms.opened('channel/@ann@bob');
		const id = `channelX${Buffer.from('@ann@bob').toString('base64url')}`;
		await until(() => room(id) !== undefined);
		actorRooms.closed('channel/@ann@bob');
	});
});
