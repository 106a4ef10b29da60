import type { Ticket } from '../../../client-sdk/src/index.ts';

/** An order and its tickets. */
export interface TicketGroup {
	readonly orderId: string;
	readonly tickets: readonly Ticket[];
}

const bySeat = new Intl.Collator('en', { numeric: true });

/** As they are in the hall: `A-9` before `A-10`. */
export const inSeatOrder = (tickets: readonly Ticket[]): Ticket[] =>
	[...tickets].sort((one, other) => bySeat.compare(one.seatId ?? '', other.seatId ?? ''));

/** Tickets by their orders, in the order of the list. */
export function byOrder(tickets: readonly Ticket[]): TicketGroup[] {
	const groups = new Map<string, Ticket[]>();
	for (const ticket of tickets) {
		const group = groups.get(ticket.orderId);
		if (group) group.push(ticket);
		else groups.set(ticket.orderId, [ticket]);
	}
	return [...groups].map(([orderId, group]) => ({
		orderId,
		tickets: inSeatOrder(group),
	}));
}
