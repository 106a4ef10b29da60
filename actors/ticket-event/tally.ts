import type { TicketEvent, TicketEventData } from './ticket-event-events.ts';

/** `paused` stands beside it: a pause ends nothing. */
export type Phase = 'scheduled' | 'open' | 'soldOut' | 'closed';

/**
 * How much of everything there is. It follows from the events alone, so that a decision can tell what
 * its own events lead to before they have happened. Units are seats, or pieces of the stock.
 */
export interface Tally {
	phase: Phase;
	paused: boolean;
	capacity: number;
	free: number;
	/** Picked by users inside. */
	held: number;
	/** Of orders that are not decided yet. */
	paying: number;
	sold: number;
	/** Users who wait; `returning`: of those, who missed a turn and enter next. */
	waiting: number;
	returning: number;
	/** Users with a turn that nobody took yet. */
	turns: number;
	/** Users who pick. */
	inside: number;
	/** Users who pay, within their time. */
	payers: number;
	/** Users with a turn or inside who hold nothing: each of them has to find something free. */
	emptyHanded: number;
	/** So far: numbers given, turns given, users let in, orders paid. */
	arrived: number;
	turned: number;
	admitted: number;
	bought: number;
}

export const initialTally = (): Tally => ({
	phase: 'scheduled',
	paused: false,
	capacity: 0,
	free: 0,
	held: 0,
	paying: 0,
	sold: 0,
	waiting: 0,
	returning: 0,
	turns: 0,
	inside: 0,
	payers: 0,
	emptyHanded: 0,
	arrived: 0,
	turned: 0,
	admitted: 0,
	bought: 0,
});

/** Users who take a place: with a turn, inside, or paying within their time. */
export const activeOf = ({ turns, inside, payers }: Tally) => turns + inside + payers;

/** Everything is sold; what is held or being paid may come back. */
export const isSoldOut = ({ free, held, paying }: Tally) => free + held + paying === 0;

function endQueue(tally: Tally): void {
	tally.waiting = 0;
	tally.returning = 0;
}

const APPLY: {
	readonly [T in TicketEvent['type']]?: (tally: Tally, data: TicketEventData<T>) => void;
} = {
	created: (tally, { capacity }) => {
		tally.capacity = capacity;
		tally.free = capacity;
	},
	settingsChanged: (tally, { added }) => {
		tally.capacity += added;
		tally.free += added;
	},
	paused: (tally) => {
		tally.paused = true;
	},
	resumed: (tally) => {
		tally.paused = false;
	},
	opened: (tally) => {
		tally.phase = 'open';
	},
	reopened: (tally) => {
		tally.phase = 'open';
	},
	closed: (tally) => {
		tally.phase = 'closed';
		endQueue(tally);
	},
	soldOut: (tally) => {
		tally.phase = 'soldOut';
		endQueue(tally);
	},
	arrived: (tally, { users, returned }) => {
		tally.waiting += users.length + returned.length;
		tally.returning += returned.length;
		tally.arrived += users.length;
	},
	turned: (tally, { users, returned }) => {
		const count = users.length + returned.length;
		tally.waiting -= count;
		tally.returning -= returned.length;
		tally.turns += count;
		tally.emptyHanded += count;
		tally.turned += users.length;
	},
	turnsMissed: (tally, { users }) => {
		tally.turns -= users.length;
		tally.emptyHanded -= users.length;
	},
	admitted: (tally, { users }) => {
		tally.turns -= users.length;
		tally.inside += users.length;
		tally.admitted += users.length;
	},
	queueLeft: (tally, { returning }) => {
		tally.waiting -= 1;
		if (returning) tally.returning -= 1;
	},
	held: (tally, { units, visitor }) => {
		tally.free -= units;
		tally.held += units;
		if (visitor.quantity === units) tally.emptyHanded -= 1;
	},
	released: (tally, { units, visitor }) => {
		tally.held -= units;
		tally.free += units;
		if (visitor.quantity === 0) tally.emptyHanded += 1;
	},
	visitEnded: (tally, { from, units }) => {
		if (from === 'turn') tally.turns -= 1;
		else tally.inside -= 1;
		tally.held -= units;
		tally.free += units;
		if (units === 0) tally.emptyHanded -= 1;
	},
	checkedOut: (tally, { order }) => {
		tally.inside -= 1;
		tally.payers += 1;
		tally.held -= order.quantity;
		tally.paying += order.quantity;
	},
	sold: (tally, { order, inTime }) => {
		tally.paying -= order.quantity;
		tally.sold += order.quantity;
		tally.bought += 1;
		if (inTime) tally.payers -= 1;
	},
	orderEnded: (tally, { units, inTime }) => {
		tally.paying -= units;
		tally.free += units;
		if (inTime) tally.payers -= 1;
	},
	orderWaits: (tally) => {
		tally.payers -= 1;
	},
	refunded: (tally, { units }) => {
		tally.sold -= units;
		tally.free += units;
	},
	reserved: (tally, { quantity }) => {
		tally.free -= quantity;
		tally.sold += quantity;
	},
	unreserved: (tally, { quantity }) => {
		tally.sold -= quantity;
		tally.free += quantity;
	},
};

/** Counts an event in, in place; payment steps and ticks count for nothing. */
export function count(tally: Tally, event: TicketEvent): void {
	const apply = APPLY[event.type] as ((tally: Tally, data: unknown) => void) | undefined;
	apply?.(tally, event.data);
}
