import type { ChannelChange, Member } from '../../../client-sdk/src/index.ts';

/** Members by id, as far as they are loaded. */
export interface MemberPages {
	readonly members: readonly Member[];
	readonly hasMore: boolean;
}

/** The loaded members after a change; one who joins behind the last page comes with the next. */
export function changedMembers(
	{ members, hasMore }: MemberPages,
	change: ChannelChange,
): MemberPages {
	switch (change.type) {
		case 'joined': {
			const last = members.at(-1)?.userId ?? '';
			if (hasMore && change.userId > last) return { members, hasMore };
			const others = members.filter(({ userId }) => userId !== change.userId);
			const all = [...others, change.member];
			return { members: all.sort((one, other) => (one.userId < other.userId ? -1 : 1)), hasMore };
		}
		case 'left':
			return { members: members.filter(({ userId }) => userId !== change.userId), hasMore };
		case 'roleSet': {
			const { userId, role } = change;
			return {
				members: members.map((one) => (one.userId === userId ? { ...one, role } : one)),
				hasMore,
			};
		}
		default:
			return { members, hasMore };
	}
}
