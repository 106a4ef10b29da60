/**
 * What travels on a link, one packet per relay message:
 *
 *   version 1 │ speaks 1 │ kind 1 │ id length 1 │ mine 8 │ theirs 8 │ ack 8 │ seq 8 │ id │ body
 *
 * Numbers are big-endian, those of 8 bytes whole numbers in floating point. The id is the sender's.
 * `speaks` is the newest version that the sender reads: a later release begins with the oldest that it
 * still writes, and changes to the newest of both once it has heard the other (P21).
 */
import { ID } from '../protocol/ids.ts';
import type { NodeId } from './directory.ts';

const VERSION = 1;
const FIXED_BYTES = 36;
/** The kinds by their number on the wire, which never changes. */
const KINDS = [undefined, 'hello', 'beat', 'data', 'ask', 'bye'] as const;

/**
 * `hello`: tell me your epoch. `beat`: a sign of life. `data`: the body holds pieces of messages. `ask`:
 * send again what lies behind `ack` up to `seq`. `bye`: the sender is about to end.
 */
export type PacketKind = NonNullable<(typeof KINDS)[number]>;

export interface PacketHead {
	readonly kind: PacketKind;
	readonly from: NodeId;
	/** The sender's epoch, and the receiver's as the sender knows it (0: not at all). */
	readonly mine: number;
	readonly theirs: number;
	/** All data up to it has arrived at the sender. */
	readonly ack: number;
	/** `data`: its own number; `ask`: the last missing; others: the last number sent. */
	readonly seq: number;
}

export interface Packet extends PacketHead {
	readonly body: Uint8Array;
}

/** How many bytes stand before the body of a packet of that sender. */
export const headLength = (from: NodeId): number => FIXED_BYTES + from.length;

/** Writes the head into the first {@link headLength} bytes. */
export function writeHead(packet: Uint8Array, head: PacketHead): void {
	const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
	packet[0] = VERSION;
	packet[1] = VERSION;
	packet[2] = KINDS.indexOf(head.kind);
	packet[3] = head.from.length;
	view.setFloat64(4, head.mine);
	view.setFloat64(12, head.theirs);
	view.setFloat64(20, head.ack);
	view.setFloat64(28, head.seq);
	for (let at = 0; at < head.from.length; at++) {
		packet[FIXED_BYTES + at] = head.from.charCodeAt(at);
	}
}

/** A packet without a body. */
export function bare(head: PacketHead): Uint8Array {
	const packet = new Uint8Array(headLength(head.from));
	writeHead(packet, head);
	return packet;
}

/** `undefined` for what this version does not understand. */
export function readPacket(bytes: Uint8Array): Packet | undefined {
	const [version, , kindNumber = 0, idLength = 0] = bytes;
	const kind = KINDS[kindNumber];
	const bodyAt = FIXED_BYTES + idLength;
	if (version !== VERSION || kind === undefined || bytes.length < bodyAt) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const [mine, theirs, ack, seq] = [4, 12, 20, 28].map((at) => view.getFloat64(at));
	if (!isCount(mine) || !isCount(theirs) || !isCount(ack) || !isCount(seq)) return undefined;
	const from = String.fromCharCode(...bytes.subarray(FIXED_BYTES, bodyAt));
	// It becomes part of a subject.
	if (!ID.test(from)) return undefined;
	return { kind, from, mine, theirs, ack, seq, body: bytes.subarray(bodyAt) };
}

const isCount = (value: number | undefined): value is number =>
	Number.isSafeInteger(value) && Number(value) >= 0;

/** A part of a message: all of it, or what fits. */
export interface Piece {
	readonly bytes: Uint8Array;
	/** The next piece belongs to the same message. */
	readonly goesOn: boolean;
}

/** What a piece takes besides its bytes. */
export const PIECE_HEAD_BYTES = 4;

/** Writes a piece at `at`; answers where the next one goes. */
export function writePiece(packet: Uint8Array, at: number, { bytes, goesOn }: Piece): number {
	const view = new DataView(packet.buffer, packet.byteOffset);
	view.setUint32(at, bytes.length * 2 + (goesOn ? 1 : 0));
	packet.set(bytes, at + PIECE_HEAD_BYTES);
	return at + PIECE_HEAD_BYTES + bytes.length;
}

/** The pieces of a body, as views of it; `undefined` when it is not made of pieces. */
export function readPieces(body: Uint8Array): readonly Piece[] | undefined {
	const view = new DataView(body.buffer, body.byteOffset, body.length);
	const pieces: Piece[] = [];
	for (let at = 0; at < body.length; ) {
		if (at + PIECE_HEAD_BYTES > body.length) return undefined;
		const word = view.getUint32(at);
		const start = at + PIECE_HEAD_BYTES;
		at = start + (word >>> 1);
		if (at > body.length) return undefined;
		pieces.push({ bytes: body.subarray(start, at), goesOn: (word & 1) === 1 });
	}
	return pieces;
}
