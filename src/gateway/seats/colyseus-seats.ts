import { CloseCode, ErrorCode, matchMaker, type Room, ServerError } from '@colyseus/core';
import type { Log } from '../../core/log.ts';
import { ERRORS, type Refusal } from '../../protocol/errors.ts';
import { type ActorKey, actorKey, splitKey } from '../../protocol/ids.ts';
import type { KindContract } from '../../protocol/kind.ts';
import type { Identity, SeatHost, SeatRequest } from '../ports.ts';
import {
	holderOf,
	isDisposing,
	reserve,
	resumable,
	type SeatAuth,
	SeatClient,
	type SeatOutlet,
	seatClient,
	seatReservation,
	shownError,
} from './colyseus-internals.ts';
import { type LiveRooms, StillEnding } from './live-rooms.ts';
import type { PlaceAnswer, PlaceRequest, RoomHost } from './room-host.ts';
import { keyOf, roomIdOf } from './seat-definition.ts';

/** Most rooms with seats on one node; a user can make rooms by opening new ids. */
const ROOMS_MAX = 10_000;

/** How rooms end seats that may be taken again elsewhere: the node gave the room up, or stops. */
const MOVED: readonly number[] = [CloseCode.MAY_TRY_RECONNECT, CloseCode.SERVER_SHUTDOWN];

type Refused = { readonly ok: false } & Refusal;
/** A reserved place, on the way to its client. */
type Reserved = { readonly ok: true; readonly room: Room; readonly sessionId: string } | Refused;
type Opened = Awaited<ReturnType<SeatHost['open']>>;

/** What `opened` carries for a seat. */
export interface SeatView {
	readonly roomId: string;
	readonly sessionId: string;
	/** Opens the same seat again, while the room allows it; a new one with every opening. */
	readonly reconnectionToken: string;
	/** Whether this is the seat that the token named; otherwise the client is new in the room. */
	readonly reconnected: boolean;
	/** Colyseus's JOIN_ROOM frame: the first that the client reads; it answers with the byte 10. */
	readonly join: Uint8Array;
}

/** A kind as the seats see it. */
export interface Joinable {
	readonly kind: string;
	/** Absent for rooms of actors: only the server makes those. */
	readonly contract?: KindContract;
	/** One of these is needed to join; absent means everybody may. */
	readonly roles?: readonly string[] | undefined;
}

const no = (code: Refusal['code'], message?: string): Refused =>
	message === undefined ? { ok: false, code } : { ok: false, code, message };

/** A room may refuse with a code of ours as the message of its `ServerError`. */
const isOurs = (message: string): message is Refusal['code'] => Object.hasOwn(ERRORS, message);

const endedByRoom = () => new ServerError(ErrorCode.AUTH_FAILED, 'the room ended the seat');

const mayJoin = ({ roles }: Joinable, identity: Identity): boolean =>
	roles === undefined || roles.some((role) => identity.roles.includes(role));

/** What rooms learn of a user. */
export const authOf = ({ userId, roles, name, picture }: Identity): SeatAuth => ({
	userId,
	roles,
	...(name === undefined ? {} : { name }),
	...(picture === undefined ? {} : { picture }),
});

/** Seats Naru's clients in the Colyseus rooms of this node, one room per key. */
export class ColyseusSeats implements RoomHost {
	readonly kinds: ReadonlyMap<string, KindContract>;
	readonly #joinables: ReadonlyMap<string, Joinable>;
	readonly #rooms: LiveRooms;
	readonly #log: Log;

	constructor(joinables: readonly Joinable[], rooms: LiveRooms, log: Log) {
		this.#joinables = new Map(joinables.map((each) => [each.kind, each]));
		const contracts = joinables.flatMap(({ contract }) => contract ?? []);
		this.kinds = new Map(contracts.map((contract) => [contract.kind, contract]));
		this.#rooms = rooms;
		this.#log = log;
	}

	async open(request: SeatRequest): Promise<Opened> {
		const roomId = roomIdOf(request.kind, request.id);
		try {
			if (request.place !== undefined) return await this.#take(request, roomId);
			const again = await this.#reopen(request, roomId);
			if (again !== undefined) return again;
			const place = await this.#reserve({ ...request, makes: true });
			return place.ok ? await this.#seat(request, place) : place;
		} catch (error) {
			return this.#refusal(error, roomId);
		}
	}

	async place(request: PlaceRequest): Promise<PlaceAnswer> {
		const roomId = roomIdOf(request.kind, request.id);
		const { reconnectionToken: token, identity } = request;
		try {
			const reserved = await (token === undefined
				? this.#reserve(request)
				: this.#reserveAgain(roomId, token, identity));
			if (!reserved.ok) return reserved;
			return { ok: true, place: seatReservation(reserved.room, reserved.sessionId) };
		} catch (error) {
			return this.#refusal(error, roomId);
		}
	}

	has(key: ActorKey): boolean {
		return this.#rooms.has(roomIdOfKey(key));
	}

	keys(): Iterable<ActorKey> {
		return this.#rooms.ids().flatMap((roomId) => actorKeyOf(roomId) ?? []);
	}

	end(key: ActorKey): void {
		void this.#rooms.close(roomIdOfKey(key), CloseCode.MAY_TRY_RECONNECT);
	}

	onGone(listener: (key: ActorKey) => void): () => void {
		return this.#rooms.onGone((roomId) => {
			const key = actorKeyOf(roomId);
			if (key !== undefined) listener(key);
		});
	}

	async #reserve(request: Omit<PlaceRequest, 'reconnectionToken'>): Promise<Reserved> {
		const joinable = this.#joinables.get(request.kind);
		if (joinable === undefined) return no('NOT_FOUND', 'there is no such kind');
		if (matchMaker.state !== matchMaker.MatchMakerState.READY) return no('UNAVAILABLE');
		if (!mayJoin(joinable, request.identity)) return no('FORBIDDEN');
		const args = joinable.contract?.openArgs.safeParse(request.args ?? {});
		if (args?.success === false) return no('INVALID', 'the arguments do not fit the kind');
		const makes = request.makes && joinable.contract !== undefined;
		const room = await this.#room({ ...request, makes, args: args?.data ?? {} });
		if (room === undefined) return makes ? no('BUSY', 'too many rooms') : no('NOT_FOUND');
		if (room.locked && !room.hasReachedMaxClients()) return no('CONFLICT', 'the room is locked');
		const seat = await reserve(room, args?.data ?? {}, authOf(request.identity));
		if (seat !== undefined) return { ok: true, room, sessionId: seat.sessionId };
		return isDisposing(room) ? no('RETRY_LATER') : no('MEMBER_LIMIT', 'the room is full');
	}

	/** The place that a reconnection token names. */
	async #reserveAgain(roomId: string, token: string, identity: Identity): Promise<Reserved> {
		const room = await this.#rooms.find(roomId);
		const sessionId = room && resumable(room, token, identity.userId);
		if (room === undefined || sessionId === undefined) {
			return no('NOT_FOUND', 'the token names no seat');
		}
		return { ok: true, room, sessionId };
	}

	/** The error of a room as an answer; what the room did not mean for the client is logged. */
	#refusal(error: unknown, roomId: string): Refused {
		if (error instanceof StillEnding) return no('RETRY_LATER');
		const shown = shownError(error);
		if (shown !== error) {
			this.#log.error({ room: roomId, error }, 'opening a seat failed');
			return no('INTERNAL');
		}
		const { message } = shown;
		if (isOurs(message)) return no(message);
		if (shown.code === ErrorCode.AUTH_FAILED) return no('FORBIDDEN', message);
		return no('CONFLICT', message);
	}

	#room({ kind, id, args, makes }: PlaceRequest): Promise<Room | undefined> {
		const roomId = roomIdOf(kind, id);
		const isOneTooMany = !this.#rooms.has(roomId) && this.#rooms.size >= ROOMS_MAX;
		if (!makes || isOneTooMany) return this.#rooms.find(roomId);
		return this.#rooms.open(kind, roomId, { ...(args as object), id });
	}

	/** Takes an earlier seat up again; nothing when there is none to take up. */
	async #reopen(request: SeatRequest, roomId: string): Promise<Opened | undefined> {
		const token = request.reconnectionToken;
		if (token === undefined || !this.kinds.has(request.kind)) return undefined;
		const reserved = await this.#reserveAgain(roomId, token, request.identity);
		if (!reserved.ok) return undefined;
		try {
			return await this.#seat(request, { ...reserved, token });
		} catch (error) {
			this.#log.debug({ room: roomId, error }, 'a seat was not taken up again');
			return undefined;
		}
	}

	/** Takes the place that was reserved for a client with a socket of its own. */
	async #take(request: SeatRequest, roomId: string): Promise<Opened> {
		const { identity, place, reconnectionToken: token } = request;
		const room = await this.#rooms.find(roomId);
		const sessionId = place?.sessionId ?? '';
		if (room === undefined || holderOf(room, sessionId) !== identity.userId) {
			return no('NOT_FOUND', 'the place is not kept any more');
		}
		return this.#seat(request, { room, sessionId, ...(token === undefined ? {} : { token }) });
	}

	async #seat(
		request: SeatRequest,
		reserved: { room: Room; sessionId: string; token?: string },
	): Promise<Opened> {
		const { room, sessionId, token } = reserved;
		const client = new SeatClient(sessionId, outletOf(request));
		client.userId = request.identity.userId;
		const skipHandshake = request.place?.skipHandshake === true;
		await seatClient(room, client, { token, skipHandshake }).catch((error: unknown) => {
			throw client.isOpen ? error : endedByRoom();
		});
		// A seat that is taken up again has the rights of the present token, not of the first.
		client.auth = { ...client.auth, ...authOf(request.identity) };
		if (client.admission === undefined || !client.isOpen) throw endedByRoom();
		const view: SeatView = {
			roomId: room.roomId,
			sessionId,
			reconnectionToken: client.reconnectionToken,
			reconnected: token !== undefined,
			join: client.admission,
		};
		const seat = {
			receive: (bytes: Uint8Array) => client.receive(bytes),
			leave: (consented: boolean) => client.lose(consented),
		};
		return { ok: true, seat, view };
	}
}

/** Where the bytes of a seat go; a room that this node gave up is told as moved. */
const outletOf = (request: SeatRequest): SeatOutlet => ({
	send: (bytes) => request.send(bytes),
	closed: (code, reason) => {
		if (MOVED.includes(code)) request.moved();
		else request.closed(code, reason);
	},
	bytesQueued: () => request.bytesQueued(),
});

const roomIdOfKey = (key: ActorKey): string => {
	const { kind, id } = splitKey(key);
	return roomIdOf(kind, id);
};

function actorKeyOf(roomId: string): ActorKey | undefined {
	const key = keyOf(roomId);
	return key && actorKey(key.kind, key.id);
}
