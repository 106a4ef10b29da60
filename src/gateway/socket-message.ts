import { type FrameHead, frameHeadLength, type Op, writeFrameHead } from '../protocol/frames.ts';

/** First byte of a whole binary WebSocket message. */
const FIN_BINARY = 0x82;

/**
 * A whole WebSocket message that holds one frame: ready to be written to any number of sockets, and
 * never changed once made.
 */
export type SocketMessage = Buffer<ArrayBuffer>;

/** Room for a message, heads written; the payload belongs at `at`. */
function startMessage(
	head: FrameHead,
	allocate: (length: number) => SocketMessage = Buffer.allocUnsafe,
): { message: SocketMessage; at: number } {
	const content = frameHeadLength(head) + head.length;
	const socketHead = content < 126 ? 2 : content < 65_536 ? 4 : 10;
	const message = allocate(socketHead + content);
	message[0] = FIN_BINARY;
	if (socketHead === 2) message[1] = content;
	else if (socketHead === 4) {
		message[1] = 126;
		message.writeUInt16BE(content, 2);
	} else {
		message[1] = 127;
		message.writeUInt32BE(0, 2);
		message.writeUInt32BE(content, 6);
	}
	return { message, at: writeFrameHead(message, socketHead, head) };
}

/**
 * The same for a message that many sockets share. Not from the pool: a frame that one stalled reader
 * keeps must not keep its neighbours in the pool alive.
 */
export const startSharedMessage = (head: FrameHead) => startMessage(head, Buffer.allocUnsafeSlow);

/** A message for one socket with one frame whose payload is these bytes (copied). */
export function ownMessage(handle: number, op: Op, payload: Uint8Array): SocketMessage {
	const { message, at } = startMessage({ handle, op, length: payload.length });
	message.set(payload, at);
	return message;
}

/** A message for many sockets with one frame whose payload is these bytes (copied). */
export function sharedMessage(handle: number, op: Op, payload: Uint8Array): SocketMessage {
	const { message, at } = startSharedMessage({ handle, op, length: payload.length });
	message.set(payload, at);
	return message;
}

/** The message without its WebSocket head, for the ordinary `ws.send`. */
export function contentOf(message: SocketMessage): Buffer<ArrayBuffer> {
	const size = message[1] ?? 0;
	return message.subarray(size === 127 ? 10 : size === 126 ? 4 : 2);
}
