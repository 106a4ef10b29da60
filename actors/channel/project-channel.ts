import type { EventMeta } from '../../src/core/actor-kind.ts';
import { drop, patch, put } from '../../src/core/row-writes.ts';
import type { Collection, RowWrite } from '../../src/core/store.ts';
import type { ChannelEvent, ChannelEventData } from './channel-events.ts';
import type { ChannelState } from './channel-state.ts';

const BY_CHANNEL = { column: 'channel', kind: 'channel' };

/** One document per message: the message without the reader's own reactions. */
const MESSAGES: Collection = {
	name: 'messages',
	key: [
		{ name: 'channel', type: 'text' },
		{ name: 'seq', type: 'int' },
	],
	actor: BY_CHANNEL,
};

/** One document per user's reaction, also to messages deleted since. */
const REACTIONS: Collection = {
	name: 'reactions',
	key: [
		{ name: 'channel', type: 'text' },
		{ name: 'user', type: 'text' },
		{ name: 'seq', type: 'int' },
		{ name: 'emoji', type: 'text' },
	],
	actor: BY_CHANNEL,
};

/** One document per membership: {channel, user, role, marker, joinedAt, name?, picture?, mutedUntil?}. */
const MEMBERS: Collection = {
	name: 'members',
	key: [
		{ name: 'channel', type: 'text' },
		{ name: 'user', type: 'text' },
	],
	indexes: [{ name: 'byUser', fields: [{ name: 'user', type: 'text' }] }],
	actor: BY_CHANNEL,
};

/**
 * One document per channel: {id, kind, name, memberCount, slowModeMs, lastAt, lastSeq, lastMessage?,
 * deleted}; with a member's marker it gives the unread count without waking the actor.
 */
const CHANNELS: Collection = {
	name: 'channels',
	key: [{ name: 'channel', type: 'text' }],
	indexes: [
		{
			name: 'byKind',
			fields: [
				{ name: 'kind', type: 'text' },
				{ name: 'lastAt', type: 'int' },
			],
		},
	],
	actor: BY_CHANNEL,
};

/** One document per user whom a standing message mentions. */
const MENTIONS: Collection = {
	name: 'mentions',
	key: [
		{ name: 'user', type: 'text' },
		{ name: 'channel', type: 'text' },
		{ name: 'seq', type: 'int' },
	],
	actor: BY_CHANNEL,
};

/** Every collection that channels write. */
export const CHANNEL_COLLECTIONS = [MESSAGES, REACTIONS, MEMBERS, CHANNELS, MENTIONS] as const;

function messageRows(state: ChannelState, message: ChannelEventData<'message'>): RowWrite[] {
	const { id, lastAt, lastSeq, lastMessage } = state;
	const { seq, userId, mentions = [] } = message;
	return [
		put(MESSAGES, [id, seq], message),
		patch(MEMBERS, [id, userId], { marker: seq }),
		...mentions
			.filter((mentioned) => mentioned !== userId)
			.map((mentioned) => put(MENTIONS, [mentioned, id, seq], { at: message.at })),
		patch(CHANNELS, [id], { lastAt, lastSeq, lastMessage }),
	];
}

function deletedRows(state: ChannelState, data: ChannelEventData<'deleted'>): RowWrite[] {
	const { id, lastMessage } = state;
	const { seq, at, by, mentions = [] } = data;
	return [
		patch(MESSAGES, [id, seq], {
			text: '',
			data: null,
			mentions: [],
			reactions: {},
			deletedAt: at,
			deletedBy: by,
		}),
		...mentions.map((mentioned) => drop(MENTIONS, [mentioned, id, seq])),
		patch(CHANNELS, [id], {
			deleted: [...state.deleted],
			...(lastMessage?.seq === seq ? { lastMessage } : {}),
		}),
	];
}

function editedRows(state: ChannelState, data: ChannelEventData<'edited'>): RowWrite[] {
	const { id, lastMessage } = state;
	const message = patch(MESSAGES, [id, data.seq], { text: data.text, editedAt: data.at });
	return lastMessage?.seq === data.seq
		? [message, patch(CHANNELS, [id], { lastMessage })]
		: [message];
}

function joinedRows(state: ChannelState, data: ChannelEventData<'joined'>): RowWrite[] {
	const { userId, ...membership } = data.member;
	const muted = data.mutedUntil === undefined ? {} : { mutedUntil: data.mutedUntil };
	const doc = { channel: state.id, user: userId, ...membership, ...muted };
	return [
		put(MEMBERS, [state.id, userId], doc),
		patch(CHANNELS, [state.id], { memberCount: data.memberCount }),
	];
}

function reactedRows(state: ChannelState, data: ChannelEventData<'reacted'>): RowWrite[] {
	const { seq, userId, emoji, on, reactions } = data;
	const key = [state.id, userId, seq, emoji];
	return [
		patch(MESSAGES, [state.id, seq], { reactions }),
		on ? put(REACTIONS, key, {}) : drop(REACTIONS, key),
	];
}

function createdRow(state: ChannelState): RowWrite {
	const { id, kind, name, slowModeMs, lastAt, lastSeq } = state;
	return put(CHANNELS, [id], {
		id,
		kind,
		name,
		memberCount: 0,
		slowModeMs,
		lastAt,
		lastSeq,
		deleted: [],
	});
}

/** The rows that an event writes; `state` is the state right after it. */
export function projectChannel(
	state: ChannelState,
	event: ChannelEvent,
	_meta: EventMeta,
): readonly RowWrite[] {
	const { id } = state;
	switch (event.type) {
		case 'created':
			return [createdRow(state)];
		case 'joined':
			return joinedRows(state, event.data);
		case 'left': {
			const { userId, memberCount } = event.data;
			return [drop(MEMBERS, [id, userId]), patch(CHANNELS, [id], { memberCount })];
		}
		case 'message':
			return messageRows(state, event.data);
		case 'edited':
			return editedRows(state, event.data);
		case 'deleted':
			return deletedRows(state, event.data);
		case 'reacted':
			return reactedRows(state, event.data);
		case 'read':
			return [patch(MEMBERS, [id, event.data.userId], { marker: event.data.marker })];
		case 'muted':
			return [patch(MEMBERS, [id, event.data.userId], { mutedUntil: event.data.until })];
		case 'roleSet':
			return [patch(MEMBERS, [id, event.data.userId], { role: event.data.role })];
		case 'profileChanged': {
			const { userId, ...profile } = event.data;
			return [patch(MEMBERS, [id, userId], profile)];
		}
		case 'slowModeSet':
			return [patch(CHANNELS, [id], { slowModeMs: event.data.ms })];
		case 'renamed':
			return [patch(CHANNELS, [id], { name: event.data.name })];
		case 'banned':
		case 'unbanned':
			return [];
	}
}
