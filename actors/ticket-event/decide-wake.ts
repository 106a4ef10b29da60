import { type Caller, SYSTEM } from '../../src/core/actor-kind.ts';
import { type Draft, refuse, type TicketDecision } from './draft.ts';
import { settle, turnsDueAt } from './give-turns.ts';
import { openOrClose } from './open-or-close.ts';
import { isForgetting } from './order-payment.ts';
import { pursue, waitOn } from './order-steps.ts';
import { orderOfIntent } from './payment-calls.ts';
import type { Forgotten, PaymentResult } from './payment-port.ts';
import { decideResult, decideTimer } from './payment-saga.ts';
import { tickOf } from './show-me.ts';
import { indexesOf, type TicketEventState, type Visitor } from './ticket-event-state.ts';

/** Deadlines, and insiders of a sale that is over, that one wake deals with; the others follow at once. */
const DUE_MAX = 500;

const HOST_ONLY = refuse('FORBIDDEN', 'only the host does this');

const isHost = ({ userId, roles }: Caller) => userId === SYSTEM.userId && roles.includes('system');

/** Seats go back before anybody enters for them. */
function endVisit(
	draft: Draft,
	userId: string,
	visitor: Exclude<Visitor, { phase: 'paying' }>,
): void {
	const { units, seats } = indexesOf(draft.state, visitor);
	const { phase } = draft.tally;
	const why = phase === 'closed' || phase === 'soldOut' ? phase : 'pickExpired';
	draft.add({ type: 'visitEnded', data: { userId, from: visitor.phase, why, units, seats } });
}

function orderDue(draft: Draft, orderId: string): void {
	const { state, now, sale } = draft;
	const order = state.orders.get(orderId);
	if (order === undefined) return;
	const context = { now, router: state.router, weights: sale.providers };
	const behind = pursue(draft, order, { events: decideTimer(order, context) });
	if (behind.payment.stands === 'mustWait') waitOn(draft, behind);
}

/** Deadlines that have passed: of turns, of picking, of paying, of calls to be repeated. */
function passDeadlines(draft: Draft): void {
	const { state, now, sale } = draft;
	const missed: string[] = [];
	for (const key of state.deadlines.due(now, DUE_MAX)) {
		const visitor = state.visitors.get(key);
		if (visitor === undefined) orderDue(draft, key);
		else if (visitor.phase === 'turn') missed.push(key);
		else if (visitor.phase === 'inside') endVisit(draft, key, visitor);
	}
	if (missed.length === 0) return;
	const until = now + sale.admission.returnMs;
	draft.add({ type: 'turnsMissed', data: { users: missed, until } });
}

/** When it is closed or everything is sold nobody stays inside who has not begun to pay. */
function sendHome(draft: Draft): void {
	let left = DUE_MAX;
	for (const [userId, visitor] of draft.state.visitors) {
		if (visitor.phase === 'paying') continue;
		if (left-- === 0) return;
		endVisit(draft, userId, visitor);
	}
}

const isOver = ({ tally }: TicketEventState) =>
	(tally.phase === 'closed' || tally.phase === 'soldOut') && tally.turns + tally.inside > 0;

/** The host's timer: does what is due by now, in bounded steps. */
export function wake(draft: Draft, caller: Caller): TicketDecision {
	if (!isHost(caller)) return HOST_ONLY;
	const { state, now } = draft;
	openOrClose(draft);
	if (isOver(state)) sendHome(draft);
	else passDeadlines(draft);
	settle(draft);
	if ((state.tickDue ?? Infinity) <= now) {
		draft.add({ type: 'ticked', data: tickOf(draft.state, draft.tally, now) });
	}
	return draft.accept();
}

/** A provider has answered, or the host could not ask. */
export function intentDone(
	draft: Draft,
	caller: Caller,
	{ id, result }: { readonly id: string; readonly result: unknown },
): TicketDecision {
	if (!isHost(caller)) return HOST_ONLY;
	if (isForgetting(id)) return forgotten(draft, result);
	const { state, now, sale } = draft;
	const order = state.orders.get(orderOfIntent(id));
	if (order === undefined) return draft.accept();
	const context = { now, router: state.router, weights: sale.providers };
	const events = decideResult(order, { id, result: resultOf(result) }, context);
	pursue(draft, order, { events });
	settle(draft);
	return draft.accept();
}

function forgotten(draft: Draft, result: unknown): TicketDecision {
	const { positions } = result as Partial<Forgotten>;
	// A refusal of the host itself: the next owner tries again.
	if (positions !== undefined) draft.add({ type: 'methodsForgotten', data: { positions } });
	return draft.accept();
}

/** A refusal of the host itself says that nothing was sent. */
const resultOf = (result: unknown): PaymentResult =>
	typeof result === 'object' && result !== null && 'outcome' in result
		? (result as PaymentResult)
		: { outcome: 'unsent' };

/** When the next of all that waits for a time is due. */
export function nextWakeAt(state: TicketEventState): number | undefined {
	const { tally, sale, at } = state;
	const opens = tally.phase === 'scheduled' && !tally.paused ? sale.opensAt : Infinity;
	const closes = tally.phase === 'closed' ? Infinity : (sale.closesAt ?? Infinity);
	const due = Math.min(
		opens,
		closes,
		isOver(state) ? at : Infinity,
		state.deadlines.next() ?? Infinity,
		turnsDueAt(state) ?? Infinity,
		state.tickDue ?? Infinity,
	);
	// Never a time that has passed: the host would take one that it has seen for one that it did.
	return due === Infinity ? undefined : Math.max(due, at + 1);
}
