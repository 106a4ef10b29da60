import type { Caller } from '../core/actor-kind.ts';
import type { Runtime } from '../core/runtime.ts';
import type { ChannelInfo } from '../protocol/channel.ts';
import { type ActorKey, actorKey } from '../protocol/ids.ts';
import type { RouteQuery, RouteReply } from '../protocol/rest.ts';
import { type Answer, refuse } from './answer.ts';
import { ask } from './ask.ts';
import type { Handlers, RestRequest } from './handlers.ts';
import { institutionHandlers } from './institution-handlers.ts';
import { look } from './look.ts';
import type { RestActors, RestPorts } from './ports.ts';
import { postNotices } from './post-notices.ts';
import { ticketHandlers } from './ticket-handlers.ts';

const PAGE_LENGTH = 50;
const NOT_READY_RETRY_MS = 1_000;

const reply = <T>(value: T): Answer<T> => ({ ok: true, reply: value });

/** The code behind every route of the REST API. */
export function restHandlers(ports: RestPorts, runtime: Pick<Runtime, 'after'>): Handlers {
	const { actors, profiles, status, tokens } = ports;
	return {
		...institutionHandlers(ports),
		...ticketHandlers(ports),
		alive: () => reply({ status: 'ok' as const }),
		ready: () => {
			const reason = status.unready();
			return reason === undefined
				? reply({ status: 'ok' as const })
				: refuse('UNAVAILABLE', reason, { retryAfterMs: NOT_READY_RETRY_MS });
		},
		metrics: async () => reply(await status.metrics()),
		listSimulators: () => reply(ports.simulators ?? {}),
		createDevToken: async ({ body }) => reply({ token: await tokens.mint(body) }),
		listChannels: ({ query: { after, limit = PAGE_LENGTH } }) =>
			ports.publicChannels({ after, limit }),
		getChannel: ({ params, caller }) => channelInfo(actors, actorKey('channel', params.id), caller),
		listMessages: ({ params, query, caller, trace }) =>
			ask(actors, actorKey('channel', params.id), {
				caller,
				name: 'history',
				args: { ...query, limit: query.limit ?? PAGE_LENGTH },
				trace,
			}),
		sendMessage: (request) => sendMessage(ports, request),
		listEvents: ({ query }) => listEvents(ports, query),
		postNotices: (request) => postNotices({ actors, runtime }, request),
		getUser: async ({ params }) => {
			const profile = await profiles.get(params.id);
			return profile === undefined
				? refuse('NOT_FOUND', 'no profile was put for this user')
				: reply(profile);
		},
		putUser: async ({ params, body }) => {
			const profile = { userId: params.id, ...body };
			await profiles.put(profile);
			return reply(profile);
		},
		revoke: async ({ body: { userId, tokenId = '' } }) => {
			const revoked = await tokens.revoke(userId === undefined ? { tokenId } : { userId });
			return revoked.ok ? reply({}) : revoked;
		},
		listNodes: () => reply([...status.nodes()]),
		getActor: ({ params }) => status.actor(actorKey(params.kind, params.id)),
		drainNode: async ({ params, caller }) => {
			const drained = await status.drain(caller, params.id);
			return drained.ok ? reply({}) : drained;
		},
	};
}

/** Whoever reads keeps the last number. */
async function listEvents(
	{ events }: Pick<RestPorts, 'events'>,
	{ after = 0, limit = PAGE_LENGTH }: RouteQuery<'listEvents'>,
): Promise<Answer<RouteReply<'listEvents'>>> {
	try {
		return reply({ events: [...((await events?.behind(after, limit)) ?? [])] });
	} catch {
		const retryAfterMs = NOT_READY_RETRY_MS;
		return refuse('UNAVAILABLE', 'the events cannot be read now: ask again', { retryAfterMs });
	}
}

/** The user speaks, with the user's own rights: a service lends nobody its own. */
async function sendMessage(
	{ actors, profiles }: RestPorts,
	request: RestRequest<'sendMessage'>,
): Promise<Answer<RouteReply<'sendMessage'>>> {
	const { userId, ...args } = request.body;
	const profile = await profiles.get(userId);
	return ask(actors, actorKey('channel', request.params.id), {
		caller: { userId, roles: ['user'], name: profile?.name, picture: profile?.picture },
		name: 'send',
		args,
		requestId: request.idempotencyKey,
		// The key may be from long ago: have it looked up where request ids are kept for ever.
		resend: true,
		trace: request.trace,
	});
}

/** What a channel shows the caller, without its messages. */
async function channelInfo(
	actors: RestActors,
	key: ActorKey,
	caller: Caller,
): Promise<Answer<ChannelInfo>> {
	const seen = await look<ChannelInfo>(actors, key, { caller, args: { last: 0 } });
	if (!seen.ok) return seen;
	const { id, kind, name, memberCount, lastSeq, slowModeMs } = seen.reply;
	return reply({ id, kind, name, memberCount, lastSeq, slowModeMs });
}
