import type { Sale, Seat, Standing, TicketEvent } from '../../../client-sdk/src/index.ts';

/** What each screen of a sale shows. */
export interface ScreenProps {
	readonly event: TicketEvent;
	readonly me: Standing;
	readonly sale: Sale;
	readonly seats: readonly Seat[];
}
