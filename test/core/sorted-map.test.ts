import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SortedMap } from '../../src/core/sorted-map.ts';

const numbered = (count: number) =>
	Array.from({ length: count }, (_, n) => `channel/${String(n).padStart(6, '0')}`);

/** In an order that is none. */
const mixed = <T>(items: readonly T[]): T[] =>
	items.map((_, n) => items[(n * 7_919) % items.length] as T);

function filled(count: number): SortedMap<number> {
	const map = new SortedMap<number>();
	for (const [n, key] of mixed(numbered(count)).entries()) map.set(key, n);
	return map;
}

describe('a sorted map', () => {
	test('does what a map and a sort do', () => {
		const key = fc.string({
			minLength: 1,
			maxLength: 2,
			unit: fc.constantFrom('a', 'b', 'c', 'd'),
		});
		const step = fc.record({ key, isSet: fc.boolean(), value: fc.nat() });
		const range = fc.record({
			prefix: fc.option(key, { nil: undefined }),
			after: fc.option(key, { nil: undefined }),
			limit: fc.integer({ min: 1, max: 30 }),
		});
		fc.assert(
			fc.property(fc.array(step, { maxLength: 60 }), range, (steps, asked) => {
				const map = new SortedMap<number>();
				const model = new Map<string, number>();
				for (const one of steps) {
					if (one.isSet) {
						map.set(one.key, one.value);
						model.set(one.key, one.value);
					} else expect(map.delete(one.key)).toBe(model.delete(one.key));
				}
				const { prefix = '', after = '', limit } = asked;
				const fitting = [...model]
					.sort(([one], [other]) => (one < other ? -1 : 1))
					.filter(([found]) => found.startsWith(prefix) && found > after);
				expect(map.page(asked)).toEqual({
					entries: fitting.slice(0, limit),
					more: fitting.length > limit,
				});
				expect(map.size).toBe(model.size);
				for (const [one, value] of model) expect(map.get(one)).toBe(value);
			}),
		);
	});

	test('pages through 100,000 entries without a gap, also while half of them go', () => {
		const map = filled(100_000);
		const seen: string[] = [];
		for (let after: string | undefined; ; ) {
			const { entries, more } = map.page({ after, limit: 200 });
			seen.push(...entries.map(([key]) => key));
			after = seen.at(-1);
			if (!more) break;
		}
		expect(seen).toEqual(numbered(100_000));
		for (const [n, key] of seen.entries()) if (n % 2 === 1) map.delete(key);
		const { entries } = map.page({ prefix: 'channel/09999', limit: 100 });
		expect(entries.map(([key]) => key)).toEqual([0, 2, 4, 6, 8].map((n) => `channel/09999${n}`));
		expect(map.size).toBe(50_000);
	});

	test('is empty again when everything has gone, and takes new entries then', () => {
		const map = filled(2_000);
		for (const key of numbered(2_000)) expect(map.delete(key)).toBe(true);
		expect(map.page({ limit: 1 })).toEqual({ entries: [], more: false });
		map.set('b', 1);
		map.set('a', 2);
		expect(map.page({ limit: 1 })).toEqual({ entries: [['a', 2]], more: true });
	});
});
