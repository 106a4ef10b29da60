import type { TicketMe } from '../../src/protocol/ticket-event.ts';
import { type Draft, refuse, type TicketDecision } from './draft.ts';
import { settle } from './give-turns.ts';
import { orderBehind } from './order-payment.ts';
import type { PaymentEvent, Returned } from './payment-events.ts';
import { isAsking, meOf, toOrder } from './show-me.ts';
import type { IssuedTicket, StoredOrder } from './ticket-event-state.ts';

/** Whether the owner of an order takes a place with it, also when it was only now checked out. */
function isInTime({ state, events }: Draft, { userId, id }: StoredOrder): boolean {
	const visitor = state.visitors.get(userId);
	if (visitor?.phase === 'paying' && visitor.orderId === id) return visitor.inTime;
	return events.some(({ type, data }) => type === 'checkedOut' && data.order.id === id);
}

/** Tickets for all that was ordered, numbered on from the last one of the event. */
function issue({ state, events }: Draft, order: StoredOrder): IssuedTicket[] {
	let number = state.issued;
	for (const { type, data } of events) if (type === 'sold') number += data.tickets.length;
	return Array.from({ length: order.quantity }, (_, at) => {
		const id = String(++number);
		const seatId = order.seats[at];
		return seatId === undefined ? { id } : { id, seatId };
	});
}

function sell(draft: Draft, order: StoredOrder): void {
	const { state, now } = draft;
	draft.add({
		type: 'sold',
		data: {
			userId: order.userId,
			order: toOrder(state.id, order),
			tickets: issue(draft, order),
			seats: state.plan.indexesOf(order.seats),
			at: now,
			inTime: isInTime(draft, order),
		},
	});
}

function endOrder(draft: Draft, order: StoredOrder, why: 'left' | 'payExpired'): void {
	const { state } = draft;
	draft.add({
		type: 'orderEnded',
		data: {
			userId: order.userId,
			order: toOrder(state.id, order),
			why,
			units: order.quantity,
			seats: state.plan.indexesOf(order.seats),
			inTime: isInTime(draft, order),
		},
	});
}

/** Where the owner of a refunded order stands: what was bought last is shown as it is now. */
function meBehind({ state }: Draft, order: StoredOrder): TicketMe {
	const me = meOf(state, order.userId);
	return me.order?.id === order.id ? { ...me, order: toOrder(state.id, order) } : me;
}

/** The tickets that a refund makes void: of the named seats, or the last of those without seats. */
function voidTickets({ tickets }: StoredOrder, { seats, quantity }: Returned) {
	if (seats.length > 0) return tickets.filter(({ seatId }) => seats.includes(seatId ?? ''));
	return quantity === undefined ? tickets : tickets.slice(-quantity);
}

/** What comes back with a refund. */
function giveBack(draft: Draft, order: StoredOrder, returned: Returned): StoredOrder {
	const { state, now } = draft;
	const tickets = voidTickets(order, returned);
	const rest = order.tickets.filter((ticket) => !tickets.includes(ticket));
	const next: StoredOrder = {
		...order,
		seats: order.seats.filter((id) => !returned.seats.includes(id)),
		tickets: rest,
		quantity: rest.length,
		status: rest.length === 0 ? 'refunded' : order.status,
	};
	draft.add({
		type: 'refunded',
		data: {
			userId: order.userId,
			order: toOrder(state.id, next),
			tickets,
			seats: state.plan.indexesOf(returned.seats),
			units: tickets.length,
			at: now,
			me: meBehind(draft, next),
		},
	});
	return next;
}

/** Tells the buyer of another status, and that a provider is asked, or is not any more. */
function tellChange(draft: Draft, before: StoredOrder, behind: StoredOrder): void {
	if (behind.status === before.status && isAsking(behind) === isAsking(before)) return;
	const order = toOrder(draft.state.id, behind);
	draft.add({ type: 'orderTold', data: { userId: behind.userId, order } });
}

/**
 * Adds the steps of a payment, and what follows from them for the order: sold, ended, given back, or
 * told anew. Answers with the order behind all of it.
 */
export function pursue(
	draft: Draft,
	order: StoredOrder,
	{ events, why = 'payExpired' }: { events: readonly PaymentEvent[]; why?: 'left' | 'payExpired' },
): StoredOrder {
	if (events.length === 0) return order;
	for (const event of events) draft.add(event);
	let behind = orderBehind(order, events, { at: draft.now });
	const before = order.payment.stands;
	const { stands } = behind.payment;
	if (stands === 'paid' && before !== 'paid') sell(draft, behind);
	else if (stands === 'over' && before !== 'over') endOrder(draft, behind, why);
	else tellChange(draft, order, behind);
	for (const event of events) {
		if (event.type === 'paymentRefunded') behind = giveBack(draft, behind, event.data);
	}
	return behind;
}

/** The time to pay has passed while a payment is in doubt: its owner's place is free, the seats stay. */
export function waitOn(draft: Draft, order: StoredOrder): void {
	if (!isInTime(draft, order) || order.deadline > draft.now) return;
	const told = toOrder(draft.state.id, { ...order, status: 'resolving' });
	draft.add({ type: 'orderWaits', data: { userId: order.userId, order: told } });
}

/** The buyer gives up: what was authorised is voided. */
export function cancelOrder(draft: Draft, userId: string, orderId: string): TicketDecision {
	const order = draft.state.orders.get(orderId);
	if (order === undefined || order.userId !== userId) return draft.accept();
	if (order.payment.stands === 'mustWait') {
		return refuse('CONFLICT', 'the payment is being completed: wait for its outcome');
	}
	const event: PaymentEvent = { type: 'paymentExpired', data: { orderId, why: 'abandoned' } };
	pursue(draft, order, { events: [event], why: 'left' });
	settle(draft);
	return draft.accept();
}
