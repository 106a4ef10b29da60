import { z } from 'zod';
import { idSchema } from './ids.ts';
import { defineKind } from './kind.ts';

/** Longest message text, in characters (C2). */
export const TEXT_LENGTH_MAX = 100_000;
/** Most members of a group (C1) and of an open channel. */
export const GROUP_MEMBERS_MAX = 100;
export const OPEN_MEMBERS_MAX = 20_000;
/** A page or resume part holds at most this much, or one message (C6). */
export const PAGE_BYTES_MAX = 256 * 1024;
export const PAGE_LENGTH_MAX = 200;
export { UNREAD_MAX } from './limits.ts';

export const channelKindSchema = z.enum(['direct', 'group', 'open']);
export type ChannelKind = z.infer<typeof channelKindSchema>;
export const roleSchema = z.enum(['owner', 'moderator', 'member']);
export type Role = z.infer<typeof roleSchema>;

const seqSchema = z.int().positive();
const textSchema = z.string().min(1).max(TEXT_LENGTH_MAX);
const emojiSchema = z.string().min(1).max(32);
const usersSchema = z.array(idSchema).min(1).max(GROUP_MEMBERS_MAX);
const nothing = z.object({});

/** A person as delivered with members and messages. */
export const profileSchema = z.object({
	userId: idSchema,
	name: z.string().max(100).optional(),
	picture: z.string().max(1000).optional(),
});
export type Profile = z.infer<typeof profileSchema>;

export const messageSchema = z.object({
	seq: seqSchema,
	id: z.string(),
	at: z.int(),
	userId: idSchema,
	name: z.string().optional(),
	picture: z.string().optional(),
	/** Empty when deleted. */
	text: z.string(),
	clientId: z.string().optional(),
	replyTo: seqSchema.optional(),
	mentions: z.array(idSchema).optional(),
	/** A small JSON value of the application's own. */
	data: z.unknown().optional(),
	editedAt: z.int().optional(),
	deletedAt: z.int().optional(),
	deletedBy: idSchema.optional(),
	/** emoji → how many. */
	reactions: z.record(z.string(), z.int()).optional(),
	/** The asking user's own reactions. */
	mine: z.array(z.string()).optional(),
});
export type Message = z.infer<typeof messageSchema>;

export const memberSchema = profileSchema.extend({
	role: roleSchema,
	joinedAt: z.int(),
	/** Largest seq read. */
	marker: z.int(),
	mutedUntil: z.int().optional(),
});
export type Member = z.infer<typeof memberSchema>;

const pageSchema = z.object({ messages: z.array(messageSchema), hasMore: z.boolean() });

export const channelInfoSchema = z.object({
	id: z.string(),
	kind: channelKindSchema,
	name: z.string(),
	memberCount: z.int(),
	lastSeq: z.int(),
	slowModeMs: z.int(),
});
export type ChannelInfo = z.infer<typeof channelInfoSchema>;

const memberChange = z.object({ userId: idSchema, by: idSchema, memberCount: z.int() });

/** A chat channel: `channel/<id>`. */
export const channelContract = defineKind({
	kind: 'channel',
	style: 'stream',
	openArgs: z.object({ last: z.int().min(0).max(PAGE_LENGTH_MAX).default(50) }),
	view: channelInfoSchema.extend({
		/** The asking user's membership; absent for a visitor of an open channel. */
		me: memberSchema.optional(),
		unread: z.int(),
		messages: z.array(messageSchema),
		hasMore: z.boolean(),
	}),
	commands: {
		create: {
			args: z.object({
				kind: channelKindSchema,
				name: z.string().max(100).default(''),
				members: z.array(idSchema).max(GROUP_MEMBERS_MAX).default([]),
			}),
			reply: z.object({ id: z.string() }),
			creates: true,
		},
		join: { args: nothing, reply: nothing, creates: true },
		leave: { args: nothing, reply: nothing },
		send: {
			args: z.object({
				text: textSchema,
				replyTo: seqSchema.optional(),
				mentions: z.array(idSchema).max(50).optional(),
				data: z.unknown().optional(),
			}),
			reply: z.object({ seq: seqSchema, id: z.string(), at: z.int() }),
		},
		edit: { args: z.object({ seq: seqSchema, text: textSchema }), reply: nothing },
		delete: { args: z.object({ seq: seqSchema }), reply: nothing },
		react: {
			args: z.object({ seq: seqSchema, emoji: emojiSchema, on: z.boolean() }),
			reply: nothing,
		},
		/** Answered and journaled at most once a second per channel (C8). */
		read: {
			args: z.object({ seq: z.int().nonnegative() }),
			reply: z.object({ marker: z.int(), unread: z.int() }),
			requests: 'none',
			gatherMs: 1_000,
		},
		history: {
			args: z.object({
				before: seqSchema.optional(),
				after: z.int().nonnegative().optional(),
				around: seqSchema.optional(),
				limit: z.int().min(1).max(PAGE_LENGTH_MAX).default(50),
			}),
			reply: pageSchema,
			query: true,
		},
		members: {
			args: z.object({
				after: idSchema.optional(),
				limit: z.int().min(1).max(PAGE_LENGTH_MAX).default(100),
			}),
			reply: z.object({ members: z.array(memberSchema), hasMore: z.boolean() }),
			query: true,
		},
		add: { args: z.object({ users: usersSchema }), reply: nothing },
		kick: { args: z.object({ userId: idSchema }), reply: nothing },
		ban: { args: z.object({ userId: idSchema }), reply: nothing },
		unban: { args: z.object({ userId: idSchema }), reply: nothing },
		mute: {
			args: z.object({ userId: idSchema, ms: z.int().min(0).max(31_536_000_000) }),
			reply: nothing,
		},
		setRole: { args: z.object({ userId: idSchema, role: roleSchema }), reply: nothing },
		slowMode: { args: z.object({ ms: z.int().min(0).max(3_600_000) }), reply: nothing },
		rename: { args: z.object({ name: z.string().min(1).max(100) }), reply: nothing },
	},
	events: {
		message: messageSchema,
		edited: z.object({ seq: seqSchema, text: z.string(), at: z.int() }),
		deleted: z.object({ seq: seqSchema, at: z.int(), by: idSchema }),
		reacted: z.object({
			seq: seqSchema,
			userId: idSchema,
			emoji: z.string(),
			on: z.boolean(),
			/** How many there are of this emoji now. */
			count: z.int(),
		}),
		joined: memberChange.extend({ member: memberSchema }),
		left: memberChange.extend({ how: z.enum(['left', 'kicked', 'banned']) }),
		/** To the reader's own devices only. */
		read: z.object({ marker: z.int(), unread: z.int() }),
		muted: z.object({ userId: idSchema, until: z.int() }),
		roleSet: z.object({ userId: idSchema, role: roleSchema }),
		slowModeSet: z.object({ ms: z.int() }),
		renamed: z.object({ name: z.string() }),
	},
	ephemerals: {
		typing: z.object({ userId: idSchema.optional() }),
	},
});
