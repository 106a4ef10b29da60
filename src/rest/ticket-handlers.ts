import { randomBytes } from 'node:crypto';
import type { Caller } from '../core/actor-kind.ts';
import { actorKey } from '../protocol/ids.ts';
import type { RouteName, RouteReply } from '../protocol/rest.ts';
import { type TicketEventInfo, ticketEventContract } from '../protocol/ticket-event.ts';
import { type Answer, refuse } from './answer.ts';
import { ask } from './ask.ts';
import type { Handlers, RestRequest } from './handlers.ts';
import { look } from './look.ts';
import type { RestPorts } from './ports.ts';

/** Bytes of the secret under which an event's proofs of admission are signed. */
const SECRET_BYTES = 32;

type TicketRoute = Extract<RouteName, `${string}Ticket${string}`>;
type TicketHandlers = { readonly [N in TicketRoute]: Handlers[N] };
type Deed = Parameters<RestPorts['audit']['note']>[1];

const keyOf = (id: string) => actorKey(ticketEventContract.kind, id);

/** What an operator wants of an event. */
interface Order {
	readonly caller: Caller;
	readonly id: string;
	readonly name: string;
	readonly args: unknown;
	readonly deed: Deed;
	readonly trace: string;
}

/** The code behind the routes of ticket events. */
export function ticketHandlers(
	ports: Pick<RestPorts, 'actors' | 'audit' | 'ticketEvents'>,
): TicketHandlers {
	const { actors, audit } = ports;

	/** Noted before it happens; what cannot be noted does not. */
	const order = async <T>({ caller, id, name, args, deed, trace }: Order): Promise<Answer<T>> => {
		const refused = await audit.note(caller, deed, keyOf(id));
		return refused ?? ask<T>(actors, keyOf(id), { caller, name, args, trace });
	};

	type Act = Pick<RestRequest<'pauseTicketEvent'>, 'params' | 'caller' | 'trace'>;
	const act =
		(name: string, deed: Deed) =>
		({ params, caller, trace }: Act) =>
			order<Record<string, never>>({ caller, id: params.id, name, args: {}, deed, trace });

	return {
		listTicketEvents: ({ query }) =>
			ports.ticketEvents?.(query) ?? refuse('NOT_FOUND', 'no tickets are sold here'),
		createTicketEvent: ({ body: { id, ...draft }, caller, trace }) => {
			const secret = randomBytes(SECRET_BYTES).toString('base64url');
			const args = { ...draft, secret };
			return order({ caller, id, name: 'create', args, deed: 'createEvent', trace });
		},
		getTicketEvent: async ({ params }) => {
			const seen = await look<{ info: TicketEventInfo }>(actors, keyOf(params.id), READER);
			return seen.ok ? { ok: true, reply: seen.reply.info } : seen;
		},
		reportTicketEvent: ({ params, caller, trace }) =>
			ask(actors, keyOf(params.id), { caller, name: 'report', args: {}, trace }),
		reconcileTicketEvent: ({ params, caller, trace }) =>
			ask(actors, keyOf(params.id), { caller, name: 'reconcile', args: {}, trace }),
		reserveTickets: ({ params, body: args, caller, trace }) =>
			ask(actors, keyOf(params.id), { caller, name: 'reserve', args, trace }),
		unreserveTickets: ({ params, body: args, caller, trace }) =>
			ask(actors, keyOf(params.id), { caller, name: 'unreserve', args, trace }),
		pauseTicketEvent: act('pause', 'pauseEvent'),
		resumeTicketEvent: act('resume', 'resumeEvent'),
		closeTicketEvent: act('close', 'closeEvent'),
		changeTicketEvent: ({ params, body: args, caller, trace }) =>
			order<RouteReply<'changeTicketEvent'>>({
				...{ caller, id: params.id, name: 'settings', args, deed: 'changeEvent', trace },
			}),
		resolveTicketOrder: ({ params, body: args, caller, trace }) =>
			order({ caller, id: params.id, name: 'resolve', args, deed: 'resolveOrder', trace }),
	};
}

/** For what everybody may know of an event. */
const READER = { caller: { userId: 'rest', roles: ['system'] } };
