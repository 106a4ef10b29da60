import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NaruProcess } from '../support/naru-process.ts';
import { rest, until } from '../support/world.ts';
import { judge, recordsOf, withJournal } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';

const RECONNECTS = 50;

let cluster: ClusterNodes;
beforeAll(async () => {
	cluster = await ClusterNodes.start(3);
});
afterAll(() => cluster.end());

test(`[P2] a client that is at another node after each of ${RECONNECTS} cuts misses nothing and doubles nothing (seed ${SEED})`, async () => {
	const options = { channels: ['news', 'games'], seed: SEED, members: 6, senders: 3, everyMs: 60 };
	const load = await ChaosLoad.start(cluster, options);
	// One that writes, and one that only listens.
	const wanderers = [load.devices[0], load.devices[4]];
	const before = wanderers.map((device) => device?.naru.stats.sockets ?? 0);
	for (let n = 0; n < RECONNECTS; n++) {
		for (const device of wanderers) device?.cut();
		// Sometimes right away, sometimes when some messages were missed.
		await sleep(n % 5 === 0 ? 150 : 0);
		await Promise.all(wanderers.map((device) => device?.comeBack()));
		if (n % 10 === 0) await load.flows();
	}
	for (const [index, device] of wanderers.entries()) {
		expect(device?.naru.stats.sockets).toBeGreaterThanOrEqual((before[index] ?? 0) + RECONNECTS);
	}
	await load.flows();
	await judge(load);
});

test('[P13][N12] what is due of a killed node is done by another, although nobody visits', async () => {
	const [first] = cluster.nodes;
	const token = await cluster.token('backend', ['service']);
	const body = { to: ['zoe'], type: 'offer', data: {}, ttlSeconds: 2 };
	const { status } = await rest(first?.url ?? '', '/api/v1/notices', { token, key: 'k1', body });
	expect(status).toBe(200);
	const owner = await cluster.ops<{ node: string }>('actors/user/zoe', first as NaruProcess);
	const nodes = await cluster.ops<{ id: string; url: string }[]>('nodes', first as NaruProcess);
	const url = nodes.find(({ id }) => id === owner.node)?.url;
	await cluster.nodes.find((node) => node.url === url)?.kill();
	await withJournal(cluster, async (journal) => {
		const eventsOf = async () => {
			const records = await recordsOf(journal, 'user/zoe');
			return records.flatMap(({ events }) => events.map(({ type }) => type));
		};
		expect(await eventsOf()).toEqual(['notice']);
		await until(async () => (await eventsOf()).length > 1);
		expect(await eventsOf()).toEqual(['notice', 'expired']);
		const writers = (await recordsOf(journal, 'user/zoe')).map(({ writer }) => writer);
		expect(new Set(writers).size).toBe(2);
	});
});
