import type { Refusal } from '../../protocol/errors.ts';

export type RefreshAnswer = { readonly ok: true } | ({ readonly ok: false } & Refusal);

/**
 * Fetches one user's assets at one institution by batch calls; answers when they are recorded. The same
 * transaction id again does nothing when they were.
 */
export type Refresh = (
	institution: string,
	userId: string,
	transactionId: string,
) => Promise<RefreshAnswer>;
