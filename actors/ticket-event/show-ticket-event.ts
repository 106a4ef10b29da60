import type { Audience, Shown } from '../../src/core/actor-kind.ts';
import type { EventOf } from '../../src/protocol/kind.ts';
import type {
	TicketEventInfo,
	TicketMe,
	ticketEventContract,
} from '../../src/protocol/ticket-event.ts';
import { isPaymentEvent } from './payment-events.ts';
import { FREE, HELD, letterOf, type SeatState, SOLD } from './seat-plan.ts';
import { meDone, meEnded, meInside, meOver, mePaying } from './show-me.ts';
import type { Ended, TicketEvent, TicketEventData } from './ticket-event-events.ts';

type Contract = typeof ticketEventContract;

const shown = <E extends keyof Contract['events']>(
	type: E,
	data: EventOf<Contract, E>,
	audience: Audience = 'all',
): Shown => ({ type, data, audience });

/** To the one user: every device of it, on whichever node. */
const toUser = (userId: string, me: TicketMe) => shown('me', { userId, me }, [userId]);

function seatsShown(seats: readonly number[], state: SeatState): Shown[] {
	if (seats.length === 0) return [];
	return [shown('seats', { seats: [...seats], states: letterOf(state).repeat(seats.length) })];
}

type Show<T extends TicketEvent['type']> = (data: TicketEventData<T>) => readonly Shown[];

const showInfo = ({ info }: { readonly info: TicketEventInfo }) => [shown('info', info)];

const outside = (userId: string, why: Ended | 'soldOut' | 'closed') =>
	toUser(userId, why === 'soldOut' || why === 'closed' ? meOver(why) : meEnded(why));

const showOrder = ({ userId, order }: TicketEventData<'orderTold' | 'orderWaits'>) => [
	toUser(userId, mePaying(order)),
];

const SHOW: { readonly [T in TicketEvent['type']]?: Show<T> } = {
	settingsChanged: showInfo,
	paused: showInfo,
	resumed: showInfo,
	opened: showInfo,
	reopened: showInfo,
	closed: showInfo,
	soldOut: ({ at, info }) => [shown('soldOut', { at }), shown('info', info)],
	ticked: (tick) => [shown('tick', tick)],
	turned: ({ users, returned, deadline }) => [
		shown('turn', { users: [...returned, ...users], deadline }),
	],
	turnsMissed: ({ users }) => users.map((userId) => outside(userId, 'turnMissed')),
	admitted: ({ users, deadline }) =>
		users.map(([userId, admission]) =>
			toUser(userId, meInside({ phase: 'inside', admission, deadline, seats: [], quantity: 0 })),
		),
	queueLeft: ({ userId }) => [outside(userId, 'left')],
	held: ({ userId, visitor, seats }) => [
		toUser(userId, meInside(visitor)),
		...seatsShown(seats, HELD),
	],
	released: ({ userId, visitor, seats }) => [
		toUser(userId, meInside(visitor)),
		...seatsShown(seats, FREE),
	],
	visitEnded: ({ userId, why, seats }) => [outside(userId, why), ...seatsShown(seats, FREE)],
	checkedOut: ({ userId, order }) => [toUser(userId, mePaying(order))],
	orderTold: showOrder,
	orderWaits: showOrder,
	sold: ({ userId, order, seats }) => [toUser(userId, meDone(order)), ...seatsShown(seats, SOLD)],
	orderEnded: ({ userId, why, seats }) => [outside(userId, why), ...seatsShown(seats, FREE)],
	refunded: ({ userId, me, seats }) => [toUser(userId, me), ...seatsShown(seats, FREE)],
};

/** What nodes are told of an event; of the event alone, so that it can be told again later. */
export function showTicketEvent(event: TicketEvent): readonly Shown[] {
	// Steps of a payment are told by what they lead to; arrivals are answered.
	if (isPaymentEvent(event)) return [];
	return (SHOW[event.type] as Show<never> | undefined)?.(event.data as never) ?? [];
}
