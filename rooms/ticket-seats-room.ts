import { type Client, CloseCode, ErrorCode, Room, ServerError } from '@colyseus/core';
import type { Refusal } from '../src/protocol/errors.ts';
import { SEAT_LETTERS, SEATS_PER_WORD } from '../src/protocol/seat-words.ts';
import type { TicketSeat } from '../src/protocol/ticket-event.ts';
import { SeatGrade, TicketSeatsState } from './schema/ticket-seats-state.ts';

/** Ids in one piece of the state. */
const IDS_PER_PIECE = 500;
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
		readonly #lookers = new Map<string, Set<Looker>>();
		#eventId = '';
		#unfollow = () => {};

		override onCreate({ id }: { id: string }): void {
			this.#eventId = id;
			this.patchRate = PATCH_RATES[0]?.[1] ?? 100;
			this.#unfollow = maps.follow(id, {
				map: (seats, states) => this.#show(seats, states),
				changed: (seats, states) => this.#change(seats, states),
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
			const { ids, words } = this.state;
			if (ids.length === 0) describeSeats(this.state, seats);
			for (let from = 0, at = 0; from < seats.length; from += SEATS_PER_WORD, at++) {
				let word = 0;
				for (let bit = Math.min(SEATS_PER_WORD, seats.length - from) - 1; bit >= 0; bit--) {
					word = word * 4 + Math.max(0, SEAT_LETTERS.indexOf(states.charAt(from + bit)));
				}
				if (words[at] !== word) words[at] = word;
			}
		}

		#change(seats: readonly number[], states: string): void {
			const { words } = this.state;
			for (const [n, seat] of seats.entries()) {
				const at = Math.floor(seat / SEATS_PER_WORD);
				const place = 4 ** (seat % SEATS_PER_WORD);
				const word = words[at];
				if (word === undefined) continue;
				const before = Math.floor(word / place) % 4;
				const after = Math.max(0, SEAT_LETTERS.indexOf(states.charAt(n)));
				if (before !== after) words[at] = word + (after - before) * place;
			}
		}
	};

/** Writes what never changes. */
function describeSeats(state: TicketSeatsState, seats: readonly TicketSeat[]): void {
	const grades = new Map<string, number>();
	const runs: number[] = [];
	for (const { grade, price } of seats) {
		const key = `${price} ${grade}`;
		let index = grades.get(key);
		if (index === undefined) {
			index = grades.size;
			grades.set(key, index);
			state.grades.push(new SeatGrade({ name: grade, price }));
		}
		if (runs.at(-2) === index) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
		else runs.push(index, 1);
	}
	for (const run of runs) state.runs.push(run);
	for (let from = 0; from < seats.length; from += IDS_PER_PIECE) {
		const piece = seats.slice(from, from + IDS_PER_PIECE).map(({ id }) => id);
		state.ids.push(piece.join(' '));
	}
}
