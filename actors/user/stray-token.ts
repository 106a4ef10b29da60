import type { Args } from '../../src/protocol/kind.ts';
import type { userContract } from '../../src/protocol/user.ts';
import type { SealedToken } from './institution-port.ts';
import type { Plan } from './registration-plan.ts';
import type { Consent } from './registration-state.ts';

const isKnown = ({ token, spare = [] }: Consent, { access }: SealedToken) =>
	[token, ...spare].some((one) => one?.access === access);

/**
 * Takes in a token that no work waits for any more. Without its consent it is made void (I7). With it the
 * one that is good for longer goes on, and the other is kept to be made void with it: both are of one
 * grant, which may end with either.
 */
export function takeStray(
	plan: Plan,
	{ institution, consent: given, token }: Args<typeof userContract, 'stray'>,
): void {
	const { consents, refreshes, runs } = plan.state;
	const known = consents.get(institution);
	if (known?.id !== given.id) {
		// Behind its end an institution is not called, not even for this.
		if (given.expires > plan.now) plan.dropToken(institution, given.id, token);
		return;
	}
	if (isKnown(known, token)) return;
	// What work under way brings takes the place of the token that it began with.
	const isAtWork = refreshes.has(institution) || runs.has(institution);
	const goesOn = !isAtWork && (known.token?.expires ?? 0) < token.expires;
	const spare = goesOn ? {} : ({ isSpare: true } as const);
	plan.emit({ type: 'tokenKept', data: { institution, token, ...spare } });
}
