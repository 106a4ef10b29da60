/** What the gateway is put together from; adapters, services and rooms implement these. */
import type { Caller } from '../core/actor-kind.ts';
import type { CommandAnswer } from '../core/actor-port.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { WireEvent } from '../protocol/wire.ts';

/** Who a valid token says its bearer is. */
export interface Identity extends Caller {
	/** `jti`: revocable alone. */
	readonly tokenId?: string | undefined;
	/** Milliseconds since 1970. */
	readonly issuedAt?: number | undefined;
	readonly expiresAt?: number | undefined;
}

export interface Authenticator {
	/** The identity, or a refusal with code `UNAUTHORIZED`. Never throws. */
	verify(token: string): Promise<{ ok: true; identity: Identity } | ({ ok: false } & Refusal)>;
	/** Calls back when tokens issued until `at` of a user, or one token, are no longer good. */
	onRevoked(listener: (revoked: Revoked) => void): () => void;
}

export interface Revoked {
	readonly userId?: string;
	readonly tokenId?: string;
	readonly at: number;
}

/** A client's socket, as services and presence see it. */
export interface Connection {
	/** Unique per socket. */
	readonly id: string;
	readonly identity: Identity;
	readonly deviceId: string;
}

/** Told of every socket's life; presence is one. */
export interface ConnectionListener {
	connected(connection: Connection, visible: boolean): void;
	/** A sign of life: any frame. Called at most once a second per socket. */
	alive(connection: Connection): void;
	disconnected(connection: Connection): void;
}

/** News of actors with `own` that come alive at other nodes. */
export interface Announcements {
	/**
	 * Calls back with `awake` when the actor has come alive, and with `perhaps` when that may have been
	 * missed; the answer ends it.
	 */
	listen(key: ActorKey, heard: (what: 'awake' | 'perhaps') => void): () => void;
}

/** A feature that the gateway serves itself, without an actor. */
export interface Service {
	readonly contract: KindContract;
	/** Opened under any id; otherwise only under `me`. */
	readonly anyId?: true;
	/** `id`: what stands behind the kind in the key. */
	open(connection: Connection, tell: Tell, id: string): ServiceSession;
}

/**
 * Sends an ephemeral to one handle; the same object told to many handles of a key in a row is packed
 * once. `false`: dropped, for the handle is not open yet or the reader is slow; the session's
 * {@link ServiceSession.caughtUp} is called when it is there.
 */
export type Tell = (event: WireEvent) => boolean;

/** What a handle of a service begins with, or why it may not be opened. */
export type ServiceView =
	| { readonly ok: true; readonly view: unknown }
	| ({ readonly ok: false } & Refusal);

/** How a command of a service came, for those who hand it on to an actor. */
export interface ServiceRequest {
	readonly requestId: string | undefined;
	readonly resend: boolean;
	/** Its size on the wire. */
	readonly bytes: number;
}

export interface ServiceSession {
	/** The client is told that the handle is open once this is there; absent: at once. */
	readonly view?: Promise<ServiceView>;
	/** Arguments are checked against the contract already. */
	command(name: string, args: unknown, request: ServiceRequest): Promise<CommandAnswer>;
	/** The reader that missed something is there again: what it must know may be told now. */
	caughtUp?(): void;
	close(): void;
}

/** One virtual client in a Colyseus room. */
export interface Seat {
	/** Bytes from the client (a Colyseus message). */
	receive(bytes: Uint8Array): void;
	/** The handle was closed by the client (`consented`) or its socket was lost. */
	leave(consented: boolean): void;
}

export interface SeatRequest {
	readonly kind: string;
	readonly id: string;
	readonly args: unknown;
	readonly identity: Identity;
	/** Colyseus's token of an earlier seat, to reconnect to it. */
	readonly reconnectionToken?: string | undefined;
	/** A place that was reserved before, for a client with a socket of its own. */
	readonly place?: { readonly sessionId: string; readonly skipHandshake: boolean } | undefined;
	/** What the room sends. The bytes may be shared by many seats; never kept or changed by Colyseus. */
	send(bytes: Uint8Array): void;
	/** The room ended the seat (kick, dispose): Colyseus's close code and reason. */
	closed(code: number, reason: string): void;
	/** The room's node is not heard any more, or gave the room up: open again. */
	moved(): void;
	/** Bytes that wait on the socket, for back-pressure. */
	bytesQueued(): number;
}

export interface SeatHost {
	/** Kinds with style `seat`. */
	readonly kinds: ReadonlyMap<string, KindContract>;
	/** Joins the room of the key, making it if there is none; `view` goes to the client in `opened`. */
	open(
		request: SeatRequest,
	): Promise<{ ok: true; seat: Seat; view: unknown } | ({ ok: false } & Refusal)>;
}
