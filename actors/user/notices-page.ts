import { PAGE_BYTES_MAX } from '../../src/protocol/channel.ts';
import type { Notice } from '../../src/protocol/user.ts';
import { noticeBytes, type UserState } from './user-state.ts';

export interface NoticesQuery {
	/** Only notices older than this one, which may be gone since. */
	readonly before?: string | undefined;
	readonly limit: number;
	readonly now: number;
}

/** The newest waiting notices before one, oldest first, bounded in number and bytes. */
export function noticesPage(
	state: UserState,
	{ before, limit, now }: NoticesQuery,
): { notices: Notice[]; hasMore: boolean } {
	const waiting = [...state.notices.values()].filter(
		({ id, expiresAt }) => expiresAt > now && (before === undefined || id < before),
	);
	let from = waiting.length;
	let bytes = 0;
	for (const notice of waiting.toReversed()) {
		bytes += noticeBytes(notice);
		const count = waiting.length - from;
		if (count === limit || (count > 0 && bytes > PAGE_BYTES_MAX)) break;
		from--;
	}
	return { notices: waiting.slice(from), hasMore: from > 0 };
}
