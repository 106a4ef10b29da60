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

export interface TicketMe {
	readonly phase:
		| 'before'
		| 'waiting'
		| 'turn'
		| 'inside'
		| 'paying'
		| 'done'
		| 'soldOut'
		| 'closed';
	readonly place?: number | undefined;
	readonly turned?: number | undefined;
	readonly deadline?: number | undefined;
	readonly admission?: string | undefined;
	readonly held: {
		readonly seats: readonly string[];
		readonly quantity: number;
	};
	readonly order?: Order | undefined;
	readonly ended?: ('left' | 'turnMissed' | 'pickExpired' | 'payExpired') | undefined;
}

export interface TicketTick {
	readonly at: number;
	readonly state: TicketEventState;
	readonly turned: number;
	readonly waiting: number;
	readonly active: number;
	readonly maxActive: number;
	readonly free: number;
	readonly batch?: number | undefined;
	readonly intervalMs?: number | undefined;
	readonly leaveRate: number;
}

export interface TicketLobbyTypes {
	readonly openArgs: Readonly<Record<string, never>>;
	readonly view: {
		readonly info: TicketEventInfo;
		readonly tick: TicketTick;
		readonly me: TicketMe;
	};
	readonly commands: {
		readonly enter: { readonly args: Readonly<Record<string, never>>; readonly reply: TicketMe };
		readonly leave: {
			readonly args: Readonly<Record<string, never>>;
			readonly reply: Readonly<Record<string, never>>;
		};
		readonly place: { readonly args: Readonly<Record<string, never>>; readonly reply: TicketMe };
		readonly hold: {
			readonly args:
				| {
						readonly admission: string;
						readonly seats: readonly string[];
				  }
				| {
						readonly admission: string;
						readonly quantity: number;
				  };
			readonly reply: TicketMe;
		};
		readonly release: {
			readonly args: {
				readonly admission: string;
				readonly seats?: readonly string[] | undefined;
			};
			readonly reply: TicketMe;
		};
		readonly checkout: {
			readonly args: {
				readonly admission: string;
			};
			readonly reply: Order;
		};
		readonly pay: {
			readonly args: {
				readonly orderId: string;
				readonly methodToken: string;
			};
			readonly reply: Order;
		};
	};
	readonly events: {};
	readonly ephemerals: {
		readonly me: TicketMe;
		readonly tick: TicketTick;
		readonly info: TicketEventInfo;
	};
}

export const ticketLobbyTable: KindTable = {
	kind: 'ticket-lobby',
	style: 'service',
	own: false,
	live: [],
	commands: {
		enter: { requests: 'none' },
		leave: { requests: 'none' },
		place: { query: true },
		hold: {},
		release: {},
		checkout: {},
		pay: {},
	},
};

type Commands = TicketLobbyTypes['commands'];

/** The commands of `ticket-lobby`, typed. */
export class TicketLobbyHandle extends KindHandle<TicketLobbyTypes> {
	enter(args: Commands['enter']['args'] = {}): Promise<Commands['enter']['reply']> {
		return this.run('enter', args);
	}

	leave(args: Commands['leave']['args'] = {}): Promise<Commands['leave']['reply']> {
		return this.run('leave', args);
	}

	place(args: Commands['place']['args'] = {}): Promise<Commands['place']['reply']> {
		return this.run('place', args);
	}

	hold(args: Commands['hold']['args']): Promise<Commands['hold']['reply']> {
		return this.run('hold', args);
	}

	release(args: Commands['release']['args']): Promise<Commands['release']['reply']> {
		return this.run('release', args);
	}

	checkout(args: Commands['checkout']['args']): Promise<Commands['checkout']['reply']> {
		return this.run('checkout', args);
	}

	pay(args: Commands['pay']['args']): Promise<Commands['pay']['reply']> {
		return this.run('pay', args);
	}
}
