import {
	type Caller,
	type Command,
	type QueryPlan,
	ReadRefusedError,
	type Rejection,
} from '../../src/core/actor-kind.ts';
import type { TicketReport } from '../../src/protocol/ticket-event.ts';
import { mayKnow, NO_ORDER } from './decide-order.ts';
import { type CommandArgs, refuse } from './draft.ts';
import { ORDERS } from './project-ticket-event.ts';
import { reconcileStock, stockInUse } from './reconcile-stock.ts';
import { infoOf, meOf, tickOf, toOrder } from './show-me.ts';
import { activeOf } from './tally.ts';
import { shownState, type TicketEventState } from './ticket-event-state.ts';

/** Payments that need a person, in one report. */
const STUCK_SHOWN_MAX = 1_000;

const isNode = ({ roles }: Caller) => roles.includes('system');
const isOperator = (caller: Caller) => isNode(caller) || caller.roles.includes('ops');

const NOT_YOURS = refuse('FORBIDDEN', 'buyers come through ticket-lobby');

/** Nodes and operators open it; buyers go through the lobby of their node. */
export const grantTicketEvent = (
	_state: TicketEventState,
	caller: Caller,
): Rejection | { readonly ok: true } => (isOperator(caller) ? { ok: true } : NOT_YOURS);

/** What an opening shows; the secret of the proofs to nodes only. */
export function viewTicketEvent(
	state: TicketEventState,
	caller: Caller,
	{ now }: { readonly now: number },
): QueryPlan {
	const granted = grantTicketEvent(state, caller);
	if (!granted.ok) return granted;
	const { secret, sale, tally } = state;
	const view = {
		info: infoOf(state, sale, tally),
		tick: tickOf(state, tally, now),
		...(isNode(caller) ? { secret } : {}),
	};
	return { ok: true, run: () => view };
}

/** How the sale goes (T17). */
function reportOf(state: TicketEventState, now: number): TicketReport {
	const { tally, waits, captured, refunded, admissions, openedAt } = state;
	const { capacity, free, held, paying, sold, waiting, turned, arrived, admitted, bought } = tally;
	return {
		state: shownState(tally),
		capacity,
		free,
		held,
		paying,
		sold,
		waiting,
		inside: activeOf(tally),
		captured,
		refunded,
		turned,
		arrived,
		ratePerMinute: Math.round(admissions.perSecond(now, openedAt) * 60),
		conversion: admitted === 0 ? 0 : bought / admitted,
		waitP50Ms: waits.percentile(0.5),
		waitP99Ms: waits.percentile(0.99),
		stuck: [...state.stuck.values()].slice(0, STUCK_SHOWN_MAX).map((stuck) => ({ ...stuck })),
	};
}

const answer = (value: unknown): QueryPlan => ({ ok: true, run: () => value });

type Query = (state: TicketEventState, command: Command, now: number) => QueryPlan;

/** An order that came to nothing long ago is only in the store. */
const readOrder: Query = (state, { caller, args }) => {
	const { orderId } = args as CommandArgs<'order'>;
	const order = state.orders.get(orderId);
	if (order !== undefined) {
		return mayKnow(caller, order.userId) ? answer(toOrder(state.id, order)) : NO_ORDER;
	}
	return {
		ok: true,
		run: async (reads) => {
			const row = await reads.get(ORDERS.name, [state.id, orderId]);
			if (row === undefined || !mayKnow(caller, row.doc.user)) throw new ReadRefusedError(NO_ORDER);
			const { user: _user, ...found } = row.doc;
			return found;
		},
	};
};

const QUERIES: Readonly<Record<string, Query>> = {
	report: (state, { caller }, now) =>
		isOperator(caller) ? answer(reportOf(state, now)) : NOT_YOURS,
	reconcile: (state, { caller }) => {
		if (!isOperator(caller)) return NOT_YOURS;
		const inUse = stockInUse(state);
		return { ok: true, run: (reads) => reconcileStock(inUse, reads) };
	},
	look: (state, { caller, args }) => {
		if (!isNode(caller)) return NOT_YOURS;
		const { users } = args as CommandArgs<'look'>;
		return answer({ me: users.map((userId) => meOf(state, userId)) });
	},
	seatMap: (state, { caller }) =>
		isOperator(caller)
			? answer({ seats: [...state.plan.seats], states: state.plan.letters() })
			: NOT_YOURS,
	order: readOrder,
};

/** Reads of nodes, operators and buyers. */
export function queryTicketEvent(
	state: TicketEventState,
	command: Command,
	{ now }: { readonly now: number },
): QueryPlan {
	const query = Object.hasOwn(QUERIES, command.name) ? QUERIES[command.name] : undefined;
	return query?.(state, command, now) ?? refuse('INVALID', 'no such query');
}
