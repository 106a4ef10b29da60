import type { Caller, Rejection } from '../../src/core/actor-kind.ts';
import { visitOf } from './decide-hold.ts';
import { type Decider, type Deciders, type Draft, refuse } from './draft.ts';
import { settle } from './give-turns.ts';
import { pursue } from './order-steps.ts';
import type { PaymentEvent } from './payment-events.ts';
import { decideRefund } from './payment-refund.ts';
import { decidePay } from './payment-saga.ts';
import { initialPayment } from './payment-state.ts';
import { toOrder } from './show-me.ts';
import { isSeated, type StoredOrder, type TicketEventState } from './ticket-event-state.ts';

const NO_ORDER = refuse('NOT_FOUND', 'there is no such order');

/** The order, if the caller may know of it: its owner, operators, services. */
export function orderFor(
	{ orders }: TicketEventState,
	{ userId, roles }: Caller,
	orderId: string,
): StoredOrder | undefined {
	const order = orders.get(orderId);
	const mayKnow = order?.userId === userId || roles.some((role) => role !== 'user');
	return mayKnow ? order : undefined;
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

const pay: Decider<'pay'> = (draft, { orderId, methodToken }, { caller }) => {
	const order = draft.state.orders.get(orderId);
	if (order === undefined || order.userId !== caller.userId) return NO_ORDER;
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

const refund: Decider<'refund'> = (draft, { orderId, seats: asked }, { caller }) => {
	const { state } = draft;
	const order = orderFor(state, caller, orderId);
	if (order === undefined) return NO_ORDER;
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
