import type { Ticket } from '../../../client-sdk/src/index.ts';

/** An order and its tickets. */
export interface TicketGroup {
	readonly orderId: string;
	readonly tickets: readonly Ticket[];
}

/** Tickets by their orders, in the order of the list. */
export function byOrder(tickets: readonly Ticket[]): TicketGroup[] {
	const groups = new Map<string, Ticket[]>();
	for (const ticket of tickets) {
		const group = groups.get(ticket.orderId);
		if (group) group.push(ticket);
		else groups.set(ticket.orderId, [ticket]);
	}
	return [...groups].map(([orderId, group]) => ({ orderId, tickets: group }));
}
