import { z } from 'zod';
import { channelKindSchema } from './channel.ts';
import { idSchema } from './ids.ts';
import {
	assetJobSchema,
	assetSnapshotSchema,
	consentSchema,
	jobStepSchema,
	snapshotVersionSchema,
	standingConsentSchema,
} from './institution.ts';
import { defineKind } from './kind.ts';

/** Most notices that wait for one user; older ones give way to newer (bounded state). */
export const NOTICES_MAX = 1_000;

export const noticeSchema = z.object({
	id: z.string(),
	type: z.string().min(1).max(64),
	data: z.unknown(),
	at: z.int(),
	expiresAt: z.int(),
});
export type Notice = z.infer<typeof noticeSchema>;

/** As whom the nodes that serve a user's assets open the user's actor: no user can have this id. */
export const ASSETS_READER = '@assets';

/**
 * A person: `user/<userId>`. Only the person opens it, as an inbox; services post to it (P5). Assets are
 * reached through `assets/me`, which hands on to it.
 */
export const userContract = defineKind({
	kind: 'user',
	style: 'stream',
	own: true,
	openArgs: z.object({}),
	/** Notices that wait, oldest first. */
	view: z.object({
		notices: z.array(noticeSchema),
		/** For nodes, as what follows. */
		jobs: z.array(assetJobSchema).optional(),
		snapshots: z.array(snapshotVersionSchema).optional(),
	}),
	emptyView: { notices: [] },
	commands: {
		/** By role `service` only. */
		post: {
			args: z.object({
				type: z.string().min(1).max(64),
				data: z.unknown(),
				ttlSeconds: z.int().min(1).max(2_592_000),
			}),
			reply: z.object({ id: z.string() }),
			creates: true,
		},
		ack: { args: z.object({ id: z.string().max(64) }), reply: z.object({}), requests: 'none' },
		list: {
			args: z.object({
				before: z.string().max(64).optional(),
				limit: z.int().min(1).max(200).default(50),
			}),
			reply: z.object({ notices: z.array(noticeSchema), hasMore: z.boolean() }),
			query: true,
		},
		/** By nodes, as what follows: the commands of `assets/me`, and the weekly refresh. */
		register: {
			args: z.object({
				institutions: z.array(idSchema).min(1).max(50),
				consent: consentSchema,
			}),
			reply: assetJobSchema,
			creates: true,
			by: 'nodes',
		},
		/** `version`: of the newest snapshot that is deleted; 0 when there is none. */
		withdraw: {
			args: z.object({ institution: idSchema }),
			reply: z.object({ version: z.int() }),
			requests: 'none',
			by: 'nodes',
		},
		/** Fetches all of one institution once for each transaction id; `refreshed` tells the end (I23). */
		refresh: {
			args: z.object({ institution: idSchema, transactionId: z.string().min(1).max(64) }),
			reply: z.object({ isRecorded: z.boolean() }),
			requests: 'none',
			by: 'nodes',
		},
		/** A token (sealed) that came when nobody waited for it: it is made void, or kept. */
		stray: {
			args: z.object({
				institution: idSchema,
				consent: z.object({ id: z.string().max(64), expires: z.int() }),
				token: z.object({
					access: z.string().max(16_384),
					refresh: z.string().max(16_384).optional(),
					expires: z.number(),
				}),
			}),
			reply: z.object({}),
			requests: 'none',
			by: 'nodes',
		},
		jobs: {
			args: z.object({}),
			reply: z.object({ jobs: z.array(assetJobSchema) }),
			query: true,
			by: 'nodes',
		},
		consents: {
			args: z.object({}),
			reply: z.object({ consents: z.array(standingConsentSchema) }),
			query: true,
			by: 'nodes',
		},
		/** Newest snapshots, with what the store does not have yet. */
		assets: {
			args: z.object({ institutions: z.array(idSchema).max(100) }),
			reply: z.object({ snapshots: z.array(assetSnapshotSchema) }),
			query: true,
			by: 'nodes',
		},
	},
	events: {
		notice: noticeSchema,
		acked: z.object({ id: z.string() }),
		/** To nodes, as what follows. */
		job: assetJobSchema,
		step: z.object({ jobId: z.string(), step: jobStepSchema }),
		/** There is a newer snapshot. */
		recorded: snapshotVersionSchema,
		/** Snapshots up to this version are deleted. */
		gone: snapshotVersionSchema,
		refreshed: z.object({
			institution: idSchema,
			transactionId: z.string(),
			/** Why not. */
			code: z.string().optional(),
			retryAfterMs: z.number().optional(),
		}),
	},
	ephemerals: {},
});

/** What `channels` lists and tells about one of the user's channels. */
export const channelSummarySchema = z.object({
	id: z.string(),
	kind: channelKindSchema,
	name: z.string(),
	memberCount: z.int(),
	lastAt: z.int(),
	lastMessage: z
		.object({
			seq: z.int(),
			at: z.int(),
			userId: idSchema,
			name: z.string().optional(),
			/** At most 200 characters; empty when deleted. */
			text: z.string(),
			deletedAt: z.int().optional(),
		})
		.optional(),
	lastSeq: z.int(),
	/** Present in the user's own list. 1,000 stands for more than 999. */
	unread: z.int().optional(),
	mentions: z.int().optional(),
	marker: z.int().optional(),
});
export type ChannelSummary = z.infer<typeof channelSummarySchema>;

const listArgs = z.object({
	after: z.string().max(200).optional(),
	limit: z.int().min(1).max(200).default(50),
});
const listReply = z.object({
	channels: z.array(channelSummarySchema),
	/** Pass it as `after` for the next page. */
	next: z.string().optional(),
});

/** The user's own list of channels and the public ones: a service of the gateway, `channels/me`. */
export const channelsContract = defineKind({
	kind: 'channels',
	style: 'service',
	openArgs: z.object({}),
	view: z.object({}),
	commands: {
		/** Own channels by last activity, newest first. */
		list: { args: listArgs, reply: listReply, query: true },
		/** Open channels by last activity, newest first. */
		public: { args: listArgs, reply: listReply, query: true },
	},
	events: {},
	/** `change`: a channel of the user's moved on; at most once a second per channel. */
	ephemerals: { change: channelSummarySchema, gone: z.object({ id: z.string() }) },
});

export const presenceStateSchema = z.object({
	userId: idSchema,
	state: z.enum(['online', 'away', 'offline']),
	lastActiveAt: z.int().optional(),
});
export type PresenceState = z.infer<typeof presenceStateSchema>;

/** Who is there: a service of the gateway, `presence/me`. */
export const presenceContract = defineKind({
	kind: 'presence',
	style: 'service',
	openArgs: z.object({}),
	view: z.object({}),
	commands: {
		/** Watches these users too, and answers with their present state. */
		watch: {
			args: z.object({ users: z.array(idSchema).min(1).max(1_000) }),
			reply: z.object({ states: z.array(presenceStateSchema) }),
			query: true,
		},
		unwatch: {
			args: z.object({ users: z.array(idSchema).min(1).max(1_000) }),
			reply: z.object({}),
			query: true,
		},
		/** What the user says of themselves, on all devices. */
		set: {
			args: z.object({ state: z.enum(['online', 'away']) }),
			reply: z.object({}),
			query: true,
		},
		/** Whether a page or app of this device is in front. */
		visible: { args: z.object({ visible: z.boolean() }), reply: z.object({}), query: true },
		/** Explicit logout: this device is gone at once. */
		logout: { args: z.object({}), reply: z.object({}), query: true },
	},
	events: {},
	ephemerals: { change: z.object({ states: z.array(presenceStateSchema) }) },
});
