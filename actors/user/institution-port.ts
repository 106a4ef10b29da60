/**
 * What a user's actor asks of institutions, and what it may be told. Tokens are sealed wherever they
 * stand here (I8): only the caller behind the port opens them, for the time of a call.
 */
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { Asset } from '../../src/protocol/institution.ts';

/** The intent port under which hosts find the caller. */
export const INSTITUTION_PORT = 'institution';

/** An institution's tokens of one user, each encrypted. */
export interface SealedToken {
	readonly access: string;
	readonly refresh?: string | undefined;
	/** Until when the access token is good. */
	readonly expires: number;
}

/** For whom, and on what consent: nothing is called once it has ended. */
interface Subject {
	readonly institution: string;
	readonly userId: string;
	readonly consent: { readonly id: string; readonly expires: number };
}

export type InstitutionWork =
	| (Subject & { readonly op: 'authorise' })
	| (Subject & { readonly op: 'token'; readonly authorisation: string })
	| (Subject & { readonly op: 'list'; readonly token: SealedToken })
	| (Subject & {
			readonly op: 'details';
			readonly token: SealedToken;
			readonly ids: readonly string[];
	  })
	/** All of it in one go, in the lane of batches; repeated with the same transaction id (I23). */
	| (Subject & {
			readonly op: 'refresh';
			readonly transactionId: string;
			readonly token?: SealedToken | undefined;
	  })
	/** Ends all work on the consent first; without a token there may be one on its way. */
	| (Subject & { readonly op: 'revoke'; readonly token?: SealedToken | undefined })
	/** Takes the assets out of the events at these positions of the journal. */
	| { readonly op: 'erase'; readonly positions: readonly number[] };

/** A new token, whatever else came of the work. */
interface Came {
	readonly token?: SealedToken | undefined;
	/** Whose it is, so that it is known also where its work was given up while it came. */
	readonly tokenOf?: Pick<Subject, 'institution' | 'consent'>;
}

/**
 * `count`: of the details, how many of the ids (from the first on) `assets` has. A refusal that is not to
 * be repeated is final for this registration.
 */
export type WorkResult =
	| (Came & {
			readonly ok: true;
			readonly authorisation?: string;
			readonly ids?: readonly string[];
			readonly assets?: readonly Asset[];
			readonly count?: number;
	  })
	| (Came & {
			readonly ok: false;
			readonly code: ErrorCode;
			readonly isRepeatable: boolean;
			readonly retryAfterMs?: number | undefined;
	  });
