import { z } from 'zod';
import { idSchema } from './ids.ts';
import { defineKind } from './kind.ts';
import { packSeats, seatMapBytes } from './seat-catalog.ts';

/** Most seats, or units of stock, of one event. */
export const CAPACITY_MAX = 200_000;
/** Most bytes of a seat map, which everybody inside is sent: a room says no more at once to another node. */
const SEAT_MAP_BYTES_MAX = 3.5 * 1024 * 1024;
/** Most users in one `arrive`, `claim` or `look` of a node. */
export const ARRIVALS_MAX = 5_000;
/** Payment providers of one event. */
const PROVIDERS_MAX = 20;
/** Most seats or units that one user may hold and buy. */
export const PER_USER_MAX = 100;

const moneySchema = z.int().min(0).max(1_000_000_000_000);
const secondsSchema = (max: number) => z.int().min(1).max(max);

export const seatSchema = z.object({
	id: idSchema,
	grade: z.string().min(1).max(32),
	/** Minor units of the event's currency. */
	price: moneySchema,
});
export type TicketSeat = z.infer<typeof seatSchema>;

/** Who may be inside at once, and how fast others follow. */
export const admissionSchema = z.object({
	/** `desk`: one leaves, the next enters at once. `turnstile`: `batch` users each interval. */
	mode: z.enum(['desk', 'turnstile']).default('turnstile'),
	maxActive: z.int().min(1).max(100_000).default(10_000),
	batch: z.int().min(1).max(10_000).default(100),
	intervalMs: z.int().min(100).max(3_600_000).default(5_000),
	/** A turn that nobody takes within this time passes on (T2). */
	graceMs: z.int().min(1_000).max(600_000).default(60_000),
	/** Whoever comes back within this time after a missed turn enters next. */
	returnMs: z.int().min(0).max(3_600_000).default(600_000),
});

/** Payment providers by name, with the share of new orders that each gets (T10). */
export const providersSchema = z
	.record(idSchema, z.int().min(0).max(1_000))
	.refine((shares) => Object.keys(shares).length <= PROVIDERS_MAX, 'too many providers');

const saleShape = {
	title: z.string().min(1).max(200),
	/** Milliseconds since 1970. */
	opensAt: z.int().min(0),
	closesAt: z.int().min(0).optional(),
	/** ISO 4217. */
	currency: z.string().regex(/^[A-Z]{3}$/),
	maxPerUser: z.int().min(1).max(PER_USER_MAX).default(3),
	pickSeconds: secondsSchema(1_200).default(600),
	paySeconds: secondsSchema(3_600).default(420),
	/** Whether seats that come back after everything was sold are on sale again (T12). */
	reopens: z.boolean().default(true),
};

const hasSmallMap = (seats: readonly TicketSeat[]) =>
	seatMapBytes(packSeats(seats), seats.length) <= SEAT_MAP_BYTES_MAX;

/** What creates an event: seats or stock, one of both. */
export const ticketEventSchema = z.object({
	...saleShape,
	seats: z
		.array(seatSchema)
		.min(1)
		.max(CAPACITY_MAX)
		.refine(
			hasSmallMap,
			'too large a seat map: shorten ids, or let neighbours begin alike; fewer grades',
		)
		.optional(),
	stock: z.object({ total: z.int().min(1).max(100_000_000), price: moneySchema }).optional(),
	admission: admissionSchema.prefault({}),
	providers: providersSchema.default({ 'pay-a': 1, 'pay-b': 1 }),
});
export type TicketEventDraft = z.infer<typeof ticketEventSchema>;

/** What may change at run time; absent: stays. */
export const ticketSettingsSchema = z.object({
	title: z.string().min(1).max(200).optional(),
	opensAt: z.int().min(0).optional(),
	closesAt: z.int().min(0).optional(),
	maxActive: z.int().min(1).max(100_000).optional(),
	batch: z.int().min(1).max(10_000).optional(),
	intervalMs: z.int().min(100).max(3_600_000).optional(),
	graceMs: z.int().min(1_000).max(600_000).optional(),
	returnMs: z.int().min(0).max(3_600_000).optional(),
	pickSeconds: secondsSchema(1_200).optional(),
	paySeconds: secondsSchema(3_600).optional(),
	/** Never below what is used (T16). */
	stockTotal: z.int().min(1).max(100_000_000).optional(),
	reopens: z.boolean().optional(),
	providers: providersSchema.optional(),
});
export type TicketSettings = z.infer<typeof ticketSettingsSchema>;

export const ticketEventStateSchema = z.enum(['scheduled', 'open', 'paused', 'soldOut', 'closed']);
export type TicketEventState = z.infer<typeof ticketEventStateSchema>;

/** What everybody may know of an event. */
export const ticketEventInfoSchema = z.object({
	id: idSchema,
	title: z.string(),
	state: ticketEventStateSchema,
	opensAt: z.int(),
	closesAt: z.int().optional(),
	currency: z.string(),
	/** Whether seats are picked; otherwise a quantity. */
	seated: z.boolean(),
	capacity: z.int(),
	free: z.int(),
	/** Lowest and highest price, in minor units. */
	priceMin: z.int(),
	priceMax: z.int(),
	maxPerUser: z.int(),
	pickSeconds: z.int(),
	paySeconds: z.int(),
});
export type TicketEventInfo = z.infer<typeof ticketEventInfoSchema>;

export const orderStatusSchema = z.enum([
	/** Frozen, waits for `pay`, or the provider is being asked. */
	'paying',
	/** Paid; tickets are issued. */
	'paid',
	/** The bank said no; `pay` may be tried again until the deadline. */
	'declined',
	/** A payment is in doubt and being found out: neither sold nor failed. */
	'resolving',
	/** The deadline passed: nothing was bought, anything authorised is voided. */
	'expired',
	'refunded',
]);
export type OrderStatus = z.infer<typeof orderStatusSchema>;

/** `<event>:<id>`: the event's id stands in front, so that an order is found by its id alone. */
export const ORDER_ID = /^([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{1,64})$/;
export const orderIdSchema = z.string().regex(ORDER_ID, 'not the id of an order');

export const orderSchema = z.object({
	id: orderIdSchema,
	eventId: idSchema,
	status: orderStatusSchema,
	/** While `paying`: a provider is asked, or will be; nothing to do but wait. Absent otherwise. */
	asking: z.literal(true).optional(),
	/** Empty when the event has no seats. */
	seats: z.array(idSchema),
	quantity: z.int(),
	/** Minor units. */
	amount: z.int(),
	currency: z.string(),
	refunded: z.int(),
	createdAt: z.int(),
	/** Pay before this time; absent when there is nothing to pay any more. */
	deadline: z.int().optional(),
});
export type Order = z.infer<typeof orderSchema>;

export const ticketSchema = z.object({
	id: z.string(),
	eventId: idSchema,
	seatId: idSchema.optional(),
	orderId: orderIdSchema,
	title: z.string(),
	at: z.int(),
});
export type Ticket = z.infer<typeof ticketSchema>;

/** Where one user stands: the same after a reload and on another device. */
export const ticketMeSchema = z.object({
	phase: z.enum(['before', 'waiting', 'turn', 'inside', 'paying', 'done', 'soldOut', 'closed']),
	/** Users ahead, counted when `turned` turns had been given: now it is less by the turns since. */
	place: z.int().optional(),
	turned: z.int().optional(),
	/** `turn`: come by then; `inside`: check out by then; `paying`: pay by then. */
	deadline: z.int().optional(),
	/** Proof of admission, while inside; sent with `hold`, `release` and `checkout`. */
	admission: z.string().optional(),
	held: z.object({ seats: z.array(idSchema), quantity: z.int() }),
	order: orderSchema.optional(),
	/** Why the user is `before` again. */
	ended: z.enum(['left', 'turnMissed', 'pickExpired', 'payExpired']).optional(),
});
export type TicketMe = z.infer<typeof ticketMeSchema>;

/** The same for all who wait; from it a client computes its place and its wait (T4). */
export const ticketTickSchema = z.object({
	at: z.int(),
	state: ticketEventStateSchema,
	/** Turns given so far. */
	turned: z.int(),
	waiting: z.int(),
	/** Inside, or with a turn. */
	active: z.int(),
	maxActive: z.int(),
	free: z.int(),
	/** Absent at a desk. */
	batch: z.int().optional(),
	intervalMs: z.int().optional(),
	/** Places that became free, per second, of the last minute. */
	leaveRate: z.number(),
});
export type TicketTick = z.infer<typeof ticketTickSchema>;

export const ticketReportSchema = z.object({
	state: ticketEventStateSchema,
	capacity: z.int(),
	free: z.int(),
	held: z.int(),
	paying: z.int(),
	sold: z.int(),
	waiting: z.int(),
	inside: z.int(),
	/** Minor units. */
	captured: z.int(),
	refunded: z.int(),
	turned: z.int(),
	arrived: z.int(),
	/** Users let in per minute, over the last minute. */
	ratePerMinute: z.number(),
	/** Of those admitted so far, how many bought. */
	conversion: z.number(),
	waitP50Ms: z.int(),
	waitP99Ms: z.int(),
	/** Payments that need a person (T9). */
	stuck: z.array(z.object({ orderId: orderIdSchema, since: z.int(), what: z.string() })),
});
export type TicketReport = z.infer<typeof ticketReportSchema>;

const usersSchema = z.array(idSchema).min(1).max(ARRIVALS_MAX);
/** Of one user's request. */
export const pickedSeatsSchema = z.array(idSchema).min(1).max(PER_USER_MAX);
/** Ids of the users' admission that a node has read out of the signed proof. */
const admissionIdSchema = z.string().min(1).max(64);
const quantitySchema = z.int().min(1).max(PER_USER_MAX);
/** Seats by their ids, or how many units. */
export const pickSchema = z.union([
	z.object({ seats: pickedSeatsSchema }),
	z.object({ quantity: quantitySchema }),
]);
/** Some of an order's seats, or so many of its units without seats; all that is left when absent. */
export const refundSchema = z.object({
	orderId: orderIdSchema,
	seats: pickedSeatsSchema.optional(),
	quantity: quantitySchema.optional(),
});
const nothing = z.object({});

/**
 * The actor of one event: `ticket-event/<id>`. It talks to nodes (role `system`), operators and
 * services; buyers come through `ticket-lobby/<id>` on their node.
 */
export const ticketEventContract = defineKind({
	kind: 'ticket-event',
	style: 'stream',
	openArgs: nothing,
	view: z.object({
		info: ticketEventInfoSchema,
		tick: ticketTickSchema,
		/** Of the proofs of admission; for nodes only. */
		secret: z.string().optional(),
	}),
	commands: {
		// Operators.
		create: {
			args: ticketEventSchema.extend({ secret: z.string().min(32).max(128) }),
			reply: ticketEventInfoSchema,
			creates: true,
		},
		settings: { args: ticketSettingsSchema, reply: ticketEventInfoSchema },
		pause: { args: nothing, reply: nothing },
		resume: { args: nothing, reply: nothing },
		close: { args: nothing, reply: nothing },
		report: { args: nothing, reply: ticketReportSchema, query: true },
		/**
		 * Holds the history of the stock against what is sold (T11): units sold without a row, and units in
		 * use by the history alone. Both lists are empty, or somebody has to look.
		 */
		reconcile: {
			args: nothing,
			reply: z.object({
				units: z.int(),
				missing: z.array(z.string()),
				extra: z.array(z.string()),
			}),
			query: true,
		},
		/** Ends what is stuck: tried again, or settled by hand. */
		resolve: {
			args: z.object({ orderId: orderIdSchema, how: z.enum(['retry', 'settled']) }),
			reply: nothing,
		},
		// Nodes, for many users at once. All three take effect once per user, however often they come.
		/** The users are here and want in; answers where each stands, in order. */
		arrive: {
			args: z.object({ users: usersSchema }),
			reply: z.object({ me: z.array(ticketMeSchema) }),
			requests: 'none',
		},
		/** The users are there, and take the turn that they were given. */
		claim: { args: z.object({ users: usersSchema }), reply: nothing, requests: 'none' },
		/** Where each of the users stands, in order; changes nothing. */
		look: {
			args: z.object({ users: usersSchema }),
			reply: z.object({ me: z.array(ticketMeSchema) }),
			query: true,
		},
		/** All seats: their ids, grades and prices, and one letter each for their state (`F` `H` `S`). */
		seatMap: {
			args: nothing,
			reply: z.object({ seats: z.array(seatSchema), states: z.string() }),
			query: true,
		},
		// Buyers, through their node.
		leave: { args: nothing, reply: nothing },
		hold: {
			args: z.intersection(z.object({ admission: admissionIdSchema }), pickSchema),
			reply: ticketMeSchema,
		},
		/** Without seats: everything held. */
		release: {
			args: z.object({ admission: admissionIdSchema, seats: pickedSeatsSchema.optional() }),
			reply: ticketMeSchema,
		},
		checkout: { args: z.object({ admission: admissionIdSchema }), reply: orderSchema },
		pay: {
			args: z.object({ orderId: orderIdSchema, methodToken: z.string().min(1).max(200) }),
			reply: orderSchema,
		},
		order: { args: z.object({ orderId: orderIdSchema }), reply: orderSchema, query: true },
		refund: { args: refundSchema, reply: orderSchema },
		// Other services, for stock without a waiting room (T11).
		reserve: {
			args: z.object({
				purchaseId: idSchema,
				userId: idSchema,
				quantity: quantitySchema,
			}),
			reply: nothing,
		},
		unreserve: { args: z.object({ purchaseId: idSchema }), reply: nothing },
	},
	events: {
		/** Once a second while anything moves. */
		tick: ticketTickSchema,
		/** State, title or limits changed. */
		info: ticketEventInfoSchema,
		/** To the users concerned only: where each stands now. */
		me: z.object({ userId: idSchema, me: ticketMeSchema }),
		/** It is these users' turn: whoever is there has to claim it. */
		turn: z.object({ users: z.array(idSchema), deadline: z.int() }),
		/** States of seats that changed, by index in the seat map. */
		seats: z.object({ seats: z.array(z.int()), states: z.string() }),
		/** Everything is sold: the queue has ended. */
		soldOut: z.object({ at: z.int() }),
	},
	ephemerals: {},
});
