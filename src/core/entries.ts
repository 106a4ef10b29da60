import type { Refusal } from '../protocol/errors.ts';
import type { WireEvent } from '../protocol/wire.ts';
import type { Caller } from './actor-kind.ts';
import type {
	CommandAnswer,
	CommandRequest,
	OpenAnswer,
	OpenRequest,
	ReopenAnswer,
	ReopenRequest,
} from './actor-port.ts';
import type { Key, Row } from './store.ts';

/** What was read from the store before a command is decided. */
export interface Loaded {
	readonly needs: readonly (readonly [string, Key])[];
	readonly rows: readonly (Row | undefined)[];
	/** Lets go of the events that are laid over the rows. */
	readonly release: () => void;
}

export interface CommandEntry {
	readonly type: 'command';
	readonly request: CommandRequest;
	readonly answer: (answer: CommandAnswer) => void;
	readonly bytes: number;
	loaded?: Loaded;
	/** Its request id was looked up in the store; `reply` when it took effect before. */
	lookedUp?: { readonly reply?: unknown };
	/** Has waited with its like for a common commit. */
	gathered?: boolean;
	/** It breaks the actor's code; answered `INTERNAL` when its turn comes again. */
	failed?: boolean;
	/** Gets a commit of its own: one of the turn that it was in has broken the state. */
	alone?: boolean;
}

export interface OpenEntry {
	readonly type: 'open';
	readonly request: OpenRequest;
	readonly answer: (answer: OpenAnswer) => void;
	readonly bytes: number;
}

export interface ReopenEntry {
	readonly type: 'reopen';
	readonly request: ReopenRequest;
	readonly answer: (answer: ReopenAnswer) => void;
	readonly bytes: number;
}

export interface EphemeralEntry {
	readonly type: 'ephemeral';
	readonly caller: Caller;
	readonly event: WireEvent;
	readonly bytes: number;
}

/** A reader inside the process: the cut of a snapshot, the inspector. */
export interface LookEntry {
	readonly type: 'look';
	readonly look: () => void;
	/** The host stopped before it could look. */
	readonly dropped: () => void;
	readonly bytes: number;
}

export type ReadEntry = OpenEntry | ReopenEntry | EphemeralEntry | LookEntry | CommandEntry;
export type Entry = ReadEntry;

export const refusal = (
	code: Refusal['code'],
	message?: string,
	retryAfterMs?: number,
): { readonly ok: false } & Refusal => ({
	ok: false,
	code,
	...(message === undefined ? {} : { message }),
	...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/** Answers an entry that will not be served. */
export function refuse(entry: Entry, answer: { readonly ok: false } & Refusal): void {
	if (entry.type === 'look') entry.dropped();
	else if (entry.type !== 'ephemeral') entry.answer(answer);
	if (entry.type === 'command') release(entry);
}

/** Lets go of what was loaded: decided again, the command has to load again. */
export function release(entry: CommandEntry): void {
	// Deleting what is not there is slow, and most commands load nothing.
	if (entry.loaded !== undefined) {
		entry.loaded.release();
		delete entry.loaded;
	}
	if (entry.lookedUp !== undefined) delete entry.lookedUp;
}
