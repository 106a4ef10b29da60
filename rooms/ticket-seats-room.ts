import { type Client, CloseCode, ErrorCode, Room, ServerError } from '@colyseus/core';
import type { Refusal } from '../src/protocol/errors.ts';
import { packSeats, type SeatCatalog, seatMapBytes } from '../src/protocol/seat-catalog.ts';
import { SEAT_LETTERS, SEATS_PER_WORD } from '../src/protocol/seat-words.ts';
import type { TicketSeat } from '../src/protocol/ticket-event.ts';
import { SeatGrade, TicketSeatsState } from './schema/ticket-seats-state.ts';
import { SizedSerializer } from './sized-serializer.ts';

/** The more look on, the more changes share one patch. */
const PATCH_RATES: readonly (readonly [clients: number, ms: number])[] = [
	[1_000, 100],
	[5_000, 250],
	[Infinity, 500],
];

/** Hears of the seats of one event. */
export interface SeatMapListener {
	/** All seats, and one letter each for how they stand; again after the event's owner has changed. */
	map(seats: readonly TicketSeat[], states: string): void;
	/** How some stand now, by their index. */
	changed(seats: readonly number[], states: string): void;
	/** The user is not inside any more. */
	ended(userId: string): void;
	/** Who looks on. */
	users(): Iterable<string>;
}

/** What a room of seats stands on. */
export interface SeatMaps {
	/** Whether the proof lets the user look on now. Never rejects. */
	admit(
		eventId: string,
		userId: string,
		proof: string,
	): Promise<{ readonly ok: true } | ({ readonly ok: false } & Refusal)>;
	/** The answer ends it. */
	follow(eventId: string, listener: SeatMapListener): () => void;
}

type Looker = Client<{ auth: { userId: string } }>;

/**
 * The room class `ticket-seats`: the live seat map of an event, for those who are inside (T7). It decides
 * nothing; the map is the actor's.
 */
export const ticketSeatsRoom = (maps: SeatMaps) =>
	class TicketSeatsRoom extends Room<{ state: TicketSeatsState; client: Looker }> {
		override state = new TicketSeatsState();
		readonly #serializer = new SizedSerializer<TicketSeatsState>();
		readonly #lookers = new Map<string, Set<Looker>>();
		#eventId = '';
		#unfollow = () => {};

		/** Colyseus gives each state a serializer of its own choice. */
		override setSerializer(): void {
			super.setSerializer(this.#serializer);
		}

		override onCreate({ id }: { id: string }): void {
			this.#eventId = id;
			this.patchRate = PATCH_RATES[0]?.[1] ?? 100;
			this.#unfollow = maps.follow(id, {
				map: (seats, states) => this.#show(seats, states),
				changed: (seats, states) => change(this.state.words, seats, states),
				ended: (userId) => this.#end(userId),
				users: () => this.#lookers.keys(),
			});
		}

		override async onJoin(client: Looker, { admission }: { admission: string }): Promise<void> {
			const userId = client.auth?.userId ?? '';
			const lookers = this.#lookers.get(userId) ?? new Set();
			// Before the question, so that an end in the meantime is not missed.
			this.#lookers.set(userId, lookers.add(client));
			const admitted = await maps.admit(this.#eventId, userId, admission);
			if (admitted.ok) {
				this.#pace();
				return;
			}
			this.#forget(client);
			throw new ServerError(ErrorCode.AUTH_FAILED, admitted.code);
		}

		override onLeave(client: Looker): void {
			this.#forget(client);
			this.#pace();
		}

		override onDispose(): void {
			this.#unfollow();
		}

		#forget(client: Looker): void {
			const userId = client.auth?.userId ?? '';
			const lookers = this.#lookers.get(userId);
			lookers?.delete(client);
			if (lookers?.size === 0) this.#lookers.delete(userId);
		}

		#end(userId: string): void {
			for (const client of this.#lookers.get(userId) ?? []) {
				client.leave(CloseCode.CONSENTED, 'the admission has ended');
			}
		}

		#pace(): void {
			const count = this.clients.length;
			const ms = PATCH_RATES.find(([clients]) => count <= clients)?.[1] ?? 100;
			if (this.patchRate !== ms) this.patchRate = ms;
		}

		#show(seats: readonly TicketSeat[], states: string): void {
			if (this.state.ids.length === 0) {
				const catalog = packSeats(seats);
				this.#serializer.makeRoom(seatMapBytes(catalog, seats.length));
				describe(this.state, catalog);
			}
			const { words } = this.state;
			for (let at = 0; at * SEATS_PER_WORD < seats.length; at++) {
				const word = wordOf(states.slice(at * SEATS_PER_WORD, (at + 1) * SEATS_PER_WORD));
				if (words[at] !== word) words[at] = word;
			}
		}
	};

/** What never changes. */
function describe(state: TicketSeatsState, { ids, grades, runs }: SeatCatalog): void {
	for (const grade of grades) state.grades.push(new SeatGrade(grade));
	for (const run of runs) state.runs.push(run);
	for (const piece of ids) state.ids.push(piece);
}

const bitsOf = (letter: string) => Math.max(0, SEAT_LETTERS.indexOf(letter));

/** The first seat is lowest. */
function wordOf(states: string): number {
	let word = 0;
	for (let bit = states.length - 1; bit >= 0; bit--) word = word * 4 + bitsOf(states.charAt(bit));
	return word;
}

/** How some seats stand now, by their index. */
function change(words: TicketSeatsState['words'], seats: readonly number[], states: string): void {
	for (const [n, seat] of seats.entries()) {
		const at = Math.floor(seat / SEATS_PER_WORD);
		const place = 4 ** (seat % SEATS_PER_WORD);
		const word = words[at];
		if (word === undefined) continue;
		const before = Math.floor(word / place) % 4;
		const after = bitsOf(states.charAt(n));
		if (before !== after) words[at] = word + (after - before) * place;
	}
}
