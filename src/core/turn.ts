import type { ActorKey } from '../protocol/ids.ts';
import type { ActorKind, Intent } from './actor-kind.ts';
import type { CommandAnswer, Publication, Told } from './actor-port.ts';
import { type CommandEntry, type ReadEntry, release } from './entries.ts';
import type { CommitRecord, RequestRecord, StoredEvent } from './journal.ts';
import type { EventRows } from './store.ts';

/** What a state leads to: a timer, work outside. */
export interface Next {
	readonly wakeAt: number | undefined;
	readonly intents: readonly Intent[];
}

export const nextOf = (kind: ActorKind, state: unknown): Next => ({
	wakeAt: kind.nextWakeAt?.(state),
	intents: kind.intents?.(state) ?? [],
});

/** What one pass over the mailbox collects: one commit, and what leaves after it. */
export class Turn {
	readonly startPosition: number;
	readonly at: number;
	readonly events: StoredEvent[] = [];
	readonly requests: RequestRecord[] = [];
	readonly told: Told[] = [];
	readonly rows: EventRows[] = [];
	/** Commands of this turn in order, to be taken again if the turn has to be undone. */
	readonly commands: CommandEntry[] = [];
	readonly answers: { readonly entry: CommandEntry; readonly answer: CommandAnswer }[] = [];
	/** What reads the state: done when the commit has landed. */
	readonly reads: ReadEntry[] = [];
	bytes = 0;

	constructor(startPosition: number, at: number) {
		this.startPosition = startPosition;
		this.at = at;
	}

	/** Position of the last event so far. */
	get position(): number {
		return this.startPosition + this.events.length;
	}

	/** How many entries were taken. */
	get length(): number {
		return this.answers.length + this.reads.length;
	}

	/** What was taken and not answered. */
	get entries(): readonly ReadEntry[] {
		return [...this.answers.map(({ entry }) => entry), ...this.reads];
	}

	answer(entry: CommandEntry, answer: CommandAnswer): void {
		release(entry);
		this.answers.push({ entry, answer });
	}

	record(actor: ActorKey, commit: number, writer: string): CommitRecord {
		const trace = this.commands.find(({ request }) => request.trace !== undefined)?.request.trace;
		return {
			actor,
			commit,
			position: this.position,
			events: this.events,
			requests: this.requests,
			at: this.at,
			writer,
			...(trace === undefined ? {} : { trace }),
		};
	}

	publication(writer: string): Publication {
		return { position: this.position, writer, told: this.told };
	}
}
