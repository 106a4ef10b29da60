import type { ChannelState, Membership } from './channel-state.ts';
import { initialChannel } from './channel-state.ts';

const VERSION = 1;
/** Rows per part: far below the bound of a part, whatever the names and pictures. */
const PART_ROWS_MAX = 2_000;

type Head = Pick<
	ChannelState,
	'kind' | 'name' | 'lastAt' | 'lastSeq' | 'lastMessage' | 'slowModeMs' | 'deleted'
>;

type Part =
	| { readonly part: 'head'; readonly version: number; readonly head: Head }
	| { readonly part: 'members'; readonly rows: readonly Membership[] }
	| { readonly part: 'banned'; readonly rows: readonly string[] }
	| { readonly part: 'muted' | 'sentAt'; readonly rows: readonly (readonly [string, number])[] };

function* slices<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
	for (let from = 0; from < rows.length; from += PART_ROWS_MAX) {
		yield rows.slice(from, from + PART_ROWS_MAX);
	}
}

function* partsOf(
	head: Head,
	lists: {
		members: readonly Membership[];
		banned: readonly string[];
		muted: readonly (readonly [string, number])[];
		sentAt: readonly (readonly [string, number])[];
	},
): Generator<Part> {
	yield { part: 'head', version: VERSION, head };
	for (const rows of slices(lists.members)) yield { part: 'members', rows };
	for (const rows of slices(lists.banned)) yield { part: 'banned', rows };
	for (const rows of slices(lists.muted)) yield { part: 'muted', rows };
	for (const rows of slices(lists.sentAt)) yield { part: 'sentAt', rows };
}

/** An immutable cut: lists are copied here (memberships are shared, never changed), parts made later. */
export function cutChannel(state: ChannelState): Iterable<unknown> {
	const { kind, name, lastAt, lastSeq, lastMessage, slowModeMs } = state;
	const deleted = [...state.deleted];
	return partsOf(
		{ kind, name, lastAt, lastSeq, lastMessage, slowModeMs, deleted },
		{
			members: [...state.members.values()],
			banned: [...state.banned],
			muted: [...state.muted],
			sentAt: [...state.sentAt],
		},
	);
}

function restorePart(state: ChannelState, part: Part): void {
	switch (part.part) {
		case 'head':
			if (part.version !== VERSION) throw new Error(`channel snapshot version ${part.version}`);
			Object.assign(state, part.head, { lastMessage: part.head.lastMessage ?? undefined });
			break;
		case 'members':
			for (const member of part.rows) state.members.set(member.userId, member);
			break;
		case 'banned':
			for (const userId of part.rows) state.banned.add(userId);
			break;
		case 'muted':
		case 'sentAt':
			for (const [userId, at] of part.rows) state[part.part].set(userId, at);
			break;
		default:
			throw new Error('channel snapshot: unknown part');
	}
}

/** The state of a cut; throws on a version that this build does not know. */
export function restoreChannel(id: string, parts: readonly unknown[]): ChannelState {
	const state = initialChannel(id);
	for (const part of parts as readonly Part[]) restorePart(state, part);
	return state;
}
