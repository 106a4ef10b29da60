import { expect, test } from 'vitest';
import { MemoryBus, MemoryRelay } from '../../src/adapters/memory/memory-relay.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { Relay } from '../../src/cluster/relay.ts';
import { VirtualRuntime } from '../cluster/virtual-runtime.ts';
import { relayContract } from '../contract/relay-contract.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

relayContract('memory', () => {
	const bus = new MemoryBus({ runtime: nodeRuntime });
	const relays: Relay[] = [];
	return Promise.resolve({
		prefix: 'test',
		open: () => {
			const relay = bus.relay(`node-${relays.length}`);
			relays.push(relay);
			return Promise.resolve(relay);
		},
		settle: turn,
		setConnected: (relay, connected) => {
			if (relay instanceof MemoryRelay) relay.setConnected(connected);
			return Promise.resolve();
		},
		close: async () => {
			for (const relay of relays) await relay.close();
		},
	});
});

test('faults lose, double, delay and part messages as they are told', () => {
	const runtime = new VirtualRuntime();
	const bus = new MemoryBus({ runtime });
	const [one, two, three] = [bus.relay('1'), bus.relay('2'), bus.relay('3')];
	const heard: string[] = [];
	for (const relay of [two, three]) {
		relay.subscribe('s', (bytes) => heard.push(`${relay.name}:${bytes[0]}`));
	}
	const fates: Record<number, number[]> = { 1: [], 2: [0, 10], 3: [5] };
	bus.faults = ({ to, bytes }) => (to === '3' ? [] : (fates[bytes[0] ?? 0] ?? [0]));
	for (const n of [1, 2, 3, 4]) one.publish('s', Uint8Array.of(n));
	expect(heard).toEqual([]);
	runtime.turn();
	expect(heard).toEqual(['2:2', '2:4']);
	runtime.advance(10);
	expect(heard).toEqual(['2:2', '2:4', '2:3', '2:2']);
});

test('what is behind the bound of a node that takes nothing in is lost', () => {
	const runtime = new VirtualRuntime();
	const bus = new MemoryBus({ runtime });
	const [one, two] = [bus.relay('1'), bus.relay('2')];
	let heard = 0;
	two.subscribe('s', () => {
		heard++;
	});
	const chunk = new Uint8Array(512 * 1024);
	for (let n = 0; n < 200; n++) one.publish('s', chunk);
	runtime.turn();
	expect(heard).toBe(128);
	one.publish('s', chunk);
	runtime.turn();
	expect(heard).toBe(129);
});
