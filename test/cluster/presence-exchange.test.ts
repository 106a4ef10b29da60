import { describe, expect, test } from 'vitest';
import { settledNodes as nodes } from './support/presence-world.ts';

describe('users of other nodes', () => {
	test('[C31] are shown with their states within a quarter of a second', () => {
		const [world, one, two] = nodes(2);
		two.watch('ann');
		const ann = one.connect('ann');
		world.pass(250);
		one.presence.setVisible(ann, false);
		world.pass(250);
		one.presence.setVisible(ann, true);
		world.pass(250);
		one.presence.setState('ann', 'away');
		world.pass(250);
		expect(two.told).toEqual([
			'ann offline>online',
			'ann online>away',
			'ann away>online',
			'ann online>away',
		]);
	});

	test('[C31] the best state of all devices at all nodes counts', () => {
		const [world, one, two, three] = nodes(3);
		const phone = one.connect('ann', 'phone');
		two.connect('ann', 'laptop', false);
		world.pass(250);
		expect(world.shown('ann')).toBe('online');
		one.presence.setVisible(phone, false);
		world.pass(250);
		expect(world.shown('ann')).toBe('away');
		three.connect('ann', 'tablet');
		world.pass(250);
		expect(world.shown('ann')).toBe('online');
	});

	test('[C31] what a user says at one node counts at all, and stays until said otherwise', () => {
		const [world, one, two, three] = nodes(3);
		const phone = one.connect('ann', 'phone');
		const laptop = two.connect('ann', 'laptop');
		world.pass(250);
		one.presence.setState('ann', 'away');
		world.pass(250);
		expect(world.shown('ann')).toBe('away');
		one.presence.logout(phone);
		world.pass(250);
		three.connect('ann', 'tablet');
		world.pass(250);
		expect(world.shown('ann'), 'said for all devices').toBe('away');
		two.presence.setState('ann', 'online');
		world.pass(250);
		expect(world.shown('ann')).toBe('online');
		two.presence.logout(laptop);
		world.pass(250);
		expect(world.shown('ann')).toBe('online');
	});

	test('[C31] of two nodes at which something else is said at once, all take the same', () => {
		const [world, one, two] = nodes(2);
		one.connect('ann', 'phone');
		two.connect('ann', 'laptop');
		world.pass(250);
		one.presence.setState('ann', 'away');
		two.presence.setState('ann', 'online');
		world.pass(500);
		expect(['away', 'online']).toContain(world.shown('ann'));
	});

	test('[C31] lastActiveAt is known at all nodes, within half a minute', () => {
		const [world, one, two] = nodes(2);
		const ann = one.connect('ann');
		for (let count = 0; count < 20; count++) {
			world.pass(5_000);
			one.presence.alive(ann);
		}
		const now = world.runtime.now();
		const seen = two.presence.state('ann')?.lastActiveAt ?? 0;
		expect(now - seen).toBeLessThanOrEqual(31_000);
		one.presence.setVisible(ann, false);
		world.pass(250);
		expect(two.presence.state('ann')).toEqual({ userId: 'ann', state: 'away', lastActiveAt: now });
		one.presence.logout(ann);
		world.pass(10_000);
		expect(two.presence.state('ann')).toMatchObject({ state: 'offline', lastActiveAt: now });
	});

	test('[C33] users and devices are counted once each, at every node', () => {
		const [world, one, two] = nodes(2);
		one.connect('ann', 'phone');
		two.connect('ann', 'phone');
		two.connect('ann', 'laptop');
		one.connect('bob', 'phone');
		world.pass(250);
		expect(one.presence.countsEverywhere()).toEqual({ users: 2, devices: 3 });
		expect(two.presence.countsEverywhere()).toEqual({ users: 2, devices: 3 });
		expect(one.presence.counts()).toMatchObject({ users: 2, devices: 2 });
		expect(two.presence.counts()).toMatchObject({ users: 1, devices: 2 });
		world.pass(40_000);
		expect(one.presence.countsEverywhere()).toEqual({ users: 0, devices: 0 });
	});
});

describe('silence, logout, and going from one node to another', () => {
	test('[C30] a user who falls silent is offline at all nodes, a moment after 30 s', () => {
		const [world, one, two] = nodes(2);
		one.connect('ann');
		for (const node of [one, two]) node.watch('ann');
		world.pass(30_999);
		expect(world.shown('ann')).toBe('online');
		world.pass(3_000);
		expect(world.shown('ann')).toBe('offline');
		expect(one.told).toEqual(['ann online>offline']);
		expect(two.told).toEqual(['ann offline>online', 'ann online>offline']);
	});

	test('[C30] whoever comes to another node within 30 s was never offline, anywhere', () => {
		const [world, one, two] = nodes(2);
		const ann = one.connect('ann');
		world.pass(250);
		for (const node of [one, two]) node.watch('ann');
		one.presence.disconnected(ann);
		world.pass(29_700);
		two.connect('ann');
		world.pass(20_000);
		for (const node of [one, two]) expect([node.id, node.told]).toEqual([node.id, []]);
	});

	test('[C30] nor when the word of the new node is lost for a while', () => {
		const [world, one, two, three] = nodes(3);
		const ann = one.connect('ann');
		world.pass(250);
		for (const node of world.nodes) node.watch('ann');
		one.presence.disconnected(ann);
		world.pass(29_700);
		world.bus.faults = ({ from }) => (from === '2' ? [] : [0]);
		two.connect('ann');
		world.pass(4_000);
		world.bus.faults = undefined;
		world.pass(20_000);
		expect([one, two, three].flatMap(({ told }) => told)).toEqual([]);
	});

	test('[C30] an explicit logout is offline at once, everywhere', () => {
		const [world, one, two] = nodes(2);
		two.watch('ann');
		const ann = one.connect('ann');
		world.pass(250);
		one.presence.logout(ann);
		expect(one.state('ann')).toBe('offline');
		world.pass(250);
		expect(two.told).toEqual(['ann offline>online', 'ann online>offline']);
	});

	test('[C30] a logout ends what the device left at other nodes, not its other devices', () => {
		const [world, one, two] = nodes(2);
		one.presence.disconnected(one.connect('ann', 'phone'));
		const half = one.connect('ann', 'phone');
		world.pass(10_000);
		const phone = two.connect('ann', 'phone');
		world.pass(250);
		two.presence.logout(phone);
		world.pass(500);
		expect(world.shown('ann')).toBe('offline');
		one.presence.alive(half);
		world.pass(250);
		expect(world.shown('ann'), 'another page of the device').toBe('online');
		one.connect('bob', 'laptop', false);
		const bob = two.connect('bob', 'phone');
		world.pass(250);
		two.presence.logout(bob);
		world.pass(500);
		expect(world.shown('bob')).toBe('away');
	});

	test('[C30] a logout that is heard late ends no later login', () => {
		const [world, one, two] = nodes(2);
		const first = one.connect('ann');
		world.pass(250);
		world.bus.faults = () => [];
		one.presence.logout(first);
		world.pass(2_000);
		two.watch('ann');
		two.connect('ann');
		world.bus.faults = undefined;
		world.pass(3_000);
		expect(two.told).toEqual([]);
		expect(world.shown('ann')).toBe('online');
	});
});

describe('nodes that come and go', () => {
	test('[C31] users of a dead node are offline 30 s after it was heard last, not before', () => {
		const [world, one, two, three] = nodes(3);
		one.connect('ann');
		const bob = one.connect('bob');
		world.pass(250);
		two.watch('ann', 'bob');
		world.kill(one);
		world.pass(25_000);
		three.connect(bob.identity.userId);
		world.pass(3_000);
		expect(two.told).toEqual([]);
		world.pass(8_000);
		expect(two.told).toEqual(['ann online>offline']);
		expect(world.shown('bob')).toBe('online');
		expect(two.presence.countsEverywhere()).toEqual({ users: 1, devices: 1 });
	});

	test('[P21] a node that ends takes nobody offline who comes to another one in time', () => {
		const [world, one, two, three] = nodes(3);
		const ann = one.connect('ann');
		one.connect('bob');
		world.pass(250);
		two.watch('ann', 'bob');
		one.presence.setVisible(ann, false);
		one.presence.setVisible(ann, true);
		one.presence.disconnected(ann);
		world.leave(one);
		world.pass(20_000);
		const back = three.connect('ann');
		for (let count = 0; count < 4; count++) {
			world.pass(5_000);
			three.presence.alive(back);
		}
		expect(two.told).toEqual(['bob online>offline']);
	});

	test('[P22] a node that is not heard, but has its lease, keeps its users', () => {
		const [world, one, two] = nodes(2);
		const ann = one.connect('ann');
		world.pass(250);
		two.watch('ann');
		one.relay.setConnected(false);
		for (let count = 0; count < 24; count++) {
			world.pass(5_000);
			one.presence.alive(ann);
		}
		one.relay.setConnected(true);
		world.pass(3_000);
		expect(two.told).toEqual([]);
	});

	test('[P22] a node without its relay changes nothing of what it believes, then learns', () => {
		const [world, one, two, three] = nodes(3);
		const [ann, bob] = [one.connect('ann'), one.connect('bob')];
		world.pass(250);
		two.watch('ann', 'bob', 'eve');
		two.relay.setConnected(false);
		one.presence.logout(ann);
		world.kill(one);
		world.pass(20_000);
		three.connect(bob.identity.userId);
		three.connect('eve');
		world.pass(40_000);
		for (const userId of ['bob', 'eve']) three.connect(userId);
		expect(two.told).toEqual([]);
		two.relay.setConnected(true);
		world.pass(3_000);
		expect(two.told).toEqual(['eve offline>online']);
		world.pass(25_000);
		expect(two.state('bob'), 'has been at a third node for long').toBe('online');
		world.pass(8_000);
		expect(two.state('ann'), 'nobody could say how it ended').toBe('offline');
	});

	test('[P22] a local user who falls silent meanwhile may be elsewhere, and is found there', () => {
		const [world, one, two] = nodes(2);
		const ann = two.connect('ann');
		world.pass(250);
		two.watch('ann');
		two.relay.setConnected(false);
		two.presence.disconnected(ann);
		world.pass(15_000);
		const there = one.connect('ann');
		for (let count = 0; count < 12; count++) {
			world.pass(5_000);
			one.presence.alive(there);
		}
		two.relay.setConnected(true);
		world.pass(10_000);
		expect(two.told).toEqual([]);
	});

	test('[C30] to a node that joins users are unknown at first, then as all others show them', () => {
		const [world, one] = nodes(2);
		const ann = one.connect('ann');
		one.connect('bob', 'phone', false);
		world.pass(250);
		const late = world.join('3', 30_000);
		late.watch('ann', 'bob', 'eve');
		expect(late.known.size).toBe(0);
		world.pass(1_500);
		expect(late.told).toEqual(['ann undefined>online', 'bob undefined>away']);
		for (let count = 0; count < 7; count++) {
			world.pass(5_000);
			one.presence.alive(ann);
		}
		expect(late.told).toContain('eve undefined>offline');
		expect(late.state('ann')).toBe('online');
	});

	test('[P22] a process that was held up does not take its own deafness for silence', () => {
		const [world, one, two] = nodes(2);
		one.connect('ann');
		world.pass(250);
		two.watch('ann');
		world.living.delete('1');
		world.runtime.stall(60_000);
		world.pass(10_000);
		expect(two.told).toEqual([]);
	});
});
