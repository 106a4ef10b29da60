import { afterEach, expect, test } from 'vitest';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { all, Flaps, measured, outage, ownersOf, SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

test(`[P22] NATS gone for one node, then for all: what needs no other node goes on, and nothing is lost (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3, { isProxied: true });
	const channels = ['news', 'games', 'lobby', 'sports', 'music', 'work'];
	const load = await ChaosLoad.start(cluster, { channels, seed: SEED, senders: 3 });
	const flaps = await Flaps.watch(load);
	const owners = await ownersOf(load);
	const cut = owners.get('news') ?? 0;
	const elsewhere = channels.filter((id) => owners.get(id) !== cut);
	const one = await outage(load, [cluster.ways[cut]?.nats as never], () => load.serves(elsewhere));
	measured('NATS gone for one node', one);
	// Each owner serves the clients of its own node.
	const every = await outage(load, all(cluster, 'nats'), () => load.serves());
	measured('NATS gone for all', every);
	await judge(load);
	expect(flaps.offline).toEqual([]);
	expect(cluster.nodes.map(({ errors, isRunning }) => ({ errors, isRunning }))).toEqual(
		cluster.nodes.map(() => ({ errors: '', isRunning: true })),
	);
}, 240_000);
