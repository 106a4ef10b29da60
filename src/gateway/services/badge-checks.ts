import { Rounds } from '../../core/rounds.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { MemberWatch } from './member-watch.ts';

const USERS = { roundMs: 600_000, perSecondMax: 50, hurriedPerSecondMax: 200 };
const CHANNELS = { roundMs: 300_000, perSecondMax: 100, hurriedPerSecondMax: 500 };
/** Reads under way; what would be more is passed over until the next round. */
const READS_AT_ONCE_MAX = 64;

/** What is followed, and how to look at one of it again. */
export interface BadgeChecksOptions {
	readonly runtime: Pick<Runtime, 'after' | 'monotonic' | 'random'>;
	readonly users: ReadonlyMap<string, MemberWatch>;
	readonly channels: ReadonlyMap<string, unknown>;
	checkUser(watch: MemberWatch): Promise<void>;
	checkChannel(channelId: string): Promise<void>;
}

/** Reads again what is followed, little by little: rows of other nodes may be lost on their way here. */
export class BadgeChecks {
	readonly #options: BadgeChecksOptions;
	readonly #rounds: readonly [Rounds<[string, MemberWatch]>, Rounds<[string, unknown]>];
	#underWay = 0;

	constructor(options: BadgeChecksOptions) {
		const { runtime, users, channels } = options;
		this.#options = options;
		this.#rounds = [
			new Rounds({
				...USERS,
				runtime,
				items: users,
				visit: ([, watch]) => this.check(watch),
			}),
			new Rounds({
				...CHANNELS,
				runtime,
				items: channels,
				visit: ([channelId]) => this.#visit(() => options.checkChannel(channelId)),
			}),
		];
	}

	/** Rows were lost lately: everything is looked at as soon as may be. */
	hurry(): void {
		for (const rounds of this.#rounds) rounds.hurry();
	}

	/** Looks at one user now. */
	check(watch: MemberWatch): void {
		this.#visit(() => this.#options.checkUser(watch));
	}

	stop(): void {
		for (const rounds of this.#rounds) rounds.stop();
	}

	#visit(check: () => Promise<void>): void {
		if (this.#underWay >= READS_AT_ONCE_MAX) return;
		this.#underWay++;
		// What cannot be read now is looked at in the next round.
		const done = () => {
			this.#underWay--;
		};
		check().then(done, done);
	}
}
