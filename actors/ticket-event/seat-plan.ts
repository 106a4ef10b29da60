import type { TicketSeat } from '../../src/protocol/ticket-event.ts';

/** How a seat stands, as the index of its letter. */
export const FREE = 0;
export const HELD = 1;
export const SOLD = 2;
export type SeatState = typeof FREE | typeof HELD | typeof SOLD;

const LETTERS = 'FHS';
/** Arguments that one call takes without trouble. */
const LETTERS_AT_ONCE = 8_192;

export const letterOf = (state: SeatState) => LETTERS.charAt(state);

/** All seats of an event: what they are never changes, how they stand does. */
export class SeatPlan {
	readonly seats: readonly TicketSeat[];
	/** Lowest and highest price. */
	readonly prices: readonly [number, number];
	readonly #indexes = new Map<string, number>();
	readonly #states: Uint8Array;

	constructor(seats: readonly TicketSeat[]) {
		this.seats = seats;
		this.#states = new Uint8Array(seats.length);
		let low = Infinity;
		let high = 0;
		for (const [index, { id, price }] of seats.entries()) {
			this.#indexes.set(id, index);
			low = Math.min(low, price);
			high = Math.max(high, price);
		}
		this.prices = [low, high];
	}

	indexOf(id: string): number | undefined {
		return this.#indexes.get(id);
	}

	stateOf(index: number): SeatState {
		return (this.#states[index] ?? FREE) as SeatState;
	}

	set(indexes: readonly number[], state: SeatState): void {
		for (const index of indexes) this.#states[index] = state;
	}

	/** Sum of the seats' prices. */
	priceOf(ids: readonly string[]): number {
		let sum = 0;
		for (const id of ids) sum += this.seats[this.indexOf(id) ?? -1]?.price ?? 0;
		return sum;
	}

	/** Indexes of seats by their ids, which all exist. */
	indexesOf(ids: readonly string[]): number[] {
		return ids.map((id) => this.#indexes.get(id) ?? -1);
	}

	/** One letter for each seat, by index. */
	letters(): string {
		let letters = '';
		for (let from = 0; from < this.#states.length; from += LETTERS_AT_ONCE) {
			const codes = this.#states.subarray(from, from + LETTERS_AT_ONCE);
			letters += String.fromCharCode(...Array.from(codes, (state) => LETTERS.charCodeAt(state)));
		}
		return letters;
	}
}
