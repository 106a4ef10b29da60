/** The routes of ticket events, a part of the REST API. */
import { z } from 'zod';
import { idSchema } from './ids.ts';
import { defineRoute } from './rest-route.ts';
import {
	orderIdSchema,
	ticketEventContract,
	ticketEventInfoSchema,
	ticketEventSchema,
	ticketReportSchema,
	ticketSettingsSchema,
} from './ticket-event.ts';

/**
 * As many seats as there may be, with ids of 40 characters. An event is one record of the journal, packed
 * in less than this: a store's document has 16 MB at most.
 */
const EVENT_BODY_MAX = {
	bytes: 15 * 1024 * 1024,
	beyond: 'write it without spaces, and shorten ids and grades of seats',
};
const EVENTS_PAGE_MAX = 200;
const EVENTS_PAGE_LENGTH = 50;

const eventParams = z.object({ id: idSchema });
const nothing = z.object({});
const limitSchema = z
	.string()
	.regex(/^\d{1,3}$/)
	.transform(Number)
	.pipe(z.int().min(1).max(EVENTS_PAGE_MAX))
	.default(EVENTS_PAGE_LENGTH);

/** Acts on one event, in the name of an operator; noted in the audit trail before it happens. */
const act = <const N extends string>(name: N, summary: string) =>
	defineRoute({
		method: 'POST',
		path: `/api/v1/ticket-events/{id}/${name}`,
		summary,
		access: ['ops'],
		params: eventParams,
		reply: nothing,
	});

export const TICKET_ROUTES = {
	listTicketEvents: defineRoute({
		method: 'GET',
		path: '/api/v1/ticket-events',
		summary: 'Ticket events by opening time; of one state, or with a text in the title',
		access: 'user',
		query: z.object({
			state: z.enum(['upcoming', 'open', 'soldOut', 'closed']).optional(),
			text: z.string().max(100).optional(),
			after: z.string().max(300).optional(),
			limit: limitSchema,
		}),
		reply: z.object({ events: z.array(ticketEventInfoSchema), next: z.string().optional() }),
	}),
	createTicketEvent: defineRoute({
		method: 'POST',
		path: '/api/v1/ticket-events',
		summary: 'Makes a ticket event with seats or with stock; it opens by itself at its time',
		access: ['ops'],
		body: ticketEventSchema.extend({ id: idSchema }),
		bodyMax: EVENT_BODY_MAX,
		reply: ticketEventInfoSchema,
	}),
	getTicketEvent: defineRoute({
		method: 'GET',
		path: '/api/v1/ticket-events/{id}',
		summary: 'A ticket event as it is now',
		access: 'user',
		params: eventParams,
		reply: ticketEventInfoSchema,
	}),
	reportTicketEvent: defineRoute({
		method: 'GET',
		path: '/api/v1/ticket-events/{id}/report',
		summary: 'How the sale goes: seats by state, queue, money, and payments that need a person',
		access: ['ops'],
		params: eventParams,
		reply: ticketReportSchema,
	}),
	reconcileTicketEvent: defineRoute({
		method: 'GET',
		path: '/api/v1/ticket-events/{id}/reconcile',
		summary: 'Holds the history of the stock against what is sold; both lists should be empty',
		access: ['ops'],
		params: eventParams,
		reply: ticketEventContract.commands.reconcile.reply,
	}),
	reserveTickets: defineRoute({
		method: 'POST',
		path: '/api/v1/ticket-events/{id}/reserve',
		summary: 'Sells stock for another service; the same purchase again changes nothing',
		access: ['service', 'ops'],
		params: eventParams,
		body: ticketEventContract.commands.reserve.args,
		reply: nothing,
	}),
	unreserveTickets: defineRoute({
		method: 'POST',
		path: '/api/v1/ticket-events/{id}/unreserve',
		summary: 'Gives a purchase of another service back, also one that is still on its way',
		access: ['service', 'ops'],
		params: eventParams,
		body: ticketEventContract.commands.unreserve.args,
		reply: nothing,
	}),
	pauseTicketEvent: act('pause', 'Nobody is let in any more; who is inside goes on'),
	resumeTicketEvent: act('resume', 'Ends a pause'),
	closeTicketEvent: act('close', 'Ends the sale; payments that have begun go on'),
	changeTicketEvent: defineRoute({
		method: 'POST',
		path: '/api/v1/ticket-events/{id}/settings',
		summary: 'Changes what is named; stock can be raised, never below what is used',
		access: ['ops'],
		params: eventParams,
		body: ticketSettingsSchema,
		reply: ticketEventInfoSchema,
	}),
	resolveTicketOrder: defineRoute({
		method: 'POST',
		path: '/api/v1/ticket-events/{id}/resolve',
		summary: 'Ends what is stuck of a payment: it is tried again, or was settled by hand',
		access: ['ops'],
		params: eventParams,
		body: z.object({ orderId: orderIdSchema, how: z.enum(['retry', 'settled']) }),
		reply: nothing,
	}),
};
