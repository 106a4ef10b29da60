import {
	type ChannelKind,
	GROUP_MEMBERS_MAX,
	OPEN_MEMBERS_MAX,
	type Role,
} from '../../src/protocol/channel.ts';
import { directUsers } from '../../src/protocol/ids.ts';
import type { ChannelEvent } from './channel-events.ts';
import {
	type ChannelState,
	isModerator,
	type Membership,
	mutedUntil,
	profileOf,
} from './channel-state.ts';
import {
	type Ask,
	accept,
	type Decider,
	type Deciders,
	JOIN_FIRST,
	profileEvents,
	refuse,
	UNCHANGED,
} from './decider.ts';

const MEMBERS_MAX: Readonly<Record<ChannelKind, number>> = {
	direct: 2,
	group: GROUP_MEMBERS_MAX,
	open: OPEN_MEMBERS_MAX,
};

const tooMany = (kind: ChannelKind) =>
	refuse('MEMBER_LIMIT', `this channel has at most ${MEMBERS_MAX[kind]} members`);

const OTHER_PEOPLES = refuse('FORBIDDEN', 'a direct channel is for its two users only');

/** `joined` events of users who are no members yet, counted up from the present members. */
function joins(
	state: ChannelState,
	users: readonly { readonly userId: string; readonly role: Role }[],
	{ caller, context }: Ask,
): ChannelEvent[] {
	return users.map(({ userId, role }, index) => {
		const muted = mutedUntil(state, userId, context.now);
		const member: Membership = {
			userId,
			role,
			joinedAt: context.now,
			marker: state.lastSeq,
			...(userId === caller.userId ? profileOf(caller) : {}),
		};
		const data = { member, by: caller.userId, memberCount: state.members.size + index + 1 };
		return {
			type: 'joined',
			data: muted === undefined ? data : { ...data, mutedUntil: muted },
		};
	});
}

const createDirect: Decider<'create'> = (state, args, ask) => {
	const { caller, context } = ask;
	const pair = directUsers(context.id);
	const others = new Set(args.members.filter((userId) => userId !== caller.userId));
	if (pair === undefined || others.size !== 1) {
		return refuse('INVALID', 'a direct channel has one other member and the id of the two');
	}
	if (!pair.includes(caller.userId) || !pair.includes([...others][0] ?? '')) return OTHER_PEOPLES;
	if (context.exists) return accept([], { id: context.id });
	const members = pair.map((userId) => ({ userId, role: 'member' as const }));
	return accept(
		[
			{ type: 'created', data: { kind: 'direct', name: '', at: context.now } },
			...joins(state, members, ask),
		],
		{ id: context.id },
	);
};

const create: Decider<'create'> = (state, args, ask) => {
	const { caller, context } = ask;
	if (args.kind === 'direct') return createDirect(state, args, ask);
	if (directUsers(context.id) !== undefined) {
		return refuse('INVALID', 'this id belongs to a direct channel');
	}
	if (context.exists) return refuse('EXISTS', 'there is a channel of this id');
	const others = [...new Set(args.members)].filter((userId) => userId !== caller.userId);
	if (others.length + 1 > MEMBERS_MAX[args.kind]) return tooMany(args.kind);
	const members = [
		{ userId: caller.userId, role: 'owner' as const },
		...others.map((userId) => ({ userId, role: 'member' as const })),
	];
	return accept(
		[
			{ type: 'created', data: { kind: args.kind, name: args.name, at: context.now } },
			...joins(state, members, ask),
		],
		{ id: context.id },
	);
};

const createByJoin = (state: ChannelState, ask: Ask) => {
	const { caller, context } = ask;
	if (directUsers(context.id) !== undefined) {
		return refuse('NOT_FOUND', 'open a direct channel with create');
	}
	return accept([
		{ type: 'created', data: { kind: 'open', name: context.id, at: context.now } },
		...joins(state, [{ userId: caller.userId, role: 'owner' }], ask),
	]);
};

const join: Decider<'join'> = (state, _args, ask) => {
	const { caller } = ask;
	if (state.members.has(caller.userId)) return accept(profileEvents(state, caller));
	if (state.kind === 'direct') return OTHER_PEOPLES;
	if (state.kind === 'group') return refuse('FORBIDDEN', 'a member has to add you to this group');
	if (state.banned.has(caller.userId)) return refuse('FORBIDDEN', 'you are banned from here');
	if (state.members.size >= MEMBERS_MAX[state.kind]) return tooMany(state.kind);
	// A channel that everybody had left belongs to the first who comes back.
	const role = state.members.size === 0 ? 'owner' : 'member';
	return accept(joins(state, [{ userId: caller.userId, role }], ask));
};

/** Who becomes owner: the moderator, else the member, of longest standing; of several, the first id. */
function heirOf(state: ChannelState, leaving: string): Membership | undefined {
	const precedes = (one: Membership, other: Membership) => {
		if (one.role !== other.role) return one.role === 'moderator';
		if (one.joinedAt !== other.joinedAt) return one.joinedAt < other.joinedAt;
		return one.userId < other.userId;
	};
	let heir: Membership | undefined;
	for (const member of state.members.values()) {
		if (member.userId === leaving) continue;
		if (member.role === 'owner') return undefined;
		if (heir === undefined || precedes(member, heir)) heir = member;
	}
	return heir;
}

const leave: Decider<'leave'> = (state, _args, { caller }) => {
	const member = state.members.get(caller.userId);
	if (member === undefined) return UNCHANGED;
	if (state.kind === 'direct') return refuse('FORBIDDEN', 'nobody leaves a direct channel');
	const heir = member.role === 'owner' ? heirOf(state, member.userId) : undefined;
	const handover: ChannelEvent[] =
		heir === undefined ? [] : [{ type: 'roleSet', data: { userId: heir.userId, role: 'owner' } }];
	return accept([
		...handover,
		{
			type: 'left',
			data: {
				userId: member.userId,
				by: member.userId,
				how: 'left',
				memberCount: state.members.size - 1,
				grantEnds: state.kind !== 'open',
			},
		},
	]);
};

const add: Decider<'add'> = (state, args, ask) => {
	const { caller } = ask;
	if (!state.members.has(caller.userId)) return JOIN_FIRST;
	if (state.kind === 'direct') return OTHER_PEOPLES;
	if (state.kind === 'open' && !isModerator(state, caller.userId)) {
		return refuse('FORBIDDEN', 'only moderators add others to an open channel');
	}
	const added = [...new Set(args.users)].filter((userId) => !state.members.has(userId));
	const banned = added.find((userId) => state.banned.has(userId));
	if (banned !== undefined) return refuse('FORBIDDEN', `${banned} is banned: unban first`);
	if (state.members.size + added.length > MEMBERS_MAX[state.kind]) return tooMany(state.kind);
	const members = added.map((userId) => ({ userId, role: 'member' as const }));
	return accept(joins(state, members, ask));
};

/** Who is in: C1. `joinCreates`: whether joining a free id makes an open channel of it. */
export const membershipDeciders = (options: { readonly joinCreates: boolean }): Deciders => ({
	create,
	join: (state, args, ask) => {
		if (ask.context.exists) return join(state, args, ask);
		if (!options.joinCreates) return refuse('NOT_FOUND', 'there is no channel of this id');
		return createByJoin(state, ask);
	},
	leave,
	add,
});
