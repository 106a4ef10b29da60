/** What buyers speak to, over the services and rooms of their node. */
import { z } from 'zod';
import { defineKind } from './kind.ts';
import {
	orderIdSchema,
	orderSchema,
	pickedSeatsSchema,
	pickSchema,
	refundSchema,
	ticketEventInfoSchema,
	ticketMeSchema,
	ticketSchema,
	ticketTickSchema,
} from './ticket-event.ts';

const nothing = z.object({});

/**
 * One event as a buyer sees it: a service of the buyer's node, `ticket-lobby/<event>`. It gathers
 * arrivals, knows who of its users waits, and tells them where they stand.
 */
export const ticketLobbyContract = defineKind({
	kind: 'ticket-lobby',
	style: 'service',
	openArgs: nothing,
	view: z.object({
		info: ticketEventInfoSchema,
		tick: ticketTickSchema,
		me: ticketMeSchema,
	}),
	commands: {
		enter: { args: nothing, reply: ticketMeSchema, requests: 'none' },
		leave: { args: nothing, reply: nothing, requests: 'none' },
		/** The exact place, now. */
		place: { args: nothing, reply: ticketMeSchema, query: true },
		hold: {
			args: z.intersection(z.object({ admission: z.string().max(2_000) }), pickSchema),
			reply: ticketMeSchema,
		},
		release: {
			args: z.object({ admission: z.string().max(2_000), seats: pickedSeatsSchema.optional() }),
			reply: ticketMeSchema,
		},
		checkout: { args: z.object({ admission: z.string().max(2_000) }), reply: orderSchema },
		pay: {
			args: z.object({ orderId: orderIdSchema, methodToken: z.string().min(1).max(200) }),
			reply: orderSchema,
		},
	},
	events: {},
	ephemerals: {
		me: ticketMeSchema,
		tick: ticketTickSchema,
		info: ticketEventInfoSchema,
	},
});

const pageShape = {
	after: z.string().max(300).optional(),
	limit: z.int().min(1).max(200).default(50),
};

/** Events, own tickets and orders: a service of the gateway, `tickets/me`. */
export const ticketsContract = defineKind({
	kind: 'tickets',
	style: 'service',
	openArgs: nothing,
	view: nothing,
	commands: {
		/** By opening time. */
		events: {
			args: z.object({
				state: z.enum(['upcoming', 'open', 'soldOut', 'closed']).optional(),
				text: z.string().max(100).optional(),
				...pageShape,
			}),
			reply: z.object({ events: z.array(ticketEventInfoSchema), next: z.string().optional() }),
			query: true,
		},
		/** Own tickets, newest first. */
		list: {
			args: z.object(pageShape),
			reply: z.object({
				tickets: z.array(ticketSchema),
				hasMore: z.boolean(),
				next: z.string().optional(),
			}),
			query: true,
		},
		order: { args: z.object({ orderId: orderIdSchema }), reply: orderSchema, query: true },
		refund: { args: refundSchema, reply: orderSchema },
	},
	events: {},
	ephemerals: {},
});

/** The live seat map for those inside: a Colyseus room with schema state, `ticket-seats/<event>`. */
export const ticketSeatsContract = defineKind({
	kind: 'ticket-seats',
	style: 'seat',
	/** The proof of admission. */
	openArgs: z.object({ admission: z.string().max(2_000) }),
	view: nothing,
	commands: {},
	events: {},
	ephemerals: {},
});
