import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RefreshCalendar } from '../../src/institutions/leveller/calendar.ts';
import { TYPICAL_TRAFFIC } from '../../src/institutions/leveller/online-traffic.ts';
import { plannedMinutes, planWeek } from '../../src/institutions/leveller/plan.ts';
import { planChart } from '../../src/institutions/leveller/plan-chart.ts';
import {
	evenly,
	RateWindow,
	SLICES,
	sliceOf,
	slicesBetween,
} from '../../src/institutions/leveller/slices.ts';
import { guessFrom, WalkEstimate } from '../../src/institutions/leveller/walk-estimate.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SEOUL = 540;
/** Monday 2026-11-23 at 00:00 in Seoul; the 25th of that week is a Wednesday. */
const MONDAY = Date.UTC(2026, 10, 22, 15);

const calendar = (
	industry: 'bank' | 'securities' = 'bank',
	batchHours = { from: 1, to: 7 },
	traffic = TYPICAL_TRAFFIC,
) =>
	new RefreshCalendar({ institution: { industry, batchHours }, utcOffsetMinutes: SEOUL, traffic });

const weekOf = (one: RefreshCalendar, targets: number, perMinuteMax = 100_000) => {
	const { from, to } = one.weekAt(MONDAY);
	return planWeek(targets, one.stretches(from, to), { perMinuteMax, busiest: one.busiest });
};

const total = (plan: ReturnType<typeof planWeek>, from = 0, to = Number.POSITIVE_INFINITY) =>
	plan.stretches
		.filter(({ stretch }) => stretch.from >= from && stretch.from < to)
		.reduce((sum, { stretch, perMinute }) => sum + perMinute * stretch.minutes, 0);

describe('the calendar', () => {
	test('[I20] a week begins on Monday in local time and has seven days', () => {
		const { from, to, week } = calendar().weekAt(MONDAY + 3 * DAY_MS);
		expect(from).toBe(MONDAY);
		expect(to).toBe(MONDAY + 7 * DAY_MS);
		expect(calendar().weekAt(to).week).toBe(week + 1);
		expect(calendar().weekAt(from - 1).week).toBe(week - 1);
	});

	test('[I20] a week may begin at another minute of it', () => {
		const institution = { industry: 'bank', batchHours: { from: 0, to: 24 } } as const;
		const weekBeginsMinutes = 3 * 24 * 60 + 754;
		const one = new RefreshCalendar({
			institution: { ...institution, weekBeginsMinutes },
			utcOffsetMinutes: SEOUL,
		});
		const begins = MONDAY + weekBeginsMinutes * 60_000;
		expect(one.weekAt(begins)).toMatchObject({ from: begins, to: begins + 7 * DAY_MS });
		expect(one.weekAt(begins - 1)).toMatchObject({ from: begins - 7 * DAY_MS, to: begins });
		expect(one.closing(begins - 1)).toBe(begins);
		const minutes = one.stretches(begins, begins + 7 * DAY_MS).map((stretch) => stretch.minutes);
		expect(minutes.reduce((sum, count) => sum + count, 0)).toBe(7 * 24 * 60);
	});

	test('[I20] only allowed hours are open, over midnight too', () => {
		const night = calendar();
		expect([0, 1, 6, 7, 23].map((hour) => night.isOpen(MONDAY + hour * HOUR_MS))).toEqual([
			false,
			true,
			true,
			false,
			false,
		]);
		expect(night.opening(MONDAY + 8 * HOUR_MS)).toBe(MONDAY + 25 * HOUR_MS);
		expect(night.opening(MONDAY + 90 * 60_000)).toBe(MONDAY + 90 * 60_000);
		expect(night.closing(MONDAY + 90 * 60_000)).toBe(MONDAY + 7 * HOUR_MS);
		const late = calendar('bank', { from: 22, to: 4 });
		expect(late.closing(MONDAY + 22 * HOUR_MS)).toBe(MONDAY + 28 * HOUR_MS);
		// A week that ends in the middle of a night ends its run.
		expect(late.closing(MONDAY - HOUR_MS)).toBe(MONDAY);
		expect(late.opening(MONDAY)).toBe(MONDAY);
	});

	test('[I20] more users come on pay day and on trading days', () => {
		const at = (day: number) => calendar('securities').online(MONDAY + day * DAY_MS + 10 * HOUR_MS);
		const [monday, tuesday, wednesday, , , saturday] = [0, 1, 2, 3, 4, 5].map(at);
		expect(monday).toBe(tuesday);
		expect(wednesday).toBeCloseTo(1.6 * (monday ?? 0));
		expect(monday).toBeCloseTo(1.5 * (saturday ?? 0));
	});

	test('[I20] wages are paid on the last trading day before a 25th without trade', () => {
		// The 25th of October 2026 is a Sunday, and here its Friday is a holiday.
		const october = Date.UTC(2026, 9, 18, 15);
		const traffic = { ...TYPICAL_TRAFFIC, holidays: ['2026-10-23'] };
		const one = calendar('bank', { from: 1, to: 7 }, traffic);
		const noon = (day: number) => one.online(october + day * DAY_MS + 12 * HOUR_MS);
		expect(noon(3)).toBeCloseTo(1.6 * noon(2));
		expect(noon(4)).toBeLessThan(noon(2));
		expect(noon(6)).toBeLessThan(noon(2));
	});
});

describe('the plan of a week', () => {
	test('[I20] quiet days take more, pay day least, and the sum is exact', () => {
		const plan = weekOf(calendar('securities'), 1_000_000);
		const day = (n: number) => total(plan, MONDAY + n * DAY_MS, MONDAY + (n + 1) * DAY_MS);
		expect(day(5)).toBeGreaterThan(day(0));
		expect(day(2)).toBeLessThan(day(0));
		expect(day(2)).toBeGreaterThan(0);
		expect(plan.short).toBe(0);
		const minutes = [...plannedMinutes(plan)];
		expect(minutes).toHaveLength(7 * 360);
		expect(minutes.reduce((sum, { targets }) => sum + targets, 0)).toBe(1_000_000);
	});

	test('[I20] [I22] any week: exact in sum, in allowed minutes only, users before batch', () => {
		const stretches = fc.array(
			fc.record({
				minutes: fc.integer({ min: 1, max: 60 }),
				online: fc.double({ min: 0, max: 1 }),
			}),
			{ minLength: 1, maxLength: 50 },
		);
		fc.assert(
			fc.property(
				stretches.filter((all) => all.every(({ online }) => !Number.isNaN(online))),
				fc.integer({ min: 0, max: 1_000_000 }),
				fc.integer({ min: 1, max: 5_000 }),
				(drawn, targets, perMinuteMax) => {
					const all = drawn.map((one, n) => ({ ...one, from: n * HOUR_MS }));
					const busiest = Math.max(...all.map(({ online }) => online));
					const plan = planWeek(targets, all, { perMinuteMax, busiest });
					expect(total(plan) + plan.short).toBeCloseTo(targets, 3);
					for (const { stretch, perMinute } of plan.stretches) {
						expect(perMinute).toBeGreaterThanOrEqual(0);
						expect(perMinute + stretch.online * perMinuteMax).toBeLessThanOrEqual(
							perMinuteMax + 1e-6,
						);
					}
				},
			),
		);
	});

	test('[I20] what the contract has no room for is said', () => {
		const plan = weekOf(calendar(), 1_000_000, 100);
		expect(plan.short).toBeGreaterThan(700_000);
		expect(total(plan) + plan.short).toBeCloseTo(1_000_000, 3);
	});

	test('[I20] a dry run shows each allowed hour, the days that differ and the sum', () => {
		const options = { utcOffsetMinutes: SEOUL, at: MONDAY, users: 1_000_000 };
		const lines = planChart({ ...options, calendar: calendar(), perSecondMax: 23.75 });
		expect(lines.filter((line) => line.includes('a minute, users'))).toHaveLength(42);
		expect(lines.find((line) => line.startsWith('2026-11-25 Wednesday'))).toMatch(/135,\d+ users/);
		expect(lines.at(-1)).toMatch(/^1,000,000 users in 2,520 minutes/);
		const short = planChart({ ...options, calendar: calendar(), perSecondMax: 1 });
		expect(short.at(-1)).toMatch(/find no room/);
	});
});

describe('slices', () => {
	test('[I20] are exact in sum and differ by one at most', () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 100_000 }), (targets) => {
				const slices = Array.from({ length: SLICES }, (_, index) => sliceOf(targets, index));
				expect(slices.reduce((sum, one) => sum + one, 0)).toBe(targets);
				expect(Math.max(...slices) - Math.min(...slices)).toBeLessThanOrEqual(1);
				expect(slicesBetween(targets, 100, 250)).toBe(
					slices.slice(100, 250).reduce((sum, one) => sum + one, 0),
				);
			}),
		);
	});

	test('[I20] no slice is above 1.2 times the mean of its minute, and nothing waits for ever', () => {
		fc.assert(
			fc.property(fc.integer({ min: SLICES, max: 10_000 }), (targets) => {
				const even = evenly(targets);
				const slices = Array.from({ length: SLICES }, (_, index) => sliceOf(even, index));
				expect(Math.max(...slices)).toBeLessThanOrEqual((1.2 * even) / SLICES);
				expect(targets - even).toBeLessThan(SLICES);
				expect(even).toBeGreaterThan(0);
			}),
		);
		expect([0, 1, 599].map(evenly)).toEqual([0, 1, 599]);
	});

	test('[I22] no second has more than its rate, wherever it begins', () => {
		const rates = fc.constantFrom(0.2, 1, 7.5, 95);
		const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.nat({ max: 200 })));
		fc.assert(
			fc.property(rates, steps, (perSecondMax, drawn) => {
				const window = new RateWindow();
				const begun: number[] = [];
				let now = 0;
				for (const [ms, wanted] of drawn) {
					now += ms;
					const count = window.take(wanted, now, perSecondMax);
					expect(count).toBeLessThanOrEqual(wanted);
					for (let n = 0; n < count; n++) begun.push(now);
				}
				for (const from of begun) {
					const within = begun.filter((at) => at >= from && at < from + 1_000).length;
					expect(within).toBeLessThanOrEqual(Math.max(1, perSecondMax));
				}
			}),
		);
	});

	test('[I22] a rate below one a second is kept over longer times', () => {
		const window = new RateWindow();
		const taken = Array.from({ length: 600 }, (_, n) => window.take(1, n * 100, 0.2));
		expect(taken.reduce((sum, one) => sum + one, 0)).toBe(12);
	});
});

describe('the estimate of who is left', () => {
	test('[I20] follows how densely the slots are filled, and is exact at the end', () => {
		const half: [number, string] = [2 ** 30, 'u1'];
		const walk = new WalkEstimate({ targets: 0, walked: false, before: 0 });
		expect(walk.isKnown).toBe(false);
		walk.read(500, { cursor: half, walked: false });
		expect(walk.unread).toBeCloseTo(500, 0);
		expect(walk.expected).toBe(1_000);
		walk.read(480, { walked: true });
		expect(walk.unread).toBe(0);
		expect(walk.expected).toBe(980);
	});

	test('[I20] begins with last week, or with what a first page shows', () => {
		expect(new WalkEstimate({ targets: 0, walked: false, before: 70_000 }).expected).toBe(70_000);
		expect(guessFrom({ users: ['a', 'b'], more: false })).toBe(2);
		const page = { users: ['a', 'b'], cursor: [2 ** 21, 'b'] as const, more: true };
		expect(guessFrom({ ...page, cursor: [...page.cursor] })).toBe(2_048);
	});
});
