import { TokenBuckets } from '../core/token-buckets.ts';
import type { Institutions } from './settings.ts';

/** Users with calls lately, of one institution; beyond it those of longest ago begin anew. */
const USERS_MAX = 100_000;

/**
 * Bounds the calls of one user to one institution (I6). All of them go out from the node that owns the
 * user's actor, so no other has to be asked; where an actor moves to, its user begins with a full burst.
 */
export class UserLimits {
	readonly #byInstitution: ReadonlyMap<string, TokenBuckets>;

	constructor({ all }: Pick<Institutions, 'all'>) {
		this.#byInstitution = new Map(
			all.map(({ id, perUser }) => [id, new TokenBuckets(perUser, USERS_MAX)]),
		);
	}

	/** Takes one at `now` (monotonic); answers 0, or takes none and answers when to come again, in ms. */
	take(institution: string, userId: string, now: number): number {
		return this.#byInstitution.get(institution)?.take(userId, now) ?? 0;
	}
}
