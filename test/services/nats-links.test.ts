import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openNatsRelay } from '../../src/adapters/nats/nats-relay.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { RelayLinks } from '../../src/cluster/links.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

const TIME_MAX_MS = 20_000;

async function until(isDone: () => boolean): Promise<void> {
	const end = performance.now() + TIME_MAX_MS;
	while (!isDone()) {
		if (performance.now() > end) throw new Error(`not done after ${TIME_MAX_MS} ms`);
		await sleep(5);
	}
}

/** Two nodes, each on a NATS connection of its own that can be cut. */
async function openPair(silenceMaxMs?: number) {
	const subjectPrefix = `test-${randomUUID()}`;
	const errors: object[] = [];
	const log: Log = { ...SILENT, error: (fields) => errors.push(fields) };
	const open = async (self: string) => {
		const url = serviceUrls().NATS_URL;
		const proxy = await TcpProxy.start(url);
		const relay = await openNatsRelay({
			url: proxy.through(url),
			name: `naru test ${self}`,
			runtime: nodeRuntime,
			log,
		});
		const links = new RelayLinks({
			self,
			relay,
			runtime: nodeRuntime,
			log,
			subjectPrefix,
			silenceMaxMs,
		});
		const seen: (number | 'down')[] = [];
		links.onMessage((_, message) => seen.push(new DataView(message.slice().buffer).getUint32(0)));
		links.onDown(() => seen.push('down'));
		onTestFinished(async () => {
			links.close();
			await relay.close();
			await proxy.close();
			expect(errors).toEqual([]);
		});
		return { proxy, relay, links, seen };
	};
	return { one: await open('1'), two: await open('2') };
}

/** A message of that length which begins with its number. */
function numbered(number: number, length = 1_000): Uint8Array {
	const bytes = new Uint8Array(length);
	new DataView(bytes.buffer).setUint32(0, number);
	return bytes;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('links over NATS', () => {
	test('messages of all sizes come in order, both ways', async () => {
		const { one, two } = await openPair();
		const count = 400;
		for (const n of upTo(count)) {
			const length = n % 100 === 0 ? 5_000_000 : 1_000;
			one.links.send('2', numbered(n, length));
			two.links.send('1', numbered(n));
			if (n % 20 === 0) await sleep(1);
		}
		await until(() => two.seen.length === count && one.seen.length === count);
		expect([one.seen, two.seen]).toEqual([upTo(count), upTo(count)]);
		expect(one.links.linkFigures()).toMatchObject({ downs: 0, sessions: 1 });
	});

	test('[P22] short cuts of either node under load lose nothing and are not noticed', async () => {
		const { one, two } = await openPair(10_000);
		const count = 600;
		for (const n of upTo(count)) {
			one.links.send('2', numbered(n));
			two.links.send('1', numbered(n));
			if (n === 150) one.proxy.cut();
			if (n === 200) one.proxy.restore();
			if (n === 350) two.proxy.cut();
			if (n === 400) two.proxy.restore();
			await sleep(2);
		}
		await until(() => two.seen.length === count && one.seen.length === count);
		expect([one.seen, two.seen]).toEqual([upTo(count), upTo(count)]);
		expect(one.links.linkFigures().resends + two.links.linkFigures().resends).toBeGreaterThan(0);
	});

	test('[P22] a long cut is down on both sides once, and a new session follows by itself', async () => {
		const { one, two } = await openPair(1_000);
		one.links.send('2', numbered(1));
		two.links.send('1', numbered(1));
		await until(() => two.seen.length === 1 && one.seen.length === 1);
		one.proxy.cut();
		await until(() => two.seen.includes('down') && one.seen.includes('down'));
		one.proxy.restore();
		await until(() => one.relay.connected);
		one.links.send('2', numbered(2));
		two.links.send('1', numbered(2));
		await until(() => two.seen.includes(2) && one.seen.includes(2));
		expect([one.seen, two.seen]).toEqual([
			[1, 'down', 2],
			[1, 'down', 2],
		]);
	});
});
