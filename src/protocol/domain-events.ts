/**
 * What other services are told of, by type and version (P30). A published shape never changes: a field
 * that is added, renamed or means something else is the next version, and the old one stays here as
 * long as an event of it may be unsent or kept.
 */
import { z } from 'zod';
import { idSchema } from './ids.ts';

/** Versions of the data of each type of event. */
export type DomainEventContract = Readonly<Record<string, Readonly<Record<number, z.ZodType>>>>;

/** One event as it leaves. All that it says is as it was when it happened. */
export const domainEventSchema = z.object({
	/** `<actor>:<position>:<index>`: the same however often it is sent. */
	id: z.string(),
	/** Whose event it is, and what it is ordered by: `kind/id`. */
	actor: z.templateLiteral([z.string(), '/', z.string()]),
	/** Number of the actor's event that it comes from, and which of those that this one led to. */
	position: z.int().min(1),
	index: z.int().min(0),
	type: z.string(),
	version: z.int().min(1),
	/** When it happened, in milliseconds since 1970; within an actor never less than before. */
	at: z.int(),
	data: z.record(z.string(), z.unknown()),
});
export type DomainEvent = z.infer<typeof domainEventSchema>;

const saleShape = z.object({
	eventId: idSchema,
	title: z.string(),
	state: z.enum(['scheduled', 'open', 'paused', 'soldOut', 'closed']),
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
});

const ticketsShape = z.array(z.object({ id: z.string(), seatId: idSchema.optional() }));

const orderShape = z.object({
	eventId: idSchema,
	orderId: z.string(),
	userId: idSchema,
	currency: z.string(),
	/** What the order costs, in minor units. */
	amount: z.int(),
});

/** Events of `ticket-event/<id>`. */
export const TICKET_DOMAIN_EVENTS = {
	'ticketEvent.opened': { 1: saleShape },
	'ticketEvent.soldOut': { 1: saleShape },
	/** Units came back behind a sell-out: they are on sale again. */
	'ticketEvent.reopened': { 1: saleShape },
	'ticketEvent.closed': { 1: saleShape },
	/** Paid, and these tickets were issued. */
	'ticket.purchased': { 1: orderShape.extend({ tickets: ticketsShape }) },
	/** These tickets were given back; `quantity` are left of the order. */
	'ticket.refunded': {
		1: orderShape.extend({
			tickets: ticketsShape,
			quantity: z.int(),
			/** All that was paid back of the order so far, in minor units. */
			refunded: z.int(),
		}),
	},
} as const satisfies DomainEventContract;

const standingShape = z.object({
	institutionId: idSchema,
	circuit: z.enum(['closed', 'open', 'recovering', 'forced-open', 'forced-closed']),
	health: z.enum(['HEALTHY', 'CAUTION', 'CRITICAL']),
	/** The health before this one; absent: it was never another. */
	prevStatus: z.enum(['HEALTHY', 'CAUTION', 'CRITICAL']).optional(),
	/** When the circuit last became another. */
	since: z.int(),
	/** When it is expected back, while it is under maintenance. */
	expectedAt: z.int().optional(),
});

/** Events of `institution/<id>`. */
export const INSTITUTION_DOMAIN_EVENTS = {
	'institution.circuitChanged': { 1: standingShape },
	/** Worse or better, with the circuit as it was. */
	'institution.healthChanged': { 1: standingShape },
} as const satisfies DomainEventContract;

/** Everything that leaves, of all kinds of actors. */
export const DOMAIN_EVENTS: DomainEventContract = {
	...TICKET_DOMAIN_EVENTS,
	...INSTITUTION_DOMAIN_EVENTS,
};

/** The present version of a type: its highest. Throws where there is no such type: a bug. */
export function latestVersion(contract: DomainEventContract, type: string): number {
	const versions = Object.keys(contract[type] ?? {}).map(Number);
	if (versions.length === 0) throw new Error(`no domain event is declared as ${type}`);
	return Math.max(...versions);
}
