import { expect, test } from 'vitest';
import { refreshAssets } from '../../src/institutions/refresh-assets.ts';
import { AssetWorld } from '../support/asset-world.ts';

/** A consent that ends soon, and the calls that went out at or behind its end. */
async function ending(ms: number, world = new AssetWorld()) {
	const ann = world.device('ann');
	const consent = world.consent(ms);
	await ann.register(['bank-a'], consent);
	const late = () => world.banks.seen.filter(({ at }) => at >= consent.expiresAt);
	return { world, ann, late, expiresAt: consent.expiresAt };
}

test('[I7] a consent that ends while a job runs: nothing goes out behind its end, and the job says so', async () => {
	for (let ms = 50; ms < 1_000; ms += 50) {
		const { world, ann, late } = await ending(ms);
		await ann.ended();
		await world.runtime.advance(60_000);
		expect(late()).toEqual([]);
		const [job] = await ann.jobs();
		if (job?.state === 'done') continue;
		expect(job).toMatchObject({ state: 'failed', steps: [{ state: 'failed', code: 'EXPIRED' }] });
		expect(await ann.list()).toEqual([]);
	}
});

test('[I7] also when its node crashes in between, and comes back before or behind the end', async () => {
	for (const crashMs of [150, 350, 450]) {
		for (const awayMs of [0, 5_000]) {
			const { world, late, expiresAt } = await ending(500);
			await world.runtime.advance(crashMs);
			world.crash();
			await world.runtime.advance(awayMs);
			void world.bench.system.wakeDue(Number.MAX_SAFE_INTEGER);
			const ann = world.device('ann');
			await world.runtime.advance(60_000);
			expect(world.runtime.now()).toBeGreaterThan(expiresAt);
			expect(late()).toEqual([]);
			expect(await ann.jobs()).toMatchObject([{ state: 'failed', steps: [{ code: 'EXPIRED' }] }]);
		}
	}
});

test('[I7] [I23] one that the weekly plan has taken up ends there: no call behind its end, then none at all', async () => {
	for (let beforeMs = 50; beforeMs < 1_000; beforeMs += 150) {
		const { world, ann, late, expiresAt } = await ending(60_000);
		await ann.ended();
		await world.runtime.advance(expiresAt - beforeMs - world.runtime.now());
		const refresh = refreshAssets({ actors: world.bench.system, runtime: world.runtime });
		const answers: unknown[] = [];
		const ask = async (id: string) => {
			const count = answers.length;
			void refresh('bank-a', 'ann', id).then((answer) => answers.push(answer));
			await world.runtime.until(() => answers.length > count, 200_000);
		};
		await ask('t1');
		await world.runtime.advance(60_000);
		await ask('t2');
		expect(late()).toEqual([]);
		expect(answers[1]).toMatchObject({ ok: false, code: 'FORBIDDEN' });
		const { rows } = await world.bench.store.page({
			...{ collection: 'consents', index: 'bySlot', prefix: ['bank-a'], limit: 9 },
		});
		expect(rows).toEqual([]);
	}
});

test('[I7] what was fetched may be read on behind the end; withdrawn, it is deleted, and nobody is called', async () => {
	const { world, ann, late, expiresAt } = await ending(10_000);
	await ann.ended();
	expect(await ann.consents()).toMatchObject([{ institution: 'bank-a', expiresAt }]);
	await world.runtime.advance(60_000);
	expect(await ann.list()).toMatchObject([{ institution: 'bank-a' }]);
	world.crash();
	const again = world.device('ann');
	expect(await again.list()).toMatchObject([{ institution: 'bank-a' }]);
	expect(await again.consents()).toEqual([]);
	await again.withdraw();
	await world.runtime.advance(60_000);
	expect(await again.list()).toEqual([]);
	expect(late()).toEqual([]);
	const { records } = await world.bench.journal.read(
		'user/ann',
		{ position: 0 },
		{ bytesMax: 1e9 },
	);
	expect(JSON.stringify(records)).not.toContain('Savings');
});
