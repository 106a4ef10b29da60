import type { ActorPort } from '../../core/actor-port.ts';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Reads } from '../../core/store.ts';
import { type ActorKey, splitKey } from '../../protocol/ids.ts';
import type { InstitutionSettings, Institutions } from '../settings.ts';
import { RefreshCalendar } from './calendar.ts';
import { type ExpectedTraffic, expectedTraffic } from './measured-traffic.ts';
import { type ExpectedHours, expectedHours } from './online-traffic.ts';
import { type Answered, PlanActor } from './plan-actor.ts';
import type { Refresh } from './refresh.ts';
import { RefreshRun } from './refresh-run.ts';
import {
	gatherCrowd,
	HurriedRuntime,
	RehearsedNight,
	rehearsalOf,
	rehearsedBy,
} from './rehearsal.ts';
import { consentPages } from './target-pages.ts';

/** Nodes share out at most this part of the contract (I22). */
const SHARED_OUT = 0.95;
/** Outside calls of one refresh: the list, and a few details. */
const CALLS_PER_REFRESH = 4;
const AGAIN_MS = 5_000;
/** So many in vain are worth a line for operators, half a minute. */
const LOUD_ATTEMPTS = 6;
const DAY_MS = 86_400_000;
/** The last moment that has a date: only who asks for another rehearsal begins it. */
const NEVER = 8_640_000_000_000_000;

/** Refreshes a second that an institution's contract allows by its settings. */
export const refreshesPerSecond = (
	{ ratePerSecond }: Pick<InstitutionSettings, 'ratePerSecond'>,
	callsPerRefresh = CALLS_PER_REFRESH,
) => (SHARED_OUT * ratePerSecond) / callsPerRefresh;

/** Calls a second that an institution takes from all nodes at present; `undefined`: not heard yet. */
type CallsPerSecond = (institution: string) => number | undefined;

export interface LevellerOptions {
	readonly institutions: Pick<Institutions, 'all' | 'get' | 'utcOffsetMinutes'>;
	readonly reads: Reads;
	/** Every outside call of it takes a permit of the batch lane where it goes out. */
	readonly refresh: Refresh;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly callsPerRefresh?: number;
}

/**
 * The weekly refresh on one node (I20–I24). Its runs are work of the plans' actors, so each runs beside
 * the owner of its plan, on whichever node that is, and is taken up elsewhere when that is lost.
 */
export class Leveller {
	/** The intent port `refresh-plan` of the node's actors. */
	readonly port: (id: string, args: unknown, actor: ActorKey) => Promise<unknown>;
	readonly #options: LevellerOptions;
	readonly #runs = new Map<string, RefreshRun>();
	readonly #actors = Promise.withResolvers<ActorPort>();
	#perSecond: CallsPerSecond = () => undefined;
	#isClosed = false;

	constructor(options: LevellerOptions) {
		this.#options = options;
		this.port = (_id, _args, actor) => this.#run(splitKey(actor).id);
	}

	/** Makes sure that each institution has a plan, and lets runs begin. */
	open(actors: ActorPort, perSecond: CallsPerSecond = () => undefined): void {
		this.#perSecond = perSecond;
		this.#actors.resolve(actors);
		for (const { id } of this.#options.institutions.all) void this.#ensure(id, actors);
	}

	/** Ends the runs of this node; what is under way is repeated by the next owners. */
	close(): void {
		this.#isClosed = true;
		for (const run of this.#runs.values()) run.stop();
		this.#runs.clear();
	}

	/** What is expected of an institution's users, by measured days where there are enough. Never rejects. */
	async expected(institution: string): Promise<ExpectedTraffic | undefined> {
		const { institutions, reads, runtime, log } = this.#options;
		const { utcOffsetMinutes } = institutions;
		const settings = institutions.get(institution);
		if (settings === undefined) return undefined;
		try {
			const now = runtime.now();
			return await expectedTraffic({ reads, institution: settings, utcOffsetMinutes, now });
		} catch (error) {
			log.warn({ err: error, institution }, 'measured days cannot be read; settings are used');
			const hours = expectedHours(settings.traffic, settings.industry);
			return { hours, by: 'settings', days: 0 };
		}
	}

	async #ensure(institution: string, actors: ActorPort, attempt = 1): Promise<void> {
		const calendar = this.#calendar(institution);
		if (calendar === undefined || this.#isClosed) return;
		const { runtime, log } = this.#options;
		const now = runtime.now();
		const plan = new PlanActor(actors, { runtime, institution });
		const { week } = calendar.weekAt(now);
		const answer = await plan.ensure({ week, nextAt: calendar.opening(now) });
		if (answer.ok) return;
		// While nodes come and go this is nothing special.
		const level = attempt % LOUD_ATTEMPTS === 0 ? 'warn' : 'debug';
		log[level]({ institution, code: answer.code }, 'the refresh plan could not be looked at');
		runtime.after(AGAIN_MS, () => void this.#ensure(institution, actors, attempt + 1));
	}

	/**
	 * For development: runs the next night of an institution in a hurry, with users of its own; answers with
	 * the id of its plan, or `NOT_FOUND`, or why its plan could not be told.
	 */
	async rehearse(institution: string): Promise<Answered<{ readonly plan: string }>> {
		const actors = await this.#actors.promise;
		const { institutions, reads, runtime } = this.#options;
		if (institutions.get(institution) === undefined) {
			return { ok: false, code: 'NOT_FOUND', message: 'there is no institution of this id' };
		}
		const pages = consentPages(reads, institution);
		const nextAt = await gatherCrowd({ actors, pages, runtime, institution });
		const plan = rehearsalOf(institution);
		const week = Math.floor(nextAt / 1_000);
		const told = await new PlanActor(actors, { runtime, institution: plan }).ensure({
			week,
			nextAt,
		});
		return told.ok ? { ok: true, reply: { plan } } : told;
	}

	async #run(plan: string): Promise<{ readonly nextAt: number }> {
		const actors = await this.#actors.promise;
		if (this.#isClosed) throw new Error('this node stops');
		const { institutions, reads, refresh, runtime, log } = this.#options;
		const { callsPerRefresh = CALLS_PER_REFRESH } = this.#options;
		const institution = rehearsedBy(plan) ?? plan;
		const settings = institutions.get(institution);
		const expected = await this.expected(institution);
		const calendar = this.#calendar(institution, expected?.hours);
		// It may come back with another version of the settings.
		if (settings === undefined || calendar === undefined) return { nextAt: runtime.now() + DAY_MS };
		this.#runs.get(plan)?.stop();
		const night = plan === institution ? undefined : this.#night(settings, expected?.hours);
		const run = new RefreshRun({
			institution,
			calendar: night ?? calendar,
			plan: new PlanActor(actors, { runtime, institution: plan }),
			pages: consentPages(reads, institution),
			refresh,
			perSecondMax: () => {
				const perSecond = this.#perSecond(institution);
				if (perSecond === undefined) return refreshesPerSecond(settings, callsPerRefresh);
				return perSecond / callsPerRefresh;
			},
			runtime: night === undefined ? runtime : new HurriedRuntime(runtime, night.from),
			log,
		});
		this.#runs.set(plan, run);
		try {
			const { nextAt } = await run.run();
			return { nextAt: night === undefined ? nextAt : NEVER };
		} finally {
			if (this.#runs.get(plan) === run) this.#runs.delete(plan);
		}
	}

	#night(settings: InstitutionSettings, expected?: ExpectedHours): RehearsedNight {
		const { institutions, runtime } = this.#options;
		const { utcOffsetMinutes } = institutions;
		return new RehearsedNight({ settings, utcOffsetMinutes, expected, now: runtime.now() });
	}

	#calendar(institution: string, expected?: ExpectedHours): RefreshCalendar | undefined {
		const { institutions } = this.#options;
		const settings = institutions.get(institution);
		if (settings === undefined) return undefined;
		const { utcOffsetMinutes } = institutions;
		const { traffic } = settings;
		return new RefreshCalendar({ institution: settings, utcOffsetMinutes, traffic, expected });
	}
}
