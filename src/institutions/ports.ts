/** What the parts that talk to institutions know of each other. */
import type { Refusal } from '../protocol/errors.ts';
import type { InstitutionSettings } from './settings.ts';

/** Users wait for `online`; `batch` is the weekly refresh. They share no lane (I24). */
export type Lane = 'online' | 'batch';
export type InstitutionApi = 'token' | 'revoke' | 'assets' | 'asset';

/**
 * What a call has shown (I11). Only `failed` and `slow` count against the institution; `throttled`
 * lowers the rate of permits; `denied` is 401 or 403, `business` any other refusal in good order.
 */
export type CallClass = 'ok' | 'slow' | 'failed' | 'throttled' | 'denied' | 'business';

/** One request as it goes out. */
export interface OutsideCall {
	readonly settings: InstitutionSettings;
	/** Which of its base URLs; absent: the first. */
	readonly route?: number | undefined;
	readonly api: InstitutionApi;
	readonly userId: string;
	/** Unique over all nodes and times (I5). */
	readonly transactionId: string;
	/** In clear; never logged, never kept. */
	readonly accessToken?: string | undefined;
	/** For `token`: what the user's consent gave. */
	readonly grant?:
		| { readonly authorisation: string }
		| { readonly refreshToken: string }
		| undefined;
	/** For `asset`. */
	readonly assetId?: string | undefined;
	/** For `assets` and `asset`: the page's place. */
	readonly cursor?: string | undefined;
}

/** What came back, already checked against the schema of its API; never a rejection. */
export interface OutsideAnswer {
	/** `ok` and `slow` have a body; of the others nothing came that may be used. */
	readonly class: CallClass;
	/** HTTP status, when there was one. */
	readonly status?: number | undefined;
	readonly ms: number;
	/** As in `answers.ts`. */
	readonly body?: unknown;
	/** Of a 429 or 503 that names it. */
	readonly retryAfterMs?: number | undefined;
	/** In English, without personal data. */
	readonly problem?: string | undefined;
}

/** The bare HTTP client. */
export interface InstitutionTransport {
	call(call: OutsideCall): Promise<OutsideAnswer>;
	close(): Promise<void>;
}

/** The cluster-wide circuit as this node knows it: a look into memory, no call (I12). */
export interface CircuitGate {
	/** Whether a call may go now; a refusal is `MAINTENANCE` with the expected time. */
	admit(institution: string): { readonly ok: true } | ({ readonly ok: false } & Refusal);
	/** Changes with every turn of the circuit: while it does not, an admission stands. */
	generation(institution: string): number;
	/** What became of an admitted call that began `ageMs` ago. */
	report(institution: string, answer: { readonly class: CallClass; readonly ageMs: number }): void;
	/** Which of the institution's routes to use now: the first, or the secondary one. */
	route(institution: string): number;
}

/** This node's share of the institution's contract rate (I22). */
export interface PermitGate {
	/** Waits up to `waitMsMax` for a permit; user calls before batch calls. */
	take(
		institution: string,
		lane: Lane,
		waitMsMax: number,
	): Promise<{ readonly ok: true } | ({ readonly ok: false } & Refusal)>;
}

/** One call of the history (I5): no personal data but the user's id. */
export interface CallRow {
	readonly institution: string;
	readonly api: InstitutionApi;
	readonly lane: Lane;
	readonly userId: string;
	readonly transactionId: string;
	readonly class: CallClass;
	readonly status?: number | undefined;
	/** Milliseconds since 1970 at which the request went out. */
	readonly at: number;
	readonly ms: number;
	readonly node: string;
}

export interface CallRequest {
	readonly institution: string;
	readonly api: InstitutionApi;
	readonly lane: Lane;
	readonly userId: string;
	/** Present when a call is repeated after a crash (I23): the same id goes out again. */
	readonly transactionId?: string | undefined;
	readonly accessToken?: string | undefined;
	readonly grant?: OutsideCall['grant'];
	readonly assetId?: string | undefined;
	readonly cursor?: string | undefined;
	/** Asked when it is about to go out, for it may have waited: `false`, and it does not (I7). */
	readonly isWanted?: (() => boolean) | undefined;
}

/** Protected calls: circuit, permits, limits per user, bulkhead and time-out around the transport. */
export interface InstitutionCalls {
	/** A refusal before anything went out, or what came back. Never rejects. */
	call(
		request: CallRequest,
	): Promise<
		| ({ readonly ok: true; readonly transactionId: string } & OutsideAnswer)
		| ({ readonly ok: false } & Refusal)
	>;
}
