import { type Piece, readPieces } from './link-packet.ts';

/** A message may have so many bytes. */
export const LINK_MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Packets that came before their turn are kept up to so many bytes; others are asked for again. */
const AHEAD_BYTES_MAX = 8 * 1024 * 1024;
const OVERHEAD_BYTES = 64;
/** After so many bytes the sender is told that it may forget them. */
const ACK_BYTES = 256 * 1024;

/** What one side of a session has received: puts packets in order and messages together. */
export class LinkInbox {
	#received = 0;
	/** The last number that the peer is known to have sent. */
	#known = 0;
	readonly #ahead = new Map<number, Uint8Array>();
	#aheadBytes = 0;
	#parts: Uint8Array[] = [];
	#partsBytes = 0;
	#bytesSinceAck = 0;

	/** All packets up to it have come. */
	get received(): number {
		return this.#received;
	}

	/** Whether the peer should be told soon how much has come. */
	get owesAck(): boolean {
		return this.#bytesSinceAck >= ACK_BYTES;
	}

	/** `received` was told. */
	acknowledged(): void {
		this.#bytesSinceAck = 0;
	}

	/** The peer has sent packets up to `seq`. */
	peerSent(seq: number): void {
		if (seq > this.#known) this.#known = seq;
	}

	/** The last number of the first hole. */
	get missingTo(): number | undefined {
		if (this.#known <= this.#received) return undefined;
		let to = this.#known;
		for (const seq of this.#ahead.keys()) to = Math.min(to, seq - 1);
		return to;
	}

	/**
	 * Takes a packet; answers the messages that are complete now, in order. `undefined`: this is no
	 * session of ours (not made of pieces, or a message longer than any may be).
	 */
	take(seq: number, body: Uint8Array): readonly Uint8Array[] | undefined {
		this.peerSent(seq);
		if (seq <= this.#received) return [];
		if (seq > this.#received + 1) {
			this.#hold(seq, body);
			return [];
		}
		const messages: Uint8Array[] = [];
		for (let next: Uint8Array | undefined = body; next; next = this.#held()) {
			this.#received++;
			this.#bytesSinceAck += next.length;
			const pieces = readPieces(next);
			if (pieces === undefined || !this.#join(pieces, messages)) return undefined;
		}
		return messages;
	}

	#hold(seq: number, body: Uint8Array): void {
		const cost = body.length + OVERHEAD_BYTES;
		if (this.#ahead.has(seq) || this.#aheadBytes + cost > AHEAD_BYTES_MAX) return;
		// A copy, for the view may keep a larger buffer alive.
		this.#ahead.set(seq, new Uint8Array(body));
		this.#aheadBytes += cost;
	}

	/** The next in order, if it came before its turn. */
	#held(): Uint8Array | undefined {
		const body = this.#ahead.get(this.#received + 1);
		if (body === undefined) return undefined;
		this.#ahead.delete(this.#received + 1);
		this.#aheadBytes -= body.length + OVERHEAD_BYTES;
		return body;
	}

	#join(pieces: readonly Piece[], messages: Uint8Array[]): boolean {
		for (const { bytes, goesOn } of pieces) {
			if (this.#partsBytes + bytes.length > LINK_MESSAGE_BYTES_MAX) return false;
			if (goesOn) {
				this.#parts.push(bytes);
				this.#partsBytes += bytes.length;
			} else if (this.#parts.length === 0) messages.push(bytes);
			else messages.push(this.#whole(bytes));
		}
		return true;
	}

	#whole(last: Uint8Array): Uint8Array {
		const message = new Uint8Array(this.#partsBytes + last.length);
		let at = 0;
		for (const part of [...this.#parts, last]) {
			message.set(part, at);
			at += part.length;
		}
		this.#parts = [];
		this.#partsBytes = 0;
		return message;
	}
}
