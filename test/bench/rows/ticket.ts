import type { BenchRow } from '../harness/row.ts';
import { ticketEnter, ticketEnterStore } from './ticket-enter.ts';
import { ticketHolds } from './ticket-holds.ts';
import { ticketOneSeat } from './ticket-one-seat.ts';
import { ticketPace } from './ticket-pace.ts';
import { ticketSale } from './ticket-sale.ts';
import { ticketTick } from './ticket-tick.ts';
import { ticketWaiting } from './ticket-waiting.ts';

/** The goals of a sale, in the order of the table. */
export const TICKET: readonly BenchRow[] = [
	ticketEnter,
	ticketEnterStore,
	ticketTick,
	ticketWaiting,
	ticketOneSeat,
	ticketHolds,
	ticketSale,
	ticketPace,
];
