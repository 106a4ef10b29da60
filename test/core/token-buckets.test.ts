import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBuckets } from '../../src/core/token-buckets.ts';

const RATE = { perSecondMax: 10, burstMax: 3 };

test('[P42] a burst is taken at once, then one at a time as the rate allows', () => {
	const buckets = new TokenBuckets(RATE, 10);
	expect([0, 0, 0, 0].map((now) => buckets.take('ann', now))).toEqual([0, 0, 0, 100]);
	expect(buckets.take('ann', 60)).toBe(40);
	expect(buckets.take('ann', 100)).toBe(0);
	expect(buckets.take('ann', 100)).toBe(100);
	expect([0, 0, 0].map(() => buckets.take('ann', 10_000))).toEqual([0, 0, 0]);
	expect(buckets.take('bob', 100), 'each key has its own').toBe(0);
});

test('[P42] no pattern of asking gets more than the burst and the rate, nor less', () => {
	const pauses = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
	fc.assert(
		fc.property(pauses, (asked) => {
			const buckets = new TokenBuckets(RATE, 10);
			let tokens = RATE.burstMax;
			let [now, before] = [0, 0];
			for (const pauseMs of asked) {
				now += pauseMs;
				tokens = Math.min(RATE.burstMax, tokens + ((now - before) * RATE.perSecondMax) / 1_000);
				before = now;
				const isThere = tokens >= 1 - 1e-6;
				const waitMs = buckets.take('ann', now);
				expect(waitMs === 0).toBe(isThere);
				if (isThere) tokens--;
				else expect(waitMs).toBe(Math.ceil((1 - tokens) * 100 - 1e-6));
			}
		}),
	);
});

test('[P42] there are never more keys than the bound, and those that rest are forgotten', () => {
	const buckets = new TokenBuckets(RATE, 100);
	for (let n = 0; n < 10_000; n++) {
		buckets.take(`user-${n}`, 0);
		buckets.take('busy', 0);
		expect(buckets.size).toBeLessThanOrEqual(100);
	}
	expect(buckets.take('busy', 0), 'who is busy is not among those forgotten').toBe(100);
	buckets.take('last', 60_000);
	expect(buckets.size).toBe(1);
});
