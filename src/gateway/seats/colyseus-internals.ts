/**
 * Everything that leans on more of Colyseus than its documented interface, in this one file; its
 * contract test (`test/gateway/seats/colyseus-contract.test.ts`) is run on every upgrade.
 *
 *     room ── raw(bytes) ──▶ SeatClient ── send ──▶ the shared socket
 *     room ◀─ 'message' ─── SeatSocket ◀─ receive ─ the shared socket
 */
import { isUtf8 } from 'node:buffer';
import { EventEmitter } from 'node:events';
import {
	type AuthContext,
	type Client,
	ClientState,
	CloseCode,
	connectClientToRoom,
	ErrorCode,
	type ISendOptions,
	type MessageContext,
	matchMaker,
	Protocol,
	type Room,
	type RoomException,
	RoomInternalState,
	type RoomMethodName,
	ServerError,
} from '@colyseus/core';
import { decode } from '@colyseus/schema';
import { WebSocketClient } from '@colyseus/ws-transport';
import { WebSocket } from 'ws';
import type { Log } from '../../core/log.ts';
import { CLOSE, ERRORS } from '../../protocol/errors.ts';

/** More bytes than this waiting for one reader end its seat; it comes back with the full state. */
export const SEAT_BYTES_QUEUED_MAX = 1024 * 1024;
/** What a room may say to a client that has not answered its admission yet, in bytes. */
const HELD_BYTES_MAX = 256 * 1024;
const CODE_MASK = 0x1f;

/** What a room knows of a client's user: `client.auth`. */
export interface SeatAuth {
	readonly userId: string;
	readonly roles: readonly string[];
	readonly name?: string;
	readonly picture?: string;
}

export type RoomClass = typeof Room;

/** What Colyseus keeps to itself of a room and we read. */
interface RoomInside {
	readonly _listing: Parameters<typeof matchMaker.buildSeatReservation>[0];
	readonly _events: EventEmitter;
	readonly _internalState: RoomInternalState;
	readonly _reconnections: Readonly<Record<string, readonly [sessionId: string, unknown]>>;
	readonly _reservedSeats: Readonly<Record<string, readonly [options: unknown, auth: unknown]>>;
}
const inside = (room: Room): RoomInside => room as unknown as RoomInside;

export const NO_CONTEXT: AuthContext = { ip: undefined, headers: new Headers() };

let source: Uint8Array | undefined;
let copy: Uint8Array | undefined;
const forget = () => {
	source = undefined;
	copy = undefined;
};

/**
 * Bytes that outlive the turn: Colyseus writes the next patch over the last one. All clients of a
 * broadcast are handed one object, so they share one copy.
 */
export function lasting(data: Uint8Array): Uint8Array {
	if (copy !== undefined && data === source) return copy;
	if (source === undefined) queueMicrotask(forget);
	source = data;
	copy = Buffer.from(data);
	return copy;
}

/** Stands for the `ws` socket that Colyseus expects under each client. */
class SeatSocket extends EventEmitter {
	readyState: number = WebSocket.OPEN;
	readonly #ended: (code: number, reason: string) => void;

	constructor(ended: (code: number, reason: string) => void) {
		super();
		this.#ended = ended;
	}

	/** The server's side ends it; as with a real socket, the room learns of it later. */
	close(code: number = CloseCode.NORMAL_CLOSURE, reason = ''): void {
		if (this.readyState !== WebSocket.OPEN) return;
		this.readyState = WebSocket.CLOSED;
		queueMicrotask(() => {
			this.emit('close', code);
			this.#ended(code, reason);
		});
	}

	/** The client's side ends it. */
	lose(code: number): void {
		if (this.readyState !== WebSocket.OPEN) return;
		this.readyState = WebSocket.CLOSED;
		this.emit('close', code);
	}
}

/** Where a seat's bytes go; see {@link SeatRequest}. */
export interface SeatOutlet {
	send(bytes: Uint8Array): void;
	closed(code: number, reason: string): void;
	bytesQueued(): number;
}

/** A Colyseus client without a socket of its own. */
export class SeatClient extends WebSocketClient {
	auth: SeatAuth | undefined;
	userId = '';
	/** The frame that admits the client. Nothing follows it before the client has answered it. */
	admission: Uint8Array | undefined;
	readonly #socket: SeatSocket;
	readonly #outlet: SeatOutlet;
	#bytesHeld = 0;

	constructor(sessionId: string, outlet: SeatOutlet) {
		const socket = new SeatSocket((code, reason) => {
			if (this.admission !== undefined) outlet.closed(code, reason);
		});
		super(sessionId, socket as unknown as WebSocket);
		this.#socket = socket;
		this.#outlet = outlet;
	}

	get isOpen(): boolean {
		return this.#socket.readyState === WebSocket.OPEN;
	}

	override raw(data: Uint8Array): void {
		if (!this.isOpen) return;
		if (this.admission === undefined) {
			if (data[0] === Protocol.JOIN_ROOM) this.admission = lasting(data);
		} else if (this.#outlet.bytesQueued() > SEAT_BYTES_QUEUED_MAX) {
			// Dropping a patch would corrupt every later state, and queueing has no bound.
			this.#socket.close(CLOSE.slow.code, CLOSE.slow.says);
		} else {
			this.#outlet.send(lasting(data));
		}
	}

	override enqueueRaw(data: Uint8Array, options?: ISendOptions): void {
		if (this.state !== ClientState.JOINED && !options?.afterNextPatch) {
			this.#bytesHeld += data.length;
			if (this.#bytesHeld > HELD_BYTES_MAX) {
				this.#socket.close(CLOSE.slow.code, CLOSE.slow.says);
				return;
			}
		}
		super.enqueueRaw(data, options);
	}

	receive(bytes: Uint8Array): void {
		if (!this.isOpen) return;
		this.#socket.emit('message', Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
	}

	lose(consented: boolean): void {
		this.#socket.lose(consented ? CloseCode.CONSENTED : CloseCode.ABNORMAL_CLOSURE);
	}
}

/** The error as a client may see it: what a room threw on purpose, or nothing of it. */
export function shownError(error: unknown): ServerError {
	const meant =
		error instanceof ServerError &&
		error.code !== ErrorCode.MATCHMAKE_UNHANDLED &&
		error.code !== ErrorCode.APPLICATION_ERROR;
	return meant ? error : new ServerError(ErrorCode.APPLICATION_ERROR, ERRORS.INTERNAL.says);
}

/** Whether the head of a client's message can be read without harm. Bodies are Colyseus's own care. */
function isWellFormed(bytes: Uint8Array): boolean {
	const code = (bytes[0] ?? 0) & CODE_MASK;
	const isRequest = code === Protocol.ROOM_REQUEST;
	if (!isRequest && code !== Protocol.ROOM_DATA && code !== Protocol.ROOM_DATA_BYTES) {
		return bytes.length > 0;
	}
	const cursor = { offset: 1 };
	if (isRequest) decode.number(bytes, cursor);
	if (cursor.offset >= bytes.length) return false;
	if (!decode.stringCheck(bytes, cursor)) return true;
	const prefix = bytes[cursor.offset] ?? 0;
	if (prefix >= 0xc0 && prefix !== 0xd9) return false;
	const length = prefix === 0xd9 ? (bytes[cursor.offset + 1] ?? 0) : prefix & 0x1f;
	const start = cursor.offset + (prefix === 0xd9 ? 2 : 1);
	return start + length <= bytes.length && isUtf8(bytes.subarray(start, start + length));
}

type Handler = (client: Client, message: unknown, context?: MessageContext) => unknown;

/**
 * A request whose handler fails is answered as failed. Without this Colyseus would report the error
 * to `onUncaughtException` and answer the caller with `undefined` as if all were well.
 */
const answering =
	(handler: Handler, report: (error: unknown) => void): Handler =>
	(client, message, context) => {
		if (context?.id === undefined) return handler(client, message, context);
		const run = async () => handler(client, message, context);
		const answer = run().catch((error: unknown) => {
			if (shownError(error) !== error) report(error);
			throw shownError(error);
		});
		// Without a `catch` of its own Colyseus's wrapper lets the promise through to the reply.
		return Object.assign(answer, { catch: undefined });
	};

function replaceMethod(
	prototype: object,
	name: string,
	make: (original: (...args: unknown[]) => unknown) => (this: Room, ...args: unknown[]) => unknown,
): void {
	Object.defineProperty(prototype, name, {
		value: make(Reflect.get(prototype, name)),
		configurable: true,
		writable: true,
	});
}

export interface Guard {
	readonly log: Log;
	/** Who a stock client's token says it is; throws a `ServerError`. */
	authenticate(token: string | undefined): Promise<SeatAuth>;
}

/**
 * The room class as it runs here: no error of its code and no bytes of a client can end the process,
 * and nobody joins without a valid token by any path of Colyseus's.
 */
export function guardRoom(room: RoomClass, guard: Guard): RoomClass {
	const report = (target: Room, method: string, error: unknown) =>
		guard.log.error({ room: target.roomId, method, error }, 'a room failed');
	class GuardedRoom extends room {
		static override onAuth(token: string): Promise<unknown> {
			return guard.authenticate(token);
		}

		/** Rooms need not wait for the outcome: that nobody came back in time is no failure. */
		override allowReconnection(client: Client, seconds: number | 'manual') {
			const outcome = super.allowReconnection(client, seconds);
			outcome.catch(() => undefined);
			return outcome;
		}

		override onUncaughtException(exception: RoomException, method: RoomMethodName): void {
			const own = room.prototype.onUncaughtException;
			if (own !== undefined) own.call(this, exception, method);
			else if (!(exception.cause instanceof ServerError)) {
				report(this, method, exception.cause ?? exception);
			}
		}
	}
	replaceMethod(
		GuardedRoom.prototype,
		'onMessage',
		(original) =>
			function (type, ...rest) {
				const handler = rest.pop() as Handler;
				const wrapped =
					type === '*' ? handler : answering(handler, (error) => report(this, 'onMessage', error));
				return original.call(this, type, ...rest, wrapped);
			},
	);
	replaceMethod(
		GuardedRoom.prototype,
		'_onMessage',
		(original) =>
			function (sender, bytes) {
				const client = sender as Client;
				try {
					if (isWellFormed(bytes as Uint8Array)) return original.call(this, client, bytes);
				} catch {
					// A name that means something to JavaScript (`constructor`) ends here.
				}
				return client.leave(CloseCode.WITH_ERROR, 'malformed message');
			},
	);
	return GuardedRoom as RoomClass;
}

/**
 * Colyseus loads a process monitor if one is installed, and that takes over what happens on uncaught
 * errors, 18 MB besides. It stands back when it believes that it is loaded already.
 */
export function keepMonitorOut(): void {
	const mark = Symbol.for('@pm2/io');
	if (!(mark in globalThis)) Object.assign(globalThis, { [mark]: { metric: () => {} } });
}

/** Makes the room under this id on this node; the caller sees to it that there is only one. */
export async function makeRoom(name: string, roomId: string, options: object): Promise<Room> {
	await matchMaker.handleCreateRoom(name, options, undefined, roomId);
	const room = matchMaker.getLocalRoomById(roomId);
	if (room === undefined) throw new ServerError(ErrorCode.MATCHMAKE_EXPIRED, ERRORS.CLOSED.says);
	return room;
}

export const isDisposing = (room: Room): boolean =>
	inside(room)._internalState === RoomInternalState.DISPOSING;

/** Resolves when the room's `onDispose` has ended; Colyseus takes it out of its map earlier. */
export const whenGone = (room: Room): Promise<void> =>
	new Promise((resolve) => inside(room)._events.once('disconnect', () => resolve()));

/** Reserves a seat; the session id, or nothing when the room is full or ends. */
export async function reserve(room: Room, options: unknown, auth: SeatAuth) {
	const plain = { ...auth, sessionId: undefined };
	const seat = await matchMaker
		.reserveSeatFor(inside(room)._listing, options, plain)
		.catch(() => null);
	return seat ?? undefined;
}

/** What a stock client needs to open its socket. */
export const seatReservation = (room: Room, sessionId: string) =>
	matchMaker.buildSeatReservation(inside(room)._listing, sessionId);

/** The user who holds the seat of this session: reserved, dropped or connected. */
export const holderOf = (room: Room, sessionId: string): string | undefined => {
	const auth = inside(room)._reservedSeats[sessionId]?.[1] ?? room.clients.get(sessionId)?.auth;
	return (auth as SeatAuth | undefined)?.userId;
};

/** The session that the token of this user may take up again; ends a stale connection of it. */
export function resumable(room: Room, token: string, userId: string): string | undefined {
	const held = inside(room)._reconnections[token]?.[0];
	const auth =
		held === undefined
			? room.clients.find((client) => client.reconnectionToken === token)?.auth
			: inside(room)._reservedSeats[held]?.[1];
	return (auth as SeatAuth | undefined)?.userId === userId
		? room.checkReconnectionToken(token)
		: undefined;
}

/** Puts the client into the room; throws what the room throws. */
export async function seatClient(
	room: Room,
	client: SeatClient,
	{ token, skipHandshake }: { token: string | undefined; skipHandshake: boolean },
): Promise<void> {
	const again = token === undefined ? {} : { reconnectionToken: token };
	await connectClientToRoom(room, client, NO_CONTEXT, { ...again, skipHandshake });
}
