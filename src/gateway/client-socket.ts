import { WebSocket } from 'ws';
import { CLOSE } from '../protocol/errors.ts';
import type { ClientConnection } from './client-connection.ts';

/** Close code of `ws` itself for a message beyond `maxPayload`. */
const MESSAGE_TOO_BIG = 1009;

/** A WebSocket that knows its connection, so that all sockets share the same listeners. */
export class ClientSocket extends WebSocket {
	client: ClientConnection | undefined;

	override close(code?: number, reason?: string | Buffer): void {
		if (code === MESSAGE_TOO_BIG) super.close(CLOSE.tooLarge.code, CLOSE.tooLarge.says);
		else super.close(code, reason);
	}
}

/** Connects the socket's events with its connection. */
export function attachSocket(socket: ClientSocket, client: ClientConnection): void {
	socket.client = client;
	socket.on('message', onMessage);
	socket.on('close', onClose);
	socket.on('error', onError);
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
	(this as ClientSocket).client?.receive(data as Buffer, isBinary);
}

function onClose(this: WebSocket, code: number): void {
	(this as ClientSocket).client?.lost(code);
}

/** `close` follows, with the code that matters. */
function onError(): void {}
