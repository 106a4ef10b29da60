import type { Refusal } from '../../protocol/errors.ts';

/** `isDenied`: the institution was asked and said no in good order; all else was said by ourselves. */
export type RefreshAnswer =
	| { readonly ok: true }
	| ({ readonly ok: false; readonly isDenied?: boolean } & Refusal);

/**
 * Fetches one user's assets at one institution by batch calls; answers when they are recorded. The same
 * transaction id again does nothing when they were.
 */
export type Refresh = (
	institution: string,
	userId: string,
	transactionId: string,
) => Promise<RefreshAnswer>;
