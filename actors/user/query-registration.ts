import type { Command, QueryPlan } from '../../src/core/actor-kind.ts';
import type { Reads } from '../../src/core/store.ts';
import type { AssetJob } from '../../src/protocol/institution.ts';
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

/** Answers nodes on jobs and snapshots. */
export function queryRegistration(state: UserState, { name, args, caller }: Command): QueryPlan {
	if (!caller.roles.includes('system')) {
		return { ok: false, code: 'FORBIDDEN', message: 'use assets/me' };
	}
	if (name === 'jobs') {
		const jobs = jobsOf(state);
		return { ok: true, run: () => ({ jobs }) };
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
