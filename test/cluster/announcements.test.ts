import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryBus, type MemoryRelay } from '../../src/adapters/memory/memory-relay.ts';
import { RelayAnnouncements } from '../../src/cluster/announcements.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

let runtime: VirtualRuntime;
let bus: MemoryBus;
let relays: [MemoryRelay, MemoryRelay];
let one: RelayAnnouncements;
let two: RelayAnnouncements;

function open(relay: MemoryRelay): RelayAnnouncements {
	const kinds = new Set(['user']);
	return new RelayAnnouncements({ self: relay.name, relay, runtime, kinds, subjects: 's' });
}

/** What is heard of an actor. */
function ear(at: RelayAnnouncements, key: `${string}/${string}`) {
	const heard: string[] = [];
	const end = at.listen(key, (what) => heard.push(what));
	return { heard, end };
}

beforeEach(() => {
	runtime = new VirtualRuntime();
	bus = new MemoryBus({ runtime });
	relays = [bus.relay('1'), bus.relay('2')];
	one = open(relays[0]);
	two = open(relays[1]);
});

describe('actors that come alive', () => {
	test('[P5] are told of at the nodes where somebody waits for them, and not to others', () => {
		const ears = [ear(two, 'user/ann'), ear(two, 'user/bob'), ear(one, 'user/ann')];
		one.announce('user/ann');
		runtime.turn();
		expect(ears.map(({ heard }) => heard)).toEqual([['awake'], [], []]);
	});

	test('[P5] are told of once more, for whoever had just begun to listen', () => {
		one.announce('user/ann');
		runtime.advance(1_000);
		one.announce('user/bob');
		const ears = [ear(two, 'user/ann'), ear(two, 'user/bob')];
		runtime.advance(1_000);
		expect(ears.map(({ heard }) => heard)).toEqual([['awake'], []]);
		runtime.advance(1_000);
		expect(ears.map(({ heard }) => heard)).toEqual([['awake'], ['awake']]);
		runtime.advance(60_000);
		expect(ears.flatMap(({ heard }) => heard.filter((what) => what === 'awake'))).toHaveLength(2);
	});

	test('of kinds that many open nothing is told', () => {
		const { heard } = ear(two, 'channel/tea');
		one.announce('channel/tea');
		runtime.advance(5_000);
		expect(heard).toEqual([]);
	});

	test('nothing is heard any more by those who have ended it', () => {
		const ended = ear(two, 'user/ann');
		const { heard } = ear(two, 'user/ann');
		ended.end();
		one.announce('user/ann');
		runtime.turn();
		expect([ended.heard, heard]).toEqual([[], ['awake']]);
	});

	test('[P22] whoever waits is told to look every two minutes, spread over this time', () => {
		const ears = Array.from({ length: 240 }, (_, n) => ear(two, `user/u${n}`));
		runtime.advance(60_000);
		const looked = ears.filter(({ heard }) => heard.length > 0).length;
		expect(looked).toBeGreaterThan(100);
		expect(looked).toBeLessThan(140);
		runtime.advance(64_000);
		expect(ears.every(({ heard }) => heard[0] === 'perhaps')).toBe(true);
	});

	test('[P22] and soon after this node could not hear, so many a second', () => {
		const ears = Array.from({ length: 1_500 }, (_, n) => ear(two, `user/u${n}`));
		relays[1].setConnected(false);
		one.announce('user/u1');
		runtime.advance(2_500);
		const before = ears.filter(({ heard }) => heard.length > 0).length;
		expect(before).toBeLessThan(50);
		relays[1].setConnected(true);
		runtime.advance(2_000);
		const looked = ears.filter(({ heard }) => heard.includes('perhaps')).length;
		expect(looked).toBeGreaterThan(900);
		expect(looked).toBeLessThan(1_100);
		runtime.advance(3_000);
		expect(ears.every(({ heard }) => heard.includes('perhaps'))).toBe(true);
	});

	test('what is no announcement is passed over; a stop ends all timers', () => {
		const { heard } = ear(two, 'user/ann');
		relays[0].publish('s.user.ann', Uint8Array.of(1, 2, 3));
		runtime.turn();
		one.announce('user/ann');
		for (const each of [one, two]) each.stop();
		expect([heard, runtime.timersWaiting]).toEqual([[], 0]);
	});
});
