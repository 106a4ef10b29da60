/**
 * One sale, and where its users stand.
 *
 *     scheduled ──opensAt──▶ open ◀──units come back── soldOut
 *                             └──everything is sold─────▲        all of them ──closesAt, close──▶ closed
 *
 * A pause stands beside that: nothing opens, nobody gets a turn, payments go on.
 *
 *     before ──arrive──▶ waiting ──▶ turn ──claim──▶ inside ──checkout──▶ paying ──paid──▶ done
 *       ▲                   │          │                │                   │
 *       └──left─────────────┴──graceMs─┴──pickSeconds───┴──paySeconds───────┘
 *
 * Who missed a turn and comes back within `returnMs` waits before the queue. Who pays behind the time,
 * because the outcome is in doubt, takes no place any more, and keeps the units until it is known.
 */
import type { Intent } from '../../src/core/actor-kind.ts';
import type {
	OrderStatus,
	TicketEventState as ShownState,
	TicketEventDraft,
	TicketSettings,
} from '../../src/protocol/ticket-event.ts';
import { Deadlines } from './deadlines.ts';
import { LastMinute } from './last-minute.ts';
import { initialRouter, type PaymentRouter } from './payment-router.ts';
import type { PaymentState } from './payment-state.ts';
import { SeatPlan } from './seat-plan.ts';
import { initialTally, type Tally } from './tally.ts';
import type { Ended } from './ticket-event-events.ts';
import { WaitTimes } from './wait-times.ts';
import { WaitingQueue } from './waiting-queue.ts';

/** Users of whom it is kept why they are outside again; older ones are plain newcomers. */
const ENDED_MAX = 100_000;
const FORGOTTEN_AT_ONCE = 5_000;

/** What operators set; replaced, never changed in place. */
export type Sale = Omit<TicketEventDraft, 'seats' | 'stock'> & {
	/** Price of a unit of stock; absent when there are seats. */
	readonly stockPrice?: number;
};

/**
 * Where a turnstile stands: intervals are counted from `base`, and in the `index`-th so many turns were
 * `given`; below 0 when it makes up for one that was missed.
 */
export interface Pace {
	readonly base: number;
	readonly index: number;
	readonly given: number;
}

/** A user inside; `quantity` counts units, with seats or without. */
export interface VisitInside {
	readonly phase: 'inside';
	readonly admission: string;
	readonly deadline: number;
	readonly seats: readonly string[];
	readonly quantity: number;
}

/** A user who takes a place, or whose payment is in doubt; never changed in place. */
export type Visitor =
	| { readonly phase: 'turn'; readonly deadline: number }
	| VisitInside
	| {
			readonly phase: 'paying';
			readonly orderId: string;
			/** Whether the time to pay has not passed: only then it takes a place. */
			readonly inTime: boolean;
	  };

export interface IssuedTicket {
	/** Number of the ticket within the event: 1, 2 … */
	readonly id: string;
	readonly seatId?: string;
}

/** One order; replaced, never changed in place, so that a cut may share it. */
export interface StoredOrder {
	readonly id: string;
	readonly userId: string;
	readonly status: OrderStatus;
	/** What is bought, or being bought; what was refunded is gone from here. */
	readonly seats: readonly string[];
	readonly quantity: number;
	readonly amount: number;
	readonly currency: string;
	readonly createdAt: number;
	/** Until when it may be paid. */
	readonly deadline: number;
	readonly tickets: readonly IssuedTicket[];
	readonly payment: PaymentState;
}

/** Stock sold by another service. */
export interface Reserve {
	readonly userId: string;
	readonly quantity: number;
}

export interface Stuck {
	readonly orderId: string;
	readonly since: number;
	readonly what: string;
}

/** The authoritative state of a sale: every list in it is bounded by capacity, waiters or a Max. */
export interface TicketEventState {
	readonly id: string;
	/** Time and position of the last event. */
	at: number;
	position: number;
	sale: Sale;
	secret: string;
	readonly tally: Tally;
	plan: SeatPlan;
	/** Who waits, by arrival. */
	readonly queue: WaitingQueue;
	/** Who missed a turn and came back, in order of return: next before the queue. */
	readonly returning: Set<string>;
	/** Who missed a turn and may come back until then, oldest first. */
	readonly missed: Map<string, number>;
	readonly visitors: Map<string, Visitor>;
	/** The newest paid order of users who have not come again since. */
	readonly done: Map<string, string>;
	readonly ended: Map<string, Ended>;
	/** Units that each user has bought and not given back. */
	readonly bought: Map<string, number>;
	/** Orders that are paid, or may still be; and the newest of those that came to nothing. */
	readonly orders: Map<string, StoredOrder>;
	/** Orders of which nothing follows any more, oldest first; what is forgotten is in the store. */
	readonly over: Set<string>;
	readonly reserves: Map<string, Reserve>;
	/** Purchases that were cancelled, perhaps before they came. */
	readonly tombstones: Set<string>;
	/** Of visitors by user id, of payments by order id (which has a colon, as no user id does). */
	readonly deadlines: Deadlines;
	pace: Pace;
	openedAt: number;
	/** When the next tick is due; `undefined` while nothing has moved. */
	tickDue: number | undefined;
	leaves: LastMinute;
	admissions: LastMinute;
	waits: WaitTimes;
	/** Tickets issued so far. */
	issued: number;
	/** Minor units, of all orders. */
	captured: number;
	refunded: number;
	router: PaymentRouter;
	/** Unfinished calls by order that a buyer waits for, oldest first. */
	readonly intents: Map<string, readonly Intent[]>;
	/** The others, voids and refunds: a provider that hangs on them holds up no buyer. */
	readonly settling: Map<string, readonly Intent[]>;
	/** The first of both, as the host is told; `undefined` when they have changed since. */
	intentList: readonly Intent[] | undefined;
	readonly stuck: Map<string, Stuck>;
	/** Positions of events with a method of payment that is to be taken out, oldest first. */
	readonly spent: Set<number>;
}

/** Before `create`, behind which none of it is left: `XXX` is ISO 4217's code of no currency. */
const NO_SALE: Sale = {
	title: '',
	opensAt: 0,
	currency: 'XXX',
	maxPerUser: 1,
	pickSeconds: 1,
	paySeconds: 1,
	reopens: true,
	admission: {
		mode: 'turnstile',
		maxActive: 1,
		batch: 1,
		intervalMs: 1_000,
		graceMs: 1_000,
		returnMs: 0,
	},
	providers: {},
};

export const initialTicketEvent = (id: string): TicketEventState => ({
	id,
	at: 0,
	position: 0,
	sale: NO_SALE,
	secret: '',
	tally: initialTally(),
	plan: new SeatPlan([]),
	queue: new WaitingQueue(),
	returning: new Set(),
	missed: new Map(),
	visitors: new Map(),
	done: new Map(),
	ended: new Map(),
	bought: new Map(),
	orders: new Map(),
	over: new Set(),
	reserves: new Map(),
	tombstones: new Set(),
	deadlines: new Deadlines(),
	pace: { base: 0, index: 0, given: 0 },
	openedAt: 0,
	tickDue: undefined,
	leaves: new LastMinute(),
	admissions: new LastMinute(),
	waits: new WaitTimes(),
	issued: 0,
	captured: 0,
	refunded: 0,
	router: initialRouter(),
	intents: new Map(),
	settling: new Map(),
	intentList: undefined,
	stuck: new Map(),
	spent: new Set(),
});

/** What a draft says of the sale itself. */
export function saleOf({ seats: _seats, stock, ...sale }: TicketEventDraft): Sale {
	return stock === undefined ? sale : { ...sale, stockPrice: stock.price };
}

/** A sale behind a change of settings. */
export function changedSale(sale: Sale, settings: TicketSettings): Sale {
	const { maxActive, batch, intervalMs, graceMs, returnMs, stockTotal: _total, ...rest } = settings;
	return {
		...sale,
		...definedOf(rest),
		admission: {
			...sale.admission,
			...definedOf({ maxActive, batch, intervalMs, graceMs, returnMs }),
		},
	};
}

/** Without the fields that are `undefined`: the journal would give them back as `null`. */
export function definedOf<T extends object>(
	values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
	const defined = Object.entries(values).filter(([, value]) => value !== undefined);
	return Object.fromEntries(defined) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Whether seats are picked. */
export const isSeated = ({ sale }: Pick<TicketEventState, 'sale'>) => sale.stockPrice === undefined;

/** What everybody is told of how the event stands. */
export function shownState({ phase, paused }: Pick<Tally, 'phase' | 'paused'>): ShownState {
	return paused && (phase === 'scheduled' || phase === 'open') ? 'paused' : phase;
}

/** Units that a user has, or is buying now. */
export function unitsOf(state: TicketEventState, userId: string): number {
	const visitor = state.visitors.get(userId);
	const bought = state.bought.get(userId) ?? 0;
	if (visitor?.phase === 'inside') return bought + visitor.quantity;
	if (visitor?.phase !== 'paying') return bought;
	return bought + (state.orders.get(visitor.orderId)?.quantity ?? 0);
}

/** Numbers of a purchase without seats, from 1. */
export const unitNumbers = (quantity: number): string[] =>
	Array.from({ length: quantity }, (_, at) => String(at + 1));

/** What a visitor with a turn or inside holds. */
export function indexesOf(
	{ plan }: TicketEventState,
	visitor: Exclude<Visitor, { phase: 'paying' }>,
): { readonly units: number; readonly seats: readonly number[] } {
	if (visitor.phase === 'turn') return { units: 0, seats: [] };
	return { units: visitor.quantity, seats: plan.indexesOf(visitor.seats) };
}

/**
 * Forgets the oldest of what is kept, many at a time: the first entry of a map is only found behind all
 * that were removed before it.
 */
export function forgetOldest(
	kept: Map<string, unknown> | Set<string>,
	max: number,
	forgotten: (key: string) => void = () => {},
): void {
	if (kept.size < max + FORGOTTEN_AT_ONCE) return;
	let left = FORGOTTEN_AT_ONCE;
	for (const key of kept.keys()) {
		if (left-- === 0) return;
		kept.delete(key);
		forgotten(key);
	}
}

/** Notes why a user is outside again; the oldest notes give way. */
export function noteEnded(state: TicketEventState, userId: string, why: Ended): void {
	state.ended.delete(userId);
	state.ended.set(userId, why);
	forgetOldest(state.ended, ENDED_MAX);
}
