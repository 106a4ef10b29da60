import type { Asset, AssetJob, JobStep } from '../../src/protocol/institution.ts';
import type { SealedToken } from './institution-port.ts';

/** How far a run is with its present step; `resting`: until a time, for the institution is not there. */
export type RunPhase = 'queued' | 'active' | 'resting' | 'done';

/** A run has moved: what its jobs show of it, and what it needs for what comes next. */
export interface Stepped {
	readonly institution: string;
	readonly run: string;
	readonly phase: RunPhase;
	readonly step: JobStep;
	/** The jobs that wait for this run. */
	readonly jobs: readonly string[];
	/** Failures of this step in a row. */
	readonly attempt: number;
	readonly until?: number;
	readonly authorisation?: string;
	readonly token?: SealedToken;
	readonly ids?: readonly string[];
}

/** Which of the two ways assets come by. */
export type Source = 'run' | 'refresh';

/** What becomes of a user's consents and assets. Amounts are in `fetched` only, which can be erased. */
export type RegistrationEvent =
	| {
			readonly type: 'consented';
			readonly data: {
				readonly institution: string;
				readonly id: string;
				readonly scopes: readonly 'assets'[];
				readonly expires: number;
			};
	  }
	| {
			readonly type: 'jobStarted';
			readonly data: {
				readonly job: AssetJob;
				/** New runs by institution; the other institutions are on their way already. */
				readonly runs: readonly { readonly institution: string; readonly run: string }[];
			};
	  }
	| { readonly type: 'stepped'; readonly data: Stepped }
	| {
			readonly type: 'fetched';
			readonly data: {
				readonly institution: string;
				readonly source: Source;
				readonly assets: readonly Asset[];
			};
	  }
	| {
			readonly type: 'recorded';
			readonly data: {
				readonly institution: string;
				readonly source: Source;
				readonly version: number;
				readonly asOf: number;
			};
	  }
	| {
			readonly type: 'runEnded';
			readonly data: { readonly institution: string };
	  }
	| { readonly type: 'jobEnded'; readonly data: { readonly job: AssetJob } }
	| {
			readonly type: 'withdrawn';
			readonly data: {
				readonly institution: string;
				/** `expired`: what is there may be read on, but nothing is called any more. */
				readonly reason: 'withdrawn' | 'expired';
				/** Of the newest snapshot that goes with it; 0 when there is none. */
				readonly version: number;
				/** Names the revocation of the token. */
				readonly revocation?: string;
			};
	  }
	/** A token that no consent needs any more has to be made void; `id` names its revocation. */
	| {
			readonly type: 'tokenDropped';
			readonly data: {
				readonly id: string;
				readonly institution: string;
				readonly consentId: string;
				/** Absent: one may be on its way. */
				readonly token?: SealedToken;
			};
	  }
	/** A consent has one token more, by work that was not waited for any more. */
	| {
			readonly type: 'tokenKept';
			readonly data: {
				readonly institution: string;
				readonly token: SealedToken;
				/** The one that was there goes on, or the one that work under way brings. */
				readonly isSpare?: true;
			};
	  }
	| {
			readonly type: 'revocationRested';
			readonly data: { readonly id: string; readonly until?: number };
	  }
	| {
			readonly type: 'revoked';
			readonly data: {
				readonly id: string;
				readonly institution: string;
				/** The institution could not be told, however often it was tried. */
				readonly isGivenUp: boolean;
			};
	  }
	| {
			readonly type: 'refreshBegun';
			readonly data: {
				readonly institution: string;
				readonly id: string;
				readonly transactionId: string;
			};
	  }
	| {
			readonly type: 'refreshed';
			readonly data: {
				readonly institution: string;
				readonly transactionId: string;
				readonly token?: SealedToken;
				/** Why not. */
				readonly code?: string;
				readonly retryAfterMs?: number;
			};
	  }
	| {
			readonly type: 'erasing';
			readonly data: {
				readonly id: string;
				readonly institution: string;
				/** How many of the newest events stay as they are. */
				readonly keep: number;
			};
	  }
	| { readonly type: 'erased'; readonly data: { readonly id: string } };

export const REGISTRATION_EVENT_VERSIONS: Readonly<Record<RegistrationEvent['type'], number>> = {
	consented: 1,
	jobStarted: 1,
	stepped: 1,
	fetched: 1,
	recorded: 1,
	runEnded: 1,
	jobEnded: 1,
	withdrawn: 1,
	tokenDropped: 1,
	tokenKept: 1,
	revocationRested: 1,
	revoked: 1,
	refreshBegun: 1,
	refreshed: 1,
	erasing: 1,
	erased: 1,
};

export const isRegistrationEvent = (event: { readonly type: string }): event is RegistrationEvent =>
	Object.hasOwn(REGISTRATION_EVENT_VERSIONS, event.type);
