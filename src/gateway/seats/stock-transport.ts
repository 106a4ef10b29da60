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
import { CLOSE, type CloseName } from '../../protocol/errors.ts';
import type { Authenticator, Identity, Revoked } from '../ports.ts';
import {
	holderOf,
	lasting,
	NO_CONTEXT,
	SEAT_BYTES_QUEUED_MAX,
	shownError,
} from './colyseus-internals.ts';

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

/** Colyseus's own sockets, for stock clients; each shows its token, also when it reconnects. */
export class StockTransport extends WebSocketTransport {
	readonly #authenticator: Authenticator;
	readonly #identities = new Map<StockClient, Identity>();

	constructor(authenticator: Authenticator) {
		super({ noServer: true, maxPayload: MESSAGE_BYTES_MAX });
		this.#authenticator = authenticator;
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
		const url = new URL(request.url ?? '/', 'ws://here');
		const client = new StockClient(url.searchParams.get('sessionId') ?? '', socket);
		const token = url.searchParams.get('reconnectionToken') ?? undefined;
		try {
			const room = matchMaker.getLocalRoomById(url.pathname.split('/')[2] ?? '');
			const identity = await this.#identify(url, room, client.sessionId);
			this.#keep(client, identity);
			await connectClientToRoom(room, client, NO_CONTEXT, {
				...(token === undefined ? {} : { reconnectionToken: token }),
				skipHandshake: url.searchParams.has('skipHandshake'),
			});
		} catch (error) {
			const { code, message } = shownError(error);
			const why = token === undefined ? CloseCode.WITH_ERROR : CloseCode.FAILED_TO_RECONNECT;
			client.error(code, message, () => socket.close(why));
		}
	}

	async #identify(url: URL, room: Room | undefined, sessionId: string): Promise<Identity> {
		const verified = await this.#authenticator.verify(url.searchParams.get('_authToken') ?? '');
		if (!verified.ok) throw new ServerError(ErrorCode.AUTH_FAILED, 'no valid token');
		if (room !== undefined && holderOf(room, sessionId) === verified.identity.userId) {
			return verified.identity;
		}
		throw new ServerError(ErrorCode.MATCHMAKE_EXPIRED, 'seat reservation expired.');
	}

	/** Remembers whose the socket is, and ends it with its token. */
	#keep(client: StockClient, identity: Identity): void {
		this.#identities.set(client, identity);
		const leftMs = (identity.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now();
		const timer = setTimeout(() => end(client, 'expired'), Math.min(leftMs, TIMER_MS_MAX));
		timer.unref();
		client.ref.once('close', () => {
			this.#identities.delete(client);
			clearTimeout(timer);
		});
	}
}

const end = (client: StockClient, why: CloseName) => client.leave(CLOSE[why].code, CLOSE[why].says);
