import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openNatsRelay } from '../../src/adapters/nats/nats-relay.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { Relay } from '../../src/cluster/relay.ts';
import { SILENT } from '../../src/core/log.ts';
import { relayContract } from '../contract/relay-contract.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

const TIME_MAX_MS = 10_000;

async function until(isDone: () => boolean): Promise<void> {
	const end = performance.now() + TIME_MAX_MS;
	while (!isDone()) {
		if (performance.now() > end) throw new Error(`not done after ${TIME_MAX_MS} ms`);
		await sleep(5);
	}
}

const open = (url: string, connectTimeoutMs?: number) =>
	openNatsRelay({ url, name: 'naru test', runtime: nodeRuntime, log: SILENT, connectTimeoutMs });

/** A relay whose connection can be cut. */
async function openBehindProxy() {
	const proxy = await TcpProxy.start(serviceUrls().NATS_URL);
	const relay = await open(proxy.through(serviceUrls().NATS_URL));
	return { proxy, relay };
}

relayContract('nats', () => {
	const prefix = `test-${randomUUID()}`;
	const opened: { readonly proxy: TcpProxy; readonly relay: Relay }[] = [];
	return Promise.resolve({
		prefix,
		open: async () => {
			const one = await openBehindProxy();
			opened.push(one);
			return one.relay;
		},
		// Each asks by a message to itself: what it sent and subscribed before is with the server then.
		settle: async () => {
			for (const { relay } of [...opened, ...opened]) {
				if (!relay.connected) continue;
				let isBack = false;
				const subject = `${prefix}.settle-${randomUUID()}`;
				const end = relay.subscribe(subject, () => {
					isBack = true;
				});
				relay.publish(subject, new Uint8Array(0));
				await until(() => isBack && relay.bytesQueued === 0);
				end();
			}
		},
		setConnected: async (relay, connected) => {
			const proxy = opened.find((each) => each.relay === relay)?.proxy;
			if (connected) proxy?.restore();
			else proxy?.cut();
			await until(() => relay.connected === connected);
		},
		close: async () => {
			for (const { relay, proxy } of opened) {
				await relay.close();
				await proxy.close();
			}
		},
	});
});

describe('NATS', () => {
	test('[P22] a server that answers nothing any more is given up, and found again', async () => {
		const { proxy, relay } = await openBehindProxy();
		onTestFinished(async () => {
			await relay.close();
			await proxy.close();
		});
		proxy.swallowAnswers();
		await until(() => !relay.connected);
		proxy.restore();
		await until(() => relay.connected);
	});

	test('100,000 subscriptions stand again after a cut', async () => {
		const { proxy, relay } = await openBehindProxy();
		onTestFinished(async () => {
			await relay.close();
			await proxy.close();
		});
		const prefix = `test-${randomUUID()}`;
		let heard = 0;
		for (let n = 0; n < 100_000; n++) {
			relay.subscribe(`${prefix}.${n}`, () => {
				heard++;
			});
		}
		proxy.cut();
		await until(() => !relay.connected);
		proxy.restore();
		await until(() => relay.connected);
		for (const n of [0, 1, 50_000, 99_999]) relay.publish(`${prefix}.${n}`, new Uint8Array(1));
		await until(() => heard >= 4);
		expect(heard).toBe(4);
	});

	test('nobody there is an error in time, that repeats no password', async () => {
		const server = createServer(() => {});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		onTestFinished(() => void server.close());
		const address = server.address();
		const port = typeof address === 'object' ? address?.port : 0;
		const refused = open(`nats://ann:hush@127.0.0.1:${port}`, 300).catch(String);
		expect(await refused).toMatch(/^RelayError: NATS is not reached/);
		expect(await refused).not.toContain('hush');
	});

	test('a wrong URL is an error at once, that repeats no password', async () => {
		for (const url of ['', 'http://ann:hush@host', 'ann:hush@host:4222', 'nats://', 'nats:hush']) {
			const error = await open(url).catch(String);
			expect(error, url).toMatch(/^Error: a NATS URL is/);
		}
	});
});
