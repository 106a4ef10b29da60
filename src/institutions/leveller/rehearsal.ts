/**
 * A rehearsal, for development: an hour of an institution's next night in two minutes, with users who are
 * made up. Plan, journal, worker, permits and calls are those of the weekly refresh; only its clock hurries.
 */
import { SYSTEM } from '../../core/actor-kind.ts';
import type { ActorPort } from '../../core/actor-port.ts';
import type { Runtime } from '../../core/runtime.ts';
import { actorKey } from '../../protocol/ids.ts';
import type { InstitutionSettings } from '../settings.ts';
import { MINUTE_MS, RefreshCalendar, type Week } from './calendar.ts';
import type { ExpectedHours } from './online-traffic.ts';
import type { TargetPages } from './target-pages.ts';

const PREFIX = 'rehearsal-';
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** So many times as fast: a slice of 100 ms is still more than a timer's millisecond. */
const SPEED = 30;
/** Three a minute: one reads in the chart whether the line is flat. */
const CROWD = 180;
/** A new crowd's own registrations come first; so long for each of its users. */
const REGISTERS_MS = 80;
const FIRST_MS = 1_000;
const CONSENT_MS = 365 * DAY_MS;

/** The plan of an institution's rehearsal, and the institution of such a plan. */
export const rehearsalOf = (institution: string): string => `${PREFIX}${institution}`;
export const rehearsedBy = (plan: string): string | undefined =>
	plan.startsWith(PREFIX) ? plan.slice(PREFIX.length) : undefined;

interface Timer {
	readonly at: number;
	readonly run: () => void;
}

/**
 * A runtime whose clock begins at `from` and hurries. It goes from timer to timer: one that this process
 * is late for runs at its own time, so that no slice of the night is missed.
 */
export class HurriedRuntime implements Runtime {
	readonly #runtime: Runtime;
	readonly #from: number;
	readonly #start: number;
	/** First due first. */
	readonly #timers: Timer[] = [];
	/** How far it has come since the beginning. */
	#reached = 0;
	#cancel = () => {};

	constructor(runtime: Runtime, from: number) {
		this.#runtime = runtime;
		this.#from = from;
		this.#start = runtime.monotonic();
	}

	now = () => Math.floor(this.#from + this.#reached);
	monotonic = () => this.#reached;
	random = () => this.#runtime.random();
	randomId = () => this.#runtime.randomId();
	defer = (run: () => void) => this.#runtime.defer(run);

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.#reached + Math.max(0, ms), run };
		const place = this.#timers.findIndex(({ at }) => at > timer.at);
		this.#timers.splice(place < 0 ? this.#timers.length : place, 0, timer);
		this.#wait();
		return () => {
			const index = this.#timers.indexOf(timer);
			if (index < 0) return;
			this.#timers.splice(index, 1);
			this.#wait();
		};
	}

	#wait(): void {
		this.#cancel();
		const [first] = this.#timers;
		if (first === undefined) return;
		const past = this.#runtime.monotonic() - this.#start;
		this.#cancel = this.#runtime.after(Math.max(0, first.at / SPEED - past), () => {
			this.#timers.shift();
			this.#reached = first.at;
			first.run();
			this.#wait();
		});
	}
}

interface NightOptions {
	readonly settings: Pick<InstitutionSettings, 'industry' | 'batchHours' | 'traffic'>;
	readonly utcOffsetMinutes: number;
	/** What is expected of users; by default what the traffic of the settings says. */
	readonly expected?: ExpectedHours | undefined;
	readonly now: number;
}

/** The first hour of an institution's next night, as if it were a whole week. */
export class RehearsedNight extends RefreshCalendar {
	readonly #week: Week;

	/** `now` also numbers the week: a later rehearsal is a later week. */
	constructor({ settings, utcOffsetMinutes, expected, now }: NightOptions) {
		const calendar = new RefreshCalendar({ institution: settings, utcOffsetMinutes });
		const from = calendar.opening(calendar.isOpen(now) ? calendar.closing(now) : now);
		const hour = Math.floor(((from + utcOffsetMinutes * MINUTE_MS) % DAY_MS) / HOUR_MS);
		const { industry, traffic } = settings;
		const batchHours = { from: hour, to: hour + 1 };
		super({ institution: { industry, batchHours }, utcOffsetMinutes, traffic, expected });
		this.#week = { week: Math.floor(now / 1_000), from, to: from + HOUR_MS };
	}

	get from(): number {
		return this.#week.from;
	}

	override weekAt(): Week {
		return this.#week;
	}
}

interface CrowdOptions {
	readonly actors: Pick<ActorPort, 'command'>;
	readonly pages: TargetPages;
	readonly runtime: Pick<Runtime, 'now'>;
	readonly institution: string;
}

/** Sees to it that enough users consent; resolves with when they are through with registering. */
export async function gatherCrowd(options: CrowdOptions): Promise<number> {
	const { pages, runtime } = options;
	const { users } = await pages.page(undefined, CROWD);
	const known = new Set(users);
	const missing = Array.from({ length: CROWD }, (_, n) => `${PREFIX}${n + 1}`)
		.filter((userId) => !known.has(userId))
		.slice(0, CROWD - known.size);
	await Promise.all(missing.map((userId) => register(userId, options)));
	return runtime.now() + FIRST_MS + missing.length * REGISTERS_MS;
}

/** What is refused is a user less. */
function register(userId: string, { actors, runtime, institution }: CrowdOptions): Promise<void> {
	const consent = { scopes: ['assets'], expiresAt: runtime.now() + CONSENT_MS };
	const args = { institutions: [institution], consent };
	return new Promise((resolve) => {
		const command = { caller: SYSTEM, name: 'register', args };
		actors.command(actorKey('user', userId), command, () => resolve());
	});
}
