import { OPEN_MEMBERS_MAX } from '../../src/protocol/channel.ts';
import { clip } from '../../src/protocol/plain-data.ts';
import { DELETED_WINDOW } from '../../src/protocol/unread.ts';
import type { ChannelEvent, ChannelEventData, ChannelEventType } from './channel-events.ts';
import {
	type ChannelState,
	type LastMessage,
	type Membership,
	MUTED_MAX,
} from './channel-state.ts';

/** Longest text of a last message in a list of channels. */
const SUMMARY_LENGTH_MAX = 200;

function change(state: ChannelState, userId: string, changes: Partial<Membership>): void {
	const member = state.members.get(userId);
	if (member !== undefined) state.members.set(userId, { ...member, ...changes });
}

function noteSending(state: ChannelState, userId: string, at: number): void {
	if (state.slowModeMs === 0) return;
	// Deleted first, so that the oldest entries stay in front.
	state.sentAt.delete(userId);
	state.sentAt.set(userId, at);
	for (const [sender, sentAt] of state.sentAt) {
		if (sentAt + state.slowModeMs > at && state.sentAt.size <= OPEN_MEMBERS_MAX) break;
		state.sentAt.delete(sender);
	}
}

function forgetOldDeletions(state: ChannelState): void {
	const { deleted } = state;
	while ((deleted[0] ?? Infinity) <= state.lastSeq - DELETED_WINDOW) deleted.shift();
}

function noteDeletion(state: ChannelState, seq: number): void {
	if (seq <= state.lastSeq - DELETED_WINDOW) return;
	const behind = state.deleted.findLastIndex((other) => other < seq);
	state.deleted.splice(behind + 1, 0, seq);
}

function changeLast(state: ChannelState, seq: number, changes: Partial<LastMessage>): void {
	const last = state.lastMessage;
	if (last?.seq === seq) state.lastMessage = { ...last, ...changes };
}

function noteMute(state: ChannelState, data: ChannelEventData<'muted'>): void {
	if (state.muted.size >= MUTED_MAX) {
		for (const [userId, until] of state.muted) if (until <= data.at) state.muted.delete(userId);
	}
	if (data.until > data.at) state.muted.set(data.userId, data.until);
	else state.muted.delete(data.userId);
}

const APPLY: {
	readonly [T in ChannelEventType]: (state: ChannelState, data: ChannelEventData<T>) => void;
} = {
	created: (state, { kind, name, at }) => {
		state.kind = kind;
		state.name = name;
		state.lastAt = at;
	},
	joined: (state, { member }) => {
		state.members.set(member.userId, member);
	},
	left: (state, { userId }) => {
		state.members.delete(userId);
	},
	banned: (state, { userId }) => {
		state.banned.add(userId);
	},
	unbanned: (state, { userId }) => {
		state.banned.delete(userId);
	},
	muted: noteMute,
	roleSet: (state, { userId, role }) => change(state, userId, { role }),
	slowModeSet: (state, { ms }) => {
		state.slowModeMs = ms;
		if (ms === 0) state.sentAt.clear();
	},
	renamed: (state, { name }) => {
		state.name = name;
	},
	profileChanged: (state, { userId, ...profile }) => change(state, userId, profile),
	message: (state, { seq, at, userId, name, text }) => {
		state.lastSeq = seq;
		state.lastAt = at;
		const sender = name === undefined ? {} : { name };
		state.lastMessage = { seq, at, userId, ...sender, text: clip(text, SUMMARY_LENGTH_MAX) };
		change(state, userId, { marker: seq });
		noteSending(state, userId, at);
		forgetOldDeletions(state);
	},
	edited: (state, { seq, text }) => {
		changeLast(state, seq, { text: clip(text, SUMMARY_LENGTH_MAX) });
	},
	deleted: (state, { seq, at }) => {
		noteDeletion(state, seq);
		changeLast(state, seq, { text: '', deletedAt: at });
	},
	reacted: () => {},
	read: (state, { userId, marker }) => change(state, userId, { marker }),
};

/** Applies an event in place. */
export function evolveChannel(state: ChannelState, event: ChannelEvent): ChannelState {
	const apply = APPLY[event.type] as (state: ChannelState, data: unknown) => void;
	apply(state, event.data);
	return state;
}
