import { describe, expect, test } from 'vitest';
import { CLOSE } from '../../src/protocol/errors.ts';
import { SeatWorld, type Sitter } from './support/seat-world.ts';

const key = 'table/one';

/** Ann at the owner, bob and cid at another node. */
async function table() {
	const world = await SeatWorld.of(3);
	const [owner, edge] = [world.node(0), world.node(1)];
	const ann = world.sit(0, 'ann');
	await world.pass();
	const [bob, cid] = [world.sit(1, 'bob'), world.sit(1, 'cid')];
	await world.pass();
	const room = owner.rooms.rooms.get(key);
	if (room === undefined) throw new Error('there is no room');
	const all: readonly Sitter[] = [ann, bob, cid];
	for (const { heard } of all) heard.length = 0;
	return { world, owner, edge, room, ann, bob, cid };
}

describe('one room for all nodes', () => {
	test('[P1][P20] seats that are asked for at every node at once are in one room', async () => {
		const world = await SeatWorld.of(3);
		const sitters = [0, 1, 2].map((at) => world.sit(at, `user${at}`));
		await world.pass(100);
		expect(sitters.map(({ answer }) => answer?.ok)).toEqual([true, true, true]);
		expect(world.nodes.reduce((sum, { rooms }) => sum + rooms.made, 0)).toBe(1);
		expect(sitters.map(({ heard }) => heard)).toEqual([
			['hello user0'],
			['hello user1'],
			['hello user2'],
		]);
	});

	test('[P6] arguments, identity and token reach the room, its view comes back', async () => {
		const { world, owner } = await table();
		const dan = world.sit(2, 'dan', { token: 'of an earlier seat' });
		await world.pass();
		expect(owner.rooms.rooms.get(key)?.seatOf('dan').identity).toEqual({
			userId: 'dan',
			roles: [],
		});
		expect(dan.answer).toMatchObject({
			ok: true,
			view: { args: { of: 'dan' }, token: 'of an earlier seat' },
		});
	});

	test('[P6] bytes go up and down in order, and a leave behind them', async () => {
		const { world, room, bob, cid } = await table();
		room.say('1');
		room.say('for bob', [room.seatOf('bob')]);
		room.say('2');
		bob.say('a');
		bob.say('b');
		bob.seat.leave(true);
		cid.say('c');
		cid.seat.leave(false);
		await world.pass();
		expect(bob.heard).toEqual([]);
		expect(room.heard).toEqual(['bob: a', 'bob: b', 'bob left', 'cid: c', 'cid was lost']);
		room.say('3');
		await world.pass();
		expect(cid.heard).toEqual([]);
	});

	test('[P6] what a room says to all goes to an edge once, the same bytes for each', async () => {
		const { world, edge, room, ann, bob, cid } = await table();
		edge.came.length = 0;
		room.say('1');
		room.say('2');
		room.say('for bob', [room.seatOf('bob')]);
		room.say('3');
		await world.pass();
		expect(edge.came).toEqual(['seatAll', 'seatAll', 'seatSome', 'seatAll']);
		expect([ann, cid].map(({ heard }) => heard)).toEqual([
			['1', '2', '3'],
			['1', '2', '3'],
		]);
		expect(bob.heard).toEqual(['1', '2', 'for bob', '3']);
		expect(bob.bytes.at(-1)).toBe(cid.bytes.at(-1));
	});

	test('[P6] a seat that is being opened hears nothing that is not for it', async () => {
		const { world, owner, room, bob } = await table();
		const gate = Promise.withResolvers<void>();
		owner.rooms.gate = gate.promise;
		const dan = world.sit(1, 'dan');
		await world.pass();
		room.say('before dan');
		await world.pass();
		gate.resolve();
		await world.pass();
		room.say('with dan');
		await world.pass();
		expect(dan.heard).toEqual(['hello dan', 'with dan']);
		expect(bob.heard).toEqual(['before dan', 'with dan']);
	});

	test('[P6] a refusal of the room is the answer, and a kick reaches the seat', async () => {
		const { world, room, bob } = await table();
		const eve = world.sit(1, 'eve');
		await world.pass();
		expect(eve.refused).toBe('FORBIDDEN');
		room.say('last');
		room.seatOf('bob').closed(4200, 'out');
		await world.pass();
		expect(bob.heard).toEqual(['last', 'closed 4200 out']);
	});

	test('[P6] a place is reserved where the room is, and only made when it may be', async () => {
		const { world } = await table();
		const identity = { userId: 'dan', roles: [] };
		const at = (id: string, makes: boolean, kind = 'table') =>
			world.node(2).seats.place({ kind, id, args: {}, identity, makes });
		const answers = Promise.all([
			at('one', false),
			at('two', false),
			at('two', true),
			at('x', true, 'no-kind'),
		]);
		await world.pass(100);
		expect(
			(await answers).map((answer) => (answer.ok ? answer.place.sessionId : answer.code)),
		).toEqual(['of dan', 'NOT_FOUND', 'of dan', 'NOT_FOUND']);
		expect(world.nodes.map(({ placement }) => placement.owns('table/two'))).toEqual([
			false,
			false,
			true,
		]);
	});
});

describe('rooms that end and move', () => {
	test('[P20] a room that is empty is let go, and the next who asks has it', async () => {
		const { world, owner, ann, bob, cid } = await table();
		for (const { seat } of [ann, bob, cid]) seat.leave(true);
		await world.pass(100);
		expect(owner.placement.owns(key)).toBe(false);
		const dan = world.sit(2, 'dan');
		await world.pass(100);
		expect(dan.answer?.ok).toBe(true);
		expect(world.node(2).placement.owns(key)).toBe(true);
		expect(world.node(2).rooms.has(key)).toBe(true);
	});

	test('[P20] a claim whose room was never made is let go', async () => {
		const world = await SeatWorld.of(2);
		const eve = world.sit(0, 'eve');
		await world.pass(100);
		expect(eve.refused).toBe('FORBIDDEN');
		expect([...world.node(0).placement.owned()]).toEqual([]);
	});

	test('[P21] a node that stops sends those who ask elsewhere', async () => {
		const { world, owner } = await table();
		owner.membership.drain();
		owner.rooms.isStopping = true;
		await world.pass(100);
		const early = world.sit(1, 'dan');
		await world.pass(100);
		expect(early.refused).toBe('MOVED');
		owner.rooms.end(key);
		await world.pass(100);
		const dan = world.sit(1, 'dan');
		await world.pass(100);
		expect(dan.answer?.ok).toBe(true);
		expect(world.node(1).rooms.has(key)).toBe(true);
	});

	test('[P20] a link that breaks ends the seats over it: the room sees them lost, they open again', async () => {
		const { world, room, bob, cid, ann } = await table();
		const late = world.sit(1, 'dan', { id: 'two' });
		await world.pass();
		world.bus.faults = ({ subject }) => (subject.startsWith('links') ? [] : [0]);
		room.say('into the void');
		bob.say('into the void');
		await world.pass(6_000);
		expect([bob.heard, cid.heard]).toEqual([['moved'], ['moved']]);
		expect(room.heard).toEqual(['bob was lost', 'cid was lost']);
		expect(ann.heard).toEqual(['into the void']);
		expect(late.heard).toEqual(['hello dan']);
		world.bus.faults = undefined;
		const again = world.sit(1, 'bob');
		await world.pass(1_000);
		room.say('again');
		await world.pass();
		expect(again.heard).toEqual(['hello bob', 'again']);
		expect(bob.heard).toEqual(['moved']);
	});

	test('[P20] an owner that does not answer is waited for within bounds', async () => {
		const { world, owner } = await table();
		owner.rooms.gate = new Promise(() => {});
		const dan = world.sit(1, 'dan');
		await world.pass(19_000);
		expect(dan.answer).toBeUndefined();
		await world.pass(2_000);
		expect(dan.refused).toBe('TIMEOUT');
	});

	test('[P20] who loses its lease ends its rooms, and their people meet at another node', async () => {
		const { world, owner, ann, bob, cid } = await table();
		owner.runtime.pause();
		await world.pass(15_000);
		const again = [world.sit(1, 'bob'), world.sit(2, 'cid')];
		await world.pass(500);
		expect(again.map(({ answer }) => answer?.ok)).toEqual([true, true]);
		owner.runtime.resume();
		await world.pass(500);
		expect(owner.rooms.has(key)).toBe(false);
		expect([ann, bob, cid].map(({ heard }) => heard)).toEqual([['moved'], ['moved'], ['moved']]);
		expect(world.nodes.filter(({ rooms }) => rooms.has(key))).toHaveLength(1);
	});

	test('[P20] a room is ended where the directory names another node', async () => {
		const { world, owner, bob } = await table();
		void owner.directory.release(owner.id, [key]);
		void world.node(2).directory.claim(world.node(2).id, [key]);
		await world.pass(10_000);
		expect(owner.rooms.has(key)).toBe(false);
		expect(bob.heard).toEqual(['moved']);
	});
});

describe('readers that are slow', () => {
	test('[P4] one that does not keep up loses its seat, alone', async () => {
		const { world, room, bob, cid } = await table();
		bob.bytesQueued = 2 * 1024 * 1024;
		room.say('1');
		await world.pass();
		room.say('2');
		await world.pass();
		expect(bob.heard).toEqual([`closed ${CLOSE.slow.code} ${CLOSE.slow.says}`]);
		expect(cid.heard).toEqual(['1', '2']);
		expect(room.heard).toEqual(['bob was lost']);
	});

	test('[P4] the owner holds a bounded number of bytes for an edge that does not hear', async () => {
		const { world, edge, room } = await table();
		const bob = room.seatOf('bob');
		const says = 'x'.repeat(1024 * 1024);
		for (let n = 0; n < 20; n++) {
			room.say(says);
			await world.pass();
		}
		expect(bob.bytesQueued()).toBe(0);
		edge.runtime.pause();
		for (let n = 0; n < 12; n++) room.say(says);
		await world.pass(5);
		expect(bob.bytesQueued()).toBe(Number.POSITIVE_INFINITY);
	});

	test('[P4] a message too large for a link ends the seat there, and nothing else', async () => {
		const { world, room, ann, bob } = await table();
		room.say('x'.repeat(5 * 1024 * 1024));
		room.say('after');
		await world.pass();
		expect(bob.heard).toEqual([`closed ${CLOSE.tooLarge.code} ${CLOSE.tooLarge.says}`]);
		expect(ann.heard.at(-1)).toBe('after');
		expect(room.heard).toEqual(['bob was lost', 'cid was lost']);
	});
});
