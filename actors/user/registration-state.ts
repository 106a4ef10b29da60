/**
 * A user's consents, and the work on them. One run per institution, however many jobs wait for it:
 *
 *     queued ──▶ active ──▶ … each step … ──▶ done
 *                 ▲  │ refused for now
 *          time is up│
 *                 │  ▼
 *               resting ──too often──▶ done (failed)
 */
import type { Asset, AssetJob, JobStep } from '../../src/protocol/institution.ts';
import type { SealedToken } from './institution-port.ts';
import type { RunPhase } from './registration-events.ts';

/** Bounds of one user. */
export const CONSENTS_MAX = 100;
export const JOBS_MAX = 20;
export const JOBS_RUNNING_MAX = 10;
/** Institutions that are worked on side by side; the others wait for them. */
export const RUNS_AT_ONCE_MAX = 10;
export const REVOCATIONS_MAX = 200;
/** Events with assets that are known by position; beyond it the older half is erased. */
export const TRACES_MAX = 200;

/** Beyond it the oldest is forgotten. */
export const SPARE_TOKENS_MAX = 5;

/** All values are immutable, so that a copy of the maps is a copy of all. */
export interface Consent {
	readonly id: string;
	readonly scopes: readonly 'assets'[];
	readonly given: number;
	readonly expires: number;
	readonly token?: SealedToken;
	/** Others that the institution gave on it, of work that was done twice: to be made void with it. */
	readonly spare?: readonly SealedToken[];
	/** The refresh that ended last. */
	readonly refreshed?: { readonly transactionId: string; readonly code?: string };
}

/** Work on a registration at one institution. */
export interface Run {
	readonly id: string;
	readonly phase: RunPhase;
	/** Counts the moves: with the id it names the work outside. */
	readonly n: number;
	readonly attempt: number;
	readonly until?: number;
	readonly step: JobStep;
	readonly jobs: readonly string[];
	readonly authorisation?: string;
	readonly ids: readonly string[];
	readonly assets: readonly Asset[];
}

export interface Refresh {
	readonly id: string;
	readonly transactionId: string;
	readonly assets: readonly Asset[];
}

/** A consent has ended, and its token has to be made void at the institution. */
export interface Revocation {
	readonly institution: string;
	readonly consentId: string;
	readonly token?: SealedToken;
	readonly attempt: number;
	/** Rests until then. */
	readonly until?: number;
}

/** Most maps are by institution. */
export interface Registration {
	readonly consents: Map<string, Consent>;
	readonly jobs: Map<string, AssetJob>;
	readonly runs: Map<string, Run>;
	readonly refreshes: Map<string, Refresh>;
	readonly snapshots: Map<string, { readonly version: number; readonly asOf: number }>;
	/** By id. */
	readonly revocations: Map<string, Revocation>;
	/** Positions of events that hold assets. */
	readonly traces: Map<string, readonly number[]>;
	/** By id: positions whose assets have to go. */
	readonly erasures: Map<string, readonly number[]>;
}

export const noRegistration = (): Registration => ({
	consents: new Map(),
	jobs: new Map(),
	runs: new Map(),
	refreshes: new Map(),
	snapshots: new Map(),
	revocations: new Map(),
	traces: new Map(),
	erasures: new Map(),
});

export const copyRegistration = (state: Registration): Registration => ({
	consents: new Map(state.consents),
	jobs: new Map(state.jobs),
	runs: new Map(state.runs),
	refreshes: new Map(state.refreshes),
	snapshots: new Map(state.snapshots),
	revocations: new Map(state.revocations),
	traces: new Map(state.traces),
	erasures: new Map(state.erasures),
});

/** Whether nothing more comes of the institution in this job. */
export const isOver = ({ state }: JobStep) => state === 'done' || state === 'failed';

/** Why a step failed whose consent was withdrawn. */
export const WITHDRAWN = 'CLOSED';

/** What a job has come to, once all its steps are over. */
export function outcomeOf({ steps }: AssetJob): AssetJob['state'] {
	const failed = steps.filter(({ state }) => state === 'failed');
	if (failed.length === 0) return 'done';
	if (failed.length < steps.length) return 'partial';
	return failed.every(({ code }) => code === WITHDRAWN) ? 'cancelled' : 'failed';
}

/** The names of the work outside. */
export const runWorkId = ({ id, n }: Run) => `${id}.${n}`;
export const revocationWorkId = (id: string, { attempt }: Revocation) => `${id}.${attempt}`;
