import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../src/core/log.ts';
import { ShardedStore } from '../../src/core/sharded-store.ts';
import type { ProjectedCommit, Row, Store } from '../../src/core/store.ts';
import { evenShards } from '../../src/core/store-shards.ts';
import {
	type ApiFigures,
	CALL_DAYS,
	deviationMs,
	LocalDays,
	mergedFigures,
	readDay,
} from '../../src/institutions/call-days.ts';
import { CALLS, CallHistory } from '../../src/institutions/call-history.ts';
import type { CallRow } from '../../src/institutions/ports.ts';
import { testInstitutions } from '../support/institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const COLLECTIONS = [CALLS, CALL_DAYS];
const institutions = testInstitutions();
const KOREA = 540;
const DAY_MS = 86_400_000;
/** 2026-11-21, noon in Korea. */
const NOON = Date.UTC(2026, 10, 21, 3);

function world(options: { store?: Store; now?: number; node?: string } = {}) {
	const { store = new MemoryStore(COLLECTIONS), now = NOON, node = '1' } = options;
	const runtime = new VirtualRuntime({ now });
	const open = () => new CallHistory({ store, runtime, log: SILENT, node, institutions });
	return { store, runtime, open, history: open() };
}

let calls = 0;
const call = (over: Partial<CallRow> = {}): CallRow => ({
	...{ institution: 'bank-a', api: 'assets', lane: 'online', userId: 'ann', class: 'ok' },
	...{ transactionId: `t${calls++}`, status: 200, at: NOON, ms: 100, node: '1' },
	...over,
});

/** All rows of an institution, oldest first. */
async function rowsOf(store: Store, institution = 'bank-a') {
	const page = { collection: CALLS.name, prefix: [institution], limit: 100_000 };
	return (await store.page(page)).rows;
}

const DAY = '2026-11-21';

async function callsOf(store: Store, day = DAY): Promise<Record<string, number>> {
	const days = await readDay(store, day);
	return Object.fromEntries(
		days.map(({ institution, hours }) => [institution, hours.reduce((sum, one) => sum + one, 0)]),
	);
}

/** A store that can be away, before it writes or behind it. */
class FaultyStore extends MemoryStore {
	fails: 'before' | 'behind' | 'reads' | undefined;
	attempts = 0;
	batches: number[] = [];

	override async project(commits: readonly ProjectedCommit[]): Promise<void> {
		this.attempts++;
		if (this.fails === 'before') throw new Error('away');
		await super.project(commits);
		if (this.fails === 'behind') throw new Error('no answer');
		this.batches.push(commits.length);
	}

	override async get(...args: Parameters<MemoryStore['get']>): Promise<Row | undefined> {
		if (this.fails === 'reads') throw new Error('away');
		return super.get(...args);
	}
}

describe('[I5] each call is recorded off its path', () => {
	test('with what it was and what became of it, within a second', async () => {
		const { history, runtime, store } = world();
		const row = call({ class: 'failed', status: 503, lane: 'batch' });
		history.record(row);
		expect(await rowsOf(store)).toEqual([]);
		await runtime.advance(1_000);
		const [{ key, doc } = { key: [], doc: {} }] = await rowsOf(store);
		expect(key).toEqual(['bank-a', NOON, expect.stringContaining(row.transactionId)]);
		const { institution: _, ...rest } = row;
		expect(doc).toEqual(rest);
		expect(history.figures()).toEqual({ waiting: 0, lost: 0 });
	});

	test('in one write for all institutions', async () => {
		const store = new FaultyStore(COLLECTIONS);
		const { history, runtime } = world({ store });
		for (let n = 0; n < 500; n++)
			history.record(call({ institution: ['bank-a', 'card-b', 'bank-b'][n % 3] as string }));
		await runtime.advance(1_000);
		expect(store.batches).toEqual([3]);
		expect((await rowsOf(store)).length).toBe(167);
	});

	test('also when many more wait than one write takes', async () => {
		const { history, runtime, store } = world();
		for (let n = 0; n < 4_500; n++) history.record(call({ at: NOON + n }));
		await runtime.advance(1_000);
		expect(await rowsOf(store)).toHaveLength(4_500);
		expect(await callsOf(store)).toEqual({ 'bank-a': 4_500 });
	});

	test('two calls of one transaction in one millisecond are two', async () => {
		const { history, runtime, store } = world();
		history.record(call({ transactionId: 'same' }));
		history.record(call({ transactionId: 'same', api: 'asset' }));
		await runtime.advance(1_000);
		expect(await rowsOf(store)).toHaveLength(2);
	});

	test('before the node stops', async () => {
		const { history, store } = world();
		history.record(call());
		await history.close();
		expect(await rowsOf(store)).toHaveLength(1);
		history.record(call());
		expect(history.figures()).toEqual({ waiting: 0, lost: 1 });
	});
});

describe('a store that is away', () => {
	test.each(['before', 'behind', 'reads'] as const)(
		'%s it writes, loses and doubles nothing',
		async (fails) => {
			const store = new FaultyStore(COLLECTIONS);
			const { history, runtime } = world({ store });
			store.fails = fails;
			for (let n = 0; n < 10; n++) {
				history.record(call({ institution: n < 4 ? 'bank-a' : 'card-b' }));
				await runtime.advance(700);
			}
			store.fails = undefined;
			await runtime.advance(60_000);
			expect([(await rowsOf(store)).length, (await rowsOf(store, 'card-b')).length]).toEqual([
				4, 6,
			]);
			expect(await callsOf(store)).toEqual({ 'bank-a': 4, 'card-b': 6 });
			expect(history.figures().waiting).toBe(0);
		},
	);

	test('is asked less and less often', async () => {
		const store = new FaultyStore(COLLECTIONS);
		const { history, runtime } = world({ store });
		store.fails = 'before';
		history.record(call());
		await runtime.advance(600_000);
		expect(store.attempts).toBeLessThan(70);
	});

	test('[I5] for a minute loses none of its calls, and writes each once, by the time of the request', async () => {
		const store = new FaultyStore(COLLECTIONS);
		const { history, runtime } = world({ store });
		store.fails = 'before';
		for (let second = 0; second < 60; second++) {
			for (let n = 0; n < 500; n++) history.record(call({ at: NOON + second * 1_000 }));
			await runtime.advance(1_000);
		}
		expect(history.figures()).toEqual({ waiting: 30_000, lost: 0 });
		store.fails = undefined;
		await runtime.advance(60_000);
		expect(history.figures()).toEqual({ waiting: 0, lost: 0 });
		expect(await callsOf(store)).toEqual({ 'bank-a': 30_000 });
		const prefix = ['bank-a', NOON + 30_000];
		const page = await store.page({ collection: CALLS.name, prefix, limit: 10_000 });
		expect(page.rows).toHaveLength(500);
	});

	test('costs no more memory than its bound; what is beyond it is counted', async () => {
		const store = new FaultyStore(COLLECTIONS);
		const { history } = world({ store });
		store.fails = 'before';
		for (let n = 0; n < 200_010; n++) history.record(call());
		expect(history.figures()).toEqual({ waiting: 200_000, lost: 10 });
	});

	test('in part holds up that part alone', async () => {
		const parts = [new FaultyStore(COLLECTIONS), new FaultyStore(COLLECTIONS)];
		const shards = evenShards(2);
		const shared = new ShardedStore(
			parts.map((store) => ({ store })),
			shards,
			COLLECTIONS,
		);
		const { history, runtime } = world({ store: shared });
		const ids = institutions.all.map(({ id }) => id);
		const isAway = (id: string) => shards.of(`institution/${id}`) === 1;
		for (const institution of ids) history.record(call({ institution }));
		const [present, away] = parts as [FaultyStore, FaultyStore];
		away.fails = 'before';
		await runtime.advance(5_000);
		// Positions are wherever their source is; the rows of all that are not away are there.
		const written = await callsOf(present);
		expect(Object.keys(written).sort()).toEqual(ids.filter((id) => !isAway(id)).sort());
		away.fails = undefined;
		await runtime.advance(60_000);
		expect(Object.keys(await callsOf(shared)).sort()).toEqual([...ids].sort());
		expect(Object.values(await callsOf(shared)).every((count) => count === 1)).toBe(true);
	});
});

describe('[I16] figures of the day', () => {
	test('go by the time of the request and by local days', async () => {
		const { history, runtime, store } = world();
		const midnight = NOON + DAY_MS / 2;
		// What was asked before midnight and answered behind it belongs to the day before.
		for (const at of [midnight - 1, midnight, midnight + 1]) history.record(call({ at }));
		await runtime.advance(1_000);
		expect(await callsOf(store)).toEqual({ 'bank-a': 1 });
		expect(await callsOf(store, '2026-11-22')).toEqual({ 'bank-a': 2 });
		const [day] = await readDay(store, DAY);
		expect(day?.hours[23]).toBe(1);
	});

	test('go on after a restart, and add up over nodes', async () => {
		const first = world();
		first.history.record(call());
		await first.history.close();
		const again = first.open();
		again.record(call({ class: 'failed', ms: 300 }));
		await again.close();
		const other = world({ store: first.store, node: '2' });
		other.history.record(call({ api: 'token', ms: 50 }));
		await other.history.close();
		expect(await rowsOf(first.store)).toHaveLength(3);
		expect(await readDay(first.store, DAY)).toEqual([
			{
				institution: 'bank-a',
				industry: 'bank',
				hours: Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 3 : 0)),
				online: Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 3 : 0)),
				apis: {
					assets: {
						...{ calls: 2, classes: { ok: 1, failed: 1 }, meanMs: 200, maxMs: 300 },
						squares: 20_000,
					},
					token: { calls: 1, classes: { ok: 1 }, meanMs: 50, squares: 0, maxMs: 50 },
				},
			},
		]);
	});

	test('a write of the start before that landed in part does not swallow one of this start', async () => {
		const parts = [new FaultyStore(COLLECTIONS), new FaultyStore(COLLECTIONS)] as const;
		const shards = evenShards(2);
		const shared = new ShardedStore(
			parts.map((store) => ({ store })),
			shards,
			COLLECTIONS,
		);
		const { history, open } = world({ store: shared });
		const ids = institutions.all.map(({ id }) => id);
		parts[0].fails = 'before';
		for (const institution of ids) history.record(call({ institution }));
		await history.close();
		parts[0].fails = undefined;
		const again = open();
		for (const institution of ids) again.record(call({ institution }));
		await again.close();
		for (const institution of ids) {
			const landed = shards.of(`institution/${institution}`) === 1 ? 2 : 1;
			expect(await rowsOf(shared, institution)).toHaveLength(landed);
			expect((await callsOf(shared))[institution]).toBe(landed);
		}
	});

	test('an old day that comes late is added to what is stored of it', async () => {
		const { history, runtime, store } = world();
		for (let day = 0; day < 5; day++) {
			history.record(call({ at: NOON + day * DAY_MS }));
			await runtime.advance(1_000);
		}
		history.record(call());
		await runtime.advance(1_000);
		expect(await callsOf(store)).toEqual({ 'bank-a': 2 });
	});

	test('deviations that were merged are those of all calls together', () => {
		const ms = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 50 });
		const figuresOf = (values: readonly number[]): ApiFigures => {
			const meanMs = values.reduce((sum, value) => sum + value, 0) / values.length;
			const squares = values.reduce((sum, value) => sum + (value - meanMs) ** 2, 0);
			return { calls: values.length, classes: {}, meanMs, squares, maxMs: Math.max(...values) };
		};
		fc.assert(
			fc.property(ms, ms, (one, other) => {
				const merged = mergedFigures(figuresOf(one), figuresOf(other));
				const direct = figuresOf([...one, ...other]);
				expect(merged.calls).toBe(direct.calls);
				expect(merged.meanMs).toBeCloseTo(direct.meanMs, 6);
				expect(deviationMs(merged)).toBeCloseTo(deviationMs(direct), 6);
				expect(merged.maxMs).toBe(direct.maxMs);
			}),
		);
	});

	test('days are those of the place, not of the server', () => {
		const days = new LocalDays(KOREA);
		expect(days.nameOf(Date.UTC(2026, 10, 20, 14, 59))).toBe('2026-11-20');
		expect(days.nameOf(Date.UTC(2026, 10, 20, 15))).toBe(DAY);
		expect(days.startOf(NOON)).toBe(Date.UTC(2026, 10, 20, 15));
		expect(days.hourOf(NOON)).toBe(12);
		expect(new LocalDays(-300).nameOf(Date.UTC(2026, 10, 21, 4, 59))).toBe('2026-11-20');
	});
});
