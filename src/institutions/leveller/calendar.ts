import type { InstitutionSettings } from '../settings.ts';
import type { Stretch } from './plan.ts';

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** The first Monday after 1970 began. */
const FIRST_MONDAY = 4 * DAY_MS;
const PAY_DAY = 25;
/** Allowed hours come round once a day; this is how far the next ones can be. */
const HOURS_AHEAD_MAX = 48;
/** Minutes are kept free where there are so many times as many. */
const SPARES_MIN = 10;

/** What is expected of users, by hour and kind of day. */
export interface OnlineTraffic {
	/** Share of the contract's rate that users need in each of the 24 local hours, 0 to 1. */
	readonly byHour: readonly number[];
	/** So many times as much on the day that wages are paid. */
	readonly payDay: number;
	/** So many times as much on a trading day, at securities firms and elsewhere. */
	readonly tradingDay: { readonly securities: number; readonly others: number };
	/** Local days without trade beside Saturdays and Sundays, as `2026-12-25`. */
	readonly holidays: readonly string[];
}

/** A guess to begin with; figures of a running service take its place. */
export const TYPICAL_TRAFFIC: OnlineTraffic = {
	byHour: [
		0.12, 0.08, 0.06, 0.05, 0.05, 0.07, 0.12, 0.2, 0.3, 0.36, 0.34, 0.33, 0.38, 0.36, 0.33, 0.32,
		0.32, 0.34, 0.36, 0.36, 0.38, 0.4, 0.34, 0.22,
	],
	payDay: 1.6,
	tradingDay: { securities: 1.5, others: 1.1 },
	holidays: [],
};

export interface CalendarOptions {
	readonly institution: Pick<InstitutionSettings, 'industry' | 'batchHours'>;
	readonly utcOffsetMinutes: number;
	readonly traffic?: OnlineTraffic | undefined;
}

/** A week in local time: its number since 1970, and its bounds in milliseconds since 1970. */
export interface Week {
	readonly week: number;
	readonly from: number;
	readonly to: number;
}

/** When batch calls may go to one institution, and what its users are expected to do then. Pure. */
export class RefreshCalendar {
	readonly #offsetMs: number;
	readonly #traffic: OnlineTraffic;
	readonly #isSecurities: boolean;
	readonly #hours: { readonly from: number; readonly to: number };
	readonly #holidays: ReadonlySet<string>;

	constructor({ institution, utcOffsetMinutes, traffic = TYPICAL_TRAFFIC }: CalendarOptions) {
		this.#offsetMs = utcOffsetMinutes * MINUTE_MS;
		this.#traffic = traffic;
		this.#isSecurities = institution.industry === 'securities';
		this.#hours = institution.batchHours;
		this.#holidays = new Set(traffic.holidays);
	}

	/** Share of the contract's rate that users need when they need most, 0 to 1. */
	get busiest(): number {
		const { byHour, payDay, tradingDay } = this.#traffic;
		const trading = this.#isSecurities ? tradingDay.securities : tradingDay.others;
		return Math.min(1, Math.max(...byHour) * Math.max(1, trading) * Math.max(1, payDay));
	}

	/** The week of a moment; it begins on Monday at 00:00. */
	weekAt(at: number): Week {
		const week = Math.floor((at + this.#offsetMs - FIRST_MONDAY) / WEEK_MS);
		const from = week * WEEK_MS + FIRST_MONDAY - this.#offsetMs;
		return { week, from, to: from + WEEK_MS };
	}

	isOpen(at: number): boolean {
		const hour = Math.floor(((at + this.#offsetMs) % DAY_MS) / HOUR_MS);
		const { from, to } = this.#hours;
		return from < to ? hour >= from && hour < to : hour >= from || hour < to;
	}

	/** When batch calls may go next: at once while they may. */
	opening(at: number): number {
		let next = at;
		for (let n = 0; n < HOURS_AHEAD_MAX && !this.isOpen(next); n++) next = this.#hourBehind(next);
		return next;
	}

	/** Until when they may go on without a break, this week. */
	closing(at: number): number {
		const { to } = this.weekAt(at);
		let end = at;
		while (end < to && this.isOpen(end)) end = this.#hourBehind(end);
		return Math.min(end, to);
	}

	/** The allowed stretches of a time, hour by hour. Its bounds are whole minutes. */
	stretches(from: number, to: number): Stretch[] {
		const found: Stretch[] = [];
		for (let at = from; at < to; at = this.#hourBehind(at)) {
			if (!this.isOpen(at)) continue;
			const end = Math.min(this.#hourBehind(at), to);
			found.push({ from: at, minutes: (end - at) / MINUTE_MS, online: this.online(at) });
		}
		return found;
	}

	/**
	 * From when on a week has only so many allowed minutes left; its end when it has so few that it cannot
	 * spare them.
	 */
	lastMinutesFrom({ from, to }: Week, minutes: number): number {
		const stretches = this.stretches(from, to);
		const total = stretches.reduce((sum, stretch) => sum + stretch.minutes, 0);
		if (total < SPARES_MIN * minutes) return to;
		let left = minutes;
		for (const stretch of stretches.toReversed()) {
			if (stretch.minutes >= left) return stretch.from + (stretch.minutes - left) * MINUTE_MS;
			left -= stretch.minutes;
		}
		return to;
	}

	/** Share of the contract's rate that users are expected to need, 0 to 1. */
	online(at: number): number {
		const local = at + this.#offsetMs;
		const { byHour, payDay, tradingDay } = this.#traffic;
		const hour = Math.floor((local % DAY_MS) / HOUR_MS);
		const day = Math.floor(local / DAY_MS);
		const trading = this.#isSecurities ? tradingDay.securities : tradingDay.others;
		const usual = byHour[hour] ?? 0;
		const onDay = this.#isTradingDay(day) ? usual * trading : usual;
		return Math.min(1, this.#isPayDay(day) ? onDay * payDay : onDay);
	}

	/** Wages are paid on the 25th, or on the last trading day before it. */
	#isPayDay(day: number): boolean {
		const toPayDay = PAY_DAY - new Date(day * DAY_MS).getUTCDate();
		if (toPayDay < 0 || !this.#isTradingDay(day)) return false;
		for (let n = 1; n <= toPayDay; n++) if (this.#isTradingDay(day + n)) return false;
		return true;
	}

	#isTradingDay(day: number): boolean {
		const date = new Date(day * DAY_MS);
		const weekday = date.getUTCDay();
		if (weekday === 0 || weekday === 6) return false;
		return !this.#holidays.has(date.toISOString().slice(0, 10));
	}

	/** The end of the local hour. */
	#hourBehind(at: number): number {
		const local = at + this.#offsetMs;
		return at + HOUR_MS - (local % HOUR_MS);
	}
}
