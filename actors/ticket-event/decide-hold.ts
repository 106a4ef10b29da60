import type { Rejection } from '../../src/core/actor-kind.ts';
import type { TicketSeat } from '../../src/protocol/ticket-event.ts';
import { wasAdmission } from './admission-id.ts';
import { CLOSED, type Decider, type Deciders, type Draft, refuse } from './draft.ts';
import { settle } from './give-turns.ts';
import { FREE } from './seat-plan.ts';
import { meInside } from './show-me.ts';
import { isSeated, unitsOf, type VisitInside } from './ticket-event-state.ts';

const EXPIRED = refuse('EXPIRED', 'this admission has ended: enter again');
const NOT_ADMITTED = refuse('NOT_ADMITTED', 'wait for your turn first');
const SOLD_OUT = refuse('SOLD_OUT', 'everything is sold');

/** The user's visit, if this is the admission to it and its time is not over. */
export function visitOf(
	{ state, phase, now, tally }: Draft,
	userId: string,
	admission: string,
): VisitInside | Rejection {
	const visitor = state.visitors.get(userId);
	const isIt = visitor?.phase === 'inside' && visitor.admission === admission;
	if (!isIt && !wasAdmission(admission, userId, tally.admitted)) return NOT_ADMITTED;
	if (phase === 'closed') return CLOSED;
	if (phase === 'soldOut' && (isIt || visitor === undefined)) return SOLD_OUT;
	return isIt && visitor.deadline > now ? visitor : EXPIRED;
}

/** Adds to what the visitor holds. */
function add(
	draft: Draft,
	{ userId, visit }: { readonly userId: string; readonly visit: VisitInside },
	{ seats, units }: { readonly seats: readonly string[]; readonly units: number },
) {
	const visitor: VisitInside = {
		...visit,
		seats: seats.length === 0 ? visit.seats : [...visit.seats, ...seats],
		quantity: visit.quantity + units,
	};
	const indexes = draft.state.plan.indexesOf(seats);
	draft.add({ type: 'held', data: { userId, visitor, units, seats: indexes } });
	return draft.accept(meInside(visitor));
}

const tooMany = ({ sale }: Draft) =>
	refuse('MEMBER_LIMIT', `each user may have ${sale.maxPerUser} at most`);

function holdSeats(
	draft: Draft,
	who: { readonly userId: string; readonly visit: VisitInside },
	ids: readonly string[],
) {
	const { plan } = draft.state;
	const wanted: TicketSeat['id'][] = [];
	for (const id of ids) {
		if (plan.indexOf(id) === undefined) return refuse('NOT_FOUND', `there is no seat ${id}`);
		if (!who.visit.seats.includes(id) && !wanted.includes(id)) wanted.push(id);
	}
	if (wanted.length === 0) return draft.accept(meInside(who.visit));
	if (unitsOf(draft.state, who.userId) + wanted.length > draft.sale.maxPerUser) {
		return tooMany(draft);
	}
	const taken = wanted.find((id) => plan.stateOf(plan.indexOf(id) ?? -1) !== FREE);
	if (taken !== undefined) return refuse('SEAT_TAKEN', `seat ${taken} is taken`);
	return add(draft, who, { seats: wanted, units: wanted.length });
}

function holdStock(
	draft: Draft,
	who: { readonly userId: string; readonly visit: VisitInside },
	quantity: number,
) {
	if (unitsOf(draft.state, who.userId) + quantity > draft.sale.maxPerUser) return tooMany(draft);
	if (draft.tally.free < quantity) {
		return refuse('TOTAL_LIMIT', `${draft.tally.free} are left`);
	}
	return add(draft, who, { seats: [], units: quantity });
}

const hold: Decider<'hold'> = (draft, args, { caller: { userId } }) => {
	const visit = visitOf(draft, userId, args.admission);
	if ('ok' in visit) return visit;
	const seated = isSeated(draft.state);
	if ('seats' in args) {
		if (!seated) return refuse('INVALID', 'this event has no seats: hold a quantity');
		return holdSeats(draft, { userId, visit }, args.seats);
	}
	if (seated) return refuse('INVALID', 'this event has seats: name those to hold');
	return holdStock(draft, { userId, visit }, args.quantity);
};

const release: Decider<'release'> = (draft, args, { caller: { userId } }) => {
	const visit = visitOf(draft, userId, args.admission);
	if ('ok' in visit) return visit;
	const { plan } = draft.state;
	const chosen = args.seats === undefined ? visit.seats : new Set(args.seats);
	const back = args.seats === undefined ? visit.seats : [...chosen].filter(isHeldBy(visit));
	const units = args.seats === undefined ? visit.quantity : back.length;
	if (units === 0) return draft.accept(meInside(visit));
	const visitor: VisitInside = {
		...visit,
		seats: visit.seats.filter((id) => !back.includes(id)),
		quantity: visit.quantity - units,
	};
	const seats = plan.indexesOf(back);
	draft.add({ type: 'released', data: { userId, visitor, units, seats } });
	settle(draft);
	return draft.accept(meInside(visitor));
};

const isHeldBy = (visit: VisitInside) => (id: string) => visit.seats.includes(id);

export const HOLD_DECIDERS: Deciders = { hold, release };
