// Written by `npm run sdk:generate` from src/protocol; edit that.
import type { GeneratedKind } from '../kind-handle.ts';
import type { KindTable } from '../kind-table.ts';
import { type CursorBoardTypes, cursorBoardTable } from './cursor-board.ts';
import { type TicketSeatsTypes, ticketSeatsTable } from './ticket-seats.ts';
import { OpsHandle, opsTable } from './ops.ts';
import { RefreshPlanHandle, refreshPlanTable } from './refresh-plan.ts';

/** Kinds that need no code of their own: `naru.<kind>(id)`, or `naru.<kind>` where there is one. */
export interface GeneratedKinds {
	readonly ops: OpsHandle;
	refreshPlan(id: string): RefreshPlanHandle;
}

/** How each of {@link GeneratedKinds} is made. */
export const GENERATED_KINDS: Readonly<Record<string, GeneratedKind>> = {
	ops: { table: opsTable, handle: OpsHandle, isOne: true },
	refreshPlan: { table: refreshPlanTable, handle: RefreshPlanHandle, isOne: false },
};

/** Kinds with seats in a room: `naru.room(kind, id)`. */
export interface SeatKinds {
	readonly 'cursor-board': CursorBoardTypes;
	readonly 'ticket-seats': TicketSeatsTypes;
}

export const SEAT_TABLES: Readonly<Record<keyof SeatKinds, KindTable>> = {
	'cursor-board': cursorBoardTable,
	'ticket-seats': ticketSeatsTable,
};
