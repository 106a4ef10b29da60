import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../src/core/log.ts';
import { CALL_DAYS } from '../../src/institutions/call-days.ts';
import { CALLS, CallHistory } from '../../src/institutions/call-history.ts';
import { trafficReport } from '../../src/institutions/traffic-report.ts';
import { testInstitutions } from '../support/institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const institutions = testInstitutions();
const { utcOffsetMinutes } = institutions;
/** A Saturday, half past noon in Korea. */
const NOW = Date.UTC(2026, 10, 21, 3, 30);

/** Records so many calls of an institution at a moment. */
type Traffic = readonly (readonly [institution: string, at: number, calls: number])[];

async function report(traffic: Traffic) {
	const store = new MemoryStore([CALLS, CALL_DAYS]);
	const runtime = new VirtualRuntime({ now: NOW });
	const history = new CallHistory({ store, runtime, log: SILENT, node: '1', institutions });
	for (const [institution, at, calls] of traffic)
		for (let n = 0; n < calls; n++)
			history.record({
				...{ institution, api: 'assets', lane: 'online', userId: 'ann', class: 'ok', ms: 1, at },
				...{ transactionId: `t${n}`, node: '1' },
			});
	await history.close();
	return trafficReport({ reads: store, now: NOW, utcOffsetMinutes });
}

test('[I16] industries are compared with the same weekday last week, those that grew are marked', async () => {
	const rows = await report([
		['bank-a', NOW - HOUR_MS, 10],
		['bank-b', NOW - 2 * HOUR_MS, 6],
		['bank-a', NOW - HOUR_MS - WEEK_MS, 10],
		['card-b', NOW - HOUR_MS, 15],
		['card-b', NOW - HOUR_MS - WEEK_MS, 10],
		['telecom-a', NOW - HOUR_MS, 3],
		['capital-a', NOW - HOUR_MS - WEEK_MS, 4],
		// Yesterday and six days ago are no matter.
		['bank-a', NOW - 24 * HOUR_MS, 50],
		['bank-a', NOW - 6 * 24 * HOUR_MS, 50],
	]);
	expect(rows).toEqual([
		{ industry: 'bank', today: 16, lastWeek: 10, growth: 1.6, isMarked: true },
		{ industry: 'capital', today: 0, lastWeek: 4, growth: 0, isMarked: false },
		// Not beyond one and a half times.
		{ industry: 'card', today: 15, lastWeek: 10, growth: 1.5, isMarked: false },
		{ industry: 'telecom', today: 3, lastWeek: 0, isMarked: false },
	]);
});

test('[I16] last week counts up to the same time of day, so that a morning shows growth as well', async () => {
	const rows = await report([
		['bank-a', NOW - HOUR_MS, 20],
		['bank-a', NOW - HOUR_MS - WEEK_MS, 8],
		// Of the hour that is half over a half; of the evening nothing.
		['bank-a', NOW + 20 * 60_000 - WEEK_MS, 4],
		['bank-a', NOW + 8 * HOUR_MS - WEEK_MS, 1_000],
	]);
	expect(rows).toEqual([{ industry: 'bank', today: 20, lastWeek: 10, growth: 2, isMarked: true }]);
});

test('[I16] without a history there is nothing to tell', async () => {
	expect(await report([])).toEqual([]);
});
