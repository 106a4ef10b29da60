import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WorkResult } from '../../actors/user/institution-port.ts';
import { isOver, RUNS_AT_ONCE_MAX } from '../../actors/user/registration-state.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import { SYSTEM } from '../../src/core/actor-kind.ts';
import type { AssetJob, JobStep } from '../../src/protocol/institution.ts';
import {
	asset,
	type Called,
	intents,
	jobs,
	NODE,
	reply,
	resultOf,
	type User,
	user,
} from '../support/asset-user.ts';

const institution = fc.integer({ min: 0, max: 13 }).map((n) => `bank-${n}`);
const CODES = ['MAINTENANCE', 'UNAVAILABLE', 'RATE_LIMITED', 'FORBIDDEN', 'CONFLICT'] as const;

type Step = (ann: User) => Promise<void>;

const register = fc
	.record({
		institutions: fc.uniqueArray(institution, { minLength: 1, maxLength: 12 }),
		ms: fc.constantFrom(1_000, 60_000, 10_000_000),
	})
	.map(
		({ institutions, ms }): Step =>
			async (ann) => {
				const consent = { scopes: ['assets'], expiresAt: ann.now + ms };
				await ann.command(NODE, 'register', { institutions, consent });
			},
	);

const withdraw = institution.map(
	(one): Step =>
		async (ann) => {
			await ann.command(NODE, 'withdraw', { institution: one });
		},
);

const refresh = fc.tuple(institution, fc.integer({ min: 0, max: 3 })).map(
	([one, n]): Step =>
		async (ann) => {
			await ann.command(NODE, 'refresh', { institution: one, transactionId: `t${n}` });
		},
);

/** Answers one of what is under way: by the book, late, or with a refusal. */
const answer = fc
	.tuple(fc.nat(), fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 5 }))
	.map(
		([index, how, count]): Step =>
			async (ann) => {
				const all = intents(ann);
				const call = all[index % Math.max(1, all.length)];
				if (call !== undefined) await reply(ann, call, resultWith(ann, call, { how, count }));
			},
	);

function resultWith(
	ann: User,
	call: Called,
	{ how, count }: { readonly how: number; readonly count: number },
): WorkResult {
	const code = CODES[how];
	const { op } = call.args;
	if (code !== undefined && op !== 'erase') {
		const isRepeatable = code !== 'FORBIDDEN' && code !== 'CONFLICT';
		return { ok: false, code, isRepeatable, retryAfterMs: 500 };
	}
	if (op !== 'details') return resultOf(call);
	const { ids = [] } = call.args as { ids?: readonly string[] };
	const some = ids.slice(0, count);
	// What an institution says of now and then is older than what it said before.
	const asOf = how === 8 ? 1 : ann.now;
	return { ok: true, assets: some.map((id) => asset(id, asOf)), count: some.length };
}

const pass = fc.constantFrom(100, 2_000, 70_000).map(
	(ms): Step =>
		async (ann) => {
			ann.now += ms;
			const due = userKind.nextWakeAt?.(ann.state);
			if (due !== undefined && due <= ann.now) await ann.command(SYSTEM, 'wake');
		},
);

const restart = fc.constant<Step>(async (ann) => ann.restart());

/** What holds whatever happens. */
function check(ann: User): void {
	const { runs, consents, jobs: known } = ann.state.registration ?? {};
	const active = [...(runs?.values() ?? [])].filter(({ phase }) => phase === 'active');
	expect(active.length).toBeLessThanOrEqual(RUNS_AT_ONCE_MAX);
	const ids = intents(ann).map(({ id }) => id);
	expect(new Set(ids).size).toBe(ids.length);
	for (const { args } of intents(ann)) {
		// [I7] Nothing but its end is asked of an institution without a consent.
		if (args.op !== 'revoke' && args.op !== 'erase')
			expect(consents?.has(args.institution)).toBe(true);
	}
	for (const job of known?.values() ?? []) {
		expect(job.state === 'running').toBe(!job.steps.every(isOver));
		for (const step of job.steps) {
			// What is open in a job is on its way, once.
			if (!isOver(step)) expect(runs?.get(step.institution)?.step).toEqual(step);
		}
	}
}

/** What subscribers were told, put together, is what the actor says. */
function told(ann: User): Map<string, AssetJob> {
	const all = new Map<string, AssetJob>();
	for (const { type, data } of ann.heard) {
		if (type === 'job') all.set((data as AssetJob).id, data as AssetJob);
		if (type !== 'step') continue;
		const { jobId, step } = data as { jobId: string; step: JobStep };
		const job = all.get(jobId);
		if (job === undefined) throw new Error('a step of an unknown job');
		const steps = job.steps.map((one) => (one.institution === step.institution ? step : one));
		all.set(jobId, { ...job, steps });
	}
	return all;
}

/** All versions of an institution's snapshots, in the order in which they were recorded. */
const versions = (ann: User, one: string) =>
	ann.heard
		.filter(({ type, data }) => {
			return type === 'recorded' && (data as { institution: string }).institution === one;
		})
		.map(({ data }) => (data as { version: number }).version);

test('[I2] [I3] [I4] [I7] whatever happens in whatever order, what must hold holds', async () => {
	const step = fc.oneof(
		{ weight: 3, arbitrary: register },
		{ weight: 1, arbitrary: withdraw },
		{ weight: 2, arbitrary: refresh },
		{ weight: 12, arbitrary: answer },
		{ weight: 4, arbitrary: pass },
		{ weight: 1, arbitrary: restart },
	);
	let ended = 0;
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 120 }), async (steps) => {
			const ann = user();
			for (const one of steps) {
				await one(ann);
				check(ann);
			}
			const heard = told(ann);
			for (const job of await jobs(ann)) expect(heard.get(job.id)).toEqual(job);
			for (let n = 0; n < 14; n++) {
				const all = versions(ann, `bank-${n}`);
				expect(all).toEqual([...new Set(all)].toSorted((a, b) => a - b));
			}
			ended += (await jobs(ann)).filter(({ state }) => state !== 'running').length;
		}),
		{ numRuns: 60, seed: 7 },
	);
	expect(ended).toBeGreaterThan(100);
});

test('[I1] [I3] when institutions answer, every registration comes to its end', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.oneof(register, withdraw, refresh, answer, pass), { maxLength: 60 }),
			async (steps) => {
				const ann = user();
				for (const one of steps) await one(ann);
				for (let n = 0; n < 5_000; n++) {
					const [call] = intents(ann);
					const due = userKind.nextWakeAt?.(ann.state);
					if (call !== undefined) await reply(ann, call, resultOf(call, ann.now));
					else if (due === undefined) break;
					else {
						ann.now = Math.max(ann.now, due);
						await ann.command(SYSTEM, 'wake');
					}
				}
				expect((await jobs(ann)).filter(({ state }) => state === 'running')).toEqual([]);
				const { runs, refreshes, revocations, erasures } = ann.state.registration ?? {};
				const left = [runs, refreshes, revocations, erasures].map((map) => map?.size ?? 0);
				expect(left).toEqual([0, 0, 0, 0]);
			},
		),
		{ numRuns: 40, seed: 11 },
	);
});
