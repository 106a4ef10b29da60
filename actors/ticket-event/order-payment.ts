import type { EventMeta, Intent } from '../../src/core/actor-kind.ts';
import type { OrderStatus } from '../../src/protocol/ticket-event.ts';
import { evolvePayment } from './evolve-payment.ts';
import { paymentIntents } from './payment-calls.ts';
import type { PaymentEvent } from './payment-events.ts';
import { PAYMENT_PORT, type PaymentErrand } from './payment-port.ts';
import { evolveRouter } from './payment-router.ts';
import {
	copyPayment,
	hasPaymentWork,
	openWork,
	type PaymentState,
	paymentDueAt,
	paymentStatus,
} from './payment-state.ts';
import { forgetOldest, type StoredOrder, type TicketEventState } from './ticket-event-state.ts';

/** Calls to providers under way at a time; the others follow in their order. */
const CALLS_MAX = 1_000;
/** Of those besides that no buyer waits for. */
const SETTLING_MAX = 200;
/** Methods of payment that are taken out of the journal in one go. */
const FORGOTTEN_AT_ONCE = 100;
/** Expired and refunded orders that are kept. */
const OVER_MAX = 10_000;

/** The order behind some events of its payment; a position matters only to those that happened. */
export function orderBehind(
	order: StoredOrder,
	events: readonly PaymentEvent[],
	{ at, position = 0 }: { readonly at: number; readonly position?: number },
): StoredOrder {
	const payment = copyPayment(order.payment);
	for (const event of events) evolvePayment(payment, event, { at, position });
	return { ...order, payment, status: statusOf(order, payment, at) };
}

/** Refunded is an order of which everything was given back; in doubt is one that is late as well. */
function statusOf(
	{ quantity, deadline }: StoredOrder,
	payment: PaymentState,
	at: number,
): OrderStatus {
	if (quantity === 0) return 'refunded';
	const status = paymentStatus(payment);
	return status === 'paying' && at >= deadline ? 'resolving' : status;
}

/** Notes what an order's payment waits for: calls, times, a person. */
export function followPayment(state: TicketEventState, order: StoredOrder): void {
	const { id, payment } = order;
	const intents = paymentIntents(order);
	followCalls(state, state.intents, { id, intents: intents.filter(isWaitedFor) });
	followCalls(state, state.settling, {
		id,
		intents: intents.filter((intent) => !isWaitedFor(intent)),
	});
	const due = dueAt(state, order);
	if (due === undefined) state.deadlines.delete(id);
	else state.deadlines.set(id, due);
	if (openWork(payment).every(({ stuckSince }) => stuckSince === undefined)) state.stuck.delete(id);
	noteOver(state, order);
}

const isWaitedFor = ({ args }: Intent) => {
	const { op } = args as PaymentErrand;
	return op !== 'void' && op !== 'refund';
};

function followCalls(
	state: TicketEventState,
	calls: TicketEventState['intents'],
	{ id, intents }: { readonly id: string; readonly intents: readonly Intent[] },
): void {
	if (intents.length === 0 && !calls.has(id)) return;
	state.intentList = undefined;
	if (intents.length === 0) calls.delete(id);
	else calls.set(id, intents);
}

/** Keeps so many orders that came to nothing: everything of them is in the store. */
function noteOver(state: TicketEventState, { id, status, payment }: StoredOrder): void {
	if (status !== 'expired' && status !== 'refunded') return;
	if (hasPaymentWork(payment) || state.over.has(id)) return;
	state.over.add(id);
	forgetOldest(state.over, OVER_MAX, (oldest) => forget(state, oldest));
}

function forget({ orders, done }: TicketEventState, id: string): void {
	const userId = orders.get(id)?.userId ?? '';
	if (done.get(userId) === id) done.delete(userId);
	orders.delete(id);
}

function dueAt(state: TicketEventState, order: StoredOrder): number | undefined {
	const due = paymentDueAt(order.payment) ?? Infinity;
	const visitor = state.visitors.get(order.userId);
	const isInTime = visitor?.phase === 'paying' && visitor.inTime && visitor.orderId === order.id;
	const first = Math.min(due, isInTime ? order.deadline : Infinity);
	return first === Infinity ? undefined : first;
}

/** Applies an event of a payment to the order that it is of. */
export function evolveOrderPayment(
	state: TicketEventState,
	event: PaymentEvent,
	meta: Pick<EventMeta, 'at' | 'position'>,
): void {
	const { at } = meta;
	const order = state.orders.get(event.data.orderId);
	if (order === undefined) return;
	const next = orderBehind(order, [event], meta);
	state.orders.set(order.id, next);
	const { run } = order.payment;
	if (run !== undefined && next.payment.run === undefined) spend(state, run.methodAt);
	state.captured += next.payment.captured - order.payment.captured;
	state.refunded += next.payment.refunded - order.payment.refunded;
	evolveRouter(state.router, event, { at });
	if (event.type === 'paymentStuck') {
		const since = state.stuck.get(order.id)?.since ?? at;
		state.stuck.set(order.id, { orderId: order.id, since, what: event.data.what });
	}
	followPayment(state, next);
}

/** Nobody is asked with this method any more. */
function spend(state: TicketEventState, methodAt: number): void {
	state.spent.add(methodAt);
	state.intentList = undefined;
}

/** These methods are out of the journal. */
export function forgetMethods(state: TicketEventState, positions: readonly number[]): void {
	for (const position of positions) state.spent.delete(position);
	state.intentList = undefined;
}

/** One at a time, and each takes what has gathered: a place in the journal is a write of its own. */
function forgetting({ spent }: TicketEventState): Intent[] {
	const positions: number[] = [];
	for (const position of spent) {
		if (positions.length === FORGOTTEN_AT_ONCE) break;
		positions.push(position);
	}
	const [first] = positions;
	if (first === undefined) return [];
	const args: PaymentErrand = { op: 'forget', positions };
	return [{ kind: 'call', id: `${FORGETTING}${first}`, port: PAYMENT_PORT, args }];
}

const FORGETTING = 'forget/';

/** Whether the intent is to forget methods; all others belong to an order. */
export const isForgetting = (intentId: string): boolean => intentId.startsWith(FORGETTING);

/** Calls that are to be made now. */
export function callsOf(state: TicketEventState): readonly Intent[] {
	if (state.intentList !== undefined) return state.intentList;
	const list = [
		...firstOf(state.intents, CALLS_MAX),
		...firstOf(state.settling, SETTLING_MAX),
		...forgetting(state),
	];
	state.intentList = list;
	return list;
}

function firstOf(calls: TicketEventState['intents'], max: number): Intent[] {
	const list: Intent[] = [];
	for (const intents of calls.values()) {
		if (list.length >= max) break;
		list.push(...intents);
	}
	return list;
}
