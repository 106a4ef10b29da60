/**
 * The relay: how nodes hear each other. Best effort: a message may be lost, never changed; those of one
 * sender on one subject come in order. What has to arrive goes over a link (`links.ts`).
 */

/** Messages beyond it are refused (half of what NATS takes by default). */
export const RELAY_MESSAGE_BYTES_MAX = 512 * 1024;

export interface Relay {
	/** Whether messages leave and come in now. */
	readonly connected: boolean;
	/** Bytes that wait to leave. */
	readonly bytesQueued: number;
	/**
	 * Sends to all who listen, this node too. The bytes are not kept. Nothing is sent while not
	 * connected, or when too much waits: such messages are lost. Throws when it is longer than
	 * {@link RELAY_MESSAGE_BYTES_MAX}.
	 */
	publish(subject: string, bytes: Uint8Array): void;
	/**
	 * Calls back with each message on the subject (dots between tokens of `[A-Za-z0-9_@-]`); the answer
	 * ends it. The bytes are the listener's own. Resolves nothing: a message sent by another node right
	 * after may still be missed.
	 */
	subscribe(subject: string, heard: (bytes: Uint8Array) => void): () => void;
	/** Calls back when the connection goes or comes; the answer ends it. */
	onStatus(listener: (connected: boolean) => void): () => void;
	/** Sends what waits, then ends; nothing is heard any more. */
	close(): Promise<void>;
}
