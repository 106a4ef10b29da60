import type {
	Order,
	TicketEventInfo,
	TicketMe,
	TicketTick,
} from '../../src/protocol/ticket-event.ts';
import { activeOf, type Tally } from './tally.ts';
import type { Ended } from './ticket-event-events.ts';
import {
	isSeated,
	type Sale,
	type StoredOrder,
	shownState,
	type TicketEventState,
	type VisitInside,
} from './ticket-event-state.ts';

const NOTHING_HELD = { seats: [], quantity: 0 };

/** Whether a provider is asked for the money of an order. */
export const isAsking = ({ status, payment }: StoredOrder): boolean =>
	status === 'paying' && payment.stands !== 'none';

/** An order as its owner sees it. */
export function toOrder(eventId: string, order: StoredOrder): Order {
	const { id, status, seats, quantity, amount, currency, createdAt, deadline, payment } = order;
	const isOpen = status === 'paying' || status === 'declined';
	return {
		id,
		eventId,
		status,
		...(isAsking(order) ? { asking: true } : {}),
		seats: [...seats],
		quantity,
		amount,
		currency,
		refunded: payment.refunded,
		createdAt,
		...(isOpen ? { deadline } : {}),
	};
}

export const meTurn = (deadline: number): TicketMe => ({
	phase: 'turn',
	deadline,
	held: NOTHING_HELD,
});

export const meInside = ({ admission, deadline, seats, quantity }: VisitInside): TicketMe => ({
	phase: 'inside',
	deadline,
	admission,
	held: { seats: [...seats], quantity },
});

export const mePaying = (order: Order): TicketMe => ({
	phase: 'paying',
	...(order.deadline === undefined ? {} : { deadline: order.deadline }),
	held: { seats: order.seats, quantity: order.quantity },
	order,
});

export const meDone = (order?: Order): TicketMe => ({
	phase: 'done',
	held: NOTHING_HELD,
	...(order === undefined ? {} : { order }),
});

export const meEnded = (ended: Ended): TicketMe => ({
	phase: 'before',
	held: NOTHING_HELD,
	ended,
});

/** Of somebody outside when there is nothing to wait for any more. */
export const meOver = (phase: 'soldOut' | 'closed'): TicketMe => ({ phase, held: NOTHING_HELD });

export const meWaiting = (place: number, turned: number): TicketMe => ({
	phase: 'waiting',
	place,
	turned,
	held: NOTHING_HELD,
});

/** Of somebody who is neither waiting nor inside; whoever has all that one may have is through. */
export function meOutside(
	state: TicketEventState,
	userId: string,
	phase: Tally['phase'],
): TicketMe {
	const hasAll = (state.bought.get(userId) ?? 0) >= state.sale.maxPerUser;
	const order = state.orders.get(state.done.get(userId) ?? '');
	if (hasAll || order !== undefined) return meDone(order && toOrder(state.id, order));
	const ended = state.ended.get(userId);
	const why = ended === undefined ? {} : { ended };
	return phase === 'soldOut' || phase === 'closed'
		? { ...meOver(phase), ...why }
		: { phase: 'before', held: NOTHING_HELD, ...why };
}

/** Of somebody who takes a place; `undefined` for others. */
export function meVisiting(state: TicketEventState, userId: string): TicketMe | undefined {
	const visitor = state.visitors.get(userId);
	if (visitor === undefined) return undefined;
	if (visitor.phase === 'turn') return meTurn(visitor.deadline);
	if (visitor.phase === 'inside') return meInside(visitor);
	return mePaying(toOrder(state.id, state.orders.get(visitor.orderId) as StoredOrder));
}

/**
 * Where a user stands. Places count the queue only: whoever missed a turn and comes back uses the one
 * that was counted then.
 */
export function meOf(state: TicketEventState, userId: string): TicketMe {
	const visiting = meVisiting(state, userId);
	if (visiting !== undefined) return visiting;
	const { turned, phase } = state.tally;
	if (state.returning.has(userId)) return meWaiting(0, turned);
	const place = state.queue.place(userId);
	return place === undefined ? meOutside(state, userId, phase) : meWaiting(place, turned);
}

/** What everybody may know, as it is with this sale and tally. */
export function infoOf(
	state: Pick<TicketEventState, 'id' | 'plan'>,
	sale: Sale,
	tally: Tally,
): TicketEventInfo {
	const { title, opensAt, closesAt, currency, maxPerUser, pickSeconds, paySeconds } = sale;
	const seated = isSeated({ sale });
	const price = sale.stockPrice ?? 0;
	const [priceMin, priceMax] = seated ? state.plan.prices : [price, price];
	return {
		id: state.id,
		title,
		state: shownState(tally),
		opensAt,
		...(closesAt === undefined ? {} : { closesAt }),
		currency,
		seated,
		capacity: tally.capacity,
		free: tally.free,
		priceMin,
		priceMax,
		maxPerUser,
		pickSeconds,
		paySeconds,
	};
}

/** What all who wait are told; the same work however many they are. */
export function tickOf(state: TicketEventState, tally: Tally, now: number): TicketTick {
	const { mode, maxActive, batch, intervalMs } = state.sale.admission;
	return {
		at: now,
		state: shownState(tally),
		turned: tally.turned,
		waiting: tally.waiting,
		active: activeOf(tally),
		maxActive,
		free: tally.free,
		...(mode === 'desk' ? {} : { batch, intervalMs }),
		leaveRate: Math.round(state.leaves.perSecond(now, state.openedAt) * 1_000) / 1_000,
	};
}
