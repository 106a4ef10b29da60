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

/** All seats of an event: what they are does not change once it is laid out, how they stand does. */
export class SeatPlan {
	readonly #seats: TicketSeat[] = [];
	readonly #indexes = new Map<string, number>();
	#states = new Uint8Array(0);
	#low = Infinity;
	#high = 0;

	constructor(seats: readonly TicketSeat[]) {
		this.add(seats);
	}

	get seats(): readonly TicketSeat[] {
		return this.#seats;
	}

	/** Lowest and highest price. */
	get prices(): readonly [number, number] {
		return [this.#low, this.#high];
	}

	/** Seats behind those that are there, free: a large plan is laid out part by part. */
	add(seats: readonly TicketSeat[]): void {
		for (const seat of seats) {
			this.#indexes.set(seat.id, this.#seats.push(seat) - 1);
			this.#low = Math.min(this.#low, seat.price);
			this.#high = Math.max(this.#high, seat.price);
		}
		const before = this.#states;
		this.#states = new Uint8Array(this.#seats.length);
		this.#states.set(before);
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
