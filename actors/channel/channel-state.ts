import type { Caller } from '../../src/core/actor-kind.ts';
import type { ChannelInfo, ChannelKind, Member, Role } from '../../src/protocol/channel.ts';
import { clip } from '../../src/protocol/plain-data.ts';

/** Most users that a channel keeps banned, or muted, at a time. */
export const BANNED_MAX = 10_000;
export const MUTED_MAX = 1_000;
const NAME_LENGTH_MAX = 100;
const PICTURE_LENGTH_MAX = 1_000;

/** A member as the state keeps it: never changed in place, so that a cut may share it. */
export type Membership = Readonly<Omit<Member, 'mutedUntil'>>;

/** The last message as lists of channels show it. */
export interface LastMessage {
	readonly seq: number;
	readonly at: number;
	readonly userId: string;
	readonly name?: string | undefined;
	readonly text: string;
	readonly deletedAt?: number | undefined;
}

/** Bounded, whatever the number of messages. */
export interface ChannelState {
	readonly id: string;
	kind: ChannelKind;
	name: string;
	/** Time of the last message, or of the creation. */
	lastAt: number;
	lastSeq: number;
	lastMessage: LastMessage | undefined;
	slowModeMs: number;
	readonly members: Map<string, Membership>;
	/** Who may not come back. */
	readonly banned: Set<string>;
	/** userId → until. Kept apart from the members: leaving and joining ends no mute. */
	readonly muted: Map<string, number>;
	/** While in slow mode: who sent when, oldest first, as far as it matters. */
	readonly sentAt: Map<string, number>;
	/** Deleted seqs among the last messages, ascending. */
	deleted: number[];
}

export const initialChannel = (id: string): ChannelState => ({
	id,
	kind: 'open',
	name: '',
	lastAt: 0,
	lastSeq: 0,
	lastMessage: undefined,
	slowModeMs: 0,
	members: new Map(),
	banned: new Set(),
	muted: new Map(),
	sentAt: new Map(),
	deleted: [],
});

const RANK: Readonly<Record<Role, number>> = { owner: 2, moderator: 1, member: 0 };

/** A member's rank; -1 for others. */
export function rankOf(state: ChannelState, userId: string): number {
	const member = state.members.get(userId);
	return member === undefined ? -1 : RANK[member.role];
}

/** Owners and moderators. */
export const isModerator = (state: ChannelState, userId: string) =>
	rankOf(state, userId) >= RANK.moderator;

/** Whether a caller may read: members; anybody but the banned in open channels; services and ops. */
export function mayRead(state: ChannelState, caller: Caller): boolean {
	if (state.members.has(caller.userId)) return true;
	if (caller.roles.includes('service') || caller.roles.includes('ops')) return true;
	return state.kind === 'open' && !state.banned.has(caller.userId);
}

/** Until when a user is muted, if that is still to come. */
export function mutedUntil(state: ChannelState, userId: string, now: number): number | undefined {
	const until = state.muted.get(userId);
	return until !== undefined && until > now ? until : undefined;
}

/** What a token says of its bearer, within bounds; nothing else of it is kept. */
export function profileOf(caller: Caller): { name?: string; picture?: string } {
	const { name, picture } = caller;
	return {
		...(name === undefined || name === '' ? {} : { name: clip(name, NAME_LENGTH_MAX) }),
		// Half an address is worse than none.
		...(picture === undefined || picture === '' || picture.length > PICTURE_LENGTH_MAX
			? {}
			: { picture }),
	};
}

/** What everybody who may read may know. */
export const infoOf = (state: ChannelState): ChannelInfo => ({
	id: state.id,
	kind: state.kind,
	name: state.name,
	memberCount: state.members.size,
	lastSeq: state.lastSeq,
	slowModeMs: state.slowModeMs,
});
