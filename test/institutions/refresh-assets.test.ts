import { describe, expect, test } from 'vitest';
import { refreshAssets } from '../../src/institutions/refresh-assets.ts';
import { AssetWorld } from '../support/asset-world.ts';

const WEEK_MS = 604_800_000;

/** A user with assets, and the refresh as the weekly plan asks for it. */
async function scene() {
	const world = new AssetWorld();
	const ann = world.device('ann');
	await ann.register(['bank-a']);
	await ann.ended();
	world.banks.seen.length = 0;
	const start = (transactionId: string, userId = 'ann') => {
		const { system: actors, runtime } = world.bench;
		const answers: unknown[] = [];
		const refresh = refreshAssets({ actors, runtime });
		void refresh('bank-a', userId, transactionId).then((answer) => answers.push(answer));
		return answers;
	};
	const run = async (transactionId: string, userId?: string) => {
		const answers = start(transactionId, userId);
		await world.runtime.until(() => answers.length > 0, WEEK_MS);
		return answers[0];
	};
	const version = async () => (await ann.list())[0]?.version ?? 0;
	return { world, ann, start, run, version };
}

describe('[I23] refresh of one target', () => {
	test('[I23] answers when it is recorded, and does nothing when it was', async () => {
		const { world, ann, run, version } = await scene();
		const before = await version();
		await world.runtime.advance(1_000);
		expect(await run('t1')).toEqual({ ok: true });
		expect(await version()).toBeGreaterThan(before);
		expect(ann.told.at(-1)).toMatchObject(['snapshot', { institution: 'bank-a' }]);
		const calls = world.banks.seen.length;
		expect(calls).toBe(16);
		expect(await run('t1')).toEqual({ ok: true });
		expect(world.banks.seen).toHaveLength(calls);
		expect(world.bench.system.hosts.get('user/ann')?.subscribers.size).toBe(1);
	});

	test('[I23] asked twice at once it is done once, and both are answered', async () => {
		const { world, start } = await scene();
		const [one, other] = [start('t1'), start('t1')];
		await world.runtime.until(() => one.length + other.length === 2);
		expect([...one, ...other]).toEqual([{ ok: true }, { ok: true }]);
		expect(world.banks.seen).toHaveLength(16);
	});

	test('[I23] a crash in the middle repeats it with the same transaction ids', async () => {
		const { world, start, run } = await scene();
		start('t1');
		await world.runtime.advance(350);
		const before = world.banks.seen.map(({ transactionId }) => transactionId);
		expect(before.length).toBeGreaterThan(2);
		world.crash();
		expect(await run('t1')).toEqual({ ok: true });
		const ids = world.banks.seen.map(({ transactionId }) => transactionId);
		expect(new Set(ids).size).toBe(16);
		for (const id of before) expect(ids.filter((one) => one === id)).toHaveLength(2);
	});

	test('[I7] without a consent nobody is called', async () => {
		const { world, ann, run } = await scene();
		expect(await run('t1', 'bob')).toEqual({ ok: false, code: 'FORBIDDEN' });
		await ann.withdraw();
		await world.runtime.advance(5_000);
		world.banks.seen.length = 0;
		expect(await run('t1')).toMatchObject({ ok: false, code: 'FORBIDDEN' });
		expect(world.banks.seen).toEqual([]);
	});

	test('tells why not, and when to come again', async () => {
		const { world, run } = await scene();
		world.banks.intercept = () => ({ ok: false, code: 'MAINTENANCE', retryAfterMs: 60_000 });
		expect(await run('t1')).toEqual({ ok: false, code: 'MAINTENANCE', retryAfterMs: 60_000 });
		world.banks.intercept = () => undefined;
		expect(await run('t1')).toEqual({ ok: true });
	});

	test.each([
		{ of: 'denied', status: 401, code: 'FORBIDDEN', isDenied: true },
		{ of: 'business', status: 409, code: 'CONFLICT', isDenied: true },
		{ of: 'throttled', status: 429, code: 'RATE_LIMITED', isDenied: undefined },
		{ of: 'failed', status: 500, code: 'UNAVAILABLE', isDenied: undefined },
	] as const)(
		'[I11] [I23] $status, which counts as $of, is told from an end of the consent',
		async (one) => {
			const { world, run } = await scene();
			world.banks.intercept = () => world.banks.outside({ class: one.of, status: one.status });
			const said = (await run('t1')) as { isDenied?: boolean };
			expect(said).toMatchObject({ ok: false, code: one.code });
			expect(said.isDenied).toBe(one.isDenied);
			world.banks.intercept = () => undefined;
			expect(await run('t1')).toEqual({ ok: true });
		},
	);

	test('is not waited for without end, and an owner that goes is told of', async () => {
		const { world, start, run } = await scene();
		world.banks.intercept = () => new Promise<never>(() => {});
		expect(await run('t1')).toEqual({ ok: false, code: 'TIMEOUT' });
		const answers = start('t1');
		await world.runtime.advance(100);
		void world.bench.system.release('user/ann');
		await world.runtime.until(() => answers.length > 0);
		expect(answers).toEqual([{ ok: false, code: 'MOVED' }]);
	});
});
