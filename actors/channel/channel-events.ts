import type { ChannelKind, Message, Role } from '../../src/protocol/channel.ts';
import type { Membership } from './channel-state.ts';

/**
 * What happens in a channel, as the journal keeps it. Each event holds all that subscribers and rows
 * need of it, so that showing one later gives the same as showing it at once.
 */
interface EventData {
	created: { readonly kind: ChannelKind; readonly name: string; readonly at: number };
	joined: {
		readonly member: Membership;
		readonly by: string;
		readonly memberCount: number;
		/** Of a mute that outlived an earlier membership. */
		readonly mutedUntil?: number;
	};
	left: {
		readonly userId: string;
		readonly by: string;
		readonly how: 'left' | 'kicked' | 'banned';
		readonly memberCount: number;
		/** Whether the user may no longer read (visitors may, in open channels). */
		readonly grantEnds: boolean;
	};
	banned: { readonly userId: string; readonly by: string };
	unbanned: { readonly userId: string; readonly by: string };
	muted: {
		readonly userId: string;
		readonly by: string;
		readonly at: number;
		readonly until: number;
	};
	roleSet: { readonly userId: string; readonly role: Role };
	slowModeSet: { readonly ms: number };
	renamed: { readonly name: string };
	/** A member's token told another name or picture than before. */
	profileChanged: { readonly userId: string; readonly name?: string; readonly picture?: string };
	message: Readonly<Message>;
	edited: { readonly seq: number; readonly text: string; readonly at: number };
	deleted: {
		readonly seq: number;
		readonly at: number;
		readonly by: string;
		/** Whom the message had mentioned. */
		readonly mentions?: readonly string[];
	};
	reacted: {
		readonly seq: number;
		readonly userId: string;
		readonly emoji: string;
		readonly on: boolean;
		/** All reactions to the message now: emoji → how many. */
		readonly reactions: Readonly<Record<string, number>>;
	};
	read: { readonly userId: string; readonly marker: number; readonly unread: number };
}

export type ChannelEventType = keyof EventData;
export type ChannelEventData<T extends ChannelEventType> = EventData[T];
export type ChannelEvent = {
	[T in ChannelEventType]: { readonly type: T; readonly data: EventData[T] };
}[ChannelEventType];

/** Present version of each event's shape; an older one must be upcast for ever. */
export const CHANNEL_EVENT_VERSIONS: Readonly<Record<ChannelEventType, number>> = {
	created: 1,
	joined: 1,
	left: 1,
	banned: 1,
	unbanned: 1,
	muted: 1,
	roleSet: 1,
	slowModeSet: 1,
	renamed: 1,
	profileChanged: 1,
	message: 1,
	edited: 1,
	deleted: 1,
	reacted: 1,
	read: 1,
};
