import { describe, expect, test } from 'vitest';
import type { WorkResult } from '../../actors/user/institution-port.ts';
import type { Asset } from '../../src/protocol/institution.ts';
import {
	asset,
	consent,
	intents,
	jobs,
	MAINTENANCE,
	NODE,
	next,
	register,
	reply,
	resultOf,
	snapshots,
	user,
	wake,
	work,
	works,
} from '../support/asset-user.ts';
import { outcome } from '../support/channel-actor.ts';
import { person } from '../support/pure-actor.ts';

describe('registration', () => {
	test('[I1] is answered at once with its job, before anything is called', async () => {
		const ann = user();
		const job = await register(ann, ['bank-a', 'card-b']);
		expect(job).toMatchObject({ state: 'running', startedAt: ann.now });
		expect(job.steps).toMatchObject([
			{ institution: 'bank-a', step: 'authorise', state: 'running' },
			{ institution: 'card-b', step: 'authorise', state: 'running' },
		]);
		expect(works(ann)).toEqual(['bank-a authorise', 'card-b authorise']);
	});

	test('[I1] [I2] goes through its steps, each told, details in parts', async () => {
		const ann = user();
		const { id } = await register(ann, ['bank-a']);
		const before = ann.heard.length;
		await work(ann);
		const told = ann.heard.slice(before);
		const steps = told.filter(({ type }) => type === 'step').map(({ data }) => data);
		expect(steps).toMatchObject([
			{ jobId: id, step: { step: 'token', state: 'running' } },
			{ jobId: id, step: { step: 'list', state: 'running' } },
			{ jobId: id, step: { step: 'details', state: 'running', done: 0, total: 7 } },
			{ jobId: id, step: { step: 'details', state: 'running', done: 5, total: 7 } },
			{ jobId: id, step: { step: 'details', state: 'done', done: 7, total: 7 } },
		]);
		expect(told.at(-1)).toMatchObject({ type: 'job', data: { id, state: 'done' } });
		expect(told.every(({ audience }) => audience !== 'all' && !audience.includes('ann'))).toBe(
			true,
		);
		expect(await jobs(ann)).toMatchObject([{ id, state: 'done', endedAt: ann.now }]);
	});

	test('[I2] an institution that fails stops none of the others', async () => {
		const ann = user();
		const { id } = await register(ann, ['bank-a', 'card-b']);
		const denied: WorkResult = { ok: false, code: 'FORBIDDEN', isRepeatable: false };
		await work(ann, ({ args }) => (args.institution === 'bank-a' ? denied : undefined));
		expect(await jobs(ann)).toMatchObject([
			{
				id,
				state: 'partial',
				steps: [
					{ institution: 'bank-a', step: 'authorise', state: 'failed', code: 'FORBIDDEN' },
					{ institution: 'card-b', step: 'details', state: 'done' },
				],
			},
		]);
		expect(await snapshots(ann, 'bank-a', 'card-b')).toHaveLength(1);
	});

	test('[I3] the same one while it runs is joined; part of it too; afterwards it is a new one', async () => {
		const ann = user();
		const first = await register(ann, ['bank-a', 'card-b']);
		expect((await register(ann, ['card-b', 'bank-a'])).id).toBe(first.id);
		expect((await register(ann, ['bank-a'])).id).toBe(first.id);
		expect(works(ann)).toHaveLength(2);
		await work(ann);
		expect((await register(ann, ['bank-a', 'card-b'])).id).not.toBe(first.id);
	});

	test('[I3] one with more institutions shares the work of those that run', async () => {
		const ann = user();
		const first = await register(ann, ['bank-a']);
		const second = await register(ann, ['bank-a', 'card-b']);
		expect(second.id).not.toBe(first.id);
		expect(works(ann)).toEqual(['bank-a authorise', 'card-b authorise']);
		await work(ann);
		expect(await jobs(ann)).toMatchObject([
			{ id: first.id, state: 'done' },
			{ id: second.id, state: 'done', steps: [{ state: 'done' }, { state: 'done' }] },
		]);
	});

	test('[I3] those that failed are tried again by registering again, also while others run', async () => {
		const ann = user();
		const first = await register(ann, ['bank-a', 'card-b']);
		const bank = next(ann);
		await reply(ann, bank, { ok: false, code: 'CONFLICT', isRepeatable: false });
		const second = await register(ann, ['bank-a']);
		expect(second.id).not.toBe(first.id);
		await work(ann);
		expect(await jobs(ann)).toMatchObject([{ state: 'partial' }, { state: 'done' }]);
	});

	test('[I3] [P12] goes on from a snapshot where it was, at any moment', async () => {
		const ann = user();
		await register(ann, ['bank-a', 'card-b', 'telecom-f']);
		for (;;) {
			const before = intents(ann);
			ann.restart();
			expect(intents(ann)).toEqual(before);
			const [next] = before;
			if (next === undefined) break;
			await reply(ann, next, resultOf(next));
		}
		expect(await jobs(ann)).toMatchObject([{ state: 'done' }]);
		const [first] = (await snapshots(ann, 'bank-a')) as { assets: readonly Asset[] }[];
		expect(first?.assets.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
	});

	test('works on at most ten institutions at once, the next begins when one ends', async () => {
		const ann = user();
		const many = Array.from({ length: 12 }, (_, n) => `bank-${n}`);
		const job = await register(ann, many);
		expect(job.steps.filter(({ state }) => state === 'waiting')).toHaveLength(2);
		expect(works(ann)).toHaveLength(10);
		const first = next(ann);
		await reply(ann, first, { ok: false, code: 'CONFLICT', isRepeatable: false });
		expect(works(ann)).toHaveLength(10);
		expect(works(ann)).toContain('bank-10 authorise');
		await work(ann);
		expect(await jobs(ann)).toMatchObject([{ state: 'partial' }]);
	});

	test('[I12] under maintenance a step waits, says why, and goes on when it is over', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		await work(ann, () => MAINTENANCE);
		const [waiting] = await jobs(ann);
		expect(waiting).toMatchObject({
			state: 'running',
			steps: [{ state: 'waiting', code: 'MAINTENANCE' }],
		});
		const since = ann.now;
		await wake(ann);
		expect(ann.now - since).toBeGreaterThanOrEqual(10_000);
		expect(waiting?.steps[0]?.retryAt).toBe(ann.now);
		expect(works(ann)).toEqual(['bank-a authorise']);
		expect((await jobs(ann))[0]?.steps[0]).not.toHaveProperty('code');
		expect((await jobs(ann))[0]?.steps[0]).not.toHaveProperty('retryAt');
		await work(ann);
		expect(await jobs(ann)).toMatchObject([{ state: 'done' }]);
	});

	test('a step is tried a bounded number of times, then it has failed with the code', async () => {
		for (const [code, tries] of [
			['MAINTENANCE', 8],
			['UNAVAILABLE', 3],
		] as const) {
			const ann = user();
			await register(ann, ['bank-a']);
			let calls = 0;
			for (;;) {
				await work(ann, () => {
					calls++;
					return { ok: false, code, isRepeatable: true };
				});
				if ((await jobs(ann))[0]?.state !== 'running') break;
				await wake(ann);
			}
			expect(calls).toBe(tries);
			expect(await jobs(ann)).toMatchObject([{ state: 'failed', steps: [{ code }] }]);
		}
	});

	test('[I1] what has no end is left, at the same bound as a refresh', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		const many = Array.from({ length: 600 }, (_, n) => asset(`${n}`));
		await work(ann, ({ args }) =>
			args.op === 'details' ? { ok: true, assets: many, count: 5 } : undefined,
		);
		expect(await jobs(ann)).toMatchObject([{ state: 'failed', steps: [{ code: 'TOO_LARGE' }] }]);
		expect(await snapshots(ann, 'bank-a')).toEqual([]);
	});

	test('has bounds, typed', async () => {
		const ann = user();
		const past = { institutions: ['bank-a'], consent: consent(ann, 0) };
		expect(outcome(await ann.command(NODE, 'register', past))).toBe('EXPIRED');
		for (let n = 0; n < 10; n++) await register(ann, [`bank-${n}`]);
		const more = { institutions: ['bank-x'], consent: consent(ann) };
		expect(outcome(await ann.command(NODE, 'register', more))).toBe('LIMIT');
		for (let n = 0; n < 60; n++) {
			await work(ann);
			await register(ann, [`card-${n}`]);
		}
		expect((await jobs(ann)).length).toBe(20);
	});

	test('[I7] [I3] a consent is seen while it stands, also when its job is long forgotten', async () => {
		const ann = user();
		const { now: given } = ann;
		await register(ann, ['bank-a']);
		await work(ann, () => ({ ok: false, code: 'CONFLICT', isRepeatable: false }));
		const { expiresAt } = consent(ann);
		for (let n = 0; n < 25; n++) {
			await register(ann, ['card-b']);
			await work(ann);
		}
		expect((await jobs(ann)).some(({ steps }) => steps[0]?.institution === 'bank-a')).toBe(false);
		const { consents } = (await ann.query(NODE, 'consents')) as { consents: unknown[] };
		expect(consents).toContainEqual({
			institution: 'bank-a',
			scopes: ['assets'],
			given,
			expiresAt,
		});
		ann.now = expiresAt;
		expect(await ann.query(NODE, 'consents')).toEqual({ consents: [] });
	});

	test('is for nodes only, whoever asks', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		const args = { institutions: ['bank-a'], consent: consent(ann) };
		for (const caller of [person('ann'), person('eve', { roles: ['ops', 'service'] })]) {
			expect(outcome(await ann.command(caller, 'register', args))).toBe('FORBIDDEN');
			const { institutions } = args;
			expect(await ann.query(caller, 'assets', { institutions })).toMatchObject({
				code: 'FORBIDDEN',
			});
			const done = { id: 'x', result: { ok: true } };
			expect(outcome(await ann.command(caller, 'intentDone', done))).toBe('FORBIDDEN');
		}
		expect(await ann.open('ann')).toEqual({ notices: [] });
	});
});

describe('snapshots', () => {
	test('[I4] are versioned, and an older result never replaces a newer one', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		await work(ann, (call) => (call.args.op === 'details' ? resultOf(call, 500) : undefined));
		const [first] = (await snapshots(ann, 'bank-a')) as { version: number; asOf: number }[];
		ann.now += 10;
		await register(ann, ['bank-a']);
		await work(ann, (call) => (call.args.op === 'details' ? resultOf(call, 400) : undefined));
		expect(await snapshots(ann, 'bank-a')).toEqual([first]);
		expect((await jobs(ann)).at(-1)).toMatchObject({ state: 'done' });
		await register(ann, ['bank-a']);
		await work(ann, (call) => (call.args.op === 'details' ? resultOf(call, 600) : undefined));
		const [newest] = (await snapshots(ann, 'bank-a')) as { version: number; asOf: number }[];
		expect(newest?.asOf).toBe(600);
		expect(newest?.version).toBeGreaterThan(first?.version ?? Infinity);
	});

	test('[I4] what the store does not have yet is in what the actor answers', async () => {
		const ann = user();
		ann.lags = true;
		await register(ann, ['bank-a']);
		await work(ann);
		expect(await ann.store.get('assets', ['ann', 'bank-a'])).toBeUndefined();
		expect(await snapshots(ann, 'bank-a')).toMatchObject([{ institution: 'bank-a', asOf: 500 }]);
	});

	test('an institution without assets has an empty one', async () => {
		const ann = user();
		await register(ann, ['bank-a']);
		await work(ann, ({ args }) => (args.op === 'list' ? { ok: true, ids: [] } : undefined));
		expect(await snapshots(ann, 'bank-a')).toMatchObject([{ assets: [], asOf: ann.now }]);
	});
});
