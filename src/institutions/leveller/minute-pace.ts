import type { RefreshMinute } from '../../protocol/refresh-plan.ts';
import { MINUTE_MS, type RefreshCalendar, type Week } from './calendar.ts';
import { planWeek } from './plan.ts';
import { evenly, SLICE_MS, SLICES, sliceMax, sliceOf, slicesBetween } from './slices.ts';

/** Allowed minutes at the end of a week that are kept free for what is late. */
const RESERVE_MINUTES = 10;

export interface PaceOptions {
	readonly calendar: RefreshCalendar;
	readonly week: Week;
	/** Allowed minutes at the end of the week that the plan leaves free. */
	readonly reserveMinutes?: number | undefined;
}

/** What is left to do, and how fast it may be done. */
export interface Left {
	readonly targets: number;
	/** How many of them are not read, and so only estimated. */
	readonly unread: number;
	readonly perSecondMax: number;
}

/** In a last minute rather early than late: an estimate is hardly ever further off than this. */
const atMost = ({ targets, unread }: Left) => targets + 2 * Math.sqrt(unread);

/** The slice of its minute in which a moment lies. */
const sliceAt = (now: number) => Math.floor((now % MINUTE_MS) / SLICE_MS);

/**
 * How many targets each slice takes. Every minute anew, what is left is spread over what is left of the
 * week: so what was late comes a little later, evenly, and never at once.
 */
export class MinutePace {
	readonly #options: PaceOptions;
	/** From when on the week has only its reserve. */
	readonly #reserveFrom: number;
	/** The present minute; before the first, none. */
	#at = Number.NEGATIVE_INFINITY;
	/** Of the whole minute, if all of it went at its present pace. */
	#targets = 0;
	#planned = 0;
	#isLast = false;
	/** What rounding left over, for the next minute. */
	#rest = 0;

	constructor(options: PaceOptions) {
		this.#options = options;
		const { calendar, week, reserveMinutes = RESERVE_MINUTES } = options;
		this.#reserveFrom = calendar.lastMinutesFrom(week, reserveMinutes);
	}

	/** Whether it is the last minute of the plan, or of the reserve behind it. */
	get isLast(): boolean {
		return this.#isLast;
	}

	/** Takes up the minute of `now`, if it is another; answers how the one before was planned. */
	enter(now: number, left: Left): Pick<RefreshMinute, 'at' | 'planned'> | undefined {
		const at = now - (now % MINUTE_MS);
		if (at === this.#at) {
			if (this.#isLast) this.#finish(now, left);
			return undefined;
		}
		const before = Number.isFinite(this.#at) && { at: this.#at, planned: this.#planned };
		this.#at = at;
		const index = sliceAt(now);
		const exact = this.#perMinute(left) + this.#rest;
		const whole = Math.floor(exact);
		this.#targets = this.#isLast ? whole : evenly(whole);
		this.#rest = exact - this.#targets;
		this.#planned = slicesBetween(this.#targets, index, SLICES);
		return before === false ? undefined : before;
	}

	/** Targets of the slice of `now`. */
	slice(now: number): number {
		return sliceOf(this.#targets, sliceAt(now));
	}

	/** What the slice of `now` may take at most, to make up for others of its minute. */
	sliceMax(now: number): number {
		return Math.max(this.slice(now), sliceMax(this.#targets));
	}

	/** Targets of the slices from now on for so long; of the next minute as if it were like this one. */
	ahead(now: number, ms: number): number {
		const from = sliceAt(now);
		const to = from + Math.ceil(ms / SLICE_MS);
		const next = Math.max(0, to - SLICES);
		return (
			slicesBetween(this.#targets, from, Math.min(to, SLICES)) +
			slicesBetween(this.#targets, 0, next)
		);
	}

	#perMinute(left: Left): number {
		const { calendar, week } = this.#options;
		const end = this.#at < this.#reserveFrom ? this.#reserveFrom : week.to;
		const stretches = calendar.stretches(this.#at, end);
		this.#isLast = stretches.reduce((sum, { minutes }) => sum + minutes, 0) <= 1;
		const targets = this.#isLast ? atMost(left) : left.targets;
		const { busiest } = calendar;
		const bounds = { perMinuteMax: left.perSecondMax * 60, busiest };
		return planWeek(targets, stretches, bounds).stretches[0]?.perMinute ?? 0;
	}

	/** In the last minute the pace follows what turns out to be left. */
	#finish(now: number, left: Left): void {
		const index = sliceAt(now);
		const asWhole = (atMost(left) * SLICES) / (SLICES - index);
		this.#planned -= slicesBetween(this.#targets, index, SLICES);
		this.#targets = Math.floor(Math.min(left.perSecondMax * 60, asWhole));
		this.#planned += slicesBetween(this.#targets, index, SLICES);
	}
}
