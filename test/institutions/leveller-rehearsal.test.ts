import { expect, test } from 'vitest';
import { refreshPlanKind } from '../../actors/refresh-plan/refresh-plan-kind.ts';
import { consentSlot } from '../../actors/user/consent-slot.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import { Leveller } from '../../src/institutions/leveller/leveller.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import type { RefreshMinute, RefreshPlanInfo } from '../../src/protocol/refresh-plan.ts';
import { CoreBench } from '../support/core-bench.ts';
import { testInstitutions } from '../support/institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const MINUTE_MS = 60_000;
/** Wednesday 2026-11-18 at 12:00 in Seoul: nobody is refreshed by day. */
const NOON = Date.UTC(2026, 10, 18, 3);
/** One o'clock of the night that follows. */
const TONIGHT = NOON + 13 * 60 * MINUTE_MS;
const USERS = 180;

const everyone = testInstitutions('http://127.0.0.1:9', { batchHours: { from: 1, to: 7 } });
const institutions = { ...everyone, all: everyone.all.filter(({ id }) => id === 'bank-a') };

interface Board {
	readonly info: RefreshPlanInfo;
	readonly minutes: readonly RefreshMinute[];
}

async function node() {
	const runtime = new VirtualRuntime({ now: NOON });
	const reads = new MemoryStore(userKind.collections);
	for (let n = 0; n < USERS; n++) {
		const userId = `user-${n}`;
		const doc = { institution: 'bank-a', userId, slot: consentSlot(userId), expires: 0 };
		await reads.put('consents', ['bank-a', userId], doc);
	}
	const calls: string[] = [];
	const refresh = (institution: string, userId: string) => {
		calls.push(`${institution} ${userId}`);
		return new Promise<{ ok: true }>((resolve) => {
			runtime.after(100, () => resolve({ ok: true }));
		});
	};
	const leveller = new Leveller({ runtime, reads, refresh, institutions, log: SILENT });
	const kinds = [refreshPlanKind as ActorKind];
	const bench = new CoreBench({ kinds, intents: { 'refresh-plan': leveller.port }, runtime });
	leveller.open(bench.system);
	const board = async (plan: string): Promise<Board> => {
		const answers: CommandAnswer[] = [];
		const command = { caller: { userId: 'olga', roles: ['ops'] }, name: 'board', args: {} };
		const key = `refresh-plan/${plan}` as ActorKey;
		bench.system.command(key, command, (answer) => answers.push(answer));
		await runtime.until(() => answers.length > 0);
		return (answers[0] as { reply: Board }).reply;
	};
	const rehearse = async (institution: string) => {
		const plans: (string | undefined)[] = [];
		void leveller.rehearse(institution).then((plan) => plans.push(plan));
		await runtime.until(() => plans.length > 0);
		return plans[0];
	};
	return { runtime, rehearse, calls, board };
}

test('[I20] a rehearsal by day: an hour of tonight in two minutes, flat, and the real plan untouched', async () => {
	const { runtime, rehearse, calls, board } = await node();
	expect(await rehearse('nobody')).toBeUndefined();
	const plan = (await rehearse('bank-a')) ?? '';
	await runtime.advance(MINUTE_MS);
	const halfway = await board(plan);
	expect(halfway.info).toMatchObject({ phase: 'running' });
	expect(halfway.minutes[0]?.at).toBe(TONIGHT);
	expect(halfway.minutes.length).toBeGreaterThan(25);
	for (const { planned, recorded } of halfway.minutes.slice(1)) {
		expect(Math.abs(planned - USERS / 60)).toBeLessThanOrEqual(1);
		expect(Math.abs(recorded - planned)).toBeLessThanOrEqual(1);
	}
	await runtime.advance(2 * MINUTE_MS);
	const { info, minutes } = await board(plan);
	expect(info).toMatchObject({ phase: 'resting', totals: { recorded: USERS, failed: 0, open: 0 } });
	expect(minutes.at(-1)?.at).toBeLessThan(TONIGHT + 60 * MINUTE_MS);
	expect([calls.length, new Set(calls).size]).toEqual([USERS, USERS]);
	expect((await board('bank-a')).info).toMatchObject({ week: 0, totals: { targets: 0 } });
	// Nothing begins another but who asks for it.
	expect(info.nextAt).toBeGreaterThan(NOON + 365 * 24 * 60 * MINUTE_MS);
	await rehearse('bank-a');
	await runtime.advance(3 * MINUTE_MS);
	expect(calls).toHaveLength(2 * USERS);
});
