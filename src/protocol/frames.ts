/**
 * The frame vocabulary, whole. A WebSocket message is one or more frames:
 *
 *     [handle id varint][op 1 byte][payload length varint][payload]
 *
 * Handle 0 is the socket itself. Up: ids chosen by the client. Down: `data` and `ephemeral` of a
 * stream carry the id that the edge gave the actor (`opened.down`), the same for all its sockets;
 * every other op carries the client's own id.
 */
export const OP = {
	hello: 1,
	welcome: 2,
	open: 3,
	opened: 4,
	command: 5,
	reply: 6,
	data: 7,
	ephemeral: 8,
	reset: 9,
	close: 10,
	error: 11,
	ping: 12,
	pong: 13,
	resume: 14,
} as const;

export type Op = (typeof OP)[keyof typeof OP];

/** Largest handle id, so that a varint has at most five bytes. */
export const HANDLE_MAX = 0xffff_ffff;
/** Largest WebSocket message that a server takes, in bytes: a message of 100,000 characters fits. */
export const MESSAGE_BYTES_MAX = 512 * 1024;
/** Most frames in one WebSocket message. */
export const FRAMES_PER_MESSAGE_MAX = 1_000;

export interface Frame {
	readonly handle: number;
	readonly op: number;
	/** A view on the message: copy it to keep it. */
	readonly payload: Uint8Array;
}

/** A message that is no sequence of frames. Costs its socket (close code 4101). */
export class FrameError extends Error {}

function varintLength(value: number): number {
	let length = 1;
	for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
	return length;
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
	let offset = at;
	let rest = value;
	while (rest >= 0x80) {
		target[offset++] = (rest % 0x80) | 0x80;
		rest = Math.floor(rest / 0x80);
	}
	target[offset++] = rest;
	return offset;
}

function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
	let value = 0;
	let scale = 1;
	for (let length = 0; length < 5; length++) {
		const byte = bytes[cursor.at++];
		if (byte === undefined) throw new FrameError('a frame is cut short');
		value += (byte & 0x7f) * scale;
		if (byte < 0x80) {
			if (value > HANDLE_MAX) throw new FrameError('a number is too large');
			return value;
		}
		scale *= 0x80;
	}
	throw new FrameError('a number is too long');
}

/** What stands before a frame's payload of `length` bytes. */
export interface FrameHead {
	readonly handle: number;
	readonly op: Op;
	readonly length: number;
}

/** How many bytes {@link writeFrameHead} writes. */
export const frameHeadLength = (head: FrameHead): number =>
	varintLength(head.handle) + 1 + varintLength(head.length);

/** Writes a head at `at` and answers where the payload begins. */
export function writeFrameHead(target: Uint8Array, at: number, head: FrameHead): number {
	let offset = writeVarint(target, at, head.handle);
	target[offset++] = head.op;
	offset = writeVarint(target, offset, head.length);
	return offset;
}

/** One frame as bytes of its own. */
export function encodeFrame(handle: number, op: Op, payload: Uint8Array): Uint8Array<ArrayBuffer> {
	const head = { handle, op, length: payload.length };
	const frame = new Uint8Array(frameHeadLength(head) + payload.length);
	frame.set(payload, writeFrameHead(frame, 0, head));
	return frame;
}

/** Frames of one message; throws {@link FrameError} before any is given out. */
export function decodeFrames(message: Uint8Array): Frame[] {
	const frames: Frame[] = [];
	const cursor = { at: 0 };
	while (cursor.at < message.length) {
		if (frames.length === FRAMES_PER_MESSAGE_MAX) throw new FrameError('too many frames');
		const handle = readVarint(message, cursor);
		const op = message[cursor.at++];
		if (op === undefined) throw new FrameError('a frame is cut short');
		const length = readVarint(message, cursor);
		const end = cursor.at + length;
		if (end > message.length) throw new FrameError('a frame is cut short');
		frames.push({ handle, op, payload: message.subarray(cursor.at, end) });
		cursor.at = end;
	}
	return frames;
}
