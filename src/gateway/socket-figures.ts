import type { ClientConnection } from './client-connection.ts';
import type { ClientHandle } from './client-handle.ts';

/** One client's socket, for those who run the node. Nothing of it has a name or a text of a person. */
export interface SocketFigures {
	readonly id: string;
	/** Absent before its hello was taken. */
	readonly userId: string | undefined;
	readonly deviceId: string;
	/** What the client says it runs on. */
	readonly platform: string;
	readonly handles: number;
	/** Bytes that wait for the reader, those held back included. */
	readonly bytesQueued: number;
	/** Milliseconds since its last frame, and since its reader is behind; 0 while it is not. */
	readonly silentMs: number;
	readonly behindMs: number;
}

/** One opened feature on a socket. */
export interface HandleFigures {
	/** Chosen by the client. */
	readonly id: number;
	readonly key: string;
	readonly style: 'stream' | 'seat' | 'service';
	/** Of a stream: how it stands, what its client has, and how many events that is behind this edge. */
	readonly state?: string;
	readonly position?: number;
	readonly lag?: number;
}

export interface SocketQuery {
	/** Only sockets of this user. */
	readonly userId?: string | undefined;
	/** Only sockets whose ids come behind this one. */
	readonly after?: string | undefined;
	readonly limit: number;
}

export interface SocketPage {
	readonly sockets: readonly SocketFigures[];
	readonly more: boolean;
}

/** One socket with its handles, by their ids. */
export interface SocketDetails {
	readonly socket: SocketFigures;
	readonly handles: readonly HandleFigures[];
}

export function socketFigures(connection: ClientConnection): SocketFigures {
	const { id, userId, deviceId, platform, handles, writer, congestedSince } = connection;
	const now = connection.context.runtime.monotonic();
	return {
		id,
		userId,
		deviceId,
		platform,
		handles: handles.size,
		bytesQueued: writer.queuedBytes + writer.heldBytes,
		silentMs: Math.round(now - connection.lastFrameAt),
		behindMs: congestedSince === 0 ? 0 : Math.round(now - congestedSince),
	};
}

export function socketDetails(connection: ClientConnection): SocketDetails {
	const handles = [...connection.handles.values()].map((handle: ClientHandle) => handle.figures());
	handles.sort((one, other) => one.id - other.id);
	return { socket: socketFigures(connection), handles };
}
