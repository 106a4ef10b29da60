import type { EventMeta } from '../../src/core/actor-kind.ts';
import { drop, patch, put } from '../../src/core/row-writes.ts';
import type { Collection, RowWrite } from '../../src/core/store.ts';
import type { Order, TicketEventInfo } from '../../src/protocol/ticket-event.ts';
import { infoOf } from './show-me.ts';
import type { TicketEvent, TicketEventData } from './ticket-event-events.ts';
import { type IssuedTicket, type TicketEventState, unitNumbers } from './ticket-event-state.ts';

const BY_EVENT = { column: 'event', kind: 'ticket-event' };

/** One document per event: its {@link TicketEventInfo}; `free` is as of the last tick. */
const TICKET_EVENTS: Collection = {
	name: 'ticketEvents',
	key: [{ name: 'event', type: 'text' }],
	indexes: [
		{ name: 'byOpening', fields: [{ name: 'opensAt', type: 'int' }] },
		{
			name: 'byState',
			fields: [
				{ name: 'state', type: 'text' },
				{ name: 'opensAt', type: 'int' },
			],
		},
	],
	actor: BY_EVENT,
};

/** One document per valid ticket: {user, id, eventId, seatId?, orderId, title, at}. */
const TICKETS: Collection = {
	name: 'tickets',
	key: [
		{ name: 'event', type: 'text' },
		{ name: 'ticket', type: 'text' },
	],
	indexes: [
		{
			name: 'byUser',
			fields: [
				{ name: 'user', type: 'text' },
				{ name: 'at', type: 'int' },
			],
		},
		// Whatever the actor does: a seat has one valid ticket.
		{
			name: 'bySeat',
			fields: [
				{ name: 'eventId', type: 'text' },
				{ name: 'seatId', type: 'text' },
			],
			unique: true,
		},
	],
	actor: BY_EVENT,
};

/** One document per order: the {@link Order}, and whose it is: {user, …}. */
export const ORDERS: Collection = {
	name: 'orders',
	key: [
		{ name: 'event', type: 'text' },
		{ name: 'order', type: 'text' },
	],
	indexes: [
		{
			name: 'byUser',
			fields: [
				{ name: 'user', type: 'text' },
				{ name: 'createdAt', type: 'int' },
			],
		},
	],
	actor: BY_EVENT,
};

/**
 * Every unit that was ever sold (`PLUS`) and came back (`MINUS`), once for each purchase; nothing here
 * is changed. The unit is a seat, or a number within the purchase. {user, at}
 */
export const STOCK_HISTORY: Collection = {
	name: 'stockHistory',
	key: [
		{ name: 'event', type: 'text' },
		{ name: 'purchase', type: 'text' },
		{ name: 'unit', type: 'text' },
		{ name: 'type', type: 'text' },
	],
	actor: BY_EVENT,
};

/** Every collection that ticket events write. */
export const TICKET_EVENT_COLLECTIONS = [TICKET_EVENTS, TICKETS, ORDERS, STOCK_HISTORY] as const;

type Project<T extends TicketEvent['type']> = (
	state: TicketEventState,
	data: TicketEventData<T>,
) => readonly RowWrite[];

const infoRow = ({ id }: TicketEventState, { info }: { readonly info: TicketEventInfo }) => [
	put(TICKET_EVENTS, [id], info),
];

const orderRow = (
	{ id }: TicketEventState,
	{ userId, order }: { readonly userId: string; readonly order: Order },
) => put(ORDERS, [id, order.id], { user: userId, ...order });

/** Rows of the history: a ticket's seat, or its number, is the unit. */
const historyRows = (
	{ id }: TicketEventState,
	type: 'PLUS' | 'MINUS',
	{
		purchase,
		units,
		user,
		at,
	}: {
		readonly purchase: string;
		readonly units: readonly string[];
		readonly user: string;
		readonly at: number;
	},
) => units.map((unit) => put(STOCK_HISTORY, [id, purchase, unit, type], { user, at }));

const unitsOf = (tickets: readonly IssuedTicket[]) => tickets.map(({ id, seatId }) => seatId ?? id);

const sold: Project<'sold'> = (state, data) => {
	const { userId: user, order, tickets, at } = data;
	const { title } = state.sale;
	const bought = { purchase: order.id, units: unitsOf(tickets), user, at };
	return [
		orderRow(state, data),
		...tickets.map((ticket) =>
			put(TICKETS, [state.id, ticket.id], {
				user,
				...ticket,
				eventId: state.id,
				orderId: order.id,
				title,
				at,
			}),
		),
		...historyRows(state, 'PLUS', bought),
	];
};

const refunded: Project<'refunded'> = (state, data) => {
	const { userId: user, order, tickets, at } = data;
	const back = { purchase: order.id, units: unitsOf(tickets), user, at };
	return [
		orderRow(state, data),
		...tickets.map(({ id }) => drop(TICKETS, [state.id, id])),
		...historyRows(state, 'MINUS', back),
	];
};

const reserveRows =
	(type: 'PLUS' | 'MINUS') =>
	(
		state: TicketEventState,
		{ purchaseId, userId, quantity, at }: TicketEventData<'reserved' | 'unreserved'>,
	): readonly RowWrite[] => {
		const units = unitNumbers(quantity);
		return historyRows(state, type, { purchase: purchaseId, units, user: userId, at });
	};

const oneOrder = (
	state: TicketEventState,
	data: { readonly userId: string; readonly order: Order },
) => [orderRow(state, data)];

const PROJECT: { readonly [T in TicketEvent['type']]?: Project<T> } = {
	settingsChanged: infoRow,
	paused: infoRow,
	resumed: infoRow,
	opened: infoRow,
	soldOut: infoRow,
	reopened: infoRow,
	closed: infoRow,
	created: (state) => infoRow(state, { info: infoOf(state, state.sale, state.tally) }),
	ticked: ({ id }, { free }) => [patch(TICKET_EVENTS, [id], { free })],
	checkedOut: oneOrder,
	orderTold: oneOrder,
	orderWaits: oneOrder,
	orderEnded: oneOrder,
	sold,
	refunded,
	reserved: reserveRows('PLUS'),
	unreserved: reserveRows('MINUS'),
};

/** The rows that an event writes; `state` is the state right after it. */
export function projectTicketEvent(
	state: TicketEventState,
	event: TicketEvent,
	_meta: EventMeta,
): readonly RowWrite[] {
	return (PROJECT[event.type] as Project<never> | undefined)?.(state, event.data as never) ?? [];
}
