import { describe, expect, test } from 'vitest';
import {
	estimateWaitSeconds,
	placeNow,
	type WaitFigures,
} from '../../src/protocol/wait-estimate.ts';

const TURNSTILE: WaitFigures = {
	state: 'open',
	turned: 0,
	active: 0,
	maxActive: 10_000,
	batch: 100,
	intervalMs: 5_000,
	leaveRate: 0,
};
const DESK: WaitFigures = { state: 'open', turned: 0, active: 8, maxActive: 10, leaveRate: 0.5 };

describe('[T4] the estimate', () => {
	test.each([
		[0, 0],
		[99, 0],
		[100, 5],
		[9_999, 495],
	])('of place %i is %i s while there are free places', (place, seconds) => {
		expect(estimateWaitSeconds(place, TURNSTILE)).toBe(seconds);
	});

	test('is by the rate of those who leave when there are none', () => {
		const full = { ...TURNSTILE, active: 10_000, leaveRate: 10 };
		expect(estimateWaitSeconds(500, full)).toBe(50);
		// Nobody is let in faster than the turnstile turns.
		expect(estimateWaitSeconds(10_000, { ...full, leaveRate: 1_000 })).toBe(500);
	});

	test('at a desk is nothing for the free places, then by the rate', () => {
		expect([0, 1, 2, 3, 12].map((place) => estimateWaitSeconds(place, DESK))).toEqual([
			0, 0, 0, 2, 20,
		]);
	});

	test('is unknown while the sale rests, and while nobody leaves', () => {
		expect(estimateWaitSeconds(5, { ...TURNSTILE, state: 'paused' })).toBeUndefined();
		expect(estimateWaitSeconds(5, { ...DESK, leaveRate: 0 })).toBeUndefined();
		expect(estimateWaitSeconds(5, { ...TURNSTILE, active: 10_000, leaveRate: 0 })).toBeUndefined();
	});

	test('the place falls by the turns since it was counted, never below none', () => {
		expect([placeNow(250, 1_000, 1_100), placeNow(250, 1_000, 2_000)]).toEqual([150, 0]);
		// A tick from before the place was counted.
		expect(placeNow(250, 1_000, 900)).toBe(250);
	});
});
