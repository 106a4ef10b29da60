import { expect, test } from 'vitest';
import { Rounds } from '../../src/core/rounds.ts';
import { VirtualRuntime } from '../cluster/virtual-runtime.ts';

/** Rounds over numbers, with the times of their visits in seconds. */
function roundsOver(count: number) {
	const runtime = new VirtualRuntime();
	const items = new Set(Array.from({ length: count }, (_, n) => n));
	const visits: [item: number, second: number][] = [];
	const rounds = new Rounds({
		runtime,
		items,
		visit: (item) => visits.push([item, runtime.monotonic() / 1_000]),
		roundMs: 10_000,
		perSecondMax: 20,
		hurriedPerSecondMax: 50,
	});
	return { runtime, items, visits, rounds };
}

test('each is visited once in a round, evenly spread', () => {
	const { runtime, visits } = roundsOver(20);
	runtime.advance(30_000);
	expect(visits).toHaveLength(60);
	for (let second = 1; second <= 30; second++) {
		expect(visits.filter(([, at]) => at === second)).toHaveLength(2);
	}
	expect(new Set(visits.slice(0, 20).map(([item]) => item)).size).toBe(20);
});

test('few have their visits too', () => {
	const { runtime, visits } = roundsOver(1);
	runtime.advance(50_000);
	expect(visits).toHaveLength(5);
});

test('a round takes longer when there are more than may be visited', () => {
	const { runtime, visits } = roundsOver(1_000);
	runtime.advance(10_000);
	expect(visits).toHaveLength(200);
	runtime.advance(40_000);
	expect(new Set(visits.map(([item]) => item)).size).toBe(1_000);
});

test('a round in a hurry visits all from the first, once, then goes on evenly', () => {
	const { runtime, visits, rounds } = roundsOver(120);
	runtime.advance(5_000);
	visits.length = 0;
	rounds.hurry();
	runtime.advance(3_000);
	expect(visits.map(([item]) => item)).toEqual(Array.from({ length: 120 }, (_, n) => n));
	runtime.advance(2_000);
	expect(visits.length - 120).toBe(24);
});

test('what comes and goes meanwhile is visited or not; with nothing nothing happens', () => {
	const { runtime, items, visits, rounds } = roundsOver(2);
	items.delete(0);
	items.add(7);
	runtime.advance(20_000);
	expect(new Set(visits.map(([item]) => item))).toEqual(new Set([1, 7]));
	items.clear();
	visits.length = 0;
	rounds.hurry();
	runtime.advance(20_000);
	expect(visits).toEqual([]);
	rounds.stop();
	expect(runtime.timersWaiting).toBe(0);
});
