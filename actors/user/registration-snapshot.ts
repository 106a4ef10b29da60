import type { AssetJob } from '../../src/protocol/institution.ts';
import {
	type Consent,
	noRegistration,
	type Refresh,
	type Registration,
	type Revocation,
	type Run,
} from './registration-state.ts';

type Entries<V> = readonly (readonly [string, V])[];

/** What a snapshot of a user holds besides notices; each run a part of its own, for the assets in it. */
export type RegistrationPart =
	| {
			readonly consents: Entries<Consent>;
			readonly jobs: Entries<AssetJob>;
			readonly refreshes: Entries<Refresh>;
			readonly snapshots: Entries<{ readonly version: number; readonly asOf: number }>;
			readonly revocations: Entries<Revocation>;
			readonly traces: Entries<readonly number[]>;
			readonly erasures: Entries<readonly number[]>;
	  }
	| { readonly run: readonly [string, Run] };

/** An immutable cut: the values of the maps are never changed. */
export function cutRegistration(state: Registration | undefined): RegistrationPart[] {
	if (state === undefined) return [];
	const { consents, jobs, runs, refreshes, snapshots, revocations, traces, erasures } = state;
	const head: RegistrationPart = {
		consents: [...consents],
		jobs: [...jobs],
		refreshes: [...refreshes],
		snapshots: [...snapshots],
		revocations: [...revocations],
		traces: [...traces],
		erasures: [...erasures],
	};
	return [head, ...[...runs].map((run) => ({ run }))];
}

/** Adds a part to what the parts before it made. */
export function restoreRegistration(
	before: Registration | undefined,
	part: RegistrationPart,
): Registration {
	const state = before ?? noRegistration();
	if ('run' in part) {
		state.runs.set(...part.run);
		return state;
	}
	return {
		...state,
		consents: new Map(part.consents),
		jobs: new Map(part.jobs),
		refreshes: new Map(part.refreshes),
		snapshots: new Map(part.snapshots),
		revocations: new Map(part.revocations),
		traces: new Map(part.traces),
		erasures: new Map(part.erasures),
	};
}
