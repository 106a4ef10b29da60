import { decideRefreshPlan } from '../../actors/refresh-plan/decide-refresh-plan.ts';
import { refreshPlanKind } from '../../actors/refresh-plan/refresh-plan-kind.ts';
import type { RefreshPlanState } from '../../actors/refresh-plan/refresh-plan-state.ts';
import { SYSTEM } from '../../src/core/actor-kind.ts';
import { SILENT } from '../../src/core/log.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import { RefreshCalendar } from '../../src/institutions/leveller/calendar.ts';
import type { Plan } from '../../src/institutions/leveller/plan-actor.ts';
import type { RefreshAnswer } from '../../src/institutions/leveller/refresh.ts';
import { RefreshRun } from '../../src/institutions/leveller/refresh-run.ts';
import type { TargetPages } from '../../src/institutions/leveller/target-pages.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { actorKey } from '../../src/protocol/ids.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const INSTITUTION = 'bank-a';
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
/** A Monday at 00:00 in Seoul. */
export const MONDAY = Date.UTC(2026, 10, 15, 15);
const LATENCY_MS = 300;

/**
 * A clock for long runs: all that is due at one moment runs before anything else may happen, so that a
 * night of slices takes seconds.
 */
export class NightClock implements Runtime {
	#now: number;
	#order: number[] = [];
	readonly #due = new Map<number, Set<() => void>>();
	readonly #chance: VirtualRuntime;
	/** Timers fire so much late at most. */
	readonly #lateMs: number;

	constructor(now: number, { seed = 1, lateMs = 0 }: { seed?: number; lateMs?: number } = {}) {
		this.#now = now;
		this.#lateMs = lateMs;
		this.#chance = new VirtualRuntime({ seed });
	}

	now = () => this.#now;
	monotonic = () => this.#now;
	random = () => this.#chance.random();
	randomId = () => this.#chance.randomId();
	defer = (run: () => void) => void this.after(0, run);

	after(ms: number, run: () => void): () => void {
		const late = this.#lateMs === 0 ? 0 : Math.floor(this.random() * (this.#lateMs + 1));
		const at = this.#now + Math.max(0, Math.ceil(ms)) + late;
		const there = this.#due.get(at);
		const due = there ?? new Set();
		if (there === undefined) this.#insert(at);
		this.#due.set(at, due);
		const once = () => run();
		due.add(once);
		return () => due.delete(once);
	}

	/** Lets all happen until `done` or the moment. */
	async until(end: number, done: () => boolean = () => false): Promise<void> {
		await settled();
		while (!done()) {
			const next = this.#order.at(-1);
			if (next === undefined || next > end) break;
			this.#now = next;
			const due = this.#due.get(next);
			this.#order.pop();
			this.#due.delete(next);
			for (const run of due ?? []) run();
			await settled();
		}
		if (!done() && Number.isFinite(end)) this.#now = Math.max(this.#now, end);
	}

	/** Latest first; there are few moments at a time. */
	#insert(at: number): void {
		let index = this.#order.length;
		while (index > 0 && (this.#order[index - 1] as number) < at) index--;
		this.#order.splice(index, 0, at);
	}
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Users by slot, as the collection of consents has them; pages count what they bring. */
export class Consents implements TargetPages {
	readonly pages: number[] = [];
	/** Answers when it resolves: a store that is slow or away. */
	delay: () => Promise<void> = () => Promise.resolve();
	#rows: { readonly slot: number; readonly userId: string }[];

	constructor(rows: Iterable<{ readonly slot: number; readonly userId: string }>) {
		this.#rows = [...rows].sort(
			(one, other) => one.slot - other.slot || (one.userId < other.userId ? -1 : 1),
		);
	}

	get size(): number {
		return this.#rows.length;
	}

	give(slot: number, userId: string): void {
		this.#rows.splice(this.#firstBehind(slot), 0, { slot, userId });
	}

	withdraw(userIds: ReadonlySet<string>): void {
		this.#rows = this.#rows.filter(({ userId }) => !userIds.has(userId));
	}

	async page(after: readonly [number, string] | undefined, limit: number) {
		await this.delay();
		let from = after === undefined ? 0 : this.#firstBehind(after[0] - 1);
		while (after !== undefined && this.#isUpTo(from, after)) from++;
		const rows = this.#rows.slice(from, from + limit);
		this.pages.push(rows.length);
		const last = rows.at(-1);
		return {
			users: rows.map(({ userId }) => userId),
			...(last && { cursor: [last.slot, last.userId] as [number, string] }),
			more: from + limit < this.#rows.length,
		};
	}

	#isUpTo(index: number, [slot, userId]: readonly [number, string]): boolean {
		const row = this.#rows[index];
		return row !== undefined && row.slot === slot && row.userId <= userId;
	}

	#firstBehind(slot: number): number {
		let low = 0;
		let high = this.#rows.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#rows[middle]?.slot ?? 0) <= slot) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}

/** The plan's actor as its host runs it, with a journal that is a snapshot after each commit. */
export class PlanHost implements Plan {
	state: RefreshPlanState = refreshPlanKind.initial(INSTITUTION);
	/** Answers when it resolves; `false`: the answer is lost on its way. */
	answers: () => Promise<boolean> = () => Promise.resolve(true);
	readonly #clock: Runtime;
	#position = 0;

	constructor(clock: Runtime) {
		this.#clock = clock;
	}

	begin = (args: unknown) => this.#ask('begin', args) as ReturnType<Plan['begin']>;
	step = (args: unknown) => this.#ask('step', args) as ReturnType<Plan['step']>;

	/** Runs a command at once. */
	command(name: string, args: unknown = {}, caller = SYSTEM) {
		const decision = decideRefreshPlan(
			this.state,
			{ name, args, caller },
			{
				key: actorKey('refresh-plan', INSTITUTION),
				id: INSTITUTION,
				now: this.#clock.now(),
				exists: this.#position > 0,
				newId: () => `b${this.#position}`,
				loaded: [],
			},
		);
		if (!decision.ok) return decision;
		for (const event of decision.events) {
			this.#position++;
			const meta = {
				key: actorKey('refresh-plan', INSTITUTION),
				id: INSTITUTION,
				position: this.#position,
				at: this.#clock.now(),
			};
			this.state = refreshPlanKind.evolve(this.state, event, meta);
		}
		return { ok: true, reply: decision.reply } as const;
	}

	/** Goes on with what a snapshot has, as a new owner would. */
	restart(): void {
		const parts = [...refreshPlanKind.cut(this.state)].map((part) => unpack(pack(part)));
		this.state = refreshPlanKind.restore(INSTITUTION, parts);
	}

	async #ask(name: string, args: unknown) {
		const answer = this.command(name, args);
		return (await this.answers()) ? answer : ({ ok: false, code: 'TIMEOUT' } as const);
	}
}

/** What the institution and the users' actors have seen. */
export class Recordings {
	/** Transaction ids of calls by user, in order. */
	readonly calls = new Map<string, string[]>();
	readonly recorded = new Map<string, string>();
	/** Users whose assets were recorded under two transaction ids in a week. */
	readonly twice = new Set<string>();
	/** How many calls went out at each moment. */
	readonly starts = new Map<number, number>();
	inFlight = 0;
	inFlightMax = 0;
	/** What a call comes to, when it does not simply succeed. */
	answer: (userId: string) => RefreshAnswer = () => ({ ok: true });
	latencyMs: (userId: string) => number = () => LATENCY_MS;
	readonly #clock: Runtime;

	constructor(clock: Runtime) {
		this.#clock = clock;
	}

	refresh = (_institution: string, userId: string, transactionId: string) => {
		const now = this.#clock.now();
		this.starts.set(now, (this.starts.get(now) ?? 0) + 1);
		const before = this.calls.get(userId);
		if (before === undefined) this.calls.set(userId, [transactionId]);
		else before.push(transactionId);
		this.inFlight++;
		this.inFlightMax = Math.max(this.inFlightMax, this.inFlight);
		return new Promise<RefreshAnswer>((resolve) => {
			this.#clock.after(this.latencyMs(userId), () => {
				this.inFlight--;
				const answer = this.answer(userId);
				if (answer.ok) this.#record(userId, transactionId);
				resolve(answer);
			});
		});
	};

	#record(userId: string, transactionId: string): void {
		const before = this.recorded.get(userId);
		if (before !== undefined && before !== transactionId) this.twice.add(userId);
		this.recorded.set(userId, transactionId);
	}

	/** Most calls that went out in any second, wherever it begins. */
	get secondMax(): number {
		const starts = [...this.starts].sort(([one], [other]) => one - other);
		let [most, sum, from] = [0, 0, 0];
		for (const [at, count] of starts) {
			sum += count;
			for (let first = starts[from]; first && first[0] <= at - 1_000; first = starts[++from])
				sum -= first[1];
			most = Math.max(most, sum);
		}
		return most;
	}

	/** For each minute how many went out, and how far its fullest slice is above its mean. */
	get minutes(): Map<number, { count: number; worst: number }> {
		const slices = new Map<number, Map<number, number>>();
		for (const [at, count] of this.starts) {
			const minute = at - (at % MINUTE_MS);
			const inMinute = slices.get(minute) ?? new Map<number, number>();
			slices.set(minute, inMinute);
			const slice = at - (at % 100);
			inMinute.set(slice, (inMinute.get(slice) ?? 0) + count);
		}
		return new Map(
			[...slices].map(([minute, counts]) => {
				const count = [...counts.values()].reduce((sum, one) => sum + one, 0);
				const worst = Math.max(...counts.values()) / (count / 600);
				return [minute, { count, worst }];
			}),
		);
	}
}

/** Allowed on Monday only, from 01:00 on for some hours. */
export class OneNight extends RefreshCalendar {
	constructor(hours: number) {
		super({
			institution: { industry: 'bank', batchHours: { from: 1, to: 1 + hours } },
			utcOffsetMinutes: 540,
		});
	}

	override isOpen(at: number): boolean {
		return new Date(at + 9 * HOUR_MS).getUTCDay() === 1 && super.isOpen(at);
	}
}

/** Evenly spread slots, the same for each number. */
export function* people(count: number, seed = 7) {
	const chance = new VirtualRuntime({ seed });
	for (let n = 0; n < count; n++) {
		yield { slot: Math.floor(chance.random() * 2 ** 31), userId: `u${n}` };
	}
}

export interface NightOptions {
	readonly users: Iterable<{ readonly slot: number; readonly userId: string }>;
	/** Default: two hours on Monday. */
	readonly calendar?: RefreshCalendar;
	readonly perSecondMax?: number;
	readonly seed?: number;
	/** Timers fire so much late at most. */
	readonly lateMs?: number;
}

/** One institution with its plan, its users and the runs of its nights. */
export class Night {
	readonly clock: NightClock;
	readonly consents: Consents;
	readonly plan: PlanHost;
	readonly recordings: Recordings;
	readonly calendar: RefreshCalendar;
	run: RefreshRun | undefined;
	/** When the run was over, and when the next may begin. */
	nextAt: number | undefined;
	failure: unknown;
	/** What the contract allows at present. */
	perSecondMax: number;

	constructor({ users, calendar, perSecondMax = 95, seed = 1, lateMs = 0 }: NightOptions) {
		this.clock = new NightClock(MONDAY + HOUR_MS, { seed, lateMs });
		this.consents = new Consents(users);
		this.plan = new PlanHost(this.clock);
		this.recordings = new Recordings(this.clock);
		this.calendar = calendar ?? new OneNight(2);
		this.perSecondMax = perSecondMax;
		this.plan.command('ensure', { week: 0, nextAt: this.clock.now() });
		this.plan.command('wake');
	}

	/** Begins a run, as the intent of the plan's owner does. */
	start(): void {
		const { consents: pages, plan, recordings, calendar, clock: runtime } = this;
		this.nextAt = undefined;
		const run = new RefreshRun({
			...{ institution: INSTITUTION, calendar, plan, pages, runtime },
			refresh: recordings.refresh,
			perSecondMax: () => this.perSecondMax,
			log: SILENT,
		});
		this.run = run;
		run.run().then(
			({ nextAt }) => {
				if (this.run === run) this.nextAt = nextAt;
			},
			(error) => {
				if (this.run === run) this.failure = error;
			},
		);
	}

	/** The process dies; the journal stays. */
	crash(): void {
		this.run?.stop();
		this.run = undefined;
		this.plan.restart();
	}

	/** Goes on until the run is over. */
	async over(limitMs = 8 * HOUR_MS): Promise<void> {
		const isOver = () => this.nextAt !== undefined || this.failure !== undefined;
		await this.clock.until(this.clock.now() + limitMs, isOver);
		if (this.failure !== undefined) throw this.failure;
	}

	/** Runs night after night until a moment. */
	async nights(end: number): Promise<void> {
		for (;;) {
			const { phase, nextAt = 0 } = this.plan.state;
			if (phase === 'resting') {
				await this.clock.until(Math.min(nextAt, end));
				if (nextAt >= end) return;
				this.plan.command('wake');
			}
			this.start();
			await this.over(24 * HOUR_MS);
			const id = `run-${this.plan.state.run}`;
			this.plan.command('intentDone', { id, result: { nextAt: this.nextAt } });
		}
	}
}
