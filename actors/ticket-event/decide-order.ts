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
} from './draft.ts';
import { settle } from './give-turns.ts';
import { pursue } from './order-steps.ts';
import type { PaymentEvent } from './payment-events.ts';
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
		refunded: 0,
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

/** Seats of which the money is on its way back already. */
const underWay = ({ payment }: StoredOrder) =>
	new Set(payment.refunds.filter(({ isDone }) => !isDone).flatMap(({ seats }) => seats));

const refund: Decider<'refund'> = (draft, { orderId, seats: asked }, ask) => {
	const { state } = draft;
	const order = state.orders.get(orderId);
	if (order === undefined) return longOver(ask);
	if (!mayKnow(ask.caller, order.userId)) return NO_ORDER;
	const unchanged = draft.accept(toOrder(state.id, order));
	if (order.status === 'refunded') return unchanged;
	if (!isSeated(state)) {
		if (asked !== undefined) return refuse('INVALID', 'this order has no seats: refund all of it');
		// Asked for once, on its way: nothing is left to give back.
		if (order.payment.refunds.length > 0) return unchanged;
		return giveBack(draft, order, { seats: [], amount: order.amount });
	}
	const wanted = [...new Set(asked ?? order.seats)];
	const strange = wanted.find((id) => !order.seats.includes(id));
	if (strange !== undefined) return refuse('CONFLICT', `seat ${strange} is not of this order`);
	const pending = underWay(order);
	const seats = wanted.filter((id) => !pending.has(id));
	if (seats.length === 0) return unchanged;
	return giveBack(draft, order, { seats, amount: state.plan.priceOf(seats) });
};

function giveBack(
	draft: Draft,
	order: StoredOrder,
	what: { readonly seats: readonly string[]; readonly amount: number },
) {
	const events = decideRefund(order, what);
	if (isRefusal(events)) return events;
	const behind = pursue(draft, order, { events });
	settle(draft);
	return draft.accept(toOrder(draft.state.id, behind));
}

export const ORDER_DECIDERS: Deciders = { checkout, pay, refund };
