import type { z } from 'zod';

/** A command: what a client may ask of an actor, room or service. */
export interface CommandContract {
	readonly args: z.ZodType;
	readonly reply: z.ZodType;
	/** Only reads: sees the state between commits, writes nothing, keeps no request id. */
	readonly query?: true;
	/** May be the first command of an actor that does not exist yet, and may open a handle (`with`). */
	readonly creates?: true;
	/** `none`: harmless when repeated, so no request id is kept. */
	readonly requests?: 'none';
	/** Given by nodes only, never by clients: the SDK leaves it out. */
	readonly by?: 'nodes';
	/** Waits until this long after the last turn of its kind of command, and shares one commit. */
	readonly gatherMs?: number;
}

/** What the SDK, gateway and actor of one feature agree on. */
export interface KindContract {
	readonly kind: string;
	/** `stream`: an actor; `seat`: a Colyseus room with schema state; `service`: the gateway itself. */
	readonly style: 'stream' | 'seat' | 'service';
	/** Only the user of this id opens it, and opening it wakes nobody up. */
	readonly own?: true;
	/** With `own`: the view as long as nothing was ever written, shown without waking the actor. */
	readonly emptyView?: unknown;
	readonly openArgs: z.ZodType;
	readonly view: z.ZodType;
	readonly commands: Readonly<Record<string, CommandContract>>;
	/** What subscribers are told, by type. */
	readonly events: Readonly<Record<string, z.ZodType>>;
	/** What is told once and stored nowhere, by type. */
	readonly ephemerals: Readonly<Record<string, z.ZodType>>;
}

/** Keeps the literal types of a contract, from which the SDK is generated. */
export const defineKind = <const K extends KindContract>(contract: K): K => contract;

export type Args<K extends KindContract, C extends keyof K['commands']> = z.infer<
	K['commands'][C]['args']
>;
export type ReplyOf<K extends KindContract, C extends keyof K['commands']> = z.infer<
	K['commands'][C]['reply']
>;
export type EventOf<K extends KindContract, E extends keyof K['events']> = z.infer<K['events'][E]>;
