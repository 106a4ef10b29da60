import type { ActorPort } from './actor-port.ts';
import type { EventPublisher } from './event-publisher.ts';
import type { IntentPorts } from './intent-runner.ts';
import type { Journal } from './journal.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';
import type { Projector } from './projector.ts';
import type { Runtime } from './runtime.ts';
import type { Store } from './store.ts';

/** Bounds of one host. Commands beyond the mailbox's get `BUSY`. */
export interface HostLimits {
	readonly mailboxLengthMax: number;
	readonly mailboxBytesMax: number;
	readonly turnCommandsMax: number;
	readonly turnBytesMax: number;
	readonly turnMsMax: number;
}

export const HOST_LIMITS: HostLimits = {
	mailboxLengthMax: 10_000,
	mailboxBytesMax: 16 * 1024 * 1024,
	turnCommandsMax: 2_000,
	turnBytesMax: 1024 * 1024,
	turnMsMax: 8,
};

/** What all hosts of a node share. */
export interface HostEnvironment {
	readonly journal: Journal;
	readonly journalWriter: JournalWriter;
	readonly projector: Projector;
	readonly store: Store;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly meter: Meter;
	readonly limits: HostLimits;
	readonly newId: (now: number) => string;
	readonly intents: IntentPorts;
	readonly actors: ActorPort;
	/** Absent: domain events do not leave this node. */
	readonly publisher?: EventPublisher | undefined;
}
