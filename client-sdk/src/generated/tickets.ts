// Written by `npm run sdk:generate` from src/protocol/ticket-lobby.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { Order, Refund, Ticket, TicketEventInfo } from './schemas.ts';

export interface TicketsTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: Readonly<Record<string, never>>;
	readonly commands: {
		readonly events: {
			readonly args: {
				readonly state?: ('upcoming' | 'open' | 'soldOut' | 'closed') | undefined;
				readonly text?: string | undefined;
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly events: readonly TicketEventInfo[];
				readonly next?: string | undefined;
			};
		};
		readonly list: {
			readonly args: {
				readonly after?: string | undefined;
				readonly limit?: number | undefined;
			};
			readonly reply: {
				readonly tickets: readonly Ticket[];
				readonly hasMore: boolean;
				readonly next?: string | undefined;
			};
		};
		readonly order: {
			readonly args: {
				readonly orderId: string;
			};
			readonly reply: Order;
		};
		readonly refund: { readonly args: Refund; readonly reply: Order };
	};
	readonly events: {};
	readonly ephemerals: {};
}

export const ticketsTable: KindTable = {
	kind: 'tickets',
	style: 'service',
	own: false,
	live: [],
	commands: {
		events: { query: true },
		list: { query: true },
		order: { query: true },
		refund: {},
	},
};

type Commands = TicketsTypes['commands'];

/** The commands of `tickets`, typed. */
export class TicketsHandle extends KindHandle<TicketsTypes> {
	events(args: Commands['events']['args']): Promise<Commands['events']['reply']> {
		return this.run('events', args);
	}

	list(args: Commands['list']['args']): Promise<Commands['list']['reply']> {
		return this.run('list', args);
	}

	order(args: Commands['order']['args']): Promise<Commands['order']['reply']> {
		return this.run('order', args);
	}

	refund(args: Commands['refund']['args']): Promise<Commands['refund']['reply']> {
		return this.run('refund', args);
	}
}
