import { afterEach, expect, test } from 'vitest';
import type { NaruProcess } from '../support/naru-process.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** Handing over, sockets, what waits for the store, and as much again for a machine that is busy. */
const STOP_MS_MAX = 25_000;

test.each(['cut', 'swallowAnswers'] as const)(
	`[P21] [P22] SIGTERM while MongoDB is away (%s) ends in time, says what is not written, and loses nothing (seed ${SEED})`,
	async (breakIt) => {
		cluster = await ClusterNodes.start(1, { isProxied: true });
		const channels = ['news', 'games', 'lobby'];
		const load = await ChaosLoad.start(cluster, { channels, seed: SEED, members: 9 });
		const [node, mongo] = [cluster.nodes[0] as NaruProcess, cluster.ways[0]?.mongo];
		mongo?.[breakIt]();
		const began = Date.now();
		const { code } = await node.terminate();
		const tookMs = Date.now() - began;
		console.info(`stopped without the store (${breakIt}) in ${tookMs} ms: ${node.errors.trim()}`);
		expect(tookMs).toBeLessThan(STOP_MS_MAX);
		expect(code).toBe(1);
		expect(node.errors).toMatch(/^naru: a store did not answer: \d+ actors .*, \d+ events .*\n$/);
		mongo?.restore();
		await cluster.replace(0);
		await load.flows();
		await judge(load);
	},
	240_000,
);
