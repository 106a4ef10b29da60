import { refusal } from '../core/entries.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Seat, SeatHost, SeatRequest } from '../gateway/ports.ts';
import type { PlaceRequest, Rooms } from '../gateway/seats/room-host.ts';
import { CLOSE } from '../protocol/errors.ts';
import { type ActorKey, actorKey } from '../protocol/ids.ts';
import type { NodeId } from './directory.ts';
import { type NumberedSeat, SeatFanout } from './seat-fanout.ts';
import type { Switchboard } from './switchboard.ts';

/** Openings of one edge under way; beyond it `BUSY`. */
const OPENING_MAX = 10_000;
/** Said to an edge that it has not heard yet; beyond it the rooms end seats there. */
const BEHIND_BYTES_MAX = 8 * 1024 * 1024;
/** Longest message of a room to a seat of another node. */
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
const RETRY_MS = 1_000;

type Opened = Awaited<ReturnType<SeatHost['open']>>;
/** What an opening needs that can travel. */
export type RemoteOpening = Pick<
	SeatRequest,
	'kind' | 'id' | 'args' | 'identity' | 'reconnectionToken' | 'place'
>;

/** A seat here whose client is at another node. */
interface ServedSeat extends NumberedSeat {
	seat: Seat | undefined;
	/** Neither side wants more of it. */
	isOver: boolean;
}

/** What one edge has here, for the time of one session. */
interface Edge {
	readonly node: NodeId;
	readonly seats: Map<number, ServedSeat>;
	readonly fanout: SeatFanout;
	opening: number;
	/** Bytes that the edge was sent and has not told to have heard. */
	bytesBehind: number;
	isOver: boolean;
}

export interface SeatServerOptions {
	/** Serves what this node owns, and answers `MOVED` for what it does not. Never rejects. */
	readonly rooms: Pick<Rooms, 'open' | 'place'>;
	readonly switchboard: Switchboard;
	readonly runtime: Pick<Runtime, 'defer'>;
	readonly log: Log;
}

/**
 * The owner's side of seats whose clients are at other nodes. A room's message to many of them goes to
 * each edge once; memory for an edge that does not keep up is bounded by {@link BEHIND_BYTES_MAX}.
 */
export class SeatServer {
	readonly #options: SeatServerOptions;
	readonly #edges = new Map<NodeId, Edge>();

	constructor(options: SeatServerOptions) {
		this.#options = options;
		const { switchboard } = options;
		switchboard.handle('seatOpen', (from, [number, opening]) => {
			this.#open(this.#edge(from), number as number, opening as RemoteOpening);
		});
		switchboard.handle('seatPlace', (from, [number, request]) => {
			this.#place(this.#edge(from), number as number, request as PlaceRequest);
		});
		switchboard.handle('seatUp', (from, [number, bytes]) => {
			const served = this.#edges.get(from)?.seats.get(number as number);
			served?.seat?.receive(bytes as Uint8Array);
		});
		switchboard.handle('seatLeave', (from, [number, consented]) => {
			const edge = this.#edges.get(from);
			const served = edge?.seats.get(number as number);
			if (edge !== undefined && served !== undefined) leave(edge, served, consented === true);
		});
		switchboard.handle('seatHeard', (from, [bytes]) => {
			const edge = this.#edges.get(from);
			if (edge !== undefined) edge.bytesBehind -= bytes as number;
		});
		switchboard.onDown((peer) => this.#down(peer));
	}

	#edge(node: NodeId): Edge {
		const known = this.#edges.get(node);
		if (known !== undefined) return known;
		const { runtime } = this.#options;
		const say = (name: string, to: unknown, bytes: Uint8Array) => {
			made.bytesBehind += bytes.length;
			this.#send(made, name, to, bytes);
		};
		const fanout = new SeatFanout({
			some: (seats, bytes) => say('seatSome', seats, bytes),
			all: (group, bytes) => say('seatAll', group, bytes),
			runtime,
		});
		const seats = new Map<number, ServedSeat>();
		const made: Edge = { node, seats, fanout, opening: 0, bytesBehind: 0, isOver: false };
		this.#edges.set(node, made);
		return made;
	}

	#send(edge: Edge, name: string, ...args: readonly unknown[]): void {
		if (!edge.isOver) this.#options.switchboard.send(edge.node, name, ...args);
	}

	#open(edge: Edge, number: number, opening: RemoteOpening): void {
		if (edge.opening >= OPENING_MAX) {
			this.#send(edge, 'seatOpened', number, refusal('BUSY', 'too many openings', RETRY_MS));
			return;
		}
		const key = actorKey(opening.kind, opening.id);
		const served: ServedSeat = { number, key, seat: undefined, isOver: false };
		edge.seats.set(number, served);
		edge.opening++;
		this.#answer(this.#options.rooms.open({ ...opening, ...this.#outlet(edge, served) }), key)
			.then((answer) => {
				edge.opening--;
				this.#opened(edge, served, answer);
			})
			.catch((error: unknown) => this.#failed(error, key));
	}

	#opened(edge: Edge, served: ServedSeat, answer: Opened): void {
		if (answer.ok && !served.isOver) {
			served.seat = answer.seat;
			const { view } = answer;
			const group = edge.fanout.enter(served);
			this.#send(edge, 'seatOpened', served.number, { ok: true, view }, group);
			return;
		}
		if (answer.ok) answer.seat.leave(false);
		if (!served.isOver) forget(edge, served);
		this.#send(edge, 'seatOpened', served.number, answer.ok ? ENDED : answer);
	}

	/** Where the room's words for the seat go. */
	#outlet(edge: Edge, served: ServedSeat): Omit<SeatRequest, keyof RemoteOpening> {
		const isBehind = () => edge.bytesBehind > BEHIND_BYTES_MAX;
		const moved = () => this.#end(edge, served, () => this.#send(edge, 'seatMoved', served.number));
		return {
			send: (bytes) => {
				if (served.isOver) return;
				if (bytes.length <= MESSAGE_BYTES_MAX) edge.fanout.give(served, bytes);
				else this.#tooLarge(edge, served, bytes.length);
			},
			closed: (code, reason) => {
				// It is the way there that is slow, not the reader: it may come again.
				if (code === CLOSE.slow.code && isBehind()) moved();
				else this.#close(edge, served, { code, reason });
			},
			moved,
			bytesQueued: () => (isBehind() ? Number.POSITIVE_INFINITY : 0),
		};
	}

	#tooLarge(edge: Edge, served: ServedSeat, bytes: number): void {
		const { key, seat } = served;
		this.#options.log.warn({ room: key, bytes }, 'a room said too much at once to another node');
		this.#close(edge, served, { code: CLOSE.tooLarge.code, reason: CLOSE.tooLarge.says });
		seat?.leave(false);
	}

	#close(edge: Edge, served: ServedSeat, { code, reason }: { code: number; reason: string }): void {
		this.#end(edge, served, () => this.#send(edge, 'seatClosed', served.number, code, reason));
	}

	/** Forgets the seat and tells so, behind what its room has said to it. */
	#end(edge: Edge, served: ServedSeat, tell: () => void): void {
		if (served.isOver) return;
		forget(edge, served);
		tell();
	}

	#place(edge: Edge, number: number, request: PlaceRequest): void {
		this.#answer(this.#options.rooms.place(request), actorKey(request.kind, request.id))
			.then((answer) => this.#send(edge, 'seatPlaced', number, answer))
			.catch((error: unknown) => this.#failed(error, actorKey(request.kind, request.id)));
	}

	async #answer<A>(asked: Promise<A>, key: ActorKey): Promise<A | ReturnType<typeof refusal>> {
		try {
			return await asked;
		} catch (error) {
			this.#failed(error, key);
			return refusal('INTERNAL');
		}
	}

	#failed(error: unknown, key: ActorKey): void {
		this.#options.log.error({ err: error, room: key }, 'a seat of another node was not opened');
	}

	#down(peer: NodeId): void {
		const edge = this.#edges.get(peer);
		if (edge === undefined) return;
		edge.isOver = true;
		this.#edges.delete(peer);
		for (const served of [...edge.seats.values()]) leave(edge, served, false);
	}
}

function forget(edge: Edge, served: ServedSeat): void {
	served.isOver = true;
	edge.seats.delete(served.number);
	edge.fanout.leave(served);
}

/** The edge has nobody on the seat any more. */
function leave(edge: Edge, served: ServedSeat, consented: boolean): void {
	forget(edge, served);
	served.seat?.leave(consented);
}

const ENDED = refusal('RETRY_LATER', 'the seat ended while it was opened', RETRY_MS);
