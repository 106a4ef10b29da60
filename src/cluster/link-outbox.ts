import type { NodeId } from './directory.ts';
import { headLength, PIECE_HEAD_BYTES, type Piece, writePiece } from './link-packet.ts';
import { RELAY_MESSAGE_BYTES_MAX } from './relay.ts';

/** Sent and not yet acknowledged, kept to be sent again; what is behind it waits. */
const WINDOW_BYTES = 8 * 1024 * 1024;
/** Sent again for one question at most. */
const RESEND_BYTES_MAX = 4 * 1024 * 1024;
/** What a message or packet costs besides its bytes, so that many small ones are bounded too. */
const OVERHEAD_BYTES = 64;
/** Messages taken from the front of the queue before it is made shorter. */
const TAKEN_MAX = 1_024;

/** A packet with room for its head. */
export interface OutgoingPacket {
	readonly seq: number;
	readonly bytes: Uint8Array;
}

/** What one side of a session still has to send, and what it has sent until it is acknowledged. */
export class LinkOutbox {
	readonly #headBytes: number;
	#queue: Uint8Array[] = [];
	/** Messages of the queue that are sent, and bytes of the one behind them. */
	#taken = 0;
	#offset = 0;
	#queuedBytes = 0;
	#kept: OutgoingPacket[] = [];
	#keptBytes = 0;
	#sent = 0;

	constructor(from: NodeId) {
		this.#headBytes = headLength(from);
	}

	/** The number of the last packet made. */
	get sent(): number {
		return this.#sent;
	}

	get bytesWaiting(): number {
		return this.#queuedBytes + this.#keptBytes;
	}

	get hasQueued(): boolean {
		return this.#taken < this.#queue.length;
	}

	/** The message must not change from here on. */
	add(message: Uint8Array): void {
		this.#queue.push(message);
		this.#queuedBytes += message.length + OVERHEAD_BYTES;
	}

	/** The next packet: as many whole messages as fit, or as much of a long one; none while too much is unacknowledged. */
	next(): OutgoingPacket | undefined {
		if (!this.hasQueued || this.#keptBytes >= WINDOW_BYTES) return undefined;
		const pieces = this.#takePieces();
		const length = pieces.reduce((sum, { bytes }) => sum + PIECE_HEAD_BYTES + bytes.length, 0);
		const packet = { seq: ++this.#sent, bytes: new Uint8Array(this.#headBytes + length) };
		let at = this.#headBytes;
		for (const piece of pieces) at = writePiece(packet.bytes, at, piece);
		this.#kept.push(packet);
		this.#keptBytes += packet.bytes.length + OVERHEAD_BYTES;
		return packet;
	}

	/** All up to `seq` has arrived. False when so much was never sent. */
	acknowledge(seq: number): boolean {
		if (seq > this.#sent) return false;
		let count = 0;
		for (const packet of this.#kept) {
			if (packet.seq > seq) break;
			this.#keptBytes -= packet.bytes.length + OVERHEAD_BYTES;
			count++;
		}
		if (count > 0) this.#kept.splice(0, count);
		return true;
	}

	/** The packets up to `seq` that are not acknowledged, the first of them at least. */
	unacknowledged(seq: number): readonly OutgoingPacket[] {
		let bytes = 0;
		let count = 0;
		for (const packet of this.#kept) {
			if (packet.seq > seq || bytes > RESEND_BYTES_MAX) break;
			bytes += packet.bytes.length;
			count++;
		}
		return this.#kept.slice(0, count);
	}

	#takePieces(): readonly Piece[] {
		const pieces: Piece[] = [];
		let room = RELAY_MESSAGE_BYTES_MAX - this.#headBytes;
		for (let message = this.#queue[this.#taken]; message; message = this.#queue[this.#taken]) {
			const rest = message.length - this.#offset;
			const isWhole = PIECE_HEAD_BYTES + rest <= room;
			// Cut only what fits in no packet: it has one to itself from its beginning.
			if (!isWhole && pieces.length > 0) break;
			const length = isWhole ? rest : room - PIECE_HEAD_BYTES;
			const bytes = message.subarray(this.#offset, this.#offset + length);
			pieces.push({ bytes, goesOn: !isWhole });
			room -= PIECE_HEAD_BYTES + length;
			this.#queuedBytes -= length;
			this.#offset += length;
			if (!isWhole) break;
			this.#messageTaken();
		}
		return pieces;
	}

	#messageTaken(): void {
		this.#offset = 0;
		this.#taken++;
		this.#queuedBytes -= OVERHEAD_BYTES;
		if (this.#taken < this.#queue.length && this.#taken < TAKEN_MAX) return;
		this.#queue.splice(0, this.#taken);
		this.#taken = 0;
	}
}
