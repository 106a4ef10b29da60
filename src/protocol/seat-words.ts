/** How the room of a seat map packs the states of seats; without zod, since clients read it. */

/** Seats in one number of 32 bits, two bits each. */
export const SEATS_PER_WORD = 16;

/** Letters of the states, by what stands in the bits: free, held, sold. */
export const SEAT_LETTERS = 'FHS';
