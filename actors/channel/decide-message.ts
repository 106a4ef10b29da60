import type { Caller, Command, Rejection } from '../../src/core/actor-kind.ts';
import type { Key } from '../../src/core/store.ts';
import type { Message } from '../../src/protocol/channel.ts';
import { plainBytes } from '../../src/protocol/plain-data.ts';
import { countUnread } from '../../src/protocol/unread.ts';
import { type ChannelState, isModerator, mutedUntil } from './channel-state.ts';
import {
	type Ask,
	accept,
	type Decider,
	type Deciders,
	JOIN_FIRST,
	knownProfile,
	profileEvents,
	refuse,
	UNCHANGED,
} from './decider.ts';

/** Largest application value beside a text, in packed bytes. */
const DATA_BYTES_MAX = 16 * 1024;
/** Most different emojis on one message. */
export const EMOJIS_MAX = 20;

/** Whether the caller may write at all now; why not. */
function silenced(state: ChannelState, { userId }: Caller, now: number): Rejection | undefined {
	if (!state.members.has(userId)) return JOIN_FIRST;
	const until = mutedUntil(state, userId, now);
	return until === undefined ? undefined : refuse('MUTED', 'you are muted', until - now);
}

function slowedDown(state: ChannelState, { userId }: Caller, now: number): Rejection | undefined {
	const sentAt = state.sentAt.get(userId);
	if (sentAt === undefined || isModerator(state, userId)) return undefined;
	const waitMs = sentAt + state.slowModeMs - now;
	return waitMs > 0 ? refuse('SLOW_MODE', 'one message per interval here', waitMs) : undefined;
}

function badData(data: unknown): Rejection | undefined {
	if (data === undefined) return undefined;
	const bytes = plainBytes(data);
	if (bytes === undefined) return refuse('INVALID', 'data has to be a JSON value');
	if (bytes <= DATA_BYTES_MAX) return undefined;
	return refuse('TOO_LARGE', `data is at most ${DATA_BYTES_MAX} bytes`);
}

const send: Decider<'send'> = (state, args, { caller, requestId, context }) => {
	const { now } = context;
	const no = silenced(state, caller, now) ?? slowedDown(state, caller, now) ?? badData(args.data);
	if (no !== undefined) return no;
	if (args.replyTo !== undefined && args.replyTo > state.lastSeq) {
		return refuse('INVALID', 'replyTo names no message');
	}
	const mentions = [...new Set(args.mentions)].filter((userId) => state.members.has(userId));
	const message: Message = {
		seq: state.lastSeq + 1,
		id: context.newId(),
		at: now,
		userId: caller.userId,
		...knownProfile(state, caller),
		text: args.text,
		...(requestId === undefined ? {} : { clientId: requestId }),
		...(args.replyTo === undefined ? {} : { replyTo: args.replyTo }),
		...(mentions.length === 0 ? {} : { mentions }),
		...(args.data === undefined ? {} : { data: args.data }),
	};
	const { seq, id, at } = message;
	return accept([...profileEvents(state, caller), { type: 'message', data: message }], {
		seq,
		id,
		at,
	});
};

const NO_MESSAGE = refuse('NOT_FOUND', 'there is no message of this seq');
const IS_DELETED = refuse('CONFLICT', 'the message is deleted');

const loadedMessage = ({ context }: Ask) => context.loaded[0]?.doc as Message | undefined;

const edit: Decider<'edit'> = (state, { seq, text }, ask) => {
	const no = silenced(state, ask.caller, ask.context.now);
	if (no !== undefined) return no;
	const message = loadedMessage(ask);
	if (message === undefined) return NO_MESSAGE;
	if (message.userId !== ask.caller.userId) return refuse('FORBIDDEN', 'only its author may edit');
	if (message.deletedAt !== undefined) return IS_DELETED;
	if (message.text === text) return UNCHANGED;
	return accept([{ type: 'edited', data: { seq, text, at: ask.context.now } }]);
};

const remove: Decider<'delete'> = (state, { seq }, ask) => {
	const { userId } = ask.caller;
	if (!state.members.has(userId)) return JOIN_FIRST;
	const message = loadedMessage(ask);
	if (message === undefined) return NO_MESSAGE;
	if (message.userId !== userId && !isModerator(state, userId)) {
		return refuse('FORBIDDEN', 'only its author and moderators may delete');
	}
	if (message.deletedAt !== undefined) return UNCHANGED;
	const { mentions = [] } = message;
	const data = { seq, at: ask.context.now, by: userId };
	return accept([{ type: 'deleted', data: mentions.length === 0 ? data : { ...data, mentions } }]);
};

/** The counts after one more or one less; an emoji without any is gone. */
function recount(counts: Readonly<Record<string, number>>, emoji: string, by: number) {
	const count = (Object.hasOwn(counts, emoji) ? (counts[emoji] ?? 0) : 0) + by;
	const { [emoji]: _old, ...others } = counts;
	return count > 0 ? { ...others, [emoji]: count } : others;
}

const react: Decider<'react'> = (state, { seq, emoji, on }, ask) => {
	const no = silenced(state, ask.caller, ask.context.now);
	if (no !== undefined) return no;
	// The one name that plain objects do not keep.
	if (emoji === '__proto__') return refuse('INVALID', 'not an emoji');
	const message = loadedMessage(ask);
	if (message === undefined) return NO_MESSAGE;
	if (message.deletedAt !== undefined) return IS_DELETED;
	const isOn = ask.context.loaded[1] !== undefined;
	if (isOn === on) return UNCHANGED;
	const reactions = recount(message.reactions ?? {}, emoji, on ? 1 : -1);
	if (on && Object.keys(reactions).length > EMOJIS_MAX) {
		return refuse('LIMIT', `a message has at most ${EMOJIS_MAX} different reactions`);
	}
	const { userId } = ask.caller;
	return accept([{ type: 'reacted', data: { seq, userId, emoji, on, reactions } }]);
};

const read: Decider<'read'> = (state, { seq }, { caller }) => {
	const member = state.members.get(caller.userId);
	if (member === undefined) return JOIN_FIRST;
	const marker = Math.max(member.marker, Math.min(seq, state.lastSeq));
	const unread = countUnread(state.lastSeq, state.deleted, marker);
	if (marker === member.marker) return accept([], { marker, unread });
	const data = { userId: caller.userId, marker, unread };
	return accept([...profileEvents(state, caller), { type: 'read', data }], { marker, unread });
};

/** Messages and what is done to them: C2, C3, C8, C9. */
export const MESSAGE_DECIDERS: Deciders = { send, edit, delete: remove, react, read };

/** Rows that a command needs: the message it is about, and the caller's own reaction to it. */
export function messageNeeds(
	_state: ChannelState,
	{ name, args, caller }: Command,
	id: string,
): readonly (readonly [string, Key])[] {
	if (name !== 'edit' && name !== 'delete' && name !== 'react') return [];
	const { seq, emoji } = args as { readonly seq: number; readonly emoji?: string };
	const message = ['messages', [id, seq]] as const;
	return emoji === undefined
		? [message]
		: [message, ['reactions', [id, caller.userId, seq, emoji]]];
}
