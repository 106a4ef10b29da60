import { expect } from 'vitest';
import { channelKind } from '../../actors/channel/channel-kind.ts';
import type { Caller } from '../../src/core/actor-kind.ts';
import type { ChannelKind, Message } from '../../src/protocol/channel.ts';
import { type Answer, PureActor } from './pure-actor.ts';

export type ChannelActor = ReturnType<typeof channelActor>;

export const channelActor = (id = 'general') => new PureActor(channelKind, id);

/** A channel with its members; the first is who creates it. */
export async function channelOf(
	members: readonly string[],
	kind: Exclude<ChannelKind, 'direct'> = 'open',
) {
	const channel = channelActor();
	const [owner = '', ...others] = members;
	const args = { kind, name: 'General', members: others };
	expect(await channel.command(owner, 'create', args)).toMatchObject({ ok: true });
	return channel;
}

/** Sends and gives the seq. */
export async function say(channel: ChannelActor, by: string | Caller, text: string) {
	const answer = await channel.command(by, 'send', { text });
	expect(answer).toMatchObject({ ok: true });
	return ((answer as { reply: unknown }).reply as { seq: number }).seq;
}

/** `OK`, `OK-` when nothing happened, or the code of the refusal. */
export const outcome = (answer: Answer) =>
	answer.ok ? (answer.events.length === 0 ? 'OK-' : 'OK') : answer.code;

export const seqs = (page: unknown) =>
	(page as { messages: readonly Message[] }).messages.map(({ seq }) => seq);
