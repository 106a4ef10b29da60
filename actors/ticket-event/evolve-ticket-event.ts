import type { EventMeta } from '../../src/core/actor-kind.ts';
import type { Order } from '../../src/protocol/ticket-event.ts';
import { evolveOrderPayment, followPayment, forgetMethods } from './order-payment.ts';
import { isPaymentEvent } from './payment-events.ts';
import { initialPayment } from './payment-state.ts';
import { FREE, HELD, SeatPlan, SOLD } from './seat-plan.ts';
import { activeOf, count } from './tally.ts';
import type { TicketEvent, TicketEventData } from './ticket-event-events.ts';
import {
	changedSale,
	forgetOldest,
	type IssuedTicket,
	noteEnded,
	type StoredOrder,
	saleOf,
	type TicketEventState,
	type Visitor,
} from './ticket-event-state.ts';

/** Cancelled purchases that are remembered; older ones would count again if they came only now. */
const TOMBSTONES_MAX = 200_000;
/** Users who may come back to a missed turn; older ones go to the end of the line. */
const MISSED_MAX = 200_000;
const TICK_MS = 1_000;

type Apply<T extends TicketEvent['type']> = (
	state: TicketEventState,
	data: TicketEventData<T>,
	at: number,
) => void;

function enter(state: TicketEventState, userId: string, visitor: Visitor): void {
	state.visitors.set(userId, visitor);
	if (visitor.phase === 'paying') state.deadlines.delete(userId);
	else state.deadlines.set(userId, visitor.deadline);
}

function exit(state: TicketEventState, userId: string): void {
	state.visitors.delete(userId);
	state.deadlines.delete(userId);
}

function endQueue(state: TicketEventState): void {
	state.queue.clear();
	state.returning.clear();
	state.missed.clear();
	state.waits.clear();
}

function addBought(state: TicketEventState, userId: string, units: number): void {
	const bought = (state.bought.get(userId) ?? 0) + units;
	if (bought === 0) state.bought.delete(userId);
	else state.bought.set(userId, bought);
}

/** What an order's public form says; what the sale keeps besides stays. */
function tellOrder(
	state: TicketEventState,
	{ userId, order }: { readonly userId: string; readonly order: Order },
	issued?: readonly IssuedTicket[],
): void {
	const known = state.orders.get(order.id);
	const stored: StoredOrder = {
		id: order.id,
		userId,
		status: order.status,
		seats: order.seats,
		quantity: order.quantity,
		amount: order.amount,
		currency: order.currency,
		createdAt: order.createdAt,
		deadline: order.deadline ?? known?.deadline ?? 0,
		tickets: issued ?? known?.tickets ?? [],
		payment: known?.payment ?? initialPayment(),
	};
	state.orders.set(order.id, stored);
	followPayment(state, stored);
}

const turned: Apply<'turned'> = (state, { users, returned, deadline, pace }, at) => {
	state.pace = pace;
	for (const userId of users) {
		state.waits.turned(state.queue.numberOf(userId) ?? 0, at);
		state.queue.remove(userId);
		enter(state, userId, { phase: 'turn', deadline });
	}
	for (const userId of returned) {
		state.returning.delete(userId);
		enter(state, userId, { phase: 'turn', deadline });
	}
};

const turnsMissed: Apply<'turnsMissed'> = (state, { users, until }, at) => {
	for (const [userId, to] of state.missed) {
		if (to > at) break;
		state.missed.delete(userId);
	}
	for (const userId of users) {
		exit(state, userId);
		noteEnded(state, userId, 'turnMissed');
		state.missed.delete(userId);
		if (until > at) state.missed.set(userId, until);
	}
	forgetOldest(state.missed, MISSED_MAX);
};

const APPLY: { readonly [T in TicketEvent['type']]?: Apply<T> } = {
	created: (state, { draft, secret }) => {
		state.sale = saleOf(draft);
		state.secret = secret;
		state.plan = new SeatPlan(draft.seats ?? []);
	},
	settingsChanged: (state, { settings, pace }) => {
		state.sale = changedSale(state.sale, settings);
		if (pace !== undefined) state.pace = pace;
	},
	resumed: (state, { pace }) => {
		state.pace = pace;
	},
	opened: (state, { pace, at }) => {
		state.pace = pace;
		state.openedAt = at;
	},
	reopened: (state, { pace }) => {
		state.pace = pace;
	},
	soldOut: endQueue,
	closed: endQueue,
	arrived: (state, { users, returned }, at) => {
		if (users.length > 0) state.waits.came(state.queue.arrived, at);
		for (const userId of users) state.queue.arrive(userId);
		for (const userId of returned) state.returning.add(userId);
		for (const userId of [...users, ...returned]) {
			state.ended.delete(userId);
			state.missed.delete(userId);
			state.done.delete(userId);
		}
	},
	turned,
	turnsMissed,
	admitted: (state, { users, deadline }, at) => {
		state.admissions.add(at, users.length);
		for (const [userId, admission] of users) {
			enter(state, userId, { phase: 'inside', admission, deadline, seats: [], quantity: 0 });
		}
	},
	queueLeft: (state, { userId }) => {
		state.queue.remove(userId);
		state.returning.delete(userId);
		noteEnded(state, userId, 'left');
	},
	held: (state, { userId, visitor, seats }) => {
		state.visitors.set(userId, visitor);
		state.plan.set(seats, HELD);
	},
	released: (state, { userId, visitor, seats }) => {
		state.visitors.set(userId, visitor);
		state.plan.set(seats, FREE);
	},
	visitEnded: (state, { userId, why, seats }) => {
		exit(state, userId);
		state.plan.set(seats, FREE);
		if (why !== 'closed' && why !== 'soldOut') noteEnded(state, userId, why);
	},
	checkedOut: (state, { userId, order }) => {
		enter(state, userId, { phase: 'paying', orderId: order.id, inTime: true });
		tellOrder(state, { userId, order });
	},
	orderTold: (state, { userId, order }) => tellOrder(state, { userId, order }),
	orderWaits: (state, { userId, order }) => {
		state.visitors.set(userId, { phase: 'paying', orderId: order.id, inTime: false });
		tellOrder(state, { userId, order });
	},
	sold: (state, { userId, order, tickets, seats }) => {
		exit(state, userId);
		state.done.set(userId, order.id);
		state.ended.delete(userId);
		state.plan.set(seats, SOLD);
		state.issued += tickets.length;
		addBought(state, userId, order.quantity);
		tellOrder(state, { userId, order }, tickets);
	},
	orderEnded: (state, { userId, order, why, seats }) => {
		exit(state, userId);
		noteEnded(state, userId, why);
		state.plan.set(seats, FREE);
		tellOrder(state, { userId, order });
	},
	refunded: (state, { userId, order, tickets, seats, units }) => {
		state.plan.set(seats, FREE);
		addBought(state, userId, -units);
		const known = state.orders.get(order.id)?.tickets ?? [];
		const isVoid = new Set(tickets.map(({ id }) => id));
		tellOrder(
			state,
			{ userId, order },
			known.filter(({ id }) => !isVoid.has(id)),
		);
	},
	methodsForgotten: (state, { positions }) => forgetMethods(state, positions),
	reserved: (state, { purchaseId, userId, quantity }) => {
		state.reserves.set(purchaseId, { userId, quantity });
		addBought(state, userId, quantity);
	},
	unreserved: (state, { purchaseId, userId, quantity }) => {
		if (state.reserves.delete(purchaseId)) addBought(state, userId, -quantity);
		state.tombstones.add(purchaseId);
		forgetOldest(state.tombstones, TOMBSTONES_MAX);
	},
};

/** A tick is due at the full second behind the first thing that moves. */
function noteMove(state: TicketEventState, event: TicketEvent, at: number): void {
	if (event.type === 'ticked') state.tickDue = undefined;
	else state.tickDue ??= (Math.floor(at / TICK_MS) + 1) * TICK_MS;
}

/** Applies an event in place; the work does not grow with waiters, insiders or seats. */
export function evolveTicketEvent(
	state: TicketEventState,
	event: TicketEvent,
	meta: EventMeta,
): TicketEventState {
	const { at, position } = meta;
	const active = activeOf(state.tally);
	state.at = at;
	state.position = position;
	if (isPaymentEvent(event)) evolveOrderPayment(state, event, meta);
	else (APPLY[event.type] as Apply<never> | undefined)?.(state, event.data as never, at);
	count(state.tally, event);
	const left = active - activeOf(state.tally);
	if (left > 0) state.leaves.add(at, left);
	noteMove(state, event, at);
	return state;
}
