import type { PublishedEvent, Publishing } from '../../src/core/actor-kind.ts';
import { TICKET_DOMAIN_EVENTS } from '../../src/protocol/domain-events.ts';
import { splitKey } from '../../src/protocol/ids.ts';
import type { Order, TicketEventInfo } from '../../src/protocol/ticket-event.ts';
import type { TicketEvent } from './ticket-event-events.ts';
import type { IssuedTicket } from './ticket-event-state.ts';

/** Of nearly all events: shared, for they are many. */
const NOTHING: readonly PublishedEvent[] = [];

type Type = keyof typeof TICKET_DOMAIN_EVENTS;

const ofSale = (type: Type, { id: eventId, ...info }: TicketEventInfo): PublishedEvent => ({
	type,
	data: { eventId, ...info },
});

interface OfOrder {
	readonly eventId: string;
	readonly userId: string;
	readonly order: Order;
	readonly tickets: readonly IssuedTicket[];
}

const ofOrder = (type: Type, { eventId, userId, order, tickets }: OfOrder): PublishedEvent => {
	const { id: orderId, currency, amount, quantity, refunded } = order;
	return {
		type,
		data: { eventId, orderId, userId, currency, amount, tickets, quantity, refunded },
	};
};

/** What leaves of a sale: how it stands, and which tickets are sold and given back. */
export const ticketPublishing: Publishing<TicketEvent> = {
	contract: TICKET_DOMAIN_EVENTS,
	eventsOf({ type, data }, { key }) {
		switch (type) {
			case 'opened':
			case 'soldOut':
			case 'reopened':
			case 'closed':
				return [ofSale(`ticketEvent.${type}`, data.info)];
			case 'sold':
				return [ofOrder('ticket.purchased', { eventId: splitKey(key).id, ...data })];
			case 'refunded':
				return [ofOrder('ticket.refunded', { eventId: splitKey(key).id, ...data })];
			default:
				return NOTHING;
		}
	},
};
