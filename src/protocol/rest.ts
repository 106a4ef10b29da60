/**
 * The REST API as data: what each route takes, answers and asks of its caller. The server routes by
 * this table, and OpenAPI is generated from it. Refusals have the form of {@link restErrorSchema}
 * with the status of their code (`ERRORS`) and, when they name a time, a `Retry-After` header.
 */
import { z } from 'zod';
import {
	channelInfoSchema,
	messageSchema,
	PAGE_LENGTH_MAX,
	profileSchema,
	TEXT_LENGTH_MAX,
} from './channel.ts';
import { domainEventSchema } from './domain-events.ts';
import { ERRORS, type ErrorCode } from './errors.ts';
import { idSchema, keyIdSchema } from './ids.ts';
import { INSTITUTION_ROUTES } from './rest-institutions.ts';
import { defineRoute } from './rest-route.ts';
import { TICKET_ROUTES } from './rest-tickets.ts';
import { channelSummarySchema } from './user.ts';

export type { RouteContract, TokenRole } from './rest-route.ts';

/** Most users of one `POST /notices`. */
export const NOTICE_USERS_MAX = 1_000;
/** Largest `data` of a notice, as JSON; beyond it `TOO_LARGE`. */
export const NOTICE_DATA_BYTES_MAX = 16 * 1024;
/** Deepest nesting of a request body. */
export const BODY_DEPTH_MAX = 32;

/** A refusal as it travels. */
export const restErrorSchema = z.object({
	error: z.object({
		code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
		message: z.string(),
		retryAfterMs: z.int().optional(),
	}),
});

/** Same limit as request ids on the socket: an idempotency key becomes one. */
export const idempotencyKeySchema = z
	.string()
	.regex(/^[\x21-\x7e]{1,64}$/, 'an Idempotency-Key is 1 to 64 visible ASCII characters');

const wholeNumberText = (min: number, max: number) =>
	z
		.string()
		.refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
			error: `must be a whole number from ${min} to ${max}`,
		})
		.transform(Number);

const limitSchema = wholeNumberText(1, PAGE_LENGTH_MAX).optional();
const seqSchema = wholeNumberText(1, Number.MAX_SAFE_INTEGER).optional();
const afterSchema = wholeNumberText(0, Number.MAX_SAFE_INTEGER).optional();

const channelParams = z.object({ id: keyIdSchema });
const userParams = z.object({ id: idSchema });

const nodeSchema = z.object({
	id: z.string(),
	pid: z.int(),
	url: z.string(),
	state: z.string(),
	sockets: z.int(),
	actors: z.int(),
});
/** A node as operators see it. */
export type NodeFigures = z.infer<typeof nodeSchema>;

const actorSchema = z.object({
	key: z.string(),
	node: z.string(),
	epoch: z.int(),
	position: z.int(),
	/** The figures of its kind, without texts. */
	state: z.record(z.string(), z.unknown()),
});
/** An actor as operators see it. */
export type ActorFigures = z.infer<typeof actorSchema>;

/** All routes by name. */
export const REST = {
	...TICKET_ROUTES,
	...INSTITUTION_ROUTES,
	alive: defineRoute({
		method: 'GET',
		path: '/healthz',
		summary: 'Whether the process is alive; load never makes it fail',
		access: 'anyone',
		reply: z.object({ status: z.literal('ok') }),
	}),
	ready: defineRoute({
		method: 'GET',
		path: '/readyz',
		summary: 'Whether the node takes new clients; UNAVAILABLE while it starts or drains',
		access: 'anyone',
		reply: z.object({ status: z.literal('ok') }),
	}),
	metrics: defineRoute({
		method: 'GET',
		path: '/metrics',
		summary: 'Metrics in the text format of Prometheus',
		access: 'anyone',
		produces: 'text/plain; version=0.0.4; charset=utf-8',
		reply: z.string(),
	}),
	createDevToken: defineRoute({
		method: 'POST',
		path: '/api/v1/dev/token',
		summary: 'Signs a token for any user, in development only',
		access: 'anyone',
		developmentOnly: true,
		body: z.object({
			userId: idSchema,
			roles: z
				.array(z.enum(['user', 'ops', 'service']))
				.max(3)
				.default(['user']),
			name: z.string().min(1).max(100).optional(),
			picture: z.string().max(1000).optional(),
		}),
		reply: z.object({ token: z.string() }),
	}),
	listSimulators: defineRoute({
		method: 'GET',
		path: '/api/v1/dev/simulators',
		summary: 'Where the control pages of simulators are, in development only',
		access: 'anyone',
		developmentOnly: true,
		reply: z.object({ payment: z.string().optional(), institutions: z.string().optional() }),
	}),
	listChannels: defineRoute({
		method: 'GET',
		path: '/api/v1/channels',
		summary: 'Public open channels by last activity, newest first',
		access: 'user',
		query: z.object({ after: z.string().max(200).optional(), limit: limitSchema }),
		reply: z.object({ channels: z.array(channelSummarySchema), next: z.string().optional() }),
	}),
	getChannel: defineRoute({
		method: 'GET',
		path: '/api/v1/channels/{id}',
		summary: 'One channel, for those who may read it',
		access: 'user',
		params: channelParams,
		reply: channelInfoSchema,
	}),
	listMessages: defineRoute({
		method: 'GET',
		path: '/api/v1/channels/{id}/messages',
		summary: 'A page of history, ascending by seq; at most one of before, after and around',
		access: 'user',
		params: channelParams,
		query: z
			.object({ before: seqSchema, after: afterSchema, around: seqSchema, limit: limitSchema })
			.refine(
				({ before, after, around }) =>
					[before, after, around].filter((bound) => bound !== undefined).length <= 1,
				{ error: 'give at most one of before, after and around' },
			),
		reply: z.object({ messages: z.array(messageSchema), hasMore: z.boolean() }),
	}),
	sendMessage: defineRoute({
		method: 'POST',
		path: '/api/v1/channels/{id}/messages',
		summary: 'Sends a message in the name of a user, with that user’s rights in the channel',
		access: ['service'],
		idempotent: true,
		params: channelParams,
		body: z.object({
			userId: idSchema,
			text: z.string().min(1).max(TEXT_LENGTH_MAX),
			replyTo: z.int().positive().optional(),
			mentions: z.array(idSchema).max(50).optional(),
			data: z.unknown().optional(),
		}),
		reply: z.object({ seq: z.int(), id: z.string(), at: z.int() }),
	}),
	listEvents: defineRoute({
		method: 'GET',
		path: '/api/v1/events',
		summary: 'Domain events in the order of their coming; go on behind the last number',
		access: ['service'],
		query: z.object({ after: afterSchema, limit: limitSchema }),
		reply: z.object({
			/** Numbers grow, with holes. An event has the same `id` however often it is read. */
			events: z.array(z.object({ seq: z.int(), event: domainEventSchema })),
		}),
	}),
	postNotices: defineRoute({
		method: 'POST',
		path: '/api/v1/notices',
		summary: 'Posts a notice to each of the users; repeating it with the same key posts the rest',
		access: ['service'],
		idempotent: true,
		body: z.object({
			to: z.array(idSchema).min(1).max(NOTICE_USERS_MAX),
			type: z.string().min(1).max(64),
			data: z.unknown(),
			ttlSeconds: z.int().min(1).max(2_592_000),
		}),
		reply: z.object({
			posted: z.array(z.object({ userId: idSchema, id: z.string() })),
			/** Repeat the same request with the same key for those whose error is retryable. */
			failed: z.array(restErrorSchema.extend({ userId: idSchema })),
		}),
	}),
	getUser: defineRoute({
		method: 'GET',
		path: '/api/v1/users/{id}',
		summary: 'A user’s profile',
		access: 'user',
		params: userParams,
		reply: profileSchema,
	}),
	putUser: defineRoute({
		method: 'PUT',
		path: '/api/v1/users/{id}',
		summary: 'Replaces a user’s profile',
		access: ['service', 'ops'],
		params: userParams,
		body: z.object({
			name: z.string().min(1).max(100).optional(),
			picture: z.string().max(1000).optional(),
		}),
		reply: profileSchema,
	}),
	revoke: defineRoute({
		method: 'POST',
		path: '/api/v1/revocations',
		summary: 'Ends one token, or all tokens of a user that were issued until now',
		access: ['service', 'ops'],
		body: z
			.object({ userId: idSchema.optional(), tokenId: z.string().min(1).max(256).optional() })
			.refine((body) => (body.userId === undefined) !== (body.tokenId === undefined), {
				error: 'give either userId or tokenId',
			}),
		reply: z.object({}),
	}),
	listNodes: defineRoute({
		method: 'GET',
		path: '/api/v1/ops/nodes',
		summary: 'All living nodes, by their numbers',
		access: ['ops'],
		reply: z.array(nodeSchema),
	}),
	getActor: defineRoute({
		method: 'GET',
		path: '/api/v1/ops/actors/{kind}/{id}',
		summary: 'An actor, wherever it lives; one that sleeps is woken to be looked at',
		access: ['ops'],
		params: z.object({ kind: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), id: keyIdSchema }),
		reply: actorSchema,
	}),
	drainNode: defineRoute({
		method: 'POST',
		path: '/api/v1/ops/nodes/{id}/drain',
		summary: 'The node hands over its actors, closes its sockets and ends; answers before it does',
		access: ['ops'],
		params: userParams,
		reply: z.object({}),
	}),
};

export type RouteName = keyof typeof REST;

type Parsed<R, Part extends string> = R extends { readonly [P in Part]: infer S extends z.ZodType }
	? z.output<S>
	: undefined;

/** What a handler of the route gets of the request. */
export type RouteParams<N extends RouteName> = Parsed<(typeof REST)[N], 'params'>;
export type RouteQuery<N extends RouteName> = Parsed<(typeof REST)[N], 'query'>;
export type RouteBody<N extends RouteName> = Parsed<(typeof REST)[N], 'body'>;
/** What it answers. */
export type RouteReply<N extends RouteName> = z.input<(typeof REST)[N]['reply']>;
