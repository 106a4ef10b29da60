import { describe, expect, test } from 'vitest';
import { unpackPresence } from '../../src/cluster/presence-message.ts';
import { RELAY_MESSAGE_BYTES_MAX } from '../../src/cluster/relay.ts';
import { settledNodes as nodes, type PresenceWorld } from './support/presence-world.ts';

/** Counts messages of a type that one node sends. */
function counted(world: PresenceWorld, from: string) {
	const counts: Record<string, number> = {};
	world.bus.faults = (passage) => {
		const type = unpackPresence(passage.bytes)?.type ?? 'none';
		if (passage.from === from && passage.to !== from) counts[type] = (counts[type] ?? 0) + 1;
		return [0];
	};
	return counts;
}

describe('the exchange', () => {
	test('[C32] a change costs one entry in one message, an idle node a beat a second', () => {
		const [world, one] = nodes(2);
		for (let n = 0; n < 2_000; n++) one.connect(`user-${n}`);
		world.pass(1_000);
		const counts = counted(world, '1');
		world.pass(10_000);
		expect(counts).toEqual({ beat: 10 });
		for (let n = 0; n < 100; n++) one.presence.setState(`user-${n}`, 'away');
		world.pass(400);
		expect(counts.delta).toBe(1);
	});

	test('a lost delta is told again alone, not the whole set', () => {
		const [world, one, two] = nodes(2);
		for (let n = 0; n < 100; n++) one.connect(`user-${n}`);
		world.pass(1_000);
		world.bus.faults = () => [];
		one.connect('ann');
		world.pass(300);
		const counts = counted(world, '1');
		world.pass(1_500);
		expect(two.state('ann')).toBe('online');
		expect(counts).toMatchObject({ delta: 1 });
		expect(counts).not.toHaveProperty('part');
	});

	test('[C31] a logout that waits for a lost delta before it ends nothing that came behind it', () => {
		const [world, one, two] = nodes(2);
		const phone = one.connect('ann');
		world.pass(1_000);
		two.watch('ann');
		world.bus.faults = () => [];
		one.connect('bob');
		world.pass(250);
		const isAsk = (bytes: Uint8Array) => unpackPresence(bytes)?.type === 'ask';
		world.bus.faults = ({ bytes }) => (isAsk(bytes) ? [] : [0]);
		one.presence.logout(phone);
		world.pass(500);
		two.connect('ann');
		world.pass(1_000);
		world.bus.faults = undefined;
		world.pass(2_000);
		expect(two.state('bob')).toBe('online');
		expect(two.told).toEqual([]);
		expect(world.shown('ann')).toBe('online');
	});

	test('who has missed too much gets everything in parts that the relay takes', () => {
		const [world, one, two] = nodes(2);
		const gone = one.connect('gone');
		world.pass(250);
		two.relay.setConnected(false);
		one.presence.logout(gone);
		for (let n = 0; n < 30_000; n++) one.connect(`user-${n}`);
		world.pass(250);
		for (let n = 0; n < 30_000; n++) one.presence.setState(`user-${n}`, 'away');
		world.pass(250);
		let largest = 0;
		const counts: Record<string, number> = {};
		world.bus.faults = ({ bytes }) => {
			largest = Math.max(largest, bytes.length);
			const type = unpackPresence(bytes)?.type ?? 'none';
			counts[type] = (counts[type] ?? 0) + 1;
			return [0];
		};
		two.relay.setConnected(true);
		world.pass(5_000);
		expect(counts.part).toBeGreaterThan(5);
		expect(largest).toBeLessThan(RELAY_MESSAGE_BYTES_MAX);
		expect(two.presence.countsEverywhere()).toEqual({ users: 30_000, devices: 30_000 });
		expect([two.state('user-29999'), two.state('gone')]).toEqual(['away', 'offline']);
	});

	test('messages that come twice, late or in another order change nothing', () => {
		const [world, one, two] = nodes(2);
		two.watch('ann');
		let n = 0;
		world.bus.faults = () => [(n++ * 370) % 900, (n * 130) % 1_200];
		const ann = one.connect('ann');
		for (let count = 0; count < 6; count++) {
			world.pass(220);
			one.presence.setVisible(ann, count % 2 === 1);
		}
		world.pass(5_000);
		expect(two.state('ann')).toBe('online');
		expect(two.told.filter((line) => line.endsWith('offline'))).toEqual([]);
	});

	test('what is no message of presence is passed over', () => {
		const [world, one, two] = nodes(2);
		for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3), new Uint8Array(100)]) {
			one.relay.publish('p', bytes);
		}
		one.connect('ann');
		world.pass(250);
		expect(two.state('ann')).toBe('online');
	});

	test('a node tells how far it is behind', () => {
		const [world, one, two] = nodes(2);
		expect(one.exchange.figures).toEqual({ nodes: 1, behind: 0 });
		two.relay.setConnected(false);
		world.pass(5_000);
		expect(one.exchange.figures).toEqual({ nodes: 1, behind: 1 });
	});

	test('a stop ends all timers', () => {
		const [world] = nodes(2);
		for (const node of world.nodes) {
			node.exchange.stop();
			node.presence.stop();
		}
		world.pass(1_000);
		expect(world.runtime.timersWaiting).toBe(0);
	});
});
