import { PAGE_BYTES_MAX } from '../protocol/channel.ts';
import { OP } from '../protocol/frames.ts';
import type { SlabSlice } from './event-slabs.ts';
import { type SocketMessage, startSharedMessage } from './socket-message.ts';

/** A packed event inside a larger buffer. */
export interface EventSlice extends SlabSlice {
	/** Position of the event it shows. */
	readonly position: number;
}

export interface DataOptions {
	readonly down: number;
	/** The position that the last message reaches. */
	readonly position: number;
	/** Named when it is another writer than the receivers know. */
	readonly writer?: string | undefined;
}

/** A shared message, and the position that its reader has reached with it. */
export interface DataMessage {
	readonly message: SocketMessage;
	readonly position: number;
}

/**
 * `data` messages with these events: one, or several of at most 256 KB (or one position) each. Each
 * carries the position that it reaches, so that a reader who is cut in between resumes rightly.
 */
export function dataMessages(slices: readonly EventSlice[], options: DataOptions): DataMessage[] {
	const messages: DataMessage[] = [];
	let first = 0;
	let bytes = 0;
	for (const [index, slice] of slices.entries()) {
		const size = slice.end - slice.start;
		const before = slices[index - 1];
		const isBoundary = before !== undefined && before.position !== slice.position;
		if (isBoundary && index > first && bytes + size > PAGE_BYTES_MAX) {
			const part = { ...options, position: before.position };
			messages.push(dataMessage(slices.slice(first, index), part));
			first = index;
			bytes = 0;
		}
		bytes += size;
	}
	messages.push(dataMessage(first === 0 ? slices : slices.slice(first), options));
	return messages;
}

/** {p, e, w?} in msgpack, put together from events that are packed already. */
function dataMessage(slices: readonly EventSlice[], options: DataOptions): DataMessage {
	const { down, position, writer } = options;
	const name = writer === undefined ? undefined : Buffer.from(writer);
	let length = 3 + uintLength(position) + 2 + arrayHeadLength(slices.length);
	for (const slice of slices) length += slice.end - slice.start;
	if (name !== undefined) length += 2 + 2 + name.length;
	const { message, at } = startSharedMessage({ handle: down, op: OP.data, length });
	let offset = at;
	message[offset++] = name === undefined ? 0x82 : 0x83;
	offset = writeName(message, offset, 'p');
	offset = writeUint(message, offset, position);
	offset = writeName(message, offset, 'e');
	offset = writeArrayHead(message, offset, slices.length);
	for (const { body, start, end } of slices) {
		offset += body.copy(message, offset, start, end);
	}
	if (name !== undefined) {
		offset = writeName(message, offset, 'w');
		message[offset++] = 0xd9;
		message[offset++] = name.length;
		message.set(name, offset);
	}
	return { message, position };
}

function writeName(target: Buffer, at: number, name: 'p' | 'e' | 'w'): number {
	target[at] = 0xa1;
	target[at + 1] = name.charCodeAt(0);
	return at + 2;
}

const uintLength = (value: number) =>
	value < 0x80 ? 1 : value < 0x1_0000 ? 3 : value <= 0xffff_ffff ? 5 : 9;

function writeUint(target: Buffer, at: number, value: number): number {
	if (value < 0x80) return target.writeUInt8(value, at);
	if (value < 0x1_0000) return target.writeUInt16BE(value, target.writeUInt8(0xcd, at));
	if (value <= 0xffff_ffff) return target.writeUInt32BE(value, target.writeUInt8(0xce, at));
	return target.writeBigUInt64BE(BigInt(value), target.writeUInt8(0xcf, at));
}

const arrayHeadLength = (length: number) => (length < 16 ? 1 : length < 0x1_0000 ? 3 : 5);

function writeArrayHead(target: Buffer, at: number, length: number): number {
	if (length < 16) return target.writeUInt8(0x90 | length, at);
	if (length < 0x1_0000) return target.writeUInt16BE(length, target.writeUInt8(0xdc, at));
	return target.writeUInt32BE(length, target.writeUInt8(0xdd, at));
}
