import { WebSocket } from 'ws';

/** Opens a WebSocket whose messages are buffers; rejects when it does not open. */
export function openSocket(
	url: string,
	onMessage: (data: Buffer, socket: WebSocket) => void,
): Promise<WebSocket> {
	const socket = new WebSocket(url.replace(/^http/, 'ws'), {
		perMessageDeflate: false,
		skipUTF8Validation: true,
		maxPayload: 64 * 1024 * 1024,
	});
	// Before 'open': the first message may come in the same chunk as the handshake.
	socket.on('message', (data: Buffer) => onMessage(data, socket));
	return new Promise((resolve, reject) => {
		socket.once('error', reject);
		socket.once('open', () => {
			socket.off('error', reject);
			socket.on('error', (error) => process.stderr.write(`bench client: ${error.message}\n`));
			resolve(socket);
		});
	});
}
