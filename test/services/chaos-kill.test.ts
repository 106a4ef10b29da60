import { afterEach, expect, test } from 'vitest';
import { seeded } from '../support/seeded.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { ClusterNodes } from './cluster-nodes.ts';

/** A longer run: `CHAOS_ROUNDS=20 CHAOS_SEED=7 vitest run --project services test/services/chaos-kill.test.ts`. */
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 2);
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

test(`[P20] nodes that are killed and come back lose, double and reorder nothing (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3);
	const { nodes } = cluster;
	const random = seeded(SEED);
	const load = await ChaosLoad.start(cluster, { channels: ['news', 'games', 'lobby'], seed: SEED });
	for (let round = 0; round < ROUNDS; round++) {
		const victim = Math.floor(random() * nodes.length);
		await nodes[victim]?.kill();
		// Now and then it is back before the others know that it was gone.
		if (random() < 0.5) await load.flows();
		await cluster.replace(victim);
		await load.flows();
	}
	// Two of three at once: owners and edges of the same clients.
	const survivor = Math.floor(random() * nodes.length);
	const victims = [0, 1, 2].filter((index) => index !== survivor);
	await Promise.all(victims.map((index) => nodes[index]?.kill()));
	await load.flows();
	await Promise.all(victims.map((index) => cluster?.replace(index)));
	await load.flows();
	await judge(load);
	expect(nodes.map(({ isRunning, errors }) => ({ isRunning, errors }))).toEqual(
		nodes.map(() => ({ isRunning: true, errors: '' })),
	);
}, 240_000);
