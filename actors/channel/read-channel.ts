import type { Caller, Command, QueryPlan, Rejection } from '../../src/core/actor-kind.ts';
import type { Page, PageQuery, Reads, Row } from '../../src/core/store.ts';
import type { channelContract, Member, Message } from '../../src/protocol/channel.ts';
import { PAGE_BYTES_MAX } from '../../src/protocol/channel.ts';
import type { Args } from '../../src/protocol/kind.ts';
import { textBytes } from '../../src/protocol/plain-data.ts';
import { countUnread } from '../../src/protocol/unread.ts';
import { type ChannelState, infoOf, mayRead, mutedUntil } from './channel-state.ts';
import { EMOJIS_MAX } from './decide-message.ts';
import { refuse } from './decider.ts';

type HistoryArgs = Args<typeof channelContract, 'history'>;
type MembersArgs = Args<typeof channelContract, 'members'>;

/** Whose channel as it was at the cut; what was sent since comes as events. */
interface Reader {
	readonly id: string;
	readonly userId: string;
	readonly lastSeq: number;
}

const readerOf = ({ id, lastSeq }: ChannelState, { userId }: Caller): Reader => ({
	id,
	userId,
	lastSeq,
});

/** Why a caller may not read; nothing when it may. */
export function readingRefused(state: ChannelState, caller: Caller): Rejection | undefined {
	if (mayRead(state, caller)) return undefined;
	if (state.banned.has(caller.userId)) return refuse('FORBIDDEN', 'you are banned from here');
	return refuse('FORBIDDEN', 'only members may read this channel');
}

/** A message as its readers get it: without empty fields. */
function toMessage(row: Row, mine: readonly string[]): Message {
	const { mentions, data, reactions, ...rest } = row.doc as unknown as Message;
	const isDeleted = rest.deletedAt !== undefined;
	return {
		...rest,
		...(mentions === undefined || mentions.length === 0 ? {} : { mentions }),
		...(data === undefined || isDeleted ? {} : { data }),
		...(reactions === undefined || Object.keys(reactions).length === 0 ? {} : { reactions }),
		...(mine.length === 0 || isDeleted ? {} : { mine: [...mine] }),
	};
}

/** The reader's own reactions to the messages of the rows, by seq. */
async function ownReactions(reads: Reads, reader: Reader, rows: readonly Row[]) {
	const mine = new Map<number, string[]>();
	const seqs = rows.filter(({ doc }) => hasReactions(doc)).map(({ key }) => Number(key[1]));
	if (seqs.length === 0) return mine;
	const page = await reads.page({
		collection: 'reactions',
		prefix: [reader.id, reader.userId],
		after: [Math.min(...seqs) - 1],
		before: [Math.max(...seqs) + 1],
		limit: rows.length * EMOJIS_MAX,
	});
	for (const { key } of page.rows) {
		const seq = Number(key[2]);
		mine.set(seq, [...(mine.get(seq) ?? []), String(key[3])]);
	}
	return mine;
}

const hasReactions = (doc: Row['doc']) =>
	typeof doc.reactions === 'object' &&
	doc.reactions !== null &&
	Object.keys(doc.reactions).length > 0;

async function toPage(reads: Reads, reader: Reader, page: { rows: readonly Row[]; more: boolean }) {
	const mine = await ownReactions(reads, reader, page.rows);
	const messages = page.rows.map((row) => toMessage(row, mine.get(Number(row.key[1])) ?? []));
	return { messages, hasMore: page.more };
}

/** Rows of messages with `after < seq < before`, ascending, from the end that is asked for. */
async function pageOf(
	reads: Reads,
	reader: Reader,
	query: Pick<PageQuery, 'descending' | 'limit' | 'bytesMax'> & { after?: number; before?: number },
): Promise<Page> {
	const { after, before = Infinity, ...rest } = query;
	const page = await reads.page({
		...rest,
		collection: 'messages',
		prefix: [reader.id],
		...(after === undefined ? {} : { after: [after] }),
		before: [Math.min(before, reader.lastSeq + 1)],
	});
	return rest.descending === true ? { rows: page.rows.toReversed(), more: page.more } : page;
}

const NO_ROWS: Page = { rows: [], more: false };

/** Both sides of a seq, itself on the newer one; `more`: on either side. */
async function pageAround(reads: Reads, reader: Reader, args: { around: number; limit: number }) {
	const { around, limit } = args;
	const half = PAGE_BYTES_MAX / 2;
	const newer = await pageOf(reads, reader, {
		after: around - 1,
		limit: Math.ceil(limit / 2),
		bytesMax: half,
	});
	const limitOlder = limit - newer.rows.length;
	// One message may alone be larger than half a page.
	const full = newer.rows.length === 1 && textBytes(String(newer.rows[0]?.doc.text)) > half;
	const older =
		limitOlder === 0 || full
			? { ...NO_ROWS, more: around > 1 }
			: await pageOf(reads, reader, {
					before: around,
					descending: true,
					limit: limitOlder,
					bytesMax: half,
				});
	return { rows: [...older.rows, ...newer.rows], more: older.more || newer.more };
}

function historyRows(reads: Reads, reader: Reader, args: HistoryArgs) {
	const { before, after, around, limit } = args;
	const bytesMax = PAGE_BYTES_MAX;
	if (around !== undefined) return pageAround(reads, reader, { around, limit });
	if (after !== undefined) return pageOf(reads, reader, { after, limit, bytesMax });
	const to = before === undefined ? {} : { before };
	return pageOf(reads, reader, { ...to, descending: true, limit, bytesMax });
}

function history(state: ChannelState, caller: Caller, args: HistoryArgs): QueryPlan {
	const given = [args.before, args.after, args.around].filter((seq) => seq !== undefined);
	if (given.length > 1) return refuse('INVALID', 'give one of before, after and around');
	const reader = readerOf(state, caller);
	return {
		ok: true,
		run: async (reads) => toPage(reads, reader, await historyRows(reads, reader, args)),
	};
}

function toMember({ doc }: Row, now: number): Member {
	const { user, channel: _channel, mutedUntil: until, ...membership } = doc;
	const isMuted = typeof until === 'number' && until > now;
	return {
		userId: user,
		...membership,
		...(isMuted ? { mutedUntil: until } : {}),
	} as Member;
}

function members(state: ChannelState, args: MembersArgs, now: number): QueryPlan {
	const { id } = state;
	return {
		ok: true,
		run: async (reads) => {
			const page = await reads.page({
				collection: 'members',
				prefix: [id],
				...(args.after === undefined ? {} : { after: [args.after] }),
				limit: args.limit,
				bytesMax: PAGE_BYTES_MAX,
			});
			return { members: page.rows.map((row) => toMember(row, now)), hasMore: page.more };
		},
	};
}

/** History and members, in pages by key: C6. */
export function queryChannel(
	state: ChannelState,
	{ name, args, caller }: Command,
	{ now }: { readonly now: number },
): QueryPlan {
	const no = readingRefused(state, caller);
	if (no !== undefined) return no;
	if (name === 'history') return history(state, caller, args as HistoryArgs);
	if (name === 'members') return members(state, args as MembersArgs, now);
	return refuse('INVALID', 'no such query');
}

/** What an opening shows: the channel, one's own membership and unread count, the last messages. */
export function viewChannel(
	state: ChannelState,
	caller: Caller,
	{ last, now }: { readonly last: number; readonly now: number },
): QueryPlan {
	const no = readingRefused(state, caller);
	if (no !== undefined) return no;
	const reader = readerOf(state, caller);
	const member = state.members.get(caller.userId);
	const until = mutedUntil(state, caller.userId, now);
	const head = {
		...infoOf(state),
		...(member && { me: until === undefined ? member : { ...member, mutedUntil: until } }),
		unread: member ? countUnread(state.lastSeq, state.deleted, member.marker) : 0,
	};
	if (last === 0) {
		return { ok: true, run: () => ({ ...head, messages: [], hasMore: state.lastSeq > 0 }) };
	}
	const query = { descending: true, limit: last, bytesMax: PAGE_BYTES_MAX };
	return {
		ok: true,
		run: async (reads) => ({
			...head,
			...(await toPage(reads, reader, await pageOf(reads, reader, query))),
		}),
	};
}
