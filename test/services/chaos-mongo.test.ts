import { afterEach, expect, test } from 'vitest';
import { metrics } from '../support/world.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { all, Flaps, measured, outage, SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** What the nodes have counted, by name, summed up. */
async function counted(nodes: ClusterNodes, names: readonly string[]) {
	const all = await Promise.all(nodes.nodes.map(({ url }) => metrics(url)));
	return Object.fromEntries(
		names.map((name) => [name, all.reduce((sum, of) => sum + of(`naru_${name}`), 0)]),
	);
}

const COUNTERS = ['commits_total', 'activations_total', 'fences_total', 'quarantines_total'];

test(`[P22] MongoDB gone for all nodes: what was sent waits, and lands once when it is back (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3, { isProxied: true });
	const load = await ChaosLoad.start(cluster, { channels: ['news', 'games', 'lobby'], seed: SEED });
	const flaps = await Flaps.watch(load);
	const before = await counted(cluster, COUNTERS);
	const gone = await outage(load, all(cluster, 'mongo'));
	measured('MongoDB gone for all', gone);
	const after = await counted(cluster, COUNTERS);
	// The same owners all the while: nobody is deposed, nothing is loaded again and again.
	expect({ ...after, commits_total: 0 }).toEqual({ ...before, commits_total: 0 });
	// One node alone: it keeps its actors, whose commits wait; the others go on.
	const one = await outage(load, [cluster.ways[0]?.mongo as never]);
	measured('MongoDB gone for one node', one);
	expect(flaps.offline).toEqual([]);
	await judge(load);
	expect(cluster.nodes.map(({ errors, isRunning }) => ({ errors, isRunning }))).toEqual(
		cluster.nodes.map(() => ({ errors: '', isRunning: true })),
	);
}, 240_000);
