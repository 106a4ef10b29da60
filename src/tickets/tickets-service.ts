import type { ActorPort, CommandAnswer, CommandRequest } from '../core/actor-port.ts';
import type { Reads } from '../core/store.ts';
import type { Connection, Service, ServiceRequest } from '../gateway/ports.ts';
import { actorKey } from '../protocol/ids.ts';
import type { Args, ReplyOf } from '../protocol/kind.ts';
import { ORDER_ID, ticketEventContract } from '../protocol/ticket-event.ts';
import { ticketsContract } from '../protocol/ticket-lobby.ts';
import { SharedReads } from './shared-reads.ts';
import { eventsPage, ticketsPage } from './ticket-pages.ts';

type Commands = (typeof ticketsContract)['commands'];
type CommandArgs<C extends keyof Commands> = Args<typeof ticketsContract, C>;

export interface TicketsServiceOptions {
	readonly actors: Pick<ActorPort, 'command'>;
	readonly reads: Reads;
	/** Resolves when what was committed here before is in the store. */
	settle(): Promise<void>;
}

export interface TicketsService extends Service {
	/** Events by opening time; the answer of the command `events`. */
	events(
		args: CommandArgs<'events'>,
	): Promise<
		| { readonly ok: true; readonly reply: ReplyOf<typeof ticketsContract, 'events'> }
		| Extract<CommandAnswer, { ok: false }>
	>;
}

const BAD_CURSOR = {
	ok: false,
	code: 'INVALID',
	message: 'after takes the next of an earlier answer',
} as const;
const AWAY = { ok: false, code: 'UNAVAILABLE', message: 'the store cannot be read now' } as const;

/** Serves `tickets/me`: events to choose from, and a user's own tickets and orders (T13, T18). */
export function ticketsService({ actors, reads, settle }: TicketsServiceOptions): TicketsService {
	// Everybody looks at the same list when a sale opens.
	const shared = new SharedReads<Awaited<ReturnType<typeof eventsPage>>>();

	const readEvents = async (args: CommandArgs<'events'>) => {
		await settle();
		return eventsPage(reads, args);
	};

	const events: TicketsService['events'] = async (args) => {
		const { state, text, after, limit } = args;
		const key = JSON.stringify([state, text, after, limit]);
		try {
			const page = await shared.read(key, () => readEvents(args));
			return page === undefined ? BAD_CURSOR : { ok: true, reply: page };
		} catch {
			return AWAY;
		}
	};

	const list = async (userId: string, args: CommandArgs<'list'>): Promise<CommandAnswer> => {
		try {
			await settle();
			const page = await ticketsPage(reads, userId, args);
			return page === undefined ? BAD_CURSOR : { ok: true, reply: page };
		} catch {
			return AWAY;
		}
	};

	/** The event of an order decides about it, in the name of the buyer. */
	const ask = (request: CommandRequest): Promise<CommandAnswer> => {
		const { orderId } = request.args as CommandArgs<'order'>;
		const [, eventId = ''] = ORDER_ID.exec(orderId) ?? [];
		const key = actorKey(ticketEventContract.kind, eventId);
		return new Promise((resolve) => actors.command(key, request, resolve));
	};

	const run = (
		{ identity }: Connection,
		command: { readonly name: string; readonly args: unknown; readonly request: ServiceRequest },
	): Promise<CommandAnswer> => {
		const { name, args, request } = command;
		switch (name as keyof Commands) {
			case 'events':
				return events(args as CommandArgs<'events'>);
			case 'list':
				return list(identity.userId, args as CommandArgs<'list'>);
			case 'order':
				return ask({ caller: identity, name, args, ...request });
			case 'refund':
				// An own order only: what operators give back goes to the actor, and is noted on its way.
				return ask({ caller: { ...identity, roles: ['user'] }, name, args, ...request });
			default:
				return Promise.resolve({ ok: false, code: 'NOT_FOUND' });
		}
	};

	return {
		contract: ticketsContract,
		events,
		open: (connection) => ({
			command: (name, args, request) => run(connection, { name, args, request }),
			close: () => {},
		}),
	};
}
