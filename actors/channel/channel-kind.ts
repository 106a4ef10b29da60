import type { ActorKind, Command, Context } from '../../src/core/actor-kind.ts';
import { channelContract } from '../../src/protocol/channel.ts';
import { CHANNEL_EVENT_VERSIONS, type ChannelEvent } from './channel-events.ts';
import { type ChannelState, initialChannel } from './channel-state.ts';
import { membershipDeciders } from './decide-membership.ts';
import { MESSAGE_DECIDERS, messageNeeds } from './decide-message.ts';
import { MODERATION_DECIDERS } from './decide-moderation.ts';
import { type Ask, type ChannelDecision, refuse } from './decider.ts';
import { evolveChannel } from './evolve-channel.ts';
import { CHANNEL_COLLECTIONS, projectChannel } from './project-channel.ts';
import { queryChannel, readingRefused, viewChannel } from './read-channel.ts';
import { revokedByChannel, showChannel } from './show-channel.ts';
import { cutChannel, restoreChannel } from './snapshot-channel.ts';

type AnyDecider = (state: ChannelState, args: unknown, ask: Ask) => ChannelDecision;

function decideWith(deciders: Readonly<Record<string, unknown>>) {
	return (state: ChannelState, command: Command, context: Context): ChannelDecision => {
		const { name, args, caller, requestId } = command;
		const decider = Object.hasOwn(deciders, name) ? (deciders[name] as AnyDecider) : undefined;
		if (decider === undefined) return refuse('INVALID', `channels have no command ${name}`);
		if (!context.exists && name !== 'create' && name !== 'join') {
			return refuse('NOT_FOUND', 'there is no channel of this id');
		}
		return decider(state, args, { caller, requestId, context });
	};
}

/** Chat channels (C1 to C10). `joinCreates`: whether joining a free id makes an open channel of it. */
export function channelKindWith(options: {
	readonly joinCreates: boolean;
}): ActorKind<ChannelState, ChannelEvent> {
	return {
		contract: channelContract,
		collections: CHANNEL_COLLECTIONS,
		eventVersions: CHANNEL_EVENT_VERSIONS,
		initial: initialChannel,
		decide: decideWith({
			...membershipDeciders(options),
			...MODERATION_DECIDERS,
			...MESSAGE_DECIDERS,
		}),
		evolve: evolveChannel,
		needs: messageNeeds,
		grant: (state, caller) => readingRefused(state, caller) ?? { ok: true },
		view: (state, caller, { args, now }) =>
			viewChannel(state, caller, { last: (args as { last?: number }).last ?? 50, now }),
		show: showChannel,
		revokes: revokedByChannel,
		query: queryChannel,
		ephemeral: (state, { userId }, type) =>
			type === 'typing' && state.members.has(userId)
				? { type, data: { userId }, audience: 'all' }
				: undefined,
		project: projectChannel,
		cut: cutChannel,
		restore: restoreChannel,
		figures: ({ kind, members, lastSeq, slowModeMs }) => ({
			kind,
			members: members.size,
			lastSeq,
			slowModeMs,
		}),
	};
}

/** Chat channels as they come: joining a free id makes an open channel of it. */
export const channelKind = channelKindWith({ joinCreates: true });
