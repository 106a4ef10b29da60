import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../src/core/log.ts';
import { CALL_DAYS, LocalDays, newDay } from '../../src/institutions/call-days.ts';
import { CALLS, CallHistory } from '../../src/institutions/call-history.ts';
import { RefreshCalendar } from '../../src/institutions/leveller/calendar.ts';
import { expectedTraffic } from '../../src/institutions/leveller/measured-traffic.ts';
import { expectedHours, TYPICAL_TRAFFIC } from '../../src/institutions/leveller/online-traffic.ts';
import { planChart } from '../../src/institutions/leveller/plan-chart.ts';
import type { InstitutionSettings } from '../../src/institutions/settings.ts';
import { testInstitutions } from '../support/institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const { utcOffsetMinutes, get } = testInstitutions();
const institution = get('bank-a') as InstitutionSettings;
const local = new LocalDays(utcOffsetMinutes);
const calendar = new RefreshCalendar({ institution, utcOffsetMinutes });
/** Saturday 2026-11-21, half past noon in Seoul. */
const NOW = Date.UTC(2026, 10, 21, 3, 30);
/** Calls in an hour that are the whole of the contract. */
const ALL = institution.ratePerSecond * 3_600;
const NOON = 12;

/** Calls of users at noon of a day so long ago. */
type CallsAgo = (ago: number) => number | undefined;

/** Days with so many calls of users at noon, told by two nodes in halves. */
async function measured(days: number, callsAgo: CallsAgo, { isOld = false } = {}) {
	const store = new MemoryStore([CALLS, CALL_DAYS]);
	for (let ago = 1; ago <= days; ago++) {
		const calls = callsAgo(ago);
		if (calls === undefined) continue;
		const at = local.startOf(NOW - ago * DAY_MS);
		const { online, ...day } = newDay(at, 'bank');
		online?.splice(NOON, 1, calls / 2);
		// Many more of the refresh, which say nothing of users.
		day.hours.splice(NOON, 1, ALL);
		for (const source of ['1.a', '2.b']) {
			const doc = isOld ? day : { ...day, online };
			await store.put('callDays', [local.nameOf(at), institution.id, source], { ...doc });
		}
	}
	return expectedTraffic({ reads: store, institution, utcOffsetMinutes, now: NOW });
}

const kindOf = (ago: number) => calendar.dayKind(NOW - ago * DAY_MS);
const bySettings = expectedHours(TYPICAL_TRAFFIC, 'bank');

describe('[I20] what is expected of users', () => {
	test('[I20] is as on measured days, by kind of day', async () => {
		const calls = { rest: 0.1 * ALL, trading: 0.2 * ALL, payDay: 0.6 * ALL };
		const { hours, by, days } = await measured(35, (ago) => calls[kindOf(ago)]);
		expect({ by, days }).toEqual({ by: 'measured', days: 35 });
		expect(hours.rest[NOON]).toBeCloseTo(0.1);
		expect(hours.trading[NOON]).toBeCloseTo(0.2);
		expect(hours.payDay[NOON]).toBeCloseTo(0.6);
		expect([hours.rest[3], hours.trading[3], hours.payDay[3]]).toEqual([0, 0, 0]);
	});

	test('[I20] one day of outage or rush changes nothing', async () => {
		const odd: Record<number, number> = { 3: 0, 9: ALL, 14: 0 };
		const { hours } = await measured(35, (ago) => odd[ago] ?? 0.2 * ALL);
		expect([hours.rest[NOON], hours.trading[NOON]]).toEqual([0.2, 0.2]);
	});

	test.each([13, 3, 0])('[I20] is as the settings say with %i days', async (days) => {
		const expected = await measured(days, () => 0.2 * ALL);
		expect(expected).toEqual({ hours: bySettings, by: 'settings', days });
	});

	test('[I20] without a pay day among them, it is so many times a trading day', async () => {
		// Last month's 25th was a Sunday: wages were paid on the 23rd.
		const { hours, by } = await measured(25, () => 0.2 * ALL);
		expect(by).toBe('measured');
		expect(hours.payDay[NOON]).toBeCloseTo(0.2 * TYPICAL_TRAFFIC.payDay);
	});

	test('[I20] days on which users were not counted by themselves say nothing', async () => {
		const expected = await measured(35, () => 0.2 * ALL, { isOld: true });
		expect(expected).toEqual({ hours: bySettings, by: 'settings', days: 0 });
	});

	test('[I20] never more than the contract', async () => {
		const { hours } = await measured(35, () => 3 * ALL);
		expect(hours.trading[NOON]).toBe(1);
	});

	test('[I20] counts calls for which users wait, as the history writes them', async () => {
		const store = new MemoryStore([CALLS, CALL_DAYS]);
		const runtime = new VirtualRuntime({ now: NOW });
		const institutions = testInstitutions();
		const history = new CallHistory({ store, runtime, log: SILENT, node: '1', institutions });
		for (let ago = 1; ago <= 35; ago++) {
			for (const lane of ['online', 'batch', 'batch'] as const) {
				const at = local.startOf(NOW - ago * DAY_MS) + NOON * HOUR_MS;
				history.record({
					...{ institution: 'bank-a', api: 'assets', lane, userId: 'ann', class: 'ok', ms: 1, at },
					...{ transactionId: `t${ago}`, node: '1' },
				});
			}
		}
		await history.close();
		const { hours, by } = await expectedTraffic({
			...{ reads: store, institution, utcOffsetMinutes, now: NOW },
		});
		expect(by).toBe('measured');
		expect(hours.trading[NOON]).toBeCloseTo(1 / ALL, 9);
	});

	test('[I20] turns the plan: hours in which users take all have no room', async () => {
		const store = new MemoryStore([CALLS, CALL_DAYS]);
		for (let ago = 1; ago <= 35; ago++) {
			const at = local.startOf(NOW - ago * DAY_MS);
			const day = newDay(at, 'bank');
			day.online?.splice(2, 1, ALL);
			await store.put('callDays', [local.nameOf(at), institution.id, '1.a'], { ...day });
		}
		const expected = await expectedTraffic({
			...{ reads: store, institution, utcOffsetMinutes, now: NOW },
		});
		const lines = planChart({
			calendar: new RefreshCalendar({ institution, utcOffsetMinutes, expected: expected.hours }),
			...{ utcOffsetMinutes, at: NOW, users: 100_000, perSecondMax: 20, expected },
		});
		expect(lines[0]).toBe('users as on 35 measured days');
		const at = (hour: string) => lines.filter((line) => line.startsWith(`  ${hour}`));
		expect(at('02:00')).toHaveLength(7);
		for (const line of at('02:00')) expect(line).toMatch(/ 0 a minute, users 100 %/);
		for (const line of at('03:00')) expect(line).not.toMatch(/ 0 a minute/);
	});
});
