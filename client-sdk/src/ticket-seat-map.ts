import { type SeatCatalog, unpackSeats } from '../../src/protocol/seat-catalog.ts';
import { SEATS_PER_WORD } from '../../src/protocol/seat-words.ts';
import type { Room } from './room.ts';

/** A lost seat map is asked for again after this long, and up to twice as long. */
const AGAIN_MS = 1_000;
/** Refusals after which asking again with the same proof is in vain. */
const FINAL: readonly string[] = ['EXPIRED', 'NOT_ADMITTED', 'NOT_FOUND', 'CLOSED', 'FORBIDDEN'];

const STATES = ['free', 'held', 'sold'] as const;

/** One seat of an event, as it stands now. */
export interface Seat {
	readonly id: string;
	readonly grade: string;
	/** Minor units. */
	readonly price: number;
	/** `held` also while it is being paid. */
	readonly state: (typeof STATES)[number];
}

/** The room's state, as far as it is read here; see `rooms/schema/ticket-seats-state.ts`. */
interface SeatsState extends SeatCatalog {
	readonly words: Iterable<number>;
}

interface Timers {
	setTimeout(run: () => void, ms: number): unknown;
	clearTimeout(timer: unknown): void;
	random(): number;
}

/** The live seat map of one event: joined with a proof of admission, and followed until it is left. */
export class TicketSeatMap {
	readonly #room: Room;
	readonly #timers: Timers;
	readonly #changed: (seats: readonly Seat[]) => void;
	#seats: readonly Seat[] = [];
	#words: number[] = [];
	#admission: string | undefined;
	#timer: unknown;
	#undo: (() => void)[] = [];

	constructor(room: Room, timers: Timers, changed: (seats: readonly Seat[]) => void) {
		this.#room = room;
		this.#timers = timers;
		this.#changed = changed;
	}

	/** In the order of the event; another array after each change. Empty while it is not known. */
	get seats(): readonly Seat[] {
		return this.#seats;
	}

	/** Follows the map from now on. Called again with the same proof, it changes nothing. */
	join(admission: string): void {
		if (this.#admission === admission) return;
		const wasJoined = this.#admission !== undefined;
		this.#admission = admission;
		// A seat that is taken stays; the next one is asked for with the new proof.
		if (!wasJoined || this.#room.sessionId === undefined) this.#open();
	}

	leave(): void {
		if (this.#admission === undefined) return;
		this.#admission = undefined;
		this.#timers.clearTimeout(this.#timer);
		for (const undo of this.#undo.splice(0)) undo();
		this.#room.close();
		this.#words = [];
		this.#seats = [];
		this.#changed(this.#seats);
	}

	#open(): void {
		const admission = this.#admission;
		if (admission === undefined) return;
		this.#room.open({ admission }).then(
			// Left while it was being opened.
			() => this.#admission === undefined && this.#room.close(),
			(error: { code?: string }) => {
				if (!FINAL.includes(error.code ?? '')) this.#openLater();
			},
		);
		if (this.#undo.length > 0) return;
		this.#undo = [
			this.#room.on('state', (state) => this.#read(state as unknown as SeatsState)),
			this.#room.on('left', () => this.#openLater()),
		];
	}

	#openLater(): void {
		const { setTimeout, clearTimeout, random } = this.#timers;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#open(), AGAIN_MS * (1 + random()));
	}

	#read(state: SeatsState): void {
		const words = [...state.words];
		const seats = this.#seats.length > 0 ? [...this.#seats] : describe(state);
		if (seats.length === 0) return;
		let hasNews = this.#seats.length === 0;
		for (const [at, word] of words.entries()) {
			if (word === this.#words[at]) continue;
			hasNews = true;
			const first = at * SEATS_PER_WORD;
			let rest = word;
			for (let index = first; index < first + SEATS_PER_WORD && index < seats.length; index++) {
				const seat = seats[index] as Seat;
				const is = STATES[rest % 4] ?? 'sold';
				if (seat.state !== is) seats[index] = { ...seat, state: is };
				rest = Math.floor(rest / 4);
			}
		}
		if (!hasNews) return;
		this.#words = words;
		this.#seats = seats;
		this.#changed(seats);
	}
}

/** All seats, as if they were free. */
const describe = (catalog: SeatCatalog): Seat[] =>
	Array.from(unpackSeats(catalog), (seat) => ({ ...seat, state: 'free' }));
