import { describe, expect, test } from 'vitest';
import { RefreshCalendar } from '../../src/institutions/leveller/calendar.ts';
import { HOUR_MS, MINUTE_MS, MONDAY, Night, people } from './leveller-world.ts';

const OPS = { userId: 'olga', roles: ['ops'] };
const USERS = 60_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** Every night from 01:00 to 02:00, in Seoul. */
const everyNight = () =>
	new RefreshCalendar({
		institution: { industry: 'bank', batchHours: { from: 1, to: 2 } },
		utcOffsetMinutes: 540,
	});

/** On Monday and on Tuesday from 01:00 to 04:00. */
class TwoNights extends RefreshCalendar {
	constructor() {
		super({
			institution: { industry: 'bank', batchHours: { from: 1, to: 4 } },
			utcOffsetMinutes: 540,
		});
	}

	override isOpen(at: number): boolean {
		return at < MONDAY + 2 * DAY_MS && super.isOpen(at);
	}
}

const minuteOf = (n: number) => MONDAY + HOUR_MS + n * MINUTE_MS;

describe('the weekly refresh', () => {
	test.each([1, 2, 3])(
		'[I23] crashes at any moment leave nobody out and repeat only what was in flight (%i)',
		async (seed) => {
			const night = new Night({ users: people(USERS), seed });
			const { clock, plan, recordings } = night;
			let inFlight = 0;
			night.start();
			for (let crash = 0; crash < 20; crash++) {
				await clock.until(clock.now() + Math.floor(clock.random() * 5 * MINUTE_MS));
				night.crash();
				// Taken up and not settled: calls under way, and those of the second in front of it.
				inFlight += plan.state.open.size;
				await clock.until(clock.now() + Math.floor(clock.random() * 20_000));
				night.start();
			}
			await night.over();
			expect(recordings.recorded.size).toBe(USERS);
			expect([...recordings.twice]).toEqual([]);
			const repeated = [...recordings.calls.values()].filter((ids) => ids.length > 1);
			expect(repeated.length).toBeGreaterThan(0);
			expect(repeated.length).toBeLessThanOrEqual(inFlight);
			expect(repeated.every((ids) => new Set(ids).size === 1)).toBe(true);
			expect(recordings.secondMax).toBeLessThanOrEqual(95);
			expect(plan.state).toMatchObject({ targets: USERS, recorded: USERS, failed: 0, gone: 0 });
		},
	);

	test('[I23] a run that another has followed ends without doing harm', async () => {
		const night = new Night({ users: people(10_000) });
		const { clock, recordings } = night;
		night.start();
		const before = night.run;
		await clock.until(minuteOf(10));
		// The owner moved; the node before does not know yet.
		night.start();
		expect(night.run).not.toBe(before);
		await night.over();
		expect(recordings.recorded.size).toBe(10_000);
		expect([...recordings.twice]).toEqual([]);
	});

	test('[I23] lost answers of the plan leave nobody out and take nobody up twice', async () => {
		const night = new Night({ users: people(20_000), seed: 5 });
		const { clock, plan, recordings } = night;
		plan.answers = async () => {
			await new Promise<void>((resolve) => clock.after(clock.random() * 3_000, resolve));
			return clock.random() > 0.3;
		};
		const begun = () => night.run !== undefined && night.failure === undefined;
		night.start();
		while (night.nextAt === undefined) {
			// A run that could not begin is tried again, as the host does with its intents.
			if (!begun() || night.failure !== undefined) {
				night.failure = undefined;
				night.start();
			}
			await clock.until(clock.now() + 1_000);
		}
		expect(recordings.recorded.size).toBe(20_000);
		expect([...recordings.twice]).toEqual([]);
		expect([...recordings.calls.values()].every((ids) => ids.length === 1)).toBe(true);
	});

	test('[I21] a store that answers late holds up its own targets, and nobody is left out', async () => {
		const night = new Night({ users: people(USERS) });
		const { clock, consents, recordings } = night;
		let isSlow = false;
		consents.delay = () => new Promise((resolve) => clock.after(isSlow ? 20_000 : 20, resolve));
		night.start();
		await clock.until(minuteOf(20));
		isSlow = true;
		await clock.until(minuteOf(30));
		isSlow = false;
		await night.over();
		expect(recordings.recorded.size).toBe(USERS);
		expect(recordings.secondMax).toBeLessThanOrEqual(95);
	});

	test('[I21] an institution that answers slowly has a bounded number of calls under way', async () => {
		const night = new Night({ users: people(20_000), perSecondMax: 10 });
		const { clock, recordings } = night;
		night.start();
		await clock.until(minuteOf(20));
		recordings.latencyMs = () => 60_000;
		await clock.until(minuteOf(40));
		recordings.latencyMs = () => 300;
		await night.over();
		expect(recordings.inFlightMax).toBeLessThanOrEqual(200);
		expect(recordings.recorded.size).toBe(20_000);
		expect(recordings.secondMax).toBeLessThanOrEqual(10);
	});

	test.each([1, 1.9, 3])(
		'[I20] [I22] timers that fire late cost little of a rate of %d a second',
		async (rate) => {
			const perSecond = Math.floor(rate);
			// Nearly all that the hours have room for, beside what users are expected to need.
			const count = perSecond * 120 * 50;
			const night = new Night({ users: people(count), perSecondMax: rate, lateMs: 9 });
			const { plan, recordings } = night;
			night.start();
			await night.over();
			expect(plan.state).toMatchObject({ recorded: count, failed: 0 });
			expect(recordings.secondMax).toBeLessThanOrEqual(perSecond);
		},
	);

	test('[I21] under maintenance nothing is lost, and what is late is spread over the rest', async () => {
		const night = new Night({ users: people(USERS) });
		const { clock, plan, recordings } = night;
		night.start();
		await clock.until(minuteOf(20));
		recordings.answer = () => ({ ok: false, code: 'MAINTENANCE', retryAfterMs: 300_000 });
		await clock.until(minuteOf(40));
		const during = recordings.starts.size;
		recordings.answer = () => ({ ok: true });
		await night.over();
		expect(recordings.recorded.size).toBe(USERS);
		expect(plan.state).toMatchObject({ recorded: USERS, failed: 0 });
		// A try every ten seconds, beside the minutes before.
		expect(during - 20 * 600).toBeLessThan(20 * 7);
		const mean = (from: number, to: number) => {
			const counts = [...recordings.minutes]
				.filter(([at]) => at >= minuteOf(from) && at < minuteOf(to))
				.map(([, { count }]) => count);
			return counts.reduce((sum, count) => sum + count, 0) / (to - from);
		};
		expect(mean(45, 110) / mean(0, 20)).toBeCloseTo(100 / 80, 1);
	});

	test('[I22] a contract that allows less than was planned slows the run, and nobody is given up', async () => {
		const night = new Night({ users: people(USERS) });
		const { clock, plan, recordings } = night;
		let [second, taken, max] = [0, 0, 4];
		recordings.answer = () => {
			const now = Math.floor(clock.now() / 1_000);
			if (now !== second) taken = 0;
			second = now;
			return ++taken <= max ? { ok: true } : { ok: false, code: 'RATE_LIMITED' };
		};
		night.start();
		await clock.until(minuteOf(40));
		const { size } = recordings.recorded;
		expect(size).toBeGreaterThan(40 * 60);
		expect(size).toBeLessThanOrEqual(40 * 60 * 4);
		max = 50;
		await night.over();
		expect(recordings.recorded.size).toBe(USERS);
		expect(plan.state).toMatchObject({ recorded: USERS, failed: 0 });
	});

	test('[I20] who consents or withdraws during the week is refreshed once, or not any more', async () => {
		const night = new Night({ users: people(20_000) });
		const { clock, consents, recordings, plan } = night;
		const late = { slot: 2 ** 31 - 1_000, userId: 'late' };
		const early = { slot: 5, userId: 'early' };
		night.start();
		await clock.until(minuteOf(60));
		consents.give(late.slot, late.userId);
		// Its turn has passed: the registration itself has just fetched everything.
		consents.give(early.slot, early.userId);
		const isLate = ({ slot }: { slot: number }) => slot > 2 ** 31 * 0.9;
		const left = [...people(20_000)].filter(isLate).map(({ userId }) => userId);
		consents.withdraw(new Set(left));
		recordings.answer = (userId) =>
			userId === 'u1' ? { ok: false, code: 'FORBIDDEN' } : { ok: true };
		await night.over();
		expect(recordings.calls.has('late')).toBe(true);
		expect(recordings.calls.has('early')).toBe(false);
		expect(left.some((userId) => recordings.calls.has(userId))).toBe(false);
		expect(recordings.recorded.size + plan.state.gone).toBe(20_001 - left.length);
	});

	test('[I22] a contract that changes while it runs changes the plan, and nobody is left out', async () => {
		const night = new Night({ users: people(USERS) });
		const { clock, plan, recordings } = night;
		night.start();
		await clock.until(minuteOf(10));
		night.perSecondMax = 3;
		await clock.until(minuteOf(30));
		const lowered = plan.state.minutes.filter(({ at }) => at >= minuteOf(11));
		expect(lowered.length).toBeGreaterThan(15);
		for (const { planned, issued } of lowered) {
			// What the plan promises, not only what it is let to do.
			expect(planned).toBeLessThanOrEqual(3 * 60);
			expect(issued).toBeLessThanOrEqual(3 * 60);
		}
		// An order of operators is no way around the contract.
		plan.command('rate', { perSecondMax: 50 }, OPS);
		await clock.until(minuteOf(40));
		for (const { planned } of plan.state.minutes.filter(({ at }) => at >= minuteOf(32)))
			expect(planned).toBeLessThanOrEqual(3 * 60);
		night.perSecondMax = 95;
		await night.over();
		expect(recordings.recorded.size).toBe(USERS);
		expect(recordings.secondMax).toBeLessThanOrEqual(50);
	});

	test('[I22] operators slow a run, pause it and let it go on, at once', async () => {
		const night = new Night({ users: people(USERS) });
		const { clock, plan, recordings } = night;
		const during = async (ms: number) => {
			await clock.until(clock.now() + 2_000);
			const from = clock.now();
			await clock.until(from + ms);
			const starts = [...recordings.starts].filter(([at]) => at > from);
			return starts.reduce((sum, [, count]) => sum + count, 0);
		};
		night.start();
		await clock.until(minuteOf(10));
		expect(plan.command('rate', { perSecondMax: 2 }, OPS).ok).toBe(true);
		expect(await during(10_000)).toBeLessThanOrEqual(20);
		plan.command('pause', {}, OPS);
		expect(await during(60_000)).toBe(0);
		plan.command('resume', {}, OPS);
		plan.command('rate', {}, OPS);
		await night.over();
		expect(recordings.recorded.size).toBe(USERS);
	});

	test('[I20] a target that fails is tried again with the same id, and given up in the end', async () => {
		const night = new Night({ users: people(2_000) });
		const { recordings, plan } = night;
		recordings.answer = (userId) => {
			const tries = recordings.calls.get(userId)?.length ?? 0;
			if (userId === 'u7') return { ok: false, code: 'UNAVAILABLE' };
			return tries < 3 ? { ok: false, code: 'TIMEOUT' } : { ok: true };
		};
		night.start();
		await night.over();
		expect(recordings.calls.get('u7')).toHaveLength(8);
		expect(new Set(recordings.calls.get('u7')).size).toBe(1);
		expect(plan.state).toMatchObject({ recorded: 1_999, failed: 1 });
	});

	test('[I23] whom the institution refuses is tried again in other nights, and is not gone', async () => {
		const users = [...people(300)].sort((one, other) => one.slot - other.slot);
		const [never = '', later = '', withdrawn = ''] = users.map(({ userId }) => userId);
		const night = new Night({ users, calendar: everyNight() });
		const { recordings, plan } = night;
		const triesOf = (userId: string) => recordings.calls.get(userId)?.length ?? 0;
		recordings.answer = (userId) => {
			const isDenied = userId === never || (userId === later && triesOf(later) < 4);
			if (isDenied) return { ok: false, code: 'CONFLICT', isDenied };
			return userId === withdrawn ? { ok: false, code: 'FORBIDDEN' } : { ok: true };
		};
		await night.nights(MONDAY + WEEK_MS);
		expect(plan.state).toMatchObject({ recorded: 298, gone: 1, failed: 1 });
		expect(triesOf(later)).toBe(4);
		expect(triesOf(never)).toBeGreaterThan(2);
		expect(triesOf(never)).toBeLessThanOrEqual(14);
		expect(triesOf(withdrawn)).toBe(1);
		for (const ids of recordings.calls.values()) expect(new Set(ids).size).toBe(1);
	});

	test.each([300, 3_000])(
		'[I23] that it refuses every fifth of %i users costs the others nothing, in no night',
		async (count) => {
			const users = [...people(count)].sort((one, other) => one.slot - other.slot);
			const denied = new Set(users.flatMap(({ userId }, n) => (n % 5 === 0 ? [userId] : [])));
			const night = new Night({ users, calendar: everyNight() });
			const { clock, recordings, plan } = night;
			recordings.answer = (userId) =>
				denied.has(userId) ? { ok: false, code: 'FORBIDDEN', isDenied: true } : { ok: true };
			let before = 0;
			for (let day = 1; day <= 7; day++) {
				await night.nights(MONDAY + day * DAY_MS);
				const { size } = recordings.recorded;
				expect(size - before, `night ${day}`).toBeGreaterThan(count / 20);
				before = size;
			}
			expect(clock.now()).toBe(MONDAY + WEEK_MS);
			const recorded = count - denied.size;
			expect(plan.state).toMatchObject({ targets: count, recorded, failed: denied.size });
			for (const userId of denied)
				expect(recordings.calls.get(userId)?.length).toBeLessThanOrEqual(14);
		},
	);

	test('[I22] [I23] a night of 429 leaves nobody out of the week, and records nobody twice', async () => {
		const night = new Night({ users: people(300), calendar: new TwoNights() });
		const { clock, recordings, plan } = night;
		recordings.answer = () =>
			clock.now() < MONDAY + DAY_MS ? { ok: false, code: 'RATE_LIMITED' } : { ok: true };
		await night.nights(MONDAY + DAY_MS);
		const most = Math.max(...[...recordings.calls.values()].map(({ length }) => length));
		expect(most, 'some were tried for an hour').toBe(60);
		expect(plan.state).toMatchObject({ recorded: 0, failed: 0 });
		await night.nights(MONDAY + WEEK_MS);
		expect(recordings.recorded.size).toBe(300);
		expect([...recordings.twice]).toEqual([]);
		expect(plan.state).toMatchObject({ recorded: 300, failed: 0, gone: 0 });
	});

	test('[I23] an institution that denies everybody for a while costs nobody the refresh', async () => {
		const night = new Night({ users: people(USERS) });
		const { clock, plan, recordings } = night;
		night.start();
		await clock.until(minuteOf(20));
		const before = recordings.starts.size;
		recordings.answer = () => ({ ok: false, code: 'FORBIDDEN', isDenied: true });
		await clock.until(minuteOf(50));
		// Some in a row, then a few each ten seconds.
		expect(recordings.starts.size - before).toBeLessThan(1_000);
		recordings.answer = () => ({ ok: true });
		await night.over();
		expect(recordings.recorded.size).toBe(USERS);
		expect(plan.state).toMatchObject({ recorded: USERS, failed: 0, gone: 0 });
	});

	test('[I20] a week of nights refreshes everybody once, and so does the next', async () => {
		const night = new Night({ users: people(30_000), calendar: everyNight() });
		const { recordings, plan } = night;
		await night.nights(MONDAY + WEEK_MS);
		expect(recordings.recorded.size).toBe(30_000);
		expect([...recordings.calls.values()].every((ids) => ids.length === 1)).toBe(true);
		const days = new Map<number, number>();
		for (const [at, count] of recordings.starts) {
			const day = Math.floor((at - MONDAY) / DAY_MS);
			days.set(day, (days.get(day) ?? 0) + count);
			const hour = ((at - MONDAY) % DAY_MS) / HOUR_MS;
			expect(hour >= 1 && hour < 2).toBe(true);
		}
		expect(days.size).toBe(7);
		// Nobody trades on Saturday.
		const count = (day: number) => days.get(day) ?? 0;
		expect(count(5)).toBeGreaterThan(count(1));
		await night.nights(MONDAY + 2 * WEEK_MS);
		expect([...recordings.calls.values()].every((ids) => new Set(ids).size === 2)).toBe(true);
		expect(plan.state).toMatchObject({ missedLastWeek: 0, before: 30_000 });
	}, 60_000);

	test.each([0, 10, 250])('[I20] %i users are spread over the week too', async (count) => {
		const night = new Night({ users: people(count), calendar: everyNight() });
		const { recordings, plan } = night;
		await night.nights(MONDAY + WEEK_MS);
		expect(recordings.recorded.size).toBe(count);
		expect([...recordings.calls.values()].every((ids) => ids.length === 1)).toBe(true);
		const days = new Set(
			[...recordings.starts.keys()].map((at) => Math.floor((at - MONDAY) / DAY_MS)),
		);
		expect(days.size).toBeGreaterThanOrEqual(Math.min(count, count < 100 ? 3 : 7));
		expect(plan.state.missedLastWeek).toBe(0);
	});
});
