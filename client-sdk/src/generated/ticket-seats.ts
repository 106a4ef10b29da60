// Written by `npm run sdk:generate` from src/protocol/ticket-lobby.ts; edit that.
import type { KindTable } from '../kind-table.ts';

export interface TicketSeatsTypes {
	readonly openArgs: {
		readonly admission: string;
	};
	readonly view: Readonly<Record<string, never>>;
	readonly commands: {};
	readonly events: {};
	readonly ephemerals: {};
}

export const ticketSeatsTable: KindTable = {
	kind: 'ticket-seats',
	style: 'seat',
	own: false,
	live: [],
	commands: {},
};
