/**
 * One run of the weekly refresh: an institution's allowed hours of one night. Each second it reads those
 * whose turn comes in the next one, has them written down by the plan, and only then sends them, slice by
 * slice; what became of them goes with the next second's step. Its clock waits for nobody: what cannot go
 * in its slice is left for the minutes to come.
 */
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import { ERRORS } from '../../protocol/errors.ts';
import {
	REFRESH_STEP_TARGETS_MAX,
	type RefreshBegun,
	type RefreshMinute,
	type RefreshStep,
	type RefreshStepped,
} from '../../protocol/refresh-plan.ts';
import type { RefreshCalendar } from './calendar.ts';
import { Flights } from './flights.ts';
import { MinutePace } from './minute-pace.ts';
import type { Plan } from './plan-actor.ts';
import type { Refresh } from './refresh.ts';
import { RateWindow, SLICE_MS, wholeRate } from './slices.ts';
import type { TargetPage, TargetPages } from './target-pages.ts';
import { guessFrom, WalkEstimate } from './walk-estimate.ts';

/** How many a plan that knows nothing looks at, to guess how many there are. */
const GUESS_PAGE_LENGTH = 200;
/** In the last minute that many are read at once, so that it ends with the last of them. */
const LAST_PAGE_LENGTH = 100;
/** A slow institution may have as many calls under way as go out in this time. */
const IN_FLIGHT_SECONDS = 20;
const IN_FLIGHT_MIN = 20;
const IN_FLIGHT_MAX = 2_000;
/** Beyond this nobody is taken up before others are settled; below what the plan would refuse. */
const OPEN_MAX = 8_000;
/** How long the last calls of a run are waited for; what is not settled then is repeated by the next. */
const DRAIN_MS_MAX = 30_000;
const SECOND_MS = 1_000;

export interface RefreshRunOptions {
	readonly institution: string;
	readonly calendar: RefreshCalendar;
	readonly plan: Plan;
	readonly pages: TargetPages;
	readonly refresh: Refresh;
	/** Refreshes a second that the contract allows at present. */
	readonly perSecondMax: () => number;
	readonly reserveMinutes?: number | undefined;
	readonly runtime: Runtime;
	readonly log: Log;
}

type Orders = Pick<RefreshStepped, 'paused' | 'perSecondMax'>;

export class RefreshRun {
	readonly #options: RefreshRunOptions;
	readonly #worker: string;
	readonly #flights: Flights;
	readonly #window = new RateWindow();
	#walk = new WalkEstimate({ targets: 0, walked: false, before: 0 });
	#pace: MinutePace | undefined;
	#orders: Orders = { paused: false };
	/** The step whose answer is not known, and the number of the next. */
	#step: RefreshStep | undefined;
	#n = 0;
	#isStepping = false;
	/** Number of the last slice and second that were taken up. */
	#slice = -1;
	#second = -1;
	/** What slices of this minute could not take by the rate alone; of one second at most. */
	#owed = 0;
	/** Figures at the beginning of the minute, and minutes that are over and not told. */
	#counted = { issued: 0, recorded: 0, failed: 0 };
	readonly #totals = { recorded: 0, failed: 0 };
	readonly #minutes: RefreshMinute[] = [];
	/** Whether the week has allowed hours behind this run. */
	#hasNextNight = false;
	#end: Error | undefined;

	constructor(options: RefreshRunOptions) {
		this.#options = options;
		this.#worker = options.runtime.randomId();
		this.#flights = new Flights({ ...options, mayLeave: () => this.#hasNextNight });
	}

	/** Resolves with when the next run may begin; rejects when it was ended or lost its place. */
	async run(): Promise<{ readonly nextAt: number }> {
		const { calendar, plan, runtime, reserveMinutes } = this.#options;
		const now = runtime.now();
		if (!calendar.isOpen(now)) return { nextAt: calendar.opening(now) };
		const week = calendar.weekAt(now);
		const begun = await plan.begin({
			worker: this.#worker,
			week: week.week,
			weekFrom: week.from,
		});
		if (!begun.ok) throw new Error(`the plan does not let a run begin: ${begun.code}`);
		await this.#begin(begun.reply);
		this.#pace = new MinutePace({ calendar, week, reserveMinutes });
		const end = calendar.closing(now);
		const next = calendar.opening(end);
		this.#hasNextNight = next < week.to && calendar.isOpen(next);
		await this.#clock(end);
		await this.#drain();
		return { nextAt: calendar.opening(this.#isDone ? week.to : end) };
	}

	/** Ends it at once, as a crash would. */
	stop(): void {
		this.#end ??= new Error('the run was ended');
	}

	get #isDone(): boolean {
		return this.#walk.walked && this.#flights.open === 0;
	}

	/** Done, but for those who are left for another night. */
	get #isOver(): boolean {
		return this.#walk.walked && this.#flights.open === this.#flights.left;
	}

	/** The contract may change while it runs (I22); operators may only slow it further. */
	get #perSecondMax(): number {
		const ordered = this.#orders.perSecondMax ?? Infinity;
		return wholeRate(Math.min(ordered, this.#options.perSecondMax()));
	}

	/** Goes on where a worker before has stopped, also with what it took up and did not settle. */
	async #begin(begun: RefreshBegun): Promise<void> {
		const { open, paused, perSecondMax } = begun;
		this.#orders = { paused, ...(perSecondMax !== undefined && { perSecondMax }) };
		const old = ([transactionId, userId]: RefreshBegun['open'][number]) => {
			return { transactionId, userId, isOld: true };
		};
		this.#flights.add(open.map(old));
		const isKnown = begun.walked || begun.targets > 0 || begun.before > 0;
		const page = isKnown ? undefined : await this.#read(GUESS_PAGE_LENGTH);
		this.#walk = new WalkEstimate({ ...begun, ...(page && { before: guessFrom(page) }) });
	}

	#clock(end: number): Promise<void> {
		const { runtime } = this.#options;
		return new Promise((resolve, reject) => {
			const tick = () => {
				const now = runtime.now();
				if (this.#end !== undefined) reject(this.#end);
				else if (now >= end || this.#isOver) resolve();
				else {
					this.#tick(now);
					runtime.after(SLICE_MS - (now % SLICE_MS), tick);
				}
			};
			tick();
		});
	}

	#tick(now: number): void {
		const slice = Math.floor(now / SLICE_MS);
		// A timer may fire a moment too early.
		if (slice === this.#slice) return;
		this.#slice = slice;
		const second = Math.floor(now / SECOND_MS);
		if (second !== this.#second) {
			this.#second = second;
			this.#enterSecond(now);
		}
		if (this.#orders.paused || !this.#flights.mayGo || this.#pace === undefined) return;
		const planned = this.#pace.slice(now) + this.#owed;
		const wanted = Math.min(planned, this.#flights.ready, this.#room);
		const most = Math.min(wanted, this.#pace.sliceMax(now));
		const count = this.#window.take(most, this.#options.runtime.monotonic(), this.#perSecondMax);
		// A timer that fires late by little makes the second behind it too short by that.
		this.#owed = Math.max(0, Math.min(wanted - count, Math.max(1, this.#perSecondMax)));
		this.#flights.go(count);
	}

	/** How many more calls may be under way. */
	get #room(): number {
		const max = Math.ceil(this.#perSecondMax * IN_FLIGHT_SECONDS);
		return Math.max(IN_FLIGHT_MIN, Math.min(max, IN_FLIGHT_MAX)) - this.#flights.inFlight;
	}

	#enterSecond(now: number): void {
		this.#flights.tend();
		const { unread } = this.#walk;
		const left = {
			targets: this.#flights.toGo + unread,
			unread,
			perSecondMax: this.#perSecondMax,
		};
		const before = this.#pace?.enter(now, left);
		if (before !== undefined) {
			this.#owed = 0;
			this.#closeMinute(before);
		}
		void this.#advance(this.#wanted(now));
	}

	#closeMinute({ at, planned }: Pick<RefreshMinute, 'at' | 'planned'>): void {
		const { issued } = this.#flights;
		const { recorded, failed } = this.#totals;
		const before = this.#counted;
		this.#counted = { issued, recorded, failed };
		this.#minutes.push({
			at,
			planned,
			issued: issued - before.issued,
			recorded: recorded - before.recorded,
			failed: failed - before.failed,
		});
	}

	/** How many to take up so that this second and the next have enough. */
	#wanted(now: number): number {
		if (this.#orders.paused || this.#walk.walked) return 0;
		if (!this.#walk.isKnown) return 1;
		// A slice more: where a minute begins, the next one may be a little fuller.
		const ahead = this.#pace?.ahead(now, 2 * SECOND_MS + SLICE_MS) ?? 0;
		const soon = ahead - this.#flights.freshReady;
		const wanted = this.#pace?.isLast === true ? Math.max(soon, LAST_PAGE_LENGTH) : soon;
		const room = OPEN_MAX - this.#flights.open;
		return Math.max(0, Math.min(wanted, room, REFRESH_STEP_TARGETS_MAX));
	}

	/** Takes the next step, unless one is under way: the clock goes on meanwhile. */
	async #advance(wanted: number): Promise<void> {
		if (this.#isStepping) return;
		this.#isStepping = true;
		this.#step ??= this.#nextStep(await this.#read(wanted));
		const step = this.#step;
		const answer = await this.#options.plan.step(step);
		this.#isStepping = false;
		if (answer.ok) this.#stepped(step, answer.reply);
		else if (ERRORS[answer.code].retryable) {
			// It may have been taken: the same step goes again with the next second.
			const { institution, log } = this.#options;
			log.warn({ institution, code: answer.code }, 'a step of the refresh plan goes again');
		} else this.#end ??= new Error(`the plan refuses the run: ${answer.code}`);
	}

	async #read(wanted: number): Promise<TargetPage | undefined> {
		if (wanted === 0 || this.#walk.walked) return undefined;
		const { institution, log, pages } = this.#options;
		try {
			return await pages.page(this.#walk.cursor, wanted);
		} catch (error) {
			log.warn({ err: error, institution }, 'targets of the refresh plan could not be read');
			return undefined;
		}
	}

	#nextStep(page: TargetPage | undefined): RefreshStep {
		const minute = this.#minutes.shift();
		return {
			worker: this.#worker,
			n: this.#n++,
			users: [...(page?.users ?? [])],
			...(page?.cursor !== undefined && { cursor: page.cursor }),
			walked: this.#walk.walked || page?.more === false,
			expected: this.#walk.expected,
			...this.#flights.takeSettled(),
			...(minute !== undefined && { minute }),
		};
	}

	/** The plan has it: only now may those whom it took up be called. */
	#stepped(step: RefreshStep, { batch, ...orders }: RefreshStepped): void {
		this.#step = undefined;
		this.#orders = orders;
		this.#totals.recorded += step.recorded.length;
		this.#totals.failed += step.failed.length;
		const { users, cursor, walked } = step;
		if (users.length > 0 || walked) this.#walk.read(users.length, { cursor, walked });
		this.#flights.add(users.map((userId, n) => ({ userId, transactionId: `${batch}-${n}` })));
	}

	/** Waits for the calls under way, and tells the plan what became of them. */
	async #drain(): Promise<void> {
		const { runtime } = this.#options;
		const until = runtime.monotonic() + DRAIN_MS_MAX;
		const isWaiting = () => this.#flights.inFlight > 0 && runtime.monotonic() < until;
		const isUntold = () => this.#step !== undefined || this.#flights.settled > 0;
		while (isWaiting() || isUntold() || this.#isStepping) {
			if (this.#end !== undefined) throw this.#end;
			await this.#advance(0);
			await new Promise<void>((resolve) => runtime.after(SLICE_MS, resolve));
		}
	}
}
