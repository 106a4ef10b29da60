import { describe, expect, test } from 'vitest';
import { refreshPlanKind } from '../../actors/refresh-plan/refresh-plan-kind.ts';
import { SYSTEM } from '../../src/core/actor-kind.ts';
import {
	REFRESH_MINUTES_MAX,
	REFRESH_OPEN_MAX,
	type RefreshBegun,
	type RefreshStep,
	type RefreshStepped,
} from '../../src/protocol/refresh-plan.ts';
import { PureActor, person } from '../support/pure-actor.ts';

const OPS = person('olga', { roles: ['user', 'ops'] });
const WEEK = 2_900;

const step = (n: number, more: Partial<RefreshStep> = {}): RefreshStep => ({
	worker: 'w1',
	n,
	users: [],
	walked: false,
	expected: 0,
	recorded: [],
	gone: [],
	failed: [],
	...more,
});

const ok = async <T>(answer: Promise<unknown>): Promise<T> => {
	const answered = (await answer) as { ok: boolean; reply: T };
	expect(answered).toMatchObject({ ok: true });
	return answered.reply;
};

/** A plan that runs. */
async function running() {
	const plan = new PureActor(refreshPlanKind, 'bank-a');
	await ok(plan.command(SYSTEM, 'ensure', { week: WEEK, nextAt: plan.now }));
	await ok(plan.command(SYSTEM, 'wake'));
	return plan;
}

type RunningPlan = Awaited<ReturnType<typeof running>>;

const begin = (plan: RunningPlan, worker = 'w1', week = WEEK) =>
	ok<RefreshBegun>(plan.command(SYSTEM, 'begin', { worker, week, weekFrom: week * 1_000 }));

const take = (plan: RunningPlan, n: number, more: Partial<RefreshStep> = {}) =>
	ok<RefreshStepped>(plan.command(SYSTEM, 'step', step(n, more)));

describe('the plan of an institution’s refresh', () => {
	test('[I20] rests until its time, then has one piece of work until that is done', async () => {
		const plan = new PureActor(refreshPlanKind, 'bank-a');
		await ok(plan.command(SYSTEM, 'ensure', { week: WEEK, nextAt: plan.now + 500 }));
		const { nextWakeAt, intents } = refreshPlanKind;
		expect(nextWakeAt?.(plan.state)).toBe(plan.now + 500);
		await ok(plan.command(SYSTEM, 'wake'));
		expect(intents?.(plan.state)).toEqual([]);
		plan.now += 500;
		await ok(plan.command(SYSTEM, 'wake'));
		expect(nextWakeAt?.(plan.state)).toBeUndefined();
		expect(intents?.(plan.state)).toMatchObject([{ id: 'run-1', port: 'refresh-plan' }]);
		const nextAt = plan.now + 80_000;
		await ok(plan.command(SYSTEM, 'intentDone', { id: 'run-0', result: { nextAt } }));
		expect(intents?.(plan.state)).toHaveLength(1);
		await ok(plan.command(SYSTEM, 'intentDone', { id: 'run-1', result: { nextAt } }));
		expect(intents?.(plan.state)).toEqual([]);
		expect(nextWakeAt?.(plan.state)).toBe(nextAt);
	});

	test('[I20] a node that starts brings a run forward, never back, and not when the week is done', async () => {
		const plan = new PureActor(refreshPlanKind, 'bank-a');
		const ensure = (nextAt: number) => ok(plan.command(SYSTEM, 'ensure', { week: WEEK, nextAt }));
		await ensure(plan.now + 5_000);
		await ensure(plan.now + 9_000);
		expect(plan.state.nextAt).toBe(plan.now + 5_000);
		await ensure(plan.now);
		expect(plan.state.nextAt).toBe(plan.now);
		await ok(plan.command(SYSTEM, 'wake'));
		await begin(plan);
		await take(plan, 0, { walked: true });
		await ok(
			plan.command(SYSTEM, 'intentDone', { id: 'run-1', result: { nextAt: plan.now + 7_000 } }),
		);
		await ensure(plan.now);
		expect(plan.state.nextAt).toBe(plan.now + 7_000);
	});

	test('[I23] what was taken up stands until it is settled, through a restart', async () => {
		const plan = await running();
		await begin(plan);
		const { batch } = await take(plan, 0, { users: ['ann', 'bob', 'cy'], cursor: [9, 'cy'] });
		await take(plan, 1, { recorded: [`${batch}-0`], expected: 50 });
		plan.restart();
		const begun = await begin(plan, 'w2');
		expect(begun).toMatchObject({ cursor: [9, 'cy'], targets: 3, walked: false });
		expect(begun.open).toEqual([
			[`${batch}-1`, 'bob'],
			[`${batch}-2`, 'cy'],
		]);
	});

	test('[I23] only the newest worker takes steps, and each step once', async () => {
		const plan = await running();
		await begin(plan);
		const first = await take(plan, 0, { users: ['ann'], cursor: [1, 'ann'] });
		const again = await take(plan, 0, { users: ['ann'], cursor: [1, 'ann'] });
		expect(again).toEqual(first);
		expect(plan.state.targets).toBe(1);
		await take(plan, 1, { users: ['bob'], cursor: [2, 'bob'] });
		expect(await plan.command(SYSTEM, 'step', step(0))).toMatchObject({ code: 'CONFLICT' });
		await begin(plan, 'w2');
		expect(await plan.command(SYSTEM, 'step', step(2))).toMatchObject({ code: 'CONFLICT' });
		await take(plan, 0, { worker: 'w2' });
	});

	test('[I23] a target is settled once, whatever is told of it', async () => {
		const plan = await running();
		await begin(plan);
		const { batch } = await take(plan, 0, { users: ['ann', 'bob', 'cy'], cursor: [3, 'cy'] });
		const ids = [0, 1, 2].map((n) => `${batch}-${n}`);
		await take(plan, 1, { recorded: [ids[0] ?? '', 'x-1'], gone: ids.slice(0, 2), failed: ids });
		expect(plan.state).toMatchObject({ recorded: 1, gone: 1, failed: 1 });
		await take(plan, 2, { recorded: ids });
		expect(plan.state).toMatchObject({ recorded: 1, gone: 1, failed: 1 });
		expect(plan.state.open.size).toBe(0);
	});

	test('a step without news is not written', async () => {
		const plan = await running();
		await begin(plan);
		const before = plan.position;
		expect(await take(plan, 0)).toEqual({ paused: false });
		expect(plan.position).toBe(before);
	});

	test('[I20] a new week begins anew and says what the last one missed', async () => {
		const plan = await running();
		await begin(plan);
		await take(plan, 0, { users: ['ann', 'bob'], cursor: [7, 'bob'], expected: 5 });
		const begun = await begin(plan, 'w2', WEEK + 1);
		expect(begun).toMatchObject({ open: [], targets: 0, walked: false, before: 5 });
		expect(begun.cursor).toBeUndefined();
		// Two taken up and not settled, and three that were never reached.
		expect(plan.state).toMatchObject({ week: WEEK + 1, missedLastWeek: 5, before: 5, targets: 0 });
		const late = { worker: 'w3', week: WEEK, weekFrom: 0 };
		expect(await plan.command(SYSTEM, 'begin', late)).toMatchObject({ code: 'CONFLICT' });
	});

	test('[I22] operators steer it and look on; others do not', async () => {
		const plan = await running();
		await begin(plan);
		await ok(plan.command(OPS, 'rate', { perSecondMax: 2.5 }));
		await ok(plan.command(OPS, 'pause'));
		expect(await take(plan, 0)).toEqual({ paused: true, perSecondMax: 2.5 });
		await ok(plan.command(OPS, 'rate', {}));
		await ok(plan.command(OPS, 'resume'));
		expect(await take(plan, 1)).toEqual({ paused: false });
		expect(await plan.open(OPS)).toMatchObject({ institution: 'bank-a', phase: 'running' });
		expect(await plan.open('eve')).toMatchObject({ code: 'FORBIDDEN' });
		expect(await plan.query('eve', 'board')).toMatchObject({ code: 'FORBIDDEN' });
		for (const name of ['pause', 'resume', 'rate', 'wake', 'intentDone']) {
			expect(await plan.command('eve', name)).toMatchObject({ code: 'FORBIDDEN' });
		}
		expect(await plan.command(OPS, 'step', step(2))).toMatchObject({ code: 'FORBIDDEN' });
	});

	test('[I20] the board has plan against actual of the newest minutes, the store all of them', async () => {
		const plan = await running();
		await begin(plan);
		const minute = (n: number) => ({
			...{ at: n * 60_000, planned: 10, issued: 9, recorded: 8, failed: 1 },
		});
		const minutes = 2 * REFRESH_MINUTES_MAX + 5;
		await take(plan, 0, { minute: minute(0) });
		const [first] = plan.events.slice(-1);
		if (first?.type !== 'stepped') throw new Error('a minute that is over is written');
		for (let n = 1; n < minutes; n++) {
			plan.apply({ type: 'stepped', data: { ...first.data, n, minute: minute(n) } });
		}
		await plan.catchUp();
		expect(plan.heard.at(-1)).toMatchObject({ type: 'minute', data: minute(minutes - 1) });
		const board = (await plan.query(OPS, 'board', {})) as { minutes: unknown[] };
		expect(board.minutes).toHaveLength(REFRESH_MINUTES_MAX);
		expect(board.minutes.at(-1)).toEqual(minute(minutes - 1));
		plan.restart();
		expect(await plan.query(OPS, 'board', { minutes: 1 })).toMatchObject({
			minutes: [minute(minutes - 1)],
		});
		const { rows } = await plan.store.page({
			...{ collection: 'refreshMinutes', prefix: ['bank-a'], limit: 10_000 },
		});
		expect(rows).toHaveLength(minutes);
		const week = await plan.store.get('refreshWeeks', ['bank-a', WEEK]);
		expect(week?.doc).toMatchObject({ targets: 0, walked: false, from: WEEK * 1_000 });
	});

	test('[I20] the number of open targets is bounded', async () => {
		const plan = await running();
		await begin(plan);
		const users = (from: number) => Array.from({ length: 2_000 }, (_, n) => `u${from + n}`);
		for (let n = 0; n < REFRESH_OPEN_MAX / 2_000; n++) await take(plan, n, { users: users(n) });
		const more = step(99, { users: ['one'] });
		expect(await plan.command(SYSTEM, 'step', more)).toMatchObject({ code: 'LIMIT' });
		plan.restart();
		expect(plan.state.open.size).toBe(REFRESH_OPEN_MAX);
	});
});
