import type { SocketMessage } from './socket-message.ts';

/** Longer runs are not joined: the kernel's work is then the larger part anyhow. */
const RUN_BYTES_MAX = 64 * 1024;

/**
 * Finds out that many sockets are about to get the very same messages (a burst in a channel), and joins
 * these once for all of them: one buffer is written much cheaper than several.
 */
export class SharedRun {
	#messages: readonly SocketMessage[] = [];
	#joined: Buffer | undefined;

	/** The messages as one buffer, if the socket before had the same; `undefined` otherwise. */
	join(messages: readonly SocketMessage[], bytes: number): Buffer | undefined {
		if (bytes > RUN_BYTES_MAX) return undefined;
		if (this.#isSame(messages)) {
			this.#joined ??= Buffer.concat(messages, bytes);
			return this.#joined;
		}
		this.#messages = messages;
		this.#joined = undefined;
		return undefined;
	}

	/** Lets go of the buffers; the end of a turn. */
	clear(): void {
		this.#messages = [];
		this.#joined = undefined;
	}

	#isSame(messages: readonly SocketMessage[]): boolean {
		const { length } = messages;
		if (length !== this.#messages.length) return false;
		for (let index = 0; index < length; index++) {
			if (messages[index] !== this.#messages[index]) return false;
		}
		return true;
	}
}
