import { ErrorCode, matchMaker, type Room, ServerError } from '@colyseus/core';
import type { Log } from '../../core/log.ts';
import type { Refusal } from '../../protocol/errors.ts';
import type { KindContract } from '../../protocol/kind.ts';
import type { Identity, SeatHost, SeatRequest } from '../ports.ts';
import {
	isDisposing,
	reserve,
	resumable,
	type SeatAuth,
	SeatClient,
	seatClient,
	shownError,
} from './colyseus-internals.ts';
import { type LiveRooms, StillEnding } from './live-rooms.ts';
import { roomIdOf } from './seat-definition.ts';

/** Most rooms with seats on one node; a user can make rooms by opening new ids. */
const ROOMS_MAX = 10_000;

type Refused = { readonly ok: false } & Refusal;
export type PlaceAnswer =
	| { readonly ok: true; readonly room: Room; readonly sessionId: string }
	| Refused;
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

/** Who asks for a place in the room of a key, over whichever socket. */
export interface PlaceRequest {
	readonly kind: string;
	readonly id: string;
	readonly args: unknown;
	readonly identity: Identity;
	/** False: only if there is a room already. */
	readonly makes: boolean;
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
export class ColyseusSeats implements SeatHost {
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
			const again = await this.#reopen(request, roomId);
			if (again !== undefined) return again;
			const place = await this.place({ ...request, makes: true });
			return place.ok ? await this.#seat(request, place) : place;
		} catch (error) {
			return this.refusal(error, roomId);
		}
	}

	/** Reserves a place in the room of a key; it is kept for 15 s. Throws what the room throws. */
	async place(request: PlaceRequest): Promise<PlaceAnswer> {
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
	async placeAgain(roomId: string, token: string, identity: Identity): Promise<PlaceAnswer> {
		const room = await this.#rooms.find(roomId);
		const sessionId = room && resumable(room, token, identity.userId);
		if (room === undefined || sessionId === undefined) {
			return no('NOT_FOUND', 'the token names no seat');
		}
		return { ok: true, room, sessionId };
	}

	/** The error of a room as an answer; what the room did not mean for the client is logged. */
	refusal(error: unknown, roomId: string): { ok: false } & Refusal {
		if (error instanceof StillEnding) return no('RETRY_LATER');
		const shown = shownError(error);
		if (shown !== error) {
			this.#log.error({ room: roomId, error }, 'opening a seat failed');
			return no('INTERNAL');
		}
		if (shown.code === ErrorCode.AUTH_FAILED) return no('FORBIDDEN', shown.message);
		return no('CONFLICT', shown.message);
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
		const place = await this.placeAgain(roomId, token, request.identity);
		if (!place.ok) return undefined;
		try {
			return await this.#seat(request, { ...place, token });
		} catch (error) {
			this.#log.debug({ room: roomId, error }, 'a seat was not taken up again');
			return undefined;
		}
	}

	async #seat(
		request: SeatRequest,
		place: { room: Room; sessionId: string; token?: string },
	): Promise<Opened> {
		const { room, sessionId, token } = place;
		const client = new SeatClient(sessionId, request);
		client.userId = request.identity.userId;
		await seatClient(room, client, token).catch((error: unknown) => {
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
