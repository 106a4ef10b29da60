import type { RowWrite } from '../../core/store.ts';

/** A row that was written; of a row from another node, `doc` holds only what services look at. */
export type RowNews = RowWrite & {
	/** Set where `doc` is the whole document: the position at which it stood so. */
	readonly changed?: number | undefined;
};

/**
 * Rows that are in the store by now: those that this node has projected (a `ProjectionFeed` is one), or
 * those of all nodes.
 */
export interface RowSource {
	/** A row may be told twice; where there is `onMissed`, some may be lost. */
	onRows(listener: (rows: readonly RowNews[]) => void): () => void;
	/** Rows of a user's memberships and mentions are told from now on; the answer ends it. */
	followUser?(userId: string): () => void;
	/** Rows of a channel are told from now on; the answer ends it. */
	followChannel?(channelId: string): () => void;
	/** Calls back when rows may have been lost lately, of one user or of anybody; the answer ends it. */
	onMissed?(listener: (userId?: string) => void): () => void;
	/** Whether a part of a channel's row is followed by the whole of it, at most once a second. */
	readonly wholeFollows?: boolean;
}
