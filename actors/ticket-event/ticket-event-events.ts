import type {
	Order,
	TicketEventDraft,
	TicketEventInfo,
	TicketMe,
	TicketSettings,
	TicketTick,
} from '../../src/protocol/ticket-event.ts';
import { PAYMENT_EVENT_VERSIONS, type PaymentEvent } from './payment-events.ts';
import type { IssuedTicket, Pace, VisitInside } from './ticket-event-state.ts';

/** Why somebody is outside again. */
export type Ended = 'left' | 'turnMissed' | 'pickExpired' | 'payExpired';

/** Seats by their index in the seat map; empty when the event has none. */
type Seats = readonly number[];

/**
 * What happens to an event, as the journal keeps it. Each holds all that subscribers, rows and the
 * tally need of it.
 */
interface EventData {
	created: {
		readonly draft: TicketEventDraft;
		/** Of the proofs of admission. */
		readonly secret: string;
		readonly capacity: number;
	};
	settingsChanged: {
		readonly settings: TicketSettings;
		/** Units more (or fewer) than before. */
		readonly added: number;
		/** From where intervals are counted now. */
		readonly pace?: Pace;
		readonly info: TicketEventInfo;
	};
	paused: { readonly info: TicketEventInfo };
	resumed: { readonly pace: Pace; readonly info: TicketEventInfo };
	/** `at`: when the first interval begins. */
	opened: { readonly pace: Pace; readonly at: number; readonly info: TicketEventInfo };
	soldOut: { readonly at: number; readonly info: TicketEventInfo };
	reopened: { readonly pace: Pace; readonly info: TicketEventInfo };
	closed: { readonly info: TicketEventInfo };
	ticked: TicketTick;

	/** New users in the order of their numbers; `returned`: had missed a turn, and enter next. */
	arrived: { readonly users: readonly string[]; readonly returned: readonly string[] };
	/** Turns given, in order. `pace`: of a turnstile, behind it. */
	turned: {
		readonly users: readonly string[];
		readonly returned: readonly string[];
		readonly deadline: number;
		readonly pace: Pace;
	};
	turnsMissed: { readonly users: readonly string[]; readonly until: number };
	/** With the ids of their admissions. */
	admitted: {
		readonly users: readonly (readonly [userId: string, admission: string])[];
		readonly deadline: number;
	};
	queueLeft: { readonly userId: string; readonly returning: boolean };

	/** `visitor`: as it stands behind the event. */
	held: {
		readonly userId: string;
		readonly visitor: VisitInside;
		readonly units: number;
		readonly seats: Seats;
	};
	released: {
		readonly userId: string;
		readonly visitor: VisitInside;
		readonly units: number;
		readonly seats: Seats;
	};
	visitEnded: {
		readonly userId: string;
		readonly from: 'turn' | 'inside';
		readonly why: 'left' | 'pickExpired' | 'soldOut' | 'closed';
		readonly units: number;
		readonly seats: Seats;
	};

	checkedOut: { readonly userId: string; readonly order: Order };
	/** Its status changed, and nothing else. */
	orderTold: { readonly userId: string; readonly order: Order };
	/** The deadline passed with a payment in doubt: the seats stay until the outcome is known. */
	orderWaits: { readonly userId: string; readonly order: Order };
	/** Paid: the tickets are issued. `inTime`: the user still took a place. */
	sold: {
		readonly userId: string;
		readonly order: Order;
		readonly tickets: readonly IssuedTicket[];
		readonly seats: Seats;
		readonly at: number;
		readonly inTime: boolean;
	};
	/** Nothing was bought. */
	orderEnded: {
		readonly userId: string;
		readonly order: Order;
		readonly why: 'left' | 'payExpired';
		readonly units: number;
		readonly seats: Seats;
		readonly inTime: boolean;
	};
	/** Given back: these tickets are void, their units free. */
	refunded: {
		readonly userId: string;
		readonly order: Order;
		readonly tickets: readonly IssuedTicket[];
		readonly seats: Seats;
		readonly units: number;
		readonly at: number;
		/** Where the owner stands behind it. */
		readonly me: TicketMe;
	};
	/** Methods of payment are taken out of the events at these positions. */
	methodsForgotten: { readonly positions: readonly number[] };

	reserved: {
		readonly purchaseId: string;
		readonly userId: string;
		readonly quantity: number;
		readonly at: number;
	};
	/** `quantity` 0: there was none; one that comes late is refused. */
	unreserved: {
		readonly purchaseId: string;
		readonly userId: string;
		readonly quantity: number;
		readonly at: number;
	};
}

type SaleEventType = keyof EventData;
type SaleEvent = {
	[T in SaleEventType]: { readonly type: T; readonly data: EventData[T] };
}[SaleEventType];
export type TicketEvent = SaleEvent | PaymentEvent;
export type TicketEventData<T extends TicketEvent['type']> = Extract<
	TicketEvent,
	{ readonly type: T }
>['data'];

/** Present version of each event's shape; an older one must be upcast for ever. */
export const TICKET_EVENT_VERSIONS: Readonly<Record<TicketEvent['type'], number>> = {
	...PAYMENT_EVENT_VERSIONS,
	created: 1,
	settingsChanged: 1,
	paused: 1,
	resumed: 1,
	opened: 1,
	soldOut: 1,
	reopened: 1,
	closed: 1,
	ticked: 1,
	arrived: 1,
	turned: 1,
	turnsMissed: 1,
	admitted: 1,
	queueLeft: 1,
	held: 1,
	released: 1,
	visitEnded: 1,
	checkedOut: 1,
	orderTold: 1,
	orderWaits: 1,
	sold: 1,
	orderEnded: 1,
	refunded: 1,
	methodsForgotten: 1,
	reserved: 1,
	unreserved: 1,
};
