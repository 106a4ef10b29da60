import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../src/core/log.ts';
import { CALL_DAYS } from '../../src/institutions/call-days.ts';
import { CALLS, CallHistory } from '../../src/institutions/call-history.ts';
import { sweepCalls } from '../../src/institutions/call-sweep.ts';
import { testInstitutions } from '../support/institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const DAY_MS = 86_400_000;
const KEPT_DAYS = 1_096;
const institutions = testInstitutions();

/** Calls of so many days ago, in two institutions. */
async function world(agesDays: readonly number[]) {
	const store = new MemoryStore([CALLS, CALL_DAYS]);
	const runtime = new VirtualRuntime();
	const shared = { store, runtime, log: SILENT, node: '1', institutions };
	const history = new CallHistory(shared);
	for (const [n, days] of agesDays.entries())
		for (const institution of ['bank-a', 'card-b'])
			history.record({
				...{ institution, api: 'assets', lane: 'online', userId: 'ann', class: 'ok', ms: 1 },
				...{ transactionId: `t${n}`, node: '1', at: runtime.now() - days * DAY_MS },
			});
	await history.close();
	const count = async (collection: string) =>
		(await store.page({ collection, prefix: [], limit: 10_000 })).rows.length;
	return { shared, runtime, count, stop: sweepCalls({ ...shared, keepDays: KEPT_DAYS }) };
}

test('calls and figures are kept as long as they are to be, then removed', async () => {
	const { runtime, count } = await world([0, 1, KEPT_DAYS, KEPT_DAYS + 1, KEPT_DAYS + 400]);
	await runtime.advance(61_000);
	expect([await count('calls'), await count('callDays')]).toEqual([6, 6]);
	await runtime.advance(DAY_MS);
	expect([await count('calls'), await count('callDays')]).toEqual([4, 4]);
});

test('many go in steps, one soon behind the other', async () => {
	const { runtime, count } = await world(Array.from({ length: 2_500 }, () => KEPT_DAYS + 2));
	await runtime.advance(60_000);
	expect(await count('calls')).toBe(3_000);
	await runtime.advance(3_000);
	expect(await count('calls')).toBe(0);
});

test('a store that is away is asked again, and a stopped sweep is over', async () => {
	const { runtime, shared, count, stop } = await world([KEPT_DAYS + 2]);
	const { page } = shared.store;
	shared.store.page = async () => {
		throw new Error('away');
	};
	await runtime.advance(61_000);
	shared.store.page = page;
	expect(await count('calls')).toBe(2);
	await runtime.advance(3_600_000);
	expect(await count('calls')).toBe(0);
	stop();
});
