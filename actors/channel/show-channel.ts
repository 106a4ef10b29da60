import type { Audience, Shown } from '../../src/core/actor-kind.ts';
import type { channelContract } from '../../src/protocol/channel.ts';
import type { EventOf } from '../../src/protocol/kind.ts';
import type { ChannelEvent } from './channel-events.ts';

type Contract = typeof channelContract;

function shown<E extends keyof Contract['events']>(
	type: E,
	data: EventOf<Contract, E>,
	audience: Audience = 'all',
): Shown[] {
	return [{ type, data, audience }];
}

/** What subscribers are told of an event; of the event alone, so that it can be told again later. */
export function showChannel(event: ChannelEvent): readonly Shown[] {
	switch (event.type) {
		case 'message':
			return shown('message', event.data);
		case 'edited':
			return shown('edited', event.data);
		case 'deleted': {
			const { seq, at, by } = event.data;
			return shown('deleted', { seq, at, by });
		}
		case 'reacted': {
			const { seq, userId, emoji, on, reactions } = event.data;
			const count = Object.hasOwn(reactions, emoji) ? (reactions[emoji] ?? 0) : 0;
			return shown('reacted', { seq, userId, emoji, on, count });
		}
		case 'joined': {
			const { member, by, memberCount, mutedUntil } = event.data;
			const whole = mutedUntil === undefined ? member : { ...member, mutedUntil };
			return shown('joined', { userId: member.userId, by, memberCount, member: whole });
		}
		case 'left': {
			const { userId, by, how, memberCount } = event.data;
			return shown('left', { userId, by, how, memberCount });
		}
		case 'read': {
			const { userId, marker, unread } = event.data;
			return shown('read', { marker, unread }, [userId]);
		}
		case 'muted': {
			const { userId, until } = event.data;
			return shown('muted', { userId, until });
		}
		case 'roleSet':
			return shown('roleSet', event.data);
		case 'slowModeSet':
			return shown('slowModeSet', event.data);
		case 'renamed':
			return shown('renamed', event.data);
		// Who is banned is the moderators' business; a new name comes with the next message.
		case 'created':
		case 'banned':
		case 'unbanned':
		case 'profileChanged':
			return [];
	}
}

/** Users who may not read behind the event. */
export function revokedByChannel(event: ChannelEvent): readonly string[] {
	if (event.type === 'banned') return [event.data.userId];
	return event.type === 'left' && event.data.grantEnds ? [event.data.userId] : [];
}
