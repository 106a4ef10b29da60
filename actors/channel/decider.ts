import type { Caller, Context, Decision, Rejection } from '../../src/core/actor-kind.ts';
import type { channelContract } from '../../src/protocol/channel.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { Args } from '../../src/protocol/kind.ts';
import type { ChannelEvent } from './channel-events.ts';
import { type ChannelState, profileOf } from './channel-state.ts';

/** Who asks, and all that may be known besides the state. */
export interface Ask {
	readonly caller: Caller;
	readonly requestId: string | undefined;
	readonly context: Context;
}

export type ChannelDecision = Decision<ChannelEvent>;
type CommandName = keyof (typeof channelContract)['commands'];

/** One command's rule. */
export type Decider<C extends CommandName> = (
	state: ChannelState,
	args: Args<typeof channelContract, C>,
	ask: Ask,
) => ChannelDecision;

/** Rules by command name. */
export type Deciders = { readonly [C in CommandName]?: Decider<C> };

export const refuse = (code: ErrorCode, message: string, retryAfterMs?: number): Rejection => ({
	ok: false,
	code,
	message,
	...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

export const accept = (events: readonly ChannelEvent[], reply: unknown = {}): ChannelDecision => ({
	ok: true,
	events,
	reply,
});

/** What was asked for is so already. */
export const UNCHANGED = accept([]);

export const JOIN_FIRST = refuse('FORBIDDEN', 'only members may do this: join the channel first');

/** Name and picture as the token has them now, else as they were known before. */
export function knownProfile(state: ChannelState, caller: Caller) {
	const { name, picture } = { ...state.members.get(caller.userId), ...profileOf(caller) };
	return {
		...(name === undefined ? {} : { name }),
		...(picture === undefined ? {} : { picture }),
	};
}

/** Keeps a member's name and picture as the latest token has them. */
export function profileEvents(state: ChannelState, caller: Caller): ChannelEvent[] {
	const { userId } = caller;
	const member = state.members.get(userId);
	const profile = knownProfile(state, caller);
	if (member === undefined) return [];
	if (profile.name === member.name && profile.picture === member.picture) return [];
	return [{ type: 'profileChanged', data: { userId, ...profile } }];
}
