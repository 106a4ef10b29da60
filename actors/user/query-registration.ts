import type { Command, QueryPlan } from '../../src/core/actor-kind.ts';
import type { Reads } from '../../src/core/store.ts';
import type { AssetJob, StandingConsent } from '../../src/protocol/institution.ts';
import type { Args } from '../../src/protocol/kind.ts';
import type { userContract } from '../../src/protocol/user.ts';
import { ASSETS } from './project-registration.ts';
import type { UserState } from './user-state.ts';

/** Oldest first; bounded by what the state keeps. */
export const jobsOf = ({ registration }: UserState): AssetJob[] => [
	...(registration?.jobs.values() ?? []),
];

/** Which snapshots there are, by institution. */
export const snapshotVersions = ({ registration }: UserState) =>
	[...(registration?.snapshots ?? [])].map(([institution, { version }]) => ({
		institution,
		version,
	}));

/** Those that stand; one that has just ended may still be in the state. */
const consentsOf = ({ registration }: UserState, now: number): StandingConsent[] =>
	[...(registration?.consents ?? [])].flatMap(([institution, { scopes, given, expires }]) =>
		expires <= now ? [] : [{ institution, scopes: [...scopes], given, expiresAt: expires }],
	);

/** Answers nodes on jobs, consents and snapshots. */
export function queryRegistration(
	state: UserState,
	{ name, args, caller }: Command,
	now: number,
): QueryPlan {
	if (!caller.roles.includes('system')) {
		return { ok: false, code: 'FORBIDDEN', message: 'use assets/me' };
	}
	if (name === 'jobs') {
		const jobs = jobsOf(state);
		return { ok: true, run: () => ({ jobs }) };
	}
	if (name === 'consents') {
		const consents = consentsOf(state, now);
		return { ok: true, run: () => ({ consents }) };
	}
	const { institutions } = args as Args<typeof userContract, 'assets'>;
	const run = async (reads: Reads) => {
		const rows = await Promise.all(
			institutions.map((institution) => reads.get(ASSETS.name, [state.id, institution])),
		);
		return { snapshots: rows.flatMap((row) => (row === undefined ? [] : [row.doc])) };
	};
	return { ok: true, run };
}
