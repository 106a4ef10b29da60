import { expect, test } from 'vitest';
import { AssetWatch } from '../../src/institutions/asset-watch.ts';
import { AssetWorld } from '../support/asset-world.ts';

const LOOK_MS = 1_000;

/** A node that watches a user, and what it told the user's devices. */
function watching(world: AssetWorld) {
	const told: string[] = [];
	const watch = new AssetWatch({
		userId: 'ann',
		actors: world.bench.system,
		runtime: world.runtime,
		news: {
			job: ({ state }) => told.push(`job ${state}`),
			step: (_id, { step, state }) => told.push(`step ${step} ${state}`),
			snapshot: (institution) => told.push(`snapshot ${institution}`),
		},
	});
	const look = async () => {
		watch.look();
		await world.runtime.advance(LOOK_MS);
	};
	return { watch, told, look };
}

test('[I2] [I4] what began and ended between two looks at a user without an actor is told', async () => {
	const world = new AssetWorld();
	const { watch, told, look } = watching(world);
	await look();
	// Devices read now, and find nothing.
	await watch.settled(LOOK_MS);
	expect(told).toEqual([]);
	const elsewhere = world.device('ann');
	await elsewhere.register();
	await elsewhere.ended();
	await look();
	expect(told).toEqual(['job done', 'snapshot bank-a']);
	watch.close();
});

test('[I4] what was there when it was first looked for is not told: whoever reads finds it', async () => {
	const world = new AssetWorld();
	const ann = world.device('ann');
	await ann.register();
	await ann.ended();
	const { watch, told, look } = watching(world);
	await look();
	expect(told).toEqual([]);
	watch.close();
});
