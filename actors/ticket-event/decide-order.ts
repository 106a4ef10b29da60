import type { Caller, Command, Rejection } from '../../src/core/actor-kind.ts';
import type { Key } from '../../src/core/store.ts';
import { visitOf } from './decide-hold.ts';
import {
	type Ask,
	type CommandArgs,
	type Decider,
	type Deciders,
	type Draft,
	refuse,
	type TicketDecision,
} from './draft.ts';
import { settle } from './give-turns.ts';
import { pursue } from './order-steps.ts';
import type { PaymentEvent, Returned } from './payment-events.ts';
import { decideRefund } from './payment-refund.ts';
import { decidePay } from './payment-saga.ts';
import { initialPayment } from './payment-state.ts';
import { ORDERS } from './project-ticket-event.ts';
import { toOrder } from './show-me.ts';
import { isSeated, type StoredOrder, type TicketEventState } from './ticket-event-state.ts';

export const NO_ORDER = refuse('NOT_FOUND', 'there is no such order');

/** Its owner, operators and services may know of an order. */
export const mayKnow = ({ userId, roles }: Caller, owner: unknown) =>
	owner === userId || roles.some((role) => role !== 'user');

/** Orders that came to nothing long ago are looked up in the store. */
export function orderNeeds(
	{ id, orders }: TicketEventState,
	{ name, args }: Command,
): readonly (readonly [string, Key])[] {
	if (name !== 'pay' && name !== 'refund') return [];
	const { orderId } = args as CommandArgs<'pay' | 'refund'>;
	return orders.has(orderId) ? [] : [[ORDERS.name, [id, orderId]]];
}

/** What is said of an order that is only in the store: it came to nothing, or was given back. */
function longOver({ caller, context }: Ask): Rejection {
	const [row] = context.loaded;
	if (row === undefined || !mayKnow(caller, row.doc.user)) return NO_ORDER;
	return row.doc.status === 'expired'
		? refuse('EXPIRED', 'the time to pay this order is over')
		: refuse('CONFLICT', 'this order was given back');
}

const isRefusal = (decided: readonly PaymentEvent[] | Rejection): decided is Rejection =>
	'ok' in decided;

/** Prices are the event's own: nothing that a client says can change them. */
function priceOf({ plan, sale }: TicketEventState, seats: readonly string[], quantity: number) {
	return sale.stockPrice === undefined ? plan.priceOf(seats) : sale.stockPrice * quantity;
}

const checkout: Decider<'checkout'> = (draft, { admission }, { caller, context }) => {
	const { userId } = caller;
	const visit = visitOf(draft, userId, admission);
	if ('ok' in visit) return visit;
	if (visit.quantity === 0) return refuse('CONFLICT', 'hold something first');
	const { state, now, sale } = draft;
	const order: StoredOrder = {
		id: `${state.id}:${context.newId()}`,
		userId,
		status: 'paying',
		seats: visit.seats,
		quantity: visit.quantity,
		amount: priceOf(state, visit.seats, visit.quantity),
		currency: sale.currency,
		createdAt: now,
		deadline: now + sale.paySeconds * 1_000,
		tickets: [],
		payment: initialPayment(),
	};
	draft.add({ type: 'checkedOut', data: { userId, order: toOrder(state.id, order) } });
	return draft.accept(toOrder(state.id, payNothing(draft, order)));
};

/** What costs nothing is paid at once. */
function payNothing(draft: Draft, order: StoredOrder): StoredOrder {
	if (order.amount > 0) return order;
	const data = { orderId: order.id, n: 0, amount: 0 };
	const paid = pursue(draft, order, { events: [{ type: 'paymentCaptured', data }] });
	settle(draft);
	return paid;
}

const pay: Decider<'pay'> = (draft, { orderId, methodToken }, ask) => {
	const order = draft.state.orders.get(orderId);
	if (order === undefined) return longOver(ask);
	if (order.userId !== ask.caller.userId) return NO_ORDER;
	const { now, state, sale } = draft;
	const context = { now, router: state.router, weights: sale.providers };
	const events = decidePay(order, { methodToken }, context);
	if (isRefusal(events)) return events;
	const behind = pursue(draft, order, { events });
	settle(draft);
	return draft.accept(toOrder(state.id, behind));
};

/** Refunds of which the money is on its way. */
const underWay = ({ payment }: StoredOrder) => payment.refunds.filter(({ isDone }) => !isDone);

type Wanted = Pick<CommandArgs<'refund'>, 'seats' | 'quantity'>;

/** The seats that shall go back and are not on their way already. */
function seatsBack(order: StoredOrder, { seats, quantity }: Wanted): readonly string[] | Rejection {
	if (quantity !== undefined)
		return refuse('INVALID', 'this order has seats: name those to refund');
	const wanted = [...new Set(seats ?? order.seats)];
	const strange = wanted.find((id) => !order.seats.includes(id));
	if (strange !== undefined) return refuse('CONFLICT', `seat ${strange} is not of this order`);
	const pending = new Set(underWay(order).flatMap((refund) => refund.seats));
	return wanted.filter((id) => !pending.has(id));
}

/** So many units without seats; all that are not on their way already when none are named. */
function unitsBack(order: StoredOrder, { seats, quantity }: Wanted): number | Rejection {
	if (seats !== undefined) return refuse('INVALID', 'this order has no seats: name a quantity');
	const pending = underWay(order).reduce((sum, one) => sum + (one.quantity ?? order.quantity), 0);
	const left = order.quantity - pending;
	if ((quantity ?? 0) > left) return refuse('CONFLICT', `${left} are left to give back`);
	return quantity ?? left;
}

/** What goes back for a refund; of nothing when all of it is on its way. */
function returnedFor(
	state: TicketEventState,
	order: StoredOrder,
	wanted: Wanted,
): Returned | Rejection {
	if (isSeated(state)) {
		const seats = seatsBack(order, wanted);
		return 'ok' in seats ? seats : { seats, amount: priceOf(state, seats, seats.length) };
	}
	const quantity = unitsBack(order, wanted);
	if (typeof quantity !== 'number') return quantity;
	return { seats: [], quantity, amount: priceOf(state, [], quantity) };
}

const refund: Decider<'refund'> = (draft, { orderId, ...wanted }, ask) => {
	const { state } = draft;
	const order = state.orders.get(orderId);
	if (order === undefined) return longOver(ask);
	if (!mayKnow(ask.caller, order.userId)) return NO_ORDER;
	const unchanged = draft.accept(toOrder(state.id, order));
	if (order.status === 'refunded') return unchanged;
	const returned = returnedFor(state, order, wanted);
	if ('ok' in returned) return returned;
	if (returned.seats.length === 0 && !returned.quantity) return unchanged;
	return giveBack(draft, order, returned);
};

function giveBack(draft: Draft, order: StoredOrder, returned: Returned): TicketDecision {
	const events = decideRefund(order, returned);
	if (isRefusal(events)) return events;
	const behind = pursue(draft, order, { events });
	settle(draft);
	return draft.accept(toOrder(draft.state.id, behind));
}

export const ORDER_DECIDERS: Deciders = { checkout, pay, refund };
