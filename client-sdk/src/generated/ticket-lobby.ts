// Written by `npm run sdk:generate` from src/protocol/ticket-lobby.ts; edit that.
import { KindHandle } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import type { Order, TicketEventInfo, TicketMe, TicketTick } from './schemas.ts';

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
