import { afterEach, expect, test } from 'vitest';
import type { NaruProcess } from '../support/naru-process.ts';
import { metrics, rest } from '../support/world.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { all, Flaps, measured, outage, ownersOf, SEED } from './chaos-outage.ts';
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

/** The most lines of one kind that a node's log has of any second. */
function linesPerSecond({ output }: NaruProcess): number {
	const counts = new Map<string, number>();
	for (const text of output.split('\n').filter((line) => line.startsWith('{'))) {
		const { level, time, msg, reason, err } = JSON.parse(text) as Record<string, string> & {
			readonly err?: { readonly code?: string; readonly type?: string };
		};
		const kind = JSON.stringify([level, msg, reason, err?.code ?? err?.type, time?.slice(0, 19)]);
		counts.set(kind, (counts.get(kind) ?? 0) + 1);
	}
	return Math.max(0, ...counts.values());
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
	// The first at once, and one that counts the others.
	for (const node of cluster.nodes) expect(linesPerSecond(node)).toBeLessThanOrEqual(2);
	expect(flaps.offline).toEqual([]);
	await judge(load);
	expect(cluster.nodes.map(({ errors, isRunning }) => ({ errors, isRunning }))).toEqual(
		cluster.nodes.map(() => ({ errors: '', isRunning: true })),
	);
}, 240_000);

const readiness = async (node: NaruProcess) => (await rest(node.url, '/readyz')).status;

test(`[P22] MongoDB gone for one node: others own its actors after some seconds, and it takes some again when it is back (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3, { isProxied: true });
	const { nodes, ways } = cluster;
	const load = await ChaosLoad.start(cluster, { channels: ['news', 'games', 'lobby'], seed: SEED });
	const flaps = await Flaps.watch(load);
	const cut = (await ownersOf(load)).get('news') ?? 0;
	const owner = nodes[cut] as NaruProcess;
	const asked = (cut + 1) % nodes.length;
	let movedMs = 0;
	const began = Date.now();
	const one = await outage(load, [ways[cut]?.mongo as never], async () => {
		while ((await cluster?.ownerOf('news', asked)) === cut);
		movedMs = Date.now() - began;
		// Its clients stay: it is their edge, and asks the others.
		await load.flows();
		expect(await readiness(owner)).toBe(503);
	});
	measured('MongoDB gone for one node', { ...one, waitedMs: movedMs });
	expect(movedMs).toBeLessThan(20_000);
	await expect.poll(() => readiness(owner), { timeout: 20_000 }).toBe(200);
	await cluster.client('late', owner).channel('late').join();
	expect(await cluster.ownerOf('late', asked)).toBe(cut);
	expect(flaps.offline).toEqual([]);
	await judge(load);
	for (const { errors, isRunning } of nodes) expect({ errors, isRunning }).toEqual(FINE);
}, 240_000);

const FINE = { errors: '', isRunning: true };
