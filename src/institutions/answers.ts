/** What `OutsideAnswer.body` holds when a call was `ok` or `slow`, by its api. */
import type { Asset } from '../protocol/institution.ts';

/** Of `token`. In clear: to be sealed before it is kept (I8). */
export interface TokenAnswer {
	readonly accessToken: string;
	/** Absent: the one that was used goes on. */
	readonly refreshToken?: string | undefined;
	/** From now. */
	readonly expiresInMs: number;
}

/** Of `assets`: a page of what the user has there. */
export interface AssetListAnswer {
	readonly assets: readonly { readonly id: string; readonly name: string }[];
	/** Of the next page; absent: this is the last one. */
	readonly cursor?: string | undefined;
}

/**
 * Of `asset`: a page of its details in the common model. An account of a securities firm has a row for
 * each holding, over several pages; most others have one row.
 */
export interface AssetAnswer {
	readonly assets: readonly Asset[];
	readonly cursor?: string | undefined;
}
