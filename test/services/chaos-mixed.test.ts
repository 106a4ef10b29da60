import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { seeded } from '../support/seeded.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';

/** A longer run: `CHAOS_ROUNDS=30 CHAOS_SEED=7 vitest run --project services test/services/chaos-mixed.test.ts`. */
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 2);
const FAULT_MS_MAX = 7_000;
const SERVERS = ['redis', 'nats', 'mongo'] as const;

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** Breaks something of one node, and answers with what mends it. */
type Fault = (cluster: ClusterNodes, index: number) => () => unknown;

const cut =
	(server: (typeof SERVERS)[number]): Fault =>
	({ ways }, index) => {
		ways[index]?.[server].cut();
		return () => ways[index]?.[server].restore();
	};

const hang =
	(server: (typeof SERVERS)[number]): Fault =>
	({ ways }, index) => {
		ways[index]?.[server].swallowAnswers();
		return () => ways[index]?.[server].restore();
	};

const FAULTS: Readonly<Record<string, Fault>> = {
	kill: (nodes, index) => {
		const killed = nodes.nodes[index]?.kill();
		return async () => {
			await killed;
			await nodes.replace(index);
		};
	},
	stop: (nodes, index) => {
		const stopped = nodes.nodes[index]?.terminate();
		return async () => {
			await stopped;
			await nodes.replace(index);
		};
	},
	pause: ({ nodes }, index) => {
		nodes[index]?.pause();
		return () => nodes[index]?.resume();
	},
	...Object.fromEntries(SERVERS.map((server) => [`${server} cut`, cut(server)])),
	...Object.fromEntries(SERVERS.map((server) => [`${server} silent`, hang(server)])),
};

test(
	`[P12][P20][P21][P22] whatever breaks, also two things at once: nothing is lost, doubled or reordered (seed ${SEED})`,
	async () => {
		cluster = await ClusterNodes.start(3, { isProxied: true });
		const nodes = cluster;
		const random = seeded(SEED);
		const oneOf = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T;
		const load = await ChaosLoad.start(nodes, { channels: ['news', 'games', 'lobby'], seed: SEED });
		for (let round = 0; round < ROUNDS; round++) {
			const victims = random() < 0.5 ? [oneOf([0, 1, 2])] : [0, 1, 2].filter(() => random() < 0.6);
			const faults = victims.map((index) => ({ index, name: oneOf(Object.keys(FAULTS)) }));
			console.info(`round ${round}: ${faults.map(({ index, name }) => `${name} ${index}`).join()}`);
			const mends = faults.map(({ index, name }) => FAULTS[name]?.(nodes, index));
			await Promise.all(
				mends.map(async (mend) => {
					await sleep(random() * FAULT_MS_MAX);
					await mend?.();
				}),
			);
			const mended = Date.now();
			const last = await load.flows();
			console.info(`round ${round}: all write again after ${Date.now() - mended} ms, last ${last}`);
		}
		await judge(load);
		expect(nodes.nodes.map(({ isRunning, errors }) => ({ isRunning, errors }))).toEqual(
			nodes.nodes.map(() => ({ isRunning: true, errors: '' })),
		);
	},
	120_000 + ROUNDS * 60_000,
);
