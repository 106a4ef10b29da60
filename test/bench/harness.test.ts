import { describe, expect, test } from 'vitest';
import { judge } from './harness/row.ts';
import { median, percentile } from './harness/statistics.ts';
import { Tally } from './harness/tally.ts';

describe('the proof that nobody missed anything', () => {
	test('is given when every member heard every line in order', () => {
		const tally = new Tally(2, 2);
		for (const member of [0, 1])
			for (const channel of [0, 1]) for (const n of [1, 2, 3]) tally.hear(member, channel, n);
		expect(tally.missed([3, 3])).toBe(0);
		expect(tally.heard).toBe(12);
	});

	test.each([
		['a line that never came', [1, 2], 1],
		['a hole', [1, 3], 1],
		['a line that came twice', [1, 2, 2, 3], 1],
		['two lines in the wrong order', [2, 1, 3], 3],
	])('is refused for %s', (_, heard, missed) => {
		const tally = new Tally(1, 1);
		for (const n of heard) tally.hear(0, 0, n);
		expect(tally.missed([3])).toBe(missed);
	});
});

describe('the verdict', () => {
	const slow = { name: 'slow', unit: 'ms', value: 6, atMost: 5, missed: 0 };

	test('a goal out of reach counts only in a full run', () => {
		expect(judge('chat', slow, false).ok).toBe(false);
		expect(judge('chat', slow, true).ok).toBe(true);
	});

	test('a missed message counts always', () => {
		const missed = { ...slow, value: 4, missed: 1 };
		expect(judge('chat', missed, false).ok).toBe(false);
		expect(judge('chat', missed, true).ok).toBe(false);
	});

	test('a floor is a floor', () => {
		const rate = { name: 'rate', unit: 'msg/s', atLeast: 10, missed: 0 };
		expect(judge('chat', { ...rate, value: 9 }, false)).toMatchObject({ ok: false, bound: 'min' });
		expect(judge('chat', { ...rate, value: 10 }, false).ok).toBe(true);
	});

	test('a figure that could not be measured is not within reach', () => {
		expect(judge('chat', { ...slow, value: Number.NaN }, false).ok).toBe(false);
	});
});

test('median and percentile', () => {
	expect(median([5, 1, 3])).toBe(3);
	expect(median([4, 1, 3, 2])).toBe(2.5);
	const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
	expect(percentile(hundred, 0.99)).toBe(99);
	expect(percentile(hundred, 1)).toBe(100);
});
