import type { ChannelEvent } from './channel-events.ts';
import { BANNED_MAX, type ChannelState, isModerator, MUTED_MAX, rankOf } from './channel-state.ts';
import { accept, type Decider, type Deciders, JOIN_FIRST, refuse, UNCHANGED } from './decider.ts';

const MODERATORS_ONLY = refuse('FORBIDDEN', 'only moderators and owners may do this');
const OWNERS_ONLY = refuse('FORBIDDEN', 'only owners may do this');
const OUTRANKED = refuse('FORBIDDEN', 'only against members of a lower role than your own');
const NO_MEMBER = refuse('NOT_FOUND', 'this user is not a member');

/** Why `userId` may not act against `target`; nothing when it may. */
function objection(state: ChannelState, userId: string, target: string) {
	if (!state.members.has(userId)) return JOIN_FIRST;
	if (!isModerator(state, userId)) return MODERATORS_ONLY;
	return rankOf(state, userId) > rankOf(state, target) ? undefined : OUTRANKED;
}

function removal(state: ChannelState, userId: string, by: string): ChannelEvent {
	return {
		type: 'left',
		data: {
			userId,
			by,
			how: 'kicked',
			memberCount: state.members.size - 1,
			grantEnds: state.kind !== 'open',
		},
	};
}

const kick: Decider<'kick'> = (state, { userId }, { caller }) => {
	const no = objection(state, caller.userId, userId);
	if (no !== undefined) return no;
	if (!state.members.has(userId)) return UNCHANGED;
	return accept([removal(state, userId, caller.userId)]);
};

const ban: Decider<'ban'> = (state, { userId }, { caller }) => {
	const no = objection(state, caller.userId, userId);
	if (no !== undefined) return no;
	if (state.banned.has(userId)) return UNCHANGED;
	if (state.banned.size >= BANNED_MAX) {
		return refuse('LIMIT', `a channel has at most ${BANNED_MAX} banned users: unban some`);
	}
	const banned: ChannelEvent = { type: 'banned', data: { userId, by: caller.userId } };
	if (!state.members.has(userId)) return accept([banned]);
	const memberCount = state.members.size - 1;
	const data = { userId, by: caller.userId, how: 'banned', memberCount, grantEnds: true } as const;
	return accept([{ type: 'left', data }, banned]);
};

const unban: Decider<'unban'> = (state, { userId }, { caller }) => {
	if (!state.members.has(caller.userId)) return JOIN_FIRST;
	if (!isModerator(state, caller.userId)) return MODERATORS_ONLY;
	if (!state.banned.has(userId)) return UNCHANGED;
	return accept([{ type: 'unbanned', data: { userId, by: caller.userId } }]);
};

const mute: Decider<'mute'> = (state, { userId, ms }, { caller, context }) => {
	const no = objection(state, caller.userId, userId);
	if (no !== undefined) return no;
	const known = state.muted.has(userId);
	if (ms === 0 && !known) return UNCHANGED;
	if (!known && !state.members.has(userId)) return NO_MEMBER;
	const mutedNow = [...state.muted.values()].filter((until) => until > context.now).length;
	if (!known && mutedNow >= MUTED_MAX) {
		return refuse('LIMIT', `a channel has at most ${MUTED_MAX} muted users`);
	}
	const { now } = context;
	return accept([
		{ type: 'muted', data: { userId, by: caller.userId, at: now, until: ms === 0 ? 0 : now + ms } },
	]);
};

const setRole: Decider<'setRole'> = (state, { userId, role }, { caller }) => {
	const own = state.members.get(caller.userId);
	if (own === undefined) return JOIN_FIRST;
	if (own.role !== 'owner') return OWNERS_ONLY;
	const target = state.members.get(userId);
	if (target === undefined) return NO_MEMBER;
	if (target.role === role) return UNCHANGED;
	if (target.role === 'owner') {
		if (userId !== caller.userId) return OUTRANKED;
		const others = [...state.members.values()].some(
			(member) => member.role === 'owner' && member.userId !== userId,
		);
		if (!others) return refuse('CONFLICT', 'make another member owner first');
	}
	return accept([{ type: 'roleSet', data: { userId, role } }]);
};

const slowMode: Decider<'slowMode'> = (state, { ms }, { caller }) => {
	if (!state.members.has(caller.userId)) return JOIN_FIRST;
	if (!isModerator(state, caller.userId)) return MODERATORS_ONLY;
	return state.slowModeMs === ms ? UNCHANGED : accept([{ type: 'slowModeSet', data: { ms } }]);
};

const rename: Decider<'rename'> = (state, { name }, { caller }) => {
	if (!state.members.has(caller.userId)) return JOIN_FIRST;
	if (!isModerator(state, caller.userId)) return MODERATORS_ONLY;
	return state.name === name ? UNCHANGED : accept([{ type: 'renamed', data: { name } }]);
};

/** Who may do what to whom: C10. In a direct channel nobody outranks anybody. */
export const MODERATION_DECIDERS: Deciders = {
	kick,
	ban,
	unban,
	mute,
	setRole,
	slowMode,
	rename,
};
