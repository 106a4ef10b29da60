import type { IncomingMessage } from 'node:http';
import {
	CloseCode,
	connectClientToRoom,
	ErrorCode,
	type ISendOptions,
	matchMaker,
	type Room,
	ServerError,
} from '@colyseus/core';
import { WebSocketClient, WebSocketTransport } from '@colyseus/ws-transport';
import type { WebSocket } from 'ws';
import type { Runtime } from '../../core/runtime.ts';
import { CLOSE, type CloseName, ERRORS } from '../../protocol/errors.ts';
import type { Authenticator, Identity, Revoked, Seat, SeatHost } from '../ports.ts';
import type { SocketAdmission } from '../socket-admission.ts';
import {
	holderOf,
	lasting,
	NO_CONTEXT,
	SEAT_BYTES_QUEUED_MAX,
	shownError,
} from './colyseus-internals.ts';
import type { SeatView } from './colyseus-seats.ts';
import { keyOf } from './seat-definition.ts';

/** Largest message of a stock client, in bytes. */
const MESSAGE_BYTES_MAX = 64 * 1024;
/** Longest time that `setTimeout` can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

type LivelySocket = WebSocket & { pingCount: number };

/** A client with a socket of its own, whose states cannot be overwritten while they wait there. */
class StockClient extends WebSocketClient {
	override raw(data: Uint8Array, _options?: ISendOptions, sent?: (error?: Error) => void): void {
		if (this.ref.bufferedAmount > SEAT_BYTES_QUEUED_MAX) this.ref.terminate();
		else this.ref.send(lasting(data), { binary: true }, sent);
	}
}

/** Whether an upgrade is a stock client's: `/processId/roomId?sessionId=…`. */
export const isStockUpgrade = (url: string): boolean =>
	/^\/[\w-]+\/[\w-]+\?(?:.*&)?sessionId=/.test(url);

/** What a stock client says of itself with its upgrade. */
interface Arrival {
	readonly roomId: string;
	readonly sessionId: string;
	readonly authToken: string;
	readonly reconnectionToken: string | undefined;
	readonly skipHandshake: boolean;
}

function arrivalOf({ url = '/' }: IncomingMessage): Arrival {
	const { pathname, searchParams } = new URL(url, 'ws://here');
	return {
		roomId: pathname.split('/')[2] ?? '',
		sessionId: searchParams.get('sessionId') ?? '',
		authToken: searchParams.get('_authToken') ?? '',
		reconnectionToken: searchParams.get('reconnectionToken') ?? undefined,
		skipHandshake: searchParams.has('skipHandshake'),
	};
}

/** Which pages may connect, from where a request comes, and how many sockets whom has. */
export interface SocketDoor {
	/** Of an `Origin`; `undefined`: a client that is no page. */
	readonly originAllowed: (origin: string | undefined) => boolean;
	readonly addressOf: (request: IncomingMessage) => string;
	readonly admission: SocketAdmission;
}

export interface StockTransportOptions {
	readonly authenticator: Authenticator;
	readonly door: SocketDoor;
	readonly runtime: Pick<Runtime, 'monotonic'>;
	/** Opens seats in rooms that are not of this node; absent when there is only one. */
	readonly elsewhere?: (() => SeatHost) | undefined;
}

/**
 * Colyseus's own sockets, for stock clients; each shows its token, also when it reconnects. Any node
 * takes them: behind one entry a client comes to whichever node, and its room may live on another.
 */
export class StockTransport extends WebSocketTransport {
	readonly #options: StockTransportOptions;
	readonly #identities = new Map<StockClient, Identity>();

	constructor(options: StockTransportOptions) {
		super({ noServer: true, maxPayload: MESSAGE_BYTES_MAX });
		this.#options = options;
		// Colyseus binds its own handler to nothing.
		this.wss.removeAllListeners('connection');
		this.wss.on('connection', (socket: LivelySocket, request: IncomingMessage) => {
			void this.onConnection(socket, request);
		});
	}

	/** Ends the sockets of a user or a token that was revoked. */
	revoke({ userId, tokenId, at }: Revoked): void {
		for (const [client, identity] of this.#identities) {
			const isOfUser = userId === identity.userId && (identity.issuedAt ?? 0) <= at;
			const isOfToken = tokenId !== undefined && tokenId === identity.tokenId;
			if (isOfUser || isOfToken) end(client, 'revoked');
		}
	}

	protected override async onConnection(socket: LivelySocket, request: IncomingMessage) {
		socket.pingCount = 0;
		socket.on('pong', () => {
			socket.pingCount = 0;
		});
		socket.on('error', () => socket.terminate());
		const arrival = arrivalOf(request);
		const client = new StockClient(arrival.sessionId, socket);
		const refused = this.#enter(client, request);
		if (refused !== undefined) return end(client, refused);
		try {
			const identity = await this.#identify(arrival);
			if (socket.readyState !== socket.OPEN) return;
			if (!this.#keep(client, identity)) return end(client, 'tooMany');
			const room = matchMaker.getLocalRoomById(arrival.roomId);
			if (room !== undefined) await this.#seatHere(room, client, { arrival, identity });
			else await this.#seatElsewhere(client, { arrival, identity });
		} catch (error) {
			const { code, message } = shownError(error);
			const why =
				arrival.reconnectionToken === undefined
					? CloseCode.WITH_ERROR
					: CloseCode.FAILED_TO_RECONNECT;
			client.error(code, message, () => socket.close(why));
		}
	}

	/** Counts the socket until it is gone, or says why it may not be. */
	#enter(client: StockClient, request: IncomingMessage): CloseName | undefined {
		const { door, runtime } = this.#options;
		if (!door.originAllowed(request.headers.origin)) return 'origin';
		const { admission } = door;
		const address = door.addressOf(request);
		if (!admission.admitsAddress(address, runtime.monotonic())) return 'tooMany';
		admission.came(address);
		client.ref.once('close', () => {
			admission.left(address, this.#identities.get(client)?.userId);
			this.#identities.delete(client);
		});
		return undefined;
	}

	async #identify({ authToken }: Arrival): Promise<Identity> {
		const verified = await this.#options.authenticator.verify(authToken);
		if (verified.ok) return verified.identity;
		throw new ServerError(ErrorCode.AUTH_FAILED, 'no valid token');
	}

	async #seatHere(room: Room, client: StockClient, { arrival, identity }: Arrived): Promise<void> {
		if (holderOf(room, client.sessionId) !== identity.userId) throw expired();
		const { reconnectionToken, skipHandshake } = arrival;
		await connectClientToRoom(room, client, NO_CONTEXT, {
			...(reconnectionToken === undefined ? {} : { reconnectionToken }),
			skipHandshake,
		});
	}

	/** The room is of another node: the socket is a seat there, and its bytes go through. */
	async #seatElsewhere(client: StockClient, { arrival, identity }: Arrived): Promise<void> {
		const key = keyOf(arrival.roomId);
		const seats = this.#options.elsewhere?.();
		if (key === undefined || seats === undefined) throw expired();
		const { sessionId, reconnectionToken, skipHandshake } = arrival;
		const early: Uint8Array[] = [];
		let isSeated = false;
		const answer = await seats.open({
			...key,
			args: {},
			identity,
			reconnectionToken,
			place: { sessionId, skipHandshake },
			send: (bytes) => {
				if (isSeated) client.raw(bytes);
				else early.push(bytes.slice());
			},
			closed: (code, reason) => client.leave(code, reason),
			moved: () => client.leave(CloseCode.MAY_TRY_RECONNECT),
			bytesQueued: () => client.ref.bufferedAmount,
		});
		if (!answer.ok) {
			if (!ERRORS[answer.code].retryable) throw expired();
			client.leave(CloseCode.MAY_TRY_RECONNECT, answer.code);
			return;
		}
		isSeated = true;
		// The first that a client reads; it says that it is ready, and only then the room goes on.
		client.raw((answer.view as SeatView).join);
		for (const bytes of early) client.raw(bytes);
		passOn(client.ref, answer.seat);
	}

	/** Remembers whose the socket is, and ends it with its token; `false`: the user has too many. */
	#keep(client: StockClient, identity: Identity): boolean {
		const { door, runtime } = this.#options;
		const { userId, expiresAt = Number.POSITIVE_INFINITY } = identity;
		if (door.admission.refusalOf(userId, runtime.monotonic()) !== undefined) return false;
		door.admission.identified(userId);
		this.#identities.set(client, identity);
		const leftMs = Math.min(expiresAt - Date.now(), TIMER_MS_MAX);
		const timer = setTimeout(() => end(client, 'expired'), leftMs);
		timer.unref();
		client.ref.once('close', () => clearTimeout(timer));
		return true;
	}
}

interface Arrived {
	readonly arrival: Arrival;
	readonly identity: Identity;
}

const expired = () => new ServerError(ErrorCode.MATCHMAKE_EXPIRED, 'seat reservation expired.');

/** From here on the socket is the seat's. */
function passOn(socket: WebSocket, seat: Seat): void {
	if (socket.readyState !== socket.OPEN) {
		seat.leave(false);
		return;
	}
	socket.on('message', (bytes: Buffer) => seat.receive(bytes));
	socket.once('close', (code) => seat.leave(code === CloseCode.CONSENTED));
}

const end = (client: StockClient, why: CloseName) => client.leave(CLOSE[why].code, CLOSE[why].says);
