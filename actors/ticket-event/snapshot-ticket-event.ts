import type { TicketSeat } from '../../src/protocol/ticket-event.ts';
import { LastMinute } from './last-minute.ts';
import { followPayment } from './order-payment.ts';
import type { PaymentRouter } from './payment-router.ts';
import { FREE, HELD, type SeatState, SOLD } from './seat-plan.ts';
import type { Ended } from './ticket-event-events.ts';
import {
	initialTicketEvent,
	type Reserve,
	type StoredOrder,
	type Stuck,
	type TicketEventState,
	type Visitor,
} from './ticket-event-state.ts';
import { WaitTimes } from './wait-times.ts';

const VERSION = 1;
/** About the packed size at which a part ends: far below any store's limit. */
const PART_BYTES_MAX = 500_000;
/** Largest packed ids, with what stands around them. */
const ROW_BYTES = 160;
/** Visitors, orders and purchases taken in between two breaths. */
const ROWS_AT_ONCE = 2_000;

type Kept = Pick<
	TicketEventState,
	| 'at'
	| 'position'
	| 'sale'
	| 'secret'
	| 'tally'
	| 'pace'
	| 'openedAt'
	| 'tickDue'
	| 'issued'
	| 'captured'
	| 'refunded'
	| 'router'
>;

interface Head extends Kept {
	readonly leaves: ReturnType<LastMinute['cut']>;
	readonly admissions: ReturnType<LastMinute['cut']>;
	readonly waits: ReturnType<WaitTimes['cut']>;
	readonly stuck: readonly Stuck[];
}

/** Rows of each kind of part; maps as pairs. */
interface Rows {
	catalog: TicketSeat;
	queue: unknown;
	visitors: readonly [string, Visitor];
	orders: StoredOrder;
	done: readonly [string, string];
	ended: readonly [string, Ended];
	missed: readonly [string, number];
	returning: string;
	over: string;
	reserves: readonly [string, Reserve];
	tombstones: string;
	spent: number;
}

type Part =
	| { readonly part: 'head'; readonly version: number; readonly head: Head }
	| { [P in keyof Rows]: { readonly part: P; readonly rows: readonly Rows[P][] } }[keyof Rows];

function* slices<P extends keyof Rows>(
	part: P,
	rows: Iterable<Rows[P]>,
	bytesOf: (row: Rows[P]) => number = () => ROW_BYTES,
): Generator<Part> {
	let slice: Rows[P][] = [];
	let bytes = 0;
	for (const row of rows) {
		slice.push(row);
		bytes += bytesOf(row);
		if (bytes < PART_BYTES_MAX) continue;
		yield { part, rows: slice } as unknown as Part;
		slice = [];
		bytes = 0;
	}
	if (slice.length > 0) yield { part, rows: slice } as unknown as Part;
}

/** The entries of a map as it is now; pairs are made when they are asked for. */
function entriesOf<K, V>(map: ReadonlyMap<K, V>): Iterable<readonly [K, V]> {
	const keys = [...map.keys()];
	const values = [...map.values()];
	return (function* () {
		for (const [at, key] of keys.entries()) yield [key, values[at] as V] as const;
	})();
}

const bytesOfVisitor = ([, visitor]: Rows['visitors']) =>
	ROW_BYTES + (visitor.phase === 'inside' ? visitor.seats.length * 66 : 0);

const bytesOfOrder = ({ seats, tickets, payment }: StoredOrder) =>
	500 +
	seats.length * 66 +
	tickets.length * 100 +
	payment.attempts.length * 200 +
	payment.refunds.reduce((sum, refund) => sum + 150 + refund.seats.length * 66, 0);

const copyRouter = ({ circuits }: PaymentRouter): PaymentRouter => ({
	circuits: Object.fromEntries(
		Object.entries(circuits).map(([name, circuit]) => [name, { ...circuit }]),
	),
});

function headOf(state: TicketEventState): Head {
	const { at, position, sale, secret, tally, pace, openedAt, tickDue } = state;
	const { issued, captured, refunded, router, leaves, admissions, waits, stuck } = state;
	return {
		at,
		position,
		sale,
		secret,
		tally: { ...tally },
		pace,
		openedAt,
		tickDue,
		issued,
		captured,
		refunded,
		router: copyRouter(router),
		leaves: leaves.cut(),
		admissions: admissions.cut(),
		waits: waits.cut(),
		stuck: [...stuck.values()],
	};
}

function* chain(parts: readonly Iterable<Part>[]): Generator<Part> {
	for (const part of parts) yield* part;
}

function* queueParts(cut: Iterable<unknown>): Generator<Part> {
	for (const row of cut) yield { part: 'queue', rows: [row] };
}

/**
 * An immutable cut: rows are shared and never changed, lists copied here, parts made later. How seats
 * stand, who bought how much, and what is due follow from visitors and orders, and are left out.
 */
export function cutTicketEvent(state: TicketEventState): Iterable<unknown> {
	return chain([
		[{ part: 'head', version: VERSION, head: headOf(state) }],
		slices('catalog', state.plan.seats),
		queueParts(state.queue.cut()),
		slices('orders', [...state.orders.values()], bytesOfOrder),
		slices('over', [...state.over]),
		slices('visitors', entriesOf(state.visitors), bytesOfVisitor),
		slices('done', entriesOf(state.done)),
		slices('ended', entriesOf(state.ended)),
		slices('missed', entriesOf(state.missed)),
		slices('returning', [...state.returning]),
		slices('reserves', entriesOf(state.reserves)),
		slices('tombstones', [...state.tombstones]),
		slices('spent', [...state.spent]),
	]);
}

function restoreHead(state: TicketEventState, { version, head }: Part & { part: 'head' }): void {
	if (version !== VERSION) throw new Error(`ticket-event snapshot version ${version}`);
	const { leaves, admissions, waits, stuck, tickDue, ...rest } = head;
	Object.assign(state, rest, {
		// Comes back as `null`.
		tickDue: tickDue ?? undefined,
		leaves: new LastMinute(leaves),
		admissions: new LastMinute(admissions),
		waits: new WaitTimes(waits),
	});
	for (const one of stuck) state.stuck.set(one.orderId, one);
}

function restorePart(state: TicketEventState, part: Part): void {
	switch (part.part) {
		case 'head':
			restoreHead(state, part);
			break;
		case 'orders':
			for (const order of part.rows) state.orders.set(order.id, order);
			break;
		case 'over':
		case 'returning':
		case 'tombstones':
			for (const row of part.rows) state[part.part].add(row);
			break;
		case 'spent':
			for (const position of part.rows) state.spent.add(position);
			break;
		case 'visitors':
		case 'done':
		case 'ended':
		case 'missed':
		case 'reserves':
			for (const [key, value] of part.rows) {
				(state[part.part] as Map<string, unknown>).set(key, value);
			}
			break;
		default:
			throw new Error('ticket-event snapshot: unknown part');
	}
}

function addBought(state: TicketEventState, userId: string, units: number): void {
	if (units > 0) state.bought.set(userId, (state.bought.get(userId) ?? 0) + units);
}

const SEATS_OF: Readonly<Record<StoredOrder['status'], SeatState>> = {
	paying: HELD,
	declined: HELD,
	resolving: HELD,
	paid: SOLD,
	expired: FREE,
	refunded: FREE,
};

/** Takes rows in, with a breath now and then. */
function* eachOf<Row>(rows: Iterable<Row>, take: (row: Row) => void): Generator<void> {
	let left = ROWS_AT_ONCE;
	for (const row of rows) {
		take(row);
		if (--left > 0) continue;
		left = ROWS_AT_ONCE;
		yield;
	}
}

/** What follows from visitors, orders and purchases. */
function* derive(state: TicketEventState): Generator<void> {
	const { plan, visitors, orders, reserves, deadlines } = state;
	yield* eachOf(visitors, ([userId, visitor]) => {
		if (visitor.phase !== 'paying') deadlines.set(userId, visitor.deadline);
		if (visitor.phase === 'inside') plan.set(plan.indexesOf(visitor.seats), HELD);
	});
	yield* eachOf(orders.values(), (order) => {
		const stands = SEATS_OF[order.status];
		if (stands !== FREE) plan.set(plan.indexesOf(order.seats), stands);
		if (stands === SOLD) addBought(state, order.userId, order.quantity);
		followPayment(state, order);
	});
	yield* eachOf(reserves.values(), ({ userId, quantity }) => addBought(state, userId, quantity));
}

/** The state of a cut, part by part; throws on a version that this build does not know. */
export function* restoringTicketEvent(
	id: string,
	parts: Iterable<unknown>,
): Generator<void, TicketEventState> {
	const state = initialTicketEvent(id);
	for (const part of parts as Iterable<Part>) {
		if (part.part === 'catalog') state.plan.add(part.rows);
		else if (part.part === 'queue') for (const row of part.rows) yield* state.queue.load(row);
		else restorePart(state, part);
		yield;
	}
	yield* derive(state);
	return state;
}

/** The same at once. */
export function restoreTicketEvent(id: string, parts: readonly unknown[]): TicketEventState {
	const steps = restoringTicketEvent(id, parts);
	for (;;) {
		const { done, value } = steps.next();
		if (done === true) return value;
	}
}
