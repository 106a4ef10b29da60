// Written by `npm run sdk:generate` from src/protocol/ticket-lobby.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';

export interface Order {
	readonly id: string;
	readonly eventId: string;
	readonly status: OrderStatus;
	readonly seats: readonly string[];
	readonly quantity: number;
	readonly amount: number;
	readonly currency: string;
	readonly refunded: number;
	readonly createdAt: number;
	readonly deadline?: number | undefined;
}

export type OrderStatus = 'paying' | 'paid' | 'declined' | 'resolving' | 'expired' | 'refunded';

export interface Ticket {
	readonly id: string;
	readonly eventId: string;
	readonly seatId?: string | undefined;
	readonly orderId: string;
	readonly title: string;
	readonly at: number;
}

export interface TicketEventInfo {
	readonly id: string;
	readonly title: string;
	readonly state: TicketEventState;
	readonly opensAt: number;
	readonly closesAt?: number | undefined;
	readonly currency: string;
	readonly seated: boolean;
	readonly capacity: number;
	readonly free: number;
	readonly priceMin: number;
	readonly priceMax: number;
	readonly maxPerUser: number;
	readonly pickSeconds: number;
	readonly paySeconds: number;
}

export type TicketEventState = 'scheduled' | 'open' | 'paused' | 'soldOut' | 'closed';

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
		readonly refund: {
			readonly args: {
				readonly orderId: string;
				readonly seats?: readonly string[] | undefined;
			};
			readonly reply: Order;
		};
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
