import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Deadlines } from '../../actors/ticket-event/deadlines.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

describe('deadlines', () => {
	test('[T8] does what a map and a sort do', () => {
		const step = fc.record({
			key: fc.constantFrom(...KEYS),
			at: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
		});
		const asked = fc.record({ now: fc.nat({ max: 22 }), max: fc.nat({ max: 9 }) });
		fc.assert(
			fc.property(fc.array(step, { maxLength: 200 }), asked, (steps, { now, max }) => {
				const deadlines = new Deadlines();
				const model = new Map<string, number>();
				for (const { key, at } of steps) {
					if (at === undefined) {
						deadlines.delete(key);
						model.delete(key);
					} else {
						deadlines.set(key, at);
						model.set(key, at);
					}
				}
				const sorted = [...model].sort(
					([one, at], [other, otherAt]) => at - otherAt || (one < other ? -1 : 1),
				);
				const due = sorted.filter(([, at]) => at <= now).map(([key]) => key);
				expect(deadlines.due(now, max)).toEqual(due.slice(0, max));
				expect(deadlines.due(now, Infinity)).toEqual(due);
				expect(deadlines.next()).toBe(sorted[0]?.[1]);
				expect(deadlines.size).toBe(model.size);
				for (const key of KEYS) expect(deadlines.get(key)).toBe(model.get(key));
			}),
		);
	});

	test('[T8] those that were looked at stay until they are deleted, and all come out in order', () => {
		const deadlines = new Deadlines();
		for (let n = 0; n < 10_000; n++) deadlines.set(`user-${n}`, (n * 7_919) % 10_007);
		const seen: number[] = [];
		for (;;) {
			const due = deadlines.due(20_000, 300);
			if (due.length === 0) break;
			for (const key of due) {
				seen.push(deadlines.get(key) ?? -1);
				deadlines.delete(key);
			}
		}
		expect(seen).toHaveLength(10_000);
		expect(seen).toEqual(seen.toSorted((one, other) => one - other));
		expect(deadlines.next()).toBeUndefined();
	});

	test('[T8] a time that is moved again and again costs no memory', () => {
		const deadlines = new Deadlines();
		for (let n = 0; n < 10_000; n++) deadlines.set('ann', 1_000 + n);
		deadlines.set('bob', 5);
		expect(deadlines.due(20_000, 10)).toEqual(['bob', 'ann']);
		deadlines.clear();
		expect([deadlines.next(), deadlines.size]).toEqual([undefined, 0]);
	});
});
