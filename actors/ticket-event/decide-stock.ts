import type { Caller } from '../../src/core/actor-kind.ts';
import { CLOSED, type Decider, type Deciders, refuse } from './draft.ts';
import { settle } from './give-turns.ts';
import { openOrClose } from './open-or-close.ts';
import { isSeated, unitsOf } from './ticket-event-state.ts';

/** Purchases of other services that one event keeps. */
const RESERVES_MAX = 1_000_000;

const SERVICES_ONLY = refuse('FORBIDDEN', 'only services reserve stock for others');
const NOT_ON_SALE = refuse('CONFLICT', 'the event is not on sale now');

const mayReserve = ({ roles }: Caller) =>
	roles.some((role) => role === 'service' || role === 'ops' || role === 'system');

/**
 * Use is a set of purchases: one that is there already stays one, and one that was cancelled, perhaps
 * before it came, never counts again (T11).
 */
const reserve: Decider<'reserve'> = (draft, { purchaseId, userId, quantity }, { caller }) => {
	if (!mayReserve(caller)) return SERVICES_ONLY;
	const { state, tally, now, sale } = draft;
	if (isSeated(state)) return refuse('INVALID', 'this event has seats, and no stock');
	const known = state.reserves.get(purchaseId);
	if (known !== undefined) {
		const isSame = known.userId === userId && known.quantity === quantity;
		return isSame ? draft.accept() : refuse('EXISTS', 'this purchase is another one');
	}
	if (state.tombstones.has(purchaseId)) return refuse('CONFLICT', 'this purchase was cancelled');
	openOrClose(draft);
	if (tally.phase === 'closed') return CLOSED;
	if (tally.phase === 'scheduled' || tally.paused) return NOT_ON_SALE;
	if (unitsOf(state, userId) + quantity > sale.maxPerUser) {
		return refuse('MEMBER_LIMIT', `each user may have ${sale.maxPerUser} at most`);
	}
	if (tally.phase === 'soldOut') return refuse('SOLD_OUT', 'everything is sold');
	if (tally.free < quantity || state.reserves.size >= RESERVES_MAX) {
		return refuse('TOTAL_LIMIT', `${tally.free} are left`);
	}
	draft.add({ type: 'reserved', data: { purchaseId, userId, quantity, at: now } });
	settle(draft);
	return draft.accept();
};

const unreserve: Decider<'unreserve'> = (draft, { purchaseId }, { caller }) => {
	if (!mayReserve(caller)) return SERVICES_ONLY;
	const { state, now } = draft;
	if (isSeated(state)) return refuse('INVALID', 'this event has seats, and no stock');
	if (state.tombstones.has(purchaseId)) return draft.accept();
	const { userId, quantity } = state.reserves.get(purchaseId) ?? { userId: '', quantity: 0 };
	draft.add({ type: 'unreserved', data: { purchaseId, userId, quantity, at: now } });
	settle(draft);
	return draft.accept();
};

export const STOCK_DECIDERS: Deciders = { reserve, unreserve };
