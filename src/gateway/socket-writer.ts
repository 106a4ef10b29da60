import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Flusher } from './flusher.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { SharedRun } from './shared-run.ts';
import { contentOf, type SocketMessage } from './socket-message.ts';

/** Up to here, for a reader that keeps up, copying into one buffer costs less than writing several. */
const COPIED_BYTES_MAX = 4 * 1024;

/** How much of a socket's queue one handle filled since the socket was last empty. */
export interface Share {
	episode: number;
	episodeBytes: number;
}

export interface WriterOptions {
	readonly flusher: Flusher;
	readonly limits: GatewayLimits;
	/** Hears when answers have to wait for the reader. */
	readonly reader: { fellBehind(): void };
}

/** The part of `ws` behind its public face that lets many sockets share the bytes of a frame. */
interface Inner {
	readonly _socket?: Socket | null;
}

/**
 * What leaves by one socket: messages are gathered until the flusher's turn and written in one go. The
 * ladder for slow readers stands here, in bytes: ephemerals stop, then streams, and answers are held
 * back; the connection closes the socket at the end of it.
 */
export class SocketWriter {
	readonly #socket: WebSocket;
	readonly #flusher: Flusher;
	readonly #limits: GatewayLimits;
	readonly #reader: WriterOptions['reader'];
	/** One message as such: most flushes have no more. */
	#pending: SocketMessage | SocketMessage[] | undefined;
	#held: SocketMessage[] | undefined;
	pendingBytes = 0;
	heldBytes = 0;
	/** Counts how often the socket was found empty. */
	episode = 0;
	isDue = false;
	isGathering = false;

	constructor(socket: WebSocket, { flusher, limits, reader }: WriterOptions) {
		this.#socket = socket;
		this.#flusher = flusher;
		this.#limits = limits;
		this.#reader = reader;
	}

	/** Bytes that the kernel has not taken yet, without those held back. */
	get queuedBytes(): number {
		const inner = (this.#socket as unknown as Inner)._socket;
		return this.pendingBytes + (inner?.writableLength ?? this.#socket.bufferedAmount);
	}

	/** The reader has enough to do. */
	get isFull(): boolean {
		return this.queuedBytes > this.#limits.dataBytesMax;
	}

	/** Streams stop and answers are held back. */
	get isCongested(): boolean {
		return this.heldBytes > 0 || this.isFull;
	}

	/** Whether the data of a stream may go on. Does not let one handle's flood stop a quiet one. */
	allowsData(share: Share): boolean {
		const { dataBytesMax, quietHandleBytesMax } = this.#limits;
		// An answer that waits may be the one that opens the handle: data must not overtake it.
		if (this.heldBytes > 0) return false;
		const queued = this.queuedBytes;
		if (queued <= dataBytesMax) return true;
		if (queued > dataBytesMax * 2) return false;
		return share.episode !== this.episode || share.episodeBytes <= quietHandleBytesMax;
	}

	get allowsEphemeral(): boolean {
		return this.queuedBytes <= this.#limits.ephemeralBytesMax;
	}

	/** Sends data of a stream. Ask {@link allowsData} before. */
	sendData(message: SocketMessage, share: Share, windowMs: number): void {
		if (share.episode !== this.episode) {
			share.episode = this.episode;
			share.episodeBytes = 0;
		}
		share.episodeBytes += message.length;
		this.send(message, windowMs);
	}

	/** Sends an answer; answers keep their order, and wait while the reader is slow. */
	answer(message: SocketMessage): void {
		if (!this.isCongested) {
			this.send(message, 0);
			return;
		}
		this.#held ??= [];
		this.#held.push(message);
		this.heldBytes += message.length;
		this.#reader.fellBehind();
	}

	/** Calls once when the kernel has taken everything. A sweep has to look too: it may have already. */
	whenDrained(run: () => void): void {
		(this.#socket as unknown as Inner)._socket?.once('drain', run);
	}

	/** Sends whatever the queue. The message is shared: it must never change. */
	send(message: SocketMessage, windowMs = 0): void {
		const pending = this.#pending;
		if (pending === undefined) this.#pending = message;
		else if (Array.isArray(pending)) pending.push(message);
		else this.#pending = [pending, message];
		this.pendingBytes += message.length;
		this.#flusher.add(this, windowMs);
	}

	/** Lets answers go that were held back, as far as the socket takes them. */
	release(): void {
		const held = this.#held;
		if (held === undefined) return;
		let count = 0;
		while (count < held.length && !this.isFull) {
			const message = held[count++] as SocketMessage;
			this.heldBytes -= message.length;
			this.send(message);
		}
		this.#held = count === held.length ? undefined : held.slice(count);
	}

	/** Writes what is pending, in one go; answers how many frames that were. */
	flush(run?: SharedRun): number {
		const pending = this.#pending;
		const bytes = this.pendingBytes;
		this.isDue = false;
		this.#pending = undefined;
		this.pendingBytes = 0;
		if (pending === undefined || this.#socket.readyState !== WebSocket.OPEN) return 0;
		const inner = (this.#socket as unknown as Inner)._socket;
		if (inner === undefined || inner === null) return this.#flushPlainly(pending);
		if (inner.writableLength === 0) this.episode++;
		if (!Array.isArray(pending)) {
			inner.write(pending);
			return 1;
		}
		const joined = run?.join(pending, bytes);
		if (joined !== undefined) inner.write(joined);
		else if (bytes <= COPIED_BYTES_MAX && inner.writableLength === 0) {
			inner.write(Buffer.concat(pending, bytes));
		} else writeTogether(inner, pending);
		return pending.length;
	}

	/** Forgets what has not left. */
	drop(): void {
		this.#pending = undefined;
		this.#held = undefined;
		this.pendingBytes = 0;
		this.heldBytes = 0;
	}

	#flushPlainly(pending: SocketMessage | SocketMessage[]): number {
		const messages = Array.isArray(pending) ? pending : [pending];
		for (const message of messages) this.#socket.send(contentOf(message));
		return messages.length;
	}
}

/** One system call for all of them. */
function writeTogether(socket: Socket, messages: readonly SocketMessage[]): void {
	socket.cork();
	for (const message of messages) socket.write(message);
	socket.uncork();
}
