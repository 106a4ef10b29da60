/**
 * The way from an edge to the owner of an actor. In process here; over the relay between nodes.
 * Answers come by callback. An answer to `open` that carries position p never comes before an event up
 * to p; events behind p may come before it (when the answer had to be read from the store), and none
 * behind p is left out: the edge keeps them until the answer is there.
 */
import type { Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { Resume, WireEvent } from '../protocol/wire.ts';
import type { Audience, Caller } from './actor-kind.ts';

/** One shown event. `position`: of the event it shows; an event may show several things. */
export interface Told {
	readonly position: number;
	readonly event: WireEvent;
	readonly audience: Audience;
	/** Users whose grant ends with this event, told or not; what follows is not for them. */
	readonly revoked?: readonly string[] | 'all';
}

/** A commit as an edge learns of it. */
export interface Publication {
	readonly position: number;
	readonly writer: string;
	readonly told: readonly Told[];
}

/** An edge's ear at an actor. */
export interface Subscriber {
	/** The node of the edge; absent for this node's own. */
	readonly edge?: string;
	committed(publication: Publication): void;
	ephemeral(event: WireEvent, audience: Audience): void;
	/** The owner is gone (moved, stopped, fenced, crashed): open again. */
	closed(): void;
}

export interface OpenRequest {
	readonly caller: Caller;
	readonly args: unknown;
	readonly resume?: Resume | undefined;
	/** Who is told from the answer's position on; the same object for all openings of one edge. */
	readonly subscriber: Subscriber;
}

/**
 * `opened`: a fresh state at `position` (`reset`: because the resume did not match or was too old).
 * `resumed`: all events for this caller behind the resume, up to `position`.
 */
export type OpenAnswer =
	| {
			readonly ok: true;
			readonly how: 'opened' | 'reset';
			readonly position: number;
			readonly writer: string;
			readonly view: unknown;
	  }
	| {
			readonly ok: true;
			readonly how: 'resumed';
			readonly position: number;
			readonly writer: string;
			readonly events: readonly WireEvent[];
	  }
	| ({ readonly ok: false } & Refusal);

/** How many callers a {@link ReopenRequest} names at most. */
export const REOPEN_CALLERS_MAX = 10_000;

/** An edge that lost its owner opens again for all of its users at once. */
export interface ReopenRequest {
	/** Each user that has a live handle at the edge, once; at most {@link REOPEN_CALLERS_MAX}. */
	readonly callers: readonly Caller[];
	/** What all of them were told up to. */
	readonly resume: Resume;
	/** Who is told from the answer's position on. */
	readonly subscriber: Subscriber;
}

/**
 * `missed`: every commit behind the resume up to `position`, oldest first, with its audiences.
 * `refused`: users who may not hear any more, with why; what is missed is not for them. The right of
 * others may have ended in what was missed. No event comes before the answer, and none behind its
 * position is left out. `reset`: the resume did not match or was too old; each handle has to open for
 * itself, and nobody is subscribed.
 */
export type ReopenAnswer =
	| {
			readonly ok: true;
			readonly how: 'resumed';
			readonly position: number;
			readonly writer: string;
			readonly missed: readonly Publication[];
			readonly refused: readonly ({ readonly userId: string } & Refusal)[];
	  }
	| { readonly ok: true; readonly how: 'reset' }
	| ({ readonly ok: false } & Refusal);

export interface CommandRequest {
	readonly caller: Caller;
	readonly name: string;
	readonly args: unknown;
	readonly requestId?: string | undefined;
	/** Sent before, perhaps decided before: look the request id up where it may be kept. */
	readonly resend?: boolean | undefined;
	/**
	 * The opening of a handle and the number in it, for the order of one sender. `first`: the lowest number
	 * of the opening that its edge has no final answer for; `n` when absent.
	 */
	readonly sender?:
		| { readonly opening: string; readonly n: number; readonly first?: number }
		| undefined;
	readonly trace?: string | undefined;
	/** Size of the request as it came, for the bound of the mailbox; that of its arguments when absent. */
	readonly bytes?: number | undefined;
}

export type CommandAnswer =
	| { readonly ok: true; readonly reply: unknown }
	| ({ readonly ok: false } & Refusal);

export interface ActorPort {
	/**
	 * Activates the actor if it has a journal (else `NOT_FOUND`) and opens it for the caller. The
	 * subscriber is subscribed from the answer's position on when the answer is `ok`.
	 */
	open(key: ActorKey, request: OpenRequest, answer: (answer: OpenAnswer) => void): void;
	/**
	 * Opens the actor again for an edge that was told up to a position, with all of its users: the
	 * subscriber is subscribed from the answer's position on when it is `resumed`. `NOT_FOUND` without a
	 * journal; a retryable refusal (`MOVED`, `BUSY`, …) says to ask again.
	 */
	reopen(key: ActorKey, request: ReopenRequest, answer: (answer: ReopenAnswer) => void): void;
	/** Runs a command or query; creates the actor when the command may. */
	command(key: ActorKey, request: CommandRequest, answer: (answer: CommandAnswer) => void): void;
	/** Tells an ephemeral message if the actor is awake and lets the caller. */
	ephemeral(key: ActorKey, caller: Caller, event: WireEvent): void;
	/** The opening is closed: its numbering is forgotten. */
	closeOpening(key: ActorKey, opening: string): void;
	/** The edge has no handle of the actor any more. */
	unsubscribe(key: ActorKey, subscriber: Subscriber): void;
	/** What stands in the store, without waking the actor. */
	peek(key: ActorKey): Promise<{ readonly position: number; readonly writer: string } | undefined>;
}
