import { type SchemaType, schema, t } from '@colyseus/schema';

/** What a seat costs, in minor units. */
export const SeatGrade = schema({ name: t.string(), price: t.number() }, 'SeatGrade');
export type SeatGrade = SchemaType<typeof SeatGrade>;

/**
 * A seat map, compact: it may have 200,000 seats. The first three fields never change and are packed by
 * `src/protocol/seat-catalog.ts`; a change of a seat is one number of `words`.
 */
export const TicketSeatsState = schema(
	{
		ids: t.array('string'),
		grades: t.array(SeatGrade),
		runs: t.array('uint32'),
		/** Two bits for each seat, the first lowest, 16 seats a word: 0 free, 1 held, 2 sold. */
		words: t.array('uint32'),
	},
	'TicketSeatsState',
);
export type TicketSeatsState = SchemaType<typeof TicketSeatsState>;
