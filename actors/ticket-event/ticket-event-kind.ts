import type { ActorKind, Command, Context } from '../../src/core/actor-kind.ts';
import { ticketEventContract } from '../../src/protocol/ticket-event.ts';
import { ADMISSION_DECIDERS } from './decide-admission.ts';
import { HOLD_DECIDERS } from './decide-hold.ts';
import { OPERATION_DECIDERS } from './decide-operations.ts';
import { ORDER_DECIDERS, orderNeeds } from './decide-order.ts';
import { STOCK_DECIDERS } from './decide-stock.ts';
import { intentDone, nextWakeAt, wake } from './decide-wake.ts';
import { type Ask, Draft, refuse, type TicketDecision } from './draft.ts';
import { evolveTicketEvent } from './evolve-ticket-event.ts';
import { callsOf } from './order-payment.ts';
import { projectTicketEvent, TICKET_EVENT_COLLECTIONS } from './project-ticket-event.ts';
import { ticketPublishing } from './publish-ticket-event.ts';
import { grantTicketEvent, queryTicketEvent, viewTicketEvent } from './read-ticket-event.ts';
import { showTicketEvent } from './show-ticket-event.ts';
import {
	cutTicketEvent,
	restoreTicketEvent,
	restoringTicketEvent,
} from './snapshot-ticket-event.ts';
import { activeOf } from './tally.ts';
import { TICKET_EVENT_VERSIONS, type TicketEvent } from './ticket-event-events.ts';
import { initialTicketEvent, shownState, type TicketEventState } from './ticket-event-state.ts';

type AnyDecider = (draft: Draft, args: unknown, ask: Ask) => TicketDecision;

const DECIDERS: Readonly<Record<string, unknown>> = {
	...OPERATION_DECIDERS,
	...ADMISSION_DECIDERS,
	...HOLD_DECIDERS,
	...ORDER_DECIDERS,
	...STOCK_DECIDERS,
};

function decide(state: TicketEventState, command: Command, context: Context): TicketDecision {
	const { name, args, caller } = command;
	const draft = new Draft(state, context.now);
	if (name === 'wake') return wake(draft, caller);
	if (name === 'intentDone') {
		return intentDone(draft, caller, args as { id: string; result: unknown });
	}
	const decider = Object.hasOwn(DECIDERS, name) ? (DECIDERS[name] as AnyDecider) : undefined;
	if (decider === undefined) return refuse('INVALID', `ticket events have no command ${name}`);
	if (!context.exists && name !== 'create') {
		return refuse('NOT_FOUND', 'there is no event of this id');
	}
	return decider(draft, args, { caller, context });
}

/** The sale of one event: who may enter, who holds what, who has paid (T1 to T17). */
export const ticketEventKind: ActorKind<TicketEventState, TicketEvent> = {
	contract: ticketEventContract,
	collections: TICKET_EVENT_COLLECTIONS,
	eventVersions: TICKET_EVENT_VERSIONS,
	initial: initialTicketEvent,
	decide,
	evolve: evolveTicketEvent,
	needs: orderNeeds,
	nextWakeAt,
	intents: callsOf,
	grant: grantTicketEvent,
	view: viewTicketEvent,
	show: showTicketEvent,
	query: queryTicketEvent,
	project: projectTicketEvent,
	publishing: ticketPublishing,
	cut: cutTicketEvent,
	restore: restoreTicketEvent,
	restoring: restoringTicketEvent,
	figures: ({ tally, stuck, orders, deadlines, spent }) => ({
		state: shownState(tally),
		capacity: tally.capacity,
		free: tally.free,
		held: tally.held,
		paying: tally.paying,
		sold: tally.sold,
		waiting: tally.waiting,
		active: activeOf(tally),
		turned: tally.turned,
		orders: orders.size,
		deadlines: deadlines.size,
		stuck: stuck.size,
		methodsToForget: spent.size,
	}),
};
