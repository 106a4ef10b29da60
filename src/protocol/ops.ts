import { z } from 'zod';
import { idSchema, keyIdSchema, splitKey } from './ids.ts';
import { defineKind } from './kind.ts';

/** Longest page of anything that operators look at. */
export const OPS_PAGE_LENGTH_MAX = 200;
/** Newest events of an actor that are shown. */
export const OPS_EVENTS_MAX = 20;

const KIND = /^[a-z][a-z0-9-]{0,31}$/;

const actorKeySchema = z
	.string()
	.max(200)
	.refine(
		(key) => {
			const { kind, id } = splitKey(key);
			return KIND.test(kind) && keyIdSchema.safeParse(id).success;
		},
		{ message: 'a key is kind/id' },
	);

const limitSchema = z.int().min(1).max(OPS_PAGE_LENGTH_MAX).default(50);
const nothing = z.object({});

export const nodeStateSchema = z.enum(['starting', 'up', 'draining']);

/** How busy a node is; told by itself about once a second. */
export const nodeLoadSchema = z.object({
	sockets: z.int(),
	actors: z.int(),
	/** Event-loop delay p99 of the last seconds, in milliseconds. */
	loopDelayMs: z.number(),
	overloaded: z.boolean(),
});
export type NodeLoad = z.infer<typeof nodeLoadSchema>;

/** A living node, as every other one knows it. */
export const nodeLineSchema = z.object({
	id: z.string(),
	url: z.string(),
	pid: z.int(),
	state: nodeStateSchema,
	startedAt: z.int(),
	/** Absent until the node has told it. */
	load: nodeLoadSchema.optional(),
});
export type NodeLine = z.infer<typeof nodeLineSchema>;

/** What a node says of itself when it is asked. */
export const nodeFiguresSchema = nodeLineSchema.extend({
	handles: z.int(),
	/** Actors to which sockets of this node listen. */
	streams: z.int(),
	bytesQueued: z.int(),
	/** Events that the store lacks. */
	backlog: z.int(),
	usersPresent: z.int(),
	memoryBytes: z.int(),
	heapBytes: z.int(),
	/** Absent on an only node. */
	links: z
		.object({
			sessions: z.int(),
			bytesWaiting: z.int(),
			resends: z.int(),
			downs: z.int(),
		})
		.optional(),
});
export type NodeFigures = z.infer<typeof nodeFiguresSchema>;

/** An actor that is awake. */
export const actorLineSchema = z.object({
	key: z.string(),
	/** `loading`, `live`, `committing`, … */
	phase: z.string(),
	position: z.int(),
	epoch: z.int(),
	/** Commands that wait. */
	waiting: z.int(),
	/** Nodes that listen. */
	edges: z.int(),
	idleMs: z.int(),
	/** What its kind says of it, without texts. */
	figures: z.record(z.string(), z.unknown()),
});
export type ActorLine = z.infer<typeof actorLineSchema>;

/** That something happened to an actor; not what. */
export const eventLineSchema = z.object({
	position: z.int(),
	type: z.string(),
	version: z.int(),
	at: z.int(),
	/** Who caused it, masked. */
	by: z.string().optional(),
	commit: z.int(),
});
export type EventLine = z.infer<typeof eventLineSchema>;

/** One actor, awake or not. Texts, names and ids of people are masked. */
export const actorPictureSchema = z.object({
	key: z.string(),
	/** The owner; absent while it sleeps. */
	node: z.string().optional(),
	isAwake: z.boolean(),
	position: z.int(),
	writer: z.string(),
	/** The newest ones, oldest first; absent when the journal did not answer. */
	events: z.array(eventLineSchema).optional(),
	/** Present when it is awake. */
	live: actorLineSchema
		.omit({ key: true, position: true, edges: true })
		.extend({
			/** The nodes that listen. */
			edges: z.array(z.string()),
			/** From here on absent when the actor was too busy to be looked at. */
			commit: z.int().optional(),
			snapshotCommit: z.int().optional(),
			state: z.unknown().optional(),
		})
		.optional(),
});
export type ActorPicture = z.infer<typeof actorPictureSchema>;

/** A client's socket; its user and device are masked. */
export const socketLineSchema = z.object({
	id: z.string(),
	user: z.string().optional(),
	device: z.string(),
	platform: z.string(),
	handles: z.int(),
	bytesQueued: z.int(),
	silentMs: z.int(),
	/** Since when its reader is too slow; 0: it is not. */
	behindMs: z.int(),
});
export type SocketLine = z.infer<typeof socketLineSchema>;

/** What is open on a socket. Keys that name people are masked. */
export const handleLineSchema = z.object({
	id: z.int(),
	key: z.string(),
	isMasked: z.boolean(),
	style: z.string(),
	state: z.string().optional(),
	position: z.int().optional(),
	/** Events that its client does not have yet. */
	lag: z.int().optional(),
});
export type HandleLine = z.infer<typeof handleLineSchema>;

/** What an operator has done. */
export const auditEntrySchema = z.object({
	id: z.string(),
	at: z.int(),
	/** The operator's user id, as it is. */
	who: z.string(),
	what: z.enum([
		'drain',
		'kill',
		'sleep',
		'createEvent',
		'changeEvent',
		'pauseEvent',
		'resumeEvent',
		'closeEvent',
		'resolveOrder',
		'refundOrder',
		'setCircuit',
		'setRoute',
		'setRate',
		'pauseRefresh',
		'resumeRefresh',
		'setRefreshRate',
	]),
	/** A node's name, an actor's key or an order's id. */
	target: z.string(),
	/** The node that took the order. */
	node: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

const nodeArgs = z.object({ node: idSchema });

/**
 * Looking into the nodes and acting on them: a service of the gateway, `ops/me`, for the role `ops`.
 * On a server in development that listens on loopback only, `where`, `drain` and `kill` are for
 * everybody who is signed in. Whatever acts leaves an audit entry before it does.
 */
export const opsContract = defineKind({
	kind: 'ops',
	style: 'service',
	openArgs: nothing,
	view: nothing,
	commands: {
		/** Living nodes by their numbers, with sums over all of them. */
		nodes: {
			args: z.object({ after: idSchema.optional(), limit: limitSchema }),
			reply: z.object({
				/** The node that answers. */
				self: z.string(),
				nodes: z.array(nodeLineSchema),
				next: z.string().optional(),
				total: z.object({ nodes: z.int(), sockets: z.int(), actors: z.int() }),
			}),
			query: true,
		},
		node: { args: nodeArgs, reply: nodeFiguresSchema, query: true },
		/** Actors that are awake on a node, by key. */
		actors: {
			args: z.object({
				node: idSchema,
				/** How the key begins. */
				prefix: z.string().max(200).default(''),
				after: z.string().max(200).optional(),
				limit: limitSchema,
			}),
			reply: z.object({
				actors: z.array(actorLineSchema),
				next: z.string().optional(),
				total: z.int(),
			}),
			query: true,
		},
		/** One actor, wherever it lives; it is not woken. */
		actor: { args: z.object({ key: actorKeySchema }), reply: actorPictureSchema, query: true },
		sockets: {
			args: z.object({
				node: idSchema,
				userId: idSchema.optional(),
				after: z.string().max(64).optional(),
				limit: limitSchema,
			}),
			reply: z.object({
				sockets: z.array(socketLineSchema),
				next: z.string().optional(),
				total: z.int(),
			}),
			query: true,
		},
		socket: {
			args: z.object({ node: idSchema, id: z.string().max(64) }),
			reply: z.object({
				socket: socketLineSchema,
				handles: z.array(handleLineSchema),
				/** Whether there are more handles than are shown. */
				hasMore: z.boolean(),
			}),
			query: true,
		},
		/** Puts an actor away, where it is awake; who uses it wakes it again. */
		sleep: { args: z.object({ key: actorKeySchema }), reply: nothing, query: true },
		/** The node hands over its actors, closes its sockets and ends. */
		drain: { args: nodeArgs, reply: nothing, query: true },
		/** Ends the process of a node at once, as a power cut would: in development on loopback only. */
		kill: { args: nodeArgs, reply: nothing, query: true },
		/** What operators have done, newest first. */
		audit: {
			args: z.object({ before: z.string().max(64).optional(), limit: limitSchema }),
			reply: z.object({ entries: z.array(auditEntrySchema), hasMore: z.boolean() }),
			query: true,
		},
		/** Which node holds this socket, which owns an actor, and how many there are. */
		where: {
			args: z.object({ key: actorKeySchema.optional() }),
			reply: z.object({ node: z.string(), nodes: z.int(), owner: z.string().optional() }),
			query: true,
		},
	},
	events: {},
	ephemerals: {},
});
