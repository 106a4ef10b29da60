import { refusal } from '../core/entries.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Seat, SeatHost, SeatRequest } from '../gateway/ports.ts';
import type { PlaceAnswer, PlaceRequest } from '../gateway/seats/room-host.ts';
import { CLOSE } from '../protocol/errors.ts';
import type { RemoteOpening } from './seat-server.ts';

/** Questions to one node that wait for their answers; beyond it `BUSY`. */
const ASKED_MAX = 10_000;
/** A room may take its time to be made. */
const ANSWER_MAX_MS = 20_000;
/** More bytes than this waiting for one reader end its seat, as for seats of this node. */
const QUEUED_BYTES_MAX = 1024 * 1024;
/** After so many bytes the owner is told that they were heard. */
const HEARD_BYTES = 256 * 1024;
const RETRY_MS = 500;

type Opened = Awaited<ReturnType<SeatHost['open']>>;
/** What the owner answers to an opening or to a question for a place. */
type Answer = { readonly ok: true; readonly view?: unknown } | Extract<PlaceAnswer, { ok: false }>;

interface Asked {
	readonly answer: (answer: Answer) => void;
	readonly cancel: () => void;
}

/** A client here with a seat there. */
interface EdgeSeat {
	readonly number: number;
	readonly request: SeatRequest;
	/** Absent until it is open. */
	group: number | undefined;
}

/** What this edge has in the rooms of one other node, for the time of one session with it. */
export class RemoteRooms {
	readonly #send: (name: string, ...args: readonly unknown[]) => void;
	readonly #runtime: Pick<Runtime, 'after'>;
	readonly #asked = new Map<number, Asked>();
	readonly #seats = new Map<number, EdgeSeat>();
	readonly #groups = new Map<number, Set<EdgeSeat>>();
	#numbers = 0;
	#bytesHeard = 0;

	constructor(
		send: (name: string, ...args: readonly unknown[]) => void,
		runtime: Pick<Runtime, 'after'>,
	) {
		this.#send = send;
		this.#runtime = runtime;
	}

	open(request: SeatRequest): Promise<Opened> {
		const number = ++this.#numbers;
		const seat: EdgeSeat = { number, request, group: undefined };
		this.#seats.set(number, seat);
		const { kind, id, args, identity, reconnectionToken, place } = request;
		const opening: RemoteOpening = { kind, id, args, identity, reconnectionToken, place };
		return this.#ask<Opened>(number, {
			send: () => this.#send('seatOpen', number, opening),
			late: () => this.#leave(seat, false),
			read: (answer) => {
				if (answer.ok) return { ok: true, view: answer.view, seat: this.#handle(seat) };
				this.#forget(seat);
				return answer;
			},
		});
	}

	place(request: PlaceRequest): Promise<PlaceAnswer> {
		const number = ++this.#numbers;
		return this.#ask<PlaceAnswer>(number, {
			send: () => this.#send('seatPlace', number, request),
			late: () => {},
			read: (answer) => answer as PlaceAnswer,
		});
	}

	answered(number: number, answer: Answer, group: number | undefined): void {
		const seat = this.#seats.get(number);
		if (answer.ok && seat !== undefined && group !== undefined) this.#enter(seat, group);
		this.#take(number)?.answer(answer);
	}

	/** Bytes for the seats of these numbers. */
	some(numbers: readonly number[], bytes: Uint8Array): void {
		this.#hear(bytes);
		for (const number of numbers) {
			const seat = this.#seats.get(number);
			if (seat !== undefined) this.#give(seat, bytes);
		}
	}

	/** Bytes for all seats of a group. */
	all(group: number, bytes: Uint8Array): void {
		this.#hear(bytes);
		for (const seat of this.#groups.get(group) ?? []) this.#give(seat, bytes);
	}

	/** The owner has ended the seat; answers whose it was. */
	ended(number: number): SeatRequest | undefined {
		const seat = this.#seats.get(number);
		if (seat !== undefined) this.#forget(seat);
		return seat?.request;
	}

	/** The session is over: whoever asked is refused for now, whoever had a seat may take it again. */
	down(): void {
		const asked = [...this.#asked.keys()];
		const seated = [...this.#seats.values()].filter(({ number }) => !this.#asked.has(number));
		for (const number of asked) this.#take(number)?.answer(NOT_HEARD);
		for (const seat of seated) this.#forget(seat);
		for (const { request } of seated) request.moved();
	}

	#ask<A>(
		number: number,
		{ send, late, read }: { send: () => void; late: () => void; read: (answer: Answer) => A },
	): Promise<A> {
		return new Promise((resolve) => {
			const answer = (answered: Answer) => resolve(read(answered));
			if (this.#asked.size >= ASKED_MAX) {
				answer(refusal('BUSY', 'too much waits for another node', RETRY_MS));
				return;
			}
			const cancel = this.#runtime.after(ANSWER_MAX_MS, () => {
				late();
				this.#take(number)?.answer(refusal('TIMEOUT', 'the room gave no answer', RETRY_MS));
			});
			this.#asked.set(number, { answer, cancel });
			send();
		});
	}

	#take(number: number): Asked | undefined {
		const asked = this.#asked.get(number);
		this.#asked.delete(number);
		asked?.cancel();
		return asked;
	}

	#handle(seat: EdgeSeat): Seat {
		return {
			receive: (bytes) => {
				if (this.#seats.has(seat.number)) this.#send('seatUp', seat.number, bytes);
			},
			leave: (consented) => this.#leave(seat, consented),
		};
	}

	/** What a patch misses all later ones miss: a reader that is too slow loses its seat. */
	#give(seat: EdgeSeat, bytes: Uint8Array): void {
		const { request } = seat;
		if (request.bytesQueued() <= QUEUED_BYTES_MAX) {
			request.send(bytes);
			return;
		}
		this.#leave(seat, false);
		request.closed(CLOSE.slow.code, CLOSE.slow.says);
	}

	#leave(seat: EdgeSeat, consented: boolean): void {
		if (!this.#seats.has(seat.number)) return;
		this.#forget(seat);
		this.#send('seatLeave', seat.number, consented);
	}

	#enter(seat: EdgeSeat, id: number): void {
		const group = this.#groups.get(id) ?? new Set();
		this.#groups.set(id, group.add(seat));
		seat.group = id;
	}

	#forget(seat: EdgeSeat): void {
		this.#seats.delete(seat.number);
		if (seat.group === undefined) return;
		const group = this.#groups.get(seat.group);
		group?.delete(seat);
		if (group?.size === 0) this.#groups.delete(seat.group);
	}

	#hear({ length }: Uint8Array): void {
		this.#bytesHeard += length;
		if (this.#bytesHeard < HEARD_BYTES) return;
		this.#send('seatHeard', this.#bytesHeard);
		this.#bytesHeard = 0;
	}
}

const NOT_HEARD = refusal('UNAVAILABLE', 'the node of the room is not heard any more', RETRY_MS);
