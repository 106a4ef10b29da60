import type { InstitutionSettings } from '../settings.ts';
import {
	type DayKind,
	type ExpectedHours,
	expectedHours,
	type OnlineTraffic,
	TYPICAL_TRAFFIC,
} from './online-traffic.ts';
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

export interface CalendarOptions {
	readonly institution: Pick<InstitutionSettings, 'industry' | 'batchHours'> &
		Partial<Pick<InstitutionSettings, 'weekBeginsMinutes'>>;
	readonly utcOffsetMinutes: number;
	/** By default what is typical. */
	readonly traffic?: OnlineTraffic | undefined;
	/** What is expected of users; by default what the traffic of the settings says. */
	readonly expected?: ExpectedHours | undefined;
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
	/** Of the first week behind 1970, in local time. */
	readonly #weekBegins: number;
	readonly #expected: ExpectedHours;
	readonly #hours: { readonly from: number; readonly to: number };
	readonly #holidays: ReadonlySet<string>;

	constructor(options: CalendarOptions) {
		const { institution, utcOffsetMinutes, traffic = TYPICAL_TRAFFIC, expected } = options;
		this.#offsetMs = utcOffsetMinutes * MINUTE_MS;
		this.#weekBegins = FIRST_MONDAY + (institution.weekBeginsMinutes ?? 0) * MINUTE_MS;
		this.#expected = expected ?? expectedHours(traffic, institution.industry);
		this.#hours = institution.batchHours;
		this.#holidays = new Set(traffic.holidays);
	}

	/** Share of the contract's rate that users need when they need most, 0 to 1. */
	get busiest(): number {
		return Math.max(...Object.values(this.#expected).flat());
	}

	/** The week of a moment; it begins on Monday at 00:00, or as the settings say. */
	weekAt(at: number): Week {
		const week = Math.floor((at + this.#offsetMs - this.#weekBegins) / WEEK_MS);
		const from = week * WEEK_MS + this.#weekBegins - this.#offsetMs;
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
		const hour = Math.floor(((at + this.#offsetMs) % DAY_MS) / HOUR_MS);
		return this.#expected[this.dayKind(at)][hour] ?? 0;
	}

	/** What kind of day it is, where it is local. */
	dayKind(at: number): DayKind {
		const day = Math.floor((at + this.#offsetMs) / DAY_MS);
		if (this.#isPayDay(day)) return 'payDay';
		return this.#isTradingDay(day) ? 'trading' : 'rest';
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
