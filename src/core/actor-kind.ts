/**
 * What an actor kind is: a pure definition. Nothing here may read a clock, draw a random number or
 * touch the world; the host hands all of it in.
 */
import type { DomainEventContract } from '../protocol/domain-events.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { StoredEvent } from './journal.ts';
import type { Collection, Key, Reads, Row, RowWrite } from './store.ts';

/** Who sends a command. Roles `user`, `ops`, `service`; the host itself is `system`. */
export interface Caller {
	readonly userId: string;
	readonly roles: readonly string[];
	readonly name?: string | undefined;
	readonly picture?: string | undefined;
}

/** The host's own caller: timers, results of intents, tells of other actors. */
export const SYSTEM: Caller = { userId: '', roles: ['system'] };

export interface Command {
	readonly name: string;
	/** Already checked against the contract. */
	readonly args: unknown;
	readonly caller: Caller;
	/** The sender's id of this request, kept so that a repetition is answered, not applied. */
	readonly requestId?: string | undefined;
}

/** What `decide` may know besides state and command. */
export interface Context {
	readonly key: ActorKey;
	readonly id: string;
	/** The larger of the last commit's time and the node's clock, in milliseconds. */
	readonly now: number;
	/** False before the first event: only commands that create may be accepted. */
	readonly exists: boolean;
	/** A globally unique id that sorts by time. */
	newId(): string;
	/** Answers to {@link ActorKind.needs}, in its order, up to date with all that was decided. */
	readonly loaded: readonly (Row | undefined)[];
}

/** An event as decided; `version` is added by the host from {@link ActorKind.eventVersions}. */
export interface ActorEvent {
	readonly type: string;
	readonly data: unknown;
}

export type Rejection = { readonly ok: false } & Refusal;
/** No events: nothing is written, the reply leaves at once. */
export type Decision<E extends ActorEvent = ActorEvent> =
	| { readonly ok: true; readonly events: readonly E[]; readonly reply?: unknown }
	| Rejection;

export interface EventMeta {
	readonly key: ActorKey;
	readonly id: string;
	readonly position: number;
	readonly at: number;
	/** The user whose command caused it. */
	readonly by?: string | undefined;
}

/** Who may learn of an event: every subscriber, or the named users. */
export type Audience = 'all' | readonly string[];

/** What subscribers are told of an event. */
export interface Shown {
	readonly type: string;
	readonly data: unknown;
	readonly audience: Audience;
}

/** Work outside: done by the host after the commit, repeated with the same id until answered. */
export type Intent =
	| {
			readonly kind: 'call';
			/** Unique in the actor; the key that the other side dedups by. */
			readonly id: string;
			readonly port: string;
			readonly args: unknown;
	  }
	| {
			readonly kind: 'tell';
			readonly id: string;
			readonly to: ActorKey;
			readonly name: string;
			readonly args: unknown;
	  };

/** Thrown by the second step of a read that finds in the store why the answer is no. */
export class ReadRefusedError extends Error {
	readonly rejection: Rejection;

	constructor(rejection: Rejection) {
		super(rejection.code);
		this.rejection = rejection;
	}
}

/** A read: the first step sees the state between commits, the second may read the store. */
export type QueryPlan = Rejection | { readonly ok: true; run(reads: Reads): unknown };

/** A domain event as a kind says it: its type, and data of the type's present version. */
export interface PublishedEvent {
	readonly type: string;
	readonly data: Readonly<Record<string, unknown>>;
}

/** What other services are told of (P30). */
export interface Publishing<E extends ActorEvent = ActorEvent> {
	readonly contract: DomainEventContract;
	/**
	 * What leaves of an event, from the event alone, so that it says how things stood then. No personal
	 * data but user ids; fields that the contract does not name never leave.
	 */
	eventsOf(event: E, meta: EventMeta): readonly PublishedEvent[];
}

export interface ActorKind<S = unknown, E extends ActorEvent = ActorEvent> {
	readonly contract: KindContract;
	readonly collections: readonly Collection[];
	/** Present version of each event type. */
	readonly eventVersions: Readonly<Record<E['type'], number>>;
	initial(id: string): S;
	/** Says no, or which events happen. Never changes the state. */
	decide(state: S, command: Command, context: Context): Decision<E>;
	/** Applies an event; may change the state in place. Never says no. */
	evolve(state: S, event: E, meta: EventMeta): S;
	/** Brings a stored event of an older version to the present one. */
	upcast?(event: StoredEvent): E;
	/** Rows of the store that a command needs to see before it is decided. */
	needs?(state: S, command: Command, id: string): readonly (readonly [string, Key])[];
	/** When the host shall send itself the command `wake`. */
	nextWakeAt?(state: S): number | undefined;
	/** Unfinished outside work; results come back as the command `intentDone` {id, result}. */
	intents?(state: S): readonly Intent[];
	/** Whether the caller may open, or why not. */
	grant(state: S, caller: Caller): Rejection | { readonly ok: true };
	/** What an opening is answered. */
	view(
		state: S,
		caller: Caller,
		opening: { readonly args: unknown; readonly now: number },
	): QueryPlan;
	/**
	 * What subscribers are told of an event; empty when nobody is. From the event alone, so that a
	 * resume can be answered from the journal.
	 */
	show(event: E, meta: EventMeta): readonly Shown[];
	/** Users whose grant ends with the event; `all` ends every grant. */
	revokes?(event: E): readonly string[] | 'all';
	/** Reads (commands with `query` in the contract). */
	query?(
		state: S,
		command: Command,
		context: { readonly id: string; readonly now: number },
	): QueryPlan;
	/** What to tell of a client's ephemeral message; nothing when it may not send it. */
	ephemeral?(state: S, caller: Caller, type: string, data: unknown): Shown | undefined;
	/** The rows that an event writes. Called after `evolve`. */
	project?(state: S, event: E, meta: EventMeta): readonly RowWrite[];
	/** Domain events that leave through the outbox; absent: the kind has none, and they cost nothing. */
	readonly publishing?: Publishing<E>;
	/**
	 * An immutable cut of the state, taken at once: plain parts of about 1 MB at most, made lazily one by
	 * one while the actor goes on.
	 */
	cut(state: S): Iterable<unknown>;
	restore(id: string, parts: readonly unknown[]): S;
	/**
	 * The same in steps of a few milliseconds, for states that take longer: parts are unpacked as they
	 * are asked for, and other work of the node goes on between two steps.
	 */
	restoring?(id: string, parts: Iterable<unknown>): Generator<void, S>;
	/** A small plain picture for rooms and inspector, without message texts. */
	figures?(state: S): Readonly<Record<string, unknown>>;
}
