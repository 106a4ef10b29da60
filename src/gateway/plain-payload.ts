import { unpack } from '../protocol/codec.ts';

const DEPTH_MAX = 32;

/** A payload that is not one plain msgpack value. */
export class PayloadError extends Error {}

/**
 * Unpacks what a client sent: only nil, booleans, numbers, strings, bytes, arrays and maps, at most 32
 * deep. Extensions are refused before the decoder sees them, since some of them make code or cycles.
 * Throws {@link PayloadError}.
 */
export function unpackPlain(bytes: Uint8Array): unknown {
	if (skipValue(bytes, 0, 0) !== bytes.length) throw new PayloadError('more than one value');
	try {
		return unpack(bytes);
	} catch {
		throw new PayloadError('not msgpack');
	}
}

/** Where the value at `at` ends. */
function skipValue(bytes: Uint8Array, at: number, depth: number): number {
	const tag = bytes[at];
	if (tag === undefined) throw new PayloadError('cut short');
	if (depth > DEPTH_MAX) throw new PayloadError('nested too deep');
	if (tag < 0x80 || tag >= 0xe0) return at + 1;
	if (tag < 0x90) return skipMany(bytes, at + 1, { length: (tag & 0x0f) * 2, depth });
	if (tag < 0xa0) return skipMany(bytes, at + 1, { length: tag & 0x0f, depth });
	if (tag < 0xc0) return at + 1 + (tag & 0x1f);
	return skipTagged(bytes, at, depth);
}

function skipMany(
	bytes: Uint8Array,
	start: number,
	{ length, depth }: { length: number; depth: number },
): number {
	let at = start;
	for (let index = 0; index < length; index++) at = skipValue(bytes, at, depth + 1);
	return at;
}

/** Bytes behind the tag of a value with a fixed length. */
const FIXED: Readonly<Record<number, number>> = {
	192: 0, // nil
	194: 0, // false
	195: 0, // true
	202: 4, // float 32
	203: 8, // float 64
	204: 1, // uint 8
	205: 2,
	206: 4,
	207: 8,
	208: 1, // int 8
	209: 2,
	210: 4,
	211: 8,
};

function skipTagged(bytes: Uint8Array, at: number, depth: number): number {
	const tag = bytes[at] ?? 0;
	const fixed = FIXED[tag];
	if (fixed !== undefined) return at + 1 + fixed;
	switch (tag) {
		case 0xc4:
		case 0xd9:
			return at + 2 + readSize(bytes, at + 1, 1);
		case 0xc5:
		case 0xda:
			return at + 3 + readSize(bytes, at + 1, 2);
		case 0xc6:
		case 0xdb:
			return at + 5 + readSize(bytes, at + 1, 4);
		case 0xdc:
			return skipMany(bytes, at + 3, { length: readSize(bytes, at + 1, 2), depth });
		case 0xdd:
			return skipMany(bytes, at + 5, { length: readSize(bytes, at + 1, 4), depth });
		case 0xde:
			return skipMany(bytes, at + 3, { length: readSize(bytes, at + 1, 2) * 2, depth });
		case 0xdf:
			return skipMany(bytes, at + 5, { length: readSize(bytes, at + 1, 4) * 2, depth });
		default:
			throw new PayloadError('an extension or an unused tag');
	}
}

function readSize(bytes: Uint8Array, at: number, width: number): number {
	let size = 0;
	for (let index = 0; index < width; index++) {
		const byte = bytes[at + index];
		if (byte === undefined) throw new PayloadError('cut short');
		size = size * 256 + byte;
	}
	return size;
}
