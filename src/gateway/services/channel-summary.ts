import type { Doc } from '../../core/store.ts';
import { countUnread } from '../../protocol/unread.ts';
import type { ChannelSummary } from '../../protocol/user.ts';

/** A document of the `channels` collection. */
type ChannelDoc = Omit<ChannelSummary, 'unread' | 'mentions' | 'marker'> & {
	readonly deleted: readonly number[];
};

/** What anybody may see of a public channel. */
export function publicSummary(doc: Doc): ChannelSummary {
	const { id, kind, name, memberCount, lastAt, lastSeq, lastMessage } =
		doc as unknown as ChannelDoc;
	return {
		id,
		kind,
		name,
		memberCount,
		lastAt,
		lastSeq,
		...(lastMessage === undefined ? {} : { lastMessage }),
	};
}

/** How many messages a member has not read. */
export function unreadIn(doc: Doc, marker: number): number {
	const { lastSeq, deleted } = doc as unknown as ChannelDoc;
	return countUnread(lastSeq, deleted, marker);
}

/** A place in a list by last activity, newest first. */
export interface Place {
	readonly lastAt: number;
	readonly id: string;
}

/** Negative when `one` comes before `other` in the list. */
export const comparePlaces = (one: Place, other: Place) =>
	other.lastAt - one.lastAt || (one.id < other.id ? 1 : one.id > other.id ? -1 : 0);

export const toCursor = ({ lastAt, id }: Place) => `${lastAt}.${id}`;

const CURSOR = /^(\d{1,15})\.([A-Za-z0-9_@-]{1,130})$/;

/** The place that a cursor names; `undefined` when it is none of ours. */
export function fromCursor(cursor: string): Place | undefined {
	const [, lastAt, id] = CURSOR.exec(cursor) ?? [];
	return lastAt === undefined || id === undefined ? undefined : { lastAt: Number(lastAt), id };
}
