import { expect, test } from 'vitest';
import { refreshPlanKind } from '../../actors/refresh-plan/refresh-plan-kind.ts';
import { consentSlot } from '../../actors/user/consent-slot.ts';
import { userKind } from '../../actors/user/user-kind.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import { Leveller, type LevellerOptions } from '../../src/institutions/leveller/leveller.ts';
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
/** Users need all but a thousandth of the contract in the first hour of the night. */
const busy = testInstitutions('http://127.0.0.1:9', {
	batchHours: { from: 1, to: 7 },
	traffic: {
		byHour: Array.from({ length: 24 }, (_, hour) => (hour === 1 ? 0.999 : 0)),
		tradingDay: { securities: 1, others: 1 },
	},
});

interface Board {
	readonly info: RefreshPlanInfo;
	readonly minutes: readonly RefreshMinute[];
}

async function node(of: LevellerOptions['institutions'] = institutions) {
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
	const leveller = new Leveller({ runtime, reads, refresh, institutions: of, log: SILENT });
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
		const answers: Awaited<ReturnType<Leveller['rehearse']>>[] = [];
		void leveller.rehearse(institution).then((answer) => answers.push(answer));
		await runtime.until(() => answers.length > 0);
		return answers[0];
	};
	return { runtime, rehearse, calls, board, bench };
}

test('[I20] a rehearsal by day: an hour of tonight in two minutes, flat, and the real plan untouched', async () => {
	const { runtime, rehearse, calls, board } = await node();
	expect(await rehearse('nobody')).toMatchObject({ ok: false, code: 'NOT_FOUND' });
	const plan = 'rehearsal-bank-a';
	expect(await rehearse('bank-a')).toEqual({ ok: true, reply: { plan } });
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

test('[I20] a rehearsal goes by what is expected of users in its hour, as the night does', async () => {
	const { runtime, rehearse, board } = await node(busy);
	await rehearse('bank-a');
	await runtime.advance(MINUTE_MS);
	const { minutes } = await board('rehearsal-bank-a');
	expect(minutes.length).toBeGreaterThan(25);
	const planned = minutes.reduce((sum, minute) => sum + minute.planned, 0);
	expect(planned).toBeGreaterThan(0);
	expect(planned / minutes.length).toBeLessThan(USERS / 60 / 1.5);
});

test('a rehearsal whose plan cannot be told says so', async () => {
	const { rehearse, bench } = await node();
	bench.system.kill();
	expect(await rehearse('bank-a')).toMatchObject({ ok: false, code: 'MOVED' });
});
