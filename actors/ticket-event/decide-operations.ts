import type { Caller, Rejection } from '../../src/core/actor-kind.ts';
import type { TicketEventDraft, TicketSettings } from '../../src/protocol/ticket-event.ts';
import { CLOSED, type Decider, type Deciders, type Draft, refuse } from './draft.ts';
import { paceFromNow, settle } from './give-turns.ts';
import { close as closeNow, openOrClose } from './open-or-close.ts';
import { pursue } from './order-steps.ts';
import { decideResolve } from './payment-refund.ts';
import { SeatPlan } from './seat-plan.ts';
import { infoOf } from './show-me.ts';
import { initialTally } from './tally.ts';
import { changedSale, definedOf, isSeated, saleOf } from './ticket-event-state.ts';

const OPERATORS_ONLY = refuse('FORBIDDEN', 'only operators may do this');

const isOperator = ({ roles }: Caller) => roles.includes('ops') || roles.includes('system');

const asOperator =
	<C extends 'create' | 'settings' | 'pause' | 'resume' | 'close' | 'resolve'>(
		decider: Decider<C>,
	): Decider<C> =>
	(draft, args, ask) =>
		isOperator(ask.caller) ? decider(draft, args, ask) : OPERATORS_ONLY;

const hasShare = (providers: Readonly<Record<string, number>>) =>
	Object.values(providers).some((share) => share > 0);

function draftRefused({ seats, stock, opensAt, closesAt, providers }: TicketEventDraft) {
	if ((seats === undefined) === (stock === undefined)) {
		return refuse('INVALID', 'an event has either seats or stock');
	}
	if (seats !== undefined && new Set(seats.map(({ id }) => id)).size < seats.length) {
		return refuse('INVALID', 'each seat has an id of its own');
	}
	if (closesAt !== undefined && closesAt <= opensAt) {
		return refuse('INVALID', 'it has to close behind its opening');
	}
	return hasShare(providers) ? undefined : refuse('INVALID', 'some provider needs a share');
}

const create = asOperator<'create'>((draft, { secret, ...wanted }, { context }) => {
	if (context.exists) return refuse('EXISTS', 'there is an event of this id');
	const refused = draftRefused(wanted);
	if (refused !== undefined) return refused;
	const capacity = wanted.seats?.length ?? wanted.stock?.total ?? 0;
	draft.add({ type: 'created', data: { draft: definedOf(wanted), secret, capacity } });
	const plan = new SeatPlan(wanted.seats ?? []);
	const tally = { ...initialTally(), capacity, free: capacity };
	return draft.accept(infoOf({ id: context.id, plan }, saleOf(wanted), tally));
});

/** Units more than before: raised at any time, lowered only before the sale (T16). */
function addedBy(draft: Draft, { stockTotal }: TicketSettings): number | Rejection {
	const { state, tally } = draft;
	if (stockTotal === undefined) return 0;
	if (isSeated(state)) return refuse('INVALID', 'the seats of an event stay as they are');
	const added = stockTotal - tally.capacity;
	if (added < 0 && tally.phase !== 'scheduled') {
		return refuse('CONFLICT', 'once the sale has started the stock can only be raised');
	}
	return added;
}

function settingsRefused({ sale, tally }: Draft, settings: TicketSettings) {
	const { opensAt, closesAt, providers } = settings;
	if (tally.phase === 'closed') return CLOSED;
	if (opensAt !== undefined && tally.phase !== 'scheduled') {
		return refuse('CONFLICT', 'it has opened already');
	}
	if ((closesAt ?? sale.closesAt ?? Infinity) <= (opensAt ?? sale.opensAt)) {
		return refuse('INVALID', 'it has to close behind its opening');
	}
	if (providers !== undefined && !hasShare(providers)) {
		return refuse('INVALID', 'some provider needs a share');
	}
	return undefined;
}

const settings = asOperator<'settings'>((draft, args) => {
	const wanted: TicketSettings = definedOf(args);
	const refused = settingsRefused(draft, wanted);
	if (refused !== undefined) return refused;
	const added = addedBy(draft, wanted);
	if (typeof added !== 'number') return added;
	const isPaced = wanted.intervalMs !== undefined && draft.tally.phase === 'open';
	const info = draft.infoWith(changedSale(draft.sale, wanted), added);
	const pace = isPaced ? { pace: paceFromNow(draft) } : {};
	draft.add({ type: 'settingsChanged', data: { settings: wanted, added, info, ...pace } });
	openOrClose(draft);
	settle(draft);
	return draft.accept(draft.info());
});

const pause = asOperator<'pause'>((draft) => {
	const { tally } = draft;
	if (tally.phase === 'closed') return CLOSED;
	if (tally.paused) return draft.accept();
	draft.add({ type: 'paused', data: { info: draft.info({ paused: true }) } });
	return draft.accept();
});

const resume = asOperator<'resume'>((draft) => {
	const { tally } = draft;
	if (tally.phase === 'closed') return CLOSED;
	if (!tally.paused) return draft.accept();
	const info = draft.info({ paused: false });
	draft.add({ type: 'resumed', data: { pace: paceFromNow(draft), info } });
	openOrClose(draft);
	settle(draft);
	return draft.accept();
});

const close = asOperator<'close'>((draft) => {
	if (draft.tally.phase !== 'closed') closeNow(draft);
	return draft.accept();
});

const resolve = asOperator<'resolve'>((draft, { orderId, how }) => {
	const order = draft.state.orders.get(orderId);
	if (order === undefined) return refuse('NOT_FOUND', 'there is no such order');
	const events = decideResolve(order, how);
	if ('ok' in events) return events;
	pursue(draft, order, { events });
	settle(draft);
	return draft.accept();
});

export const OPERATION_DECIDERS: Deciders = { create, settings, pause, resume, close, resolve };
