import { aboutBytes } from './about-bytes.ts';
import { SYSTEM } from './actor-kind.ts';
import type { CommandRequest, OpenRequest, ReopenRequest } from './actor-port.ts';
import {
	type CommandEntry,
	type Entry,
	type EphemeralEntry,
	type OpenEntry,
	type ReopenEntry,
	refusal,
} from './entries.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { Mailbox } from './mailbox.ts';
import type { Recovered } from './recovery.ts';
import type { RequestMemory } from './request-memory.ts';
import type { SenderOrder } from './sender-order.ts';
import type { Phase, TurnRunner } from './turn-runner.ts';
import type { Unprojected } from './unprojected.ts';

const BUSY_MS = 200;
const READ_ENTRY_BYTES = 64;

/** What is answered to everything that an ended host does not serve. */
export const MOVED = refusal('MOVED', 'the actor moves', 50);

export interface DoorOptions {
	readonly env: HostEnvironment;
	readonly mailbox: Mailbox<Entry>;
	readonly order: SenderOrder;
	readonly requests: RequestMemory;
	readonly unprojected: Unprojected;
	readonly turns: () => TurnRunner;
	/** Entries of the host, in the mailbox and aside. */
	readonly waiting: () => number;
}

/** The way into a host: what is asked of an actor enters its mailbox here, or is refused at once. */
export class Door {
	readonly #options: DoorOptions;
	#lastUsed: number;

	constructor(options: DoorOptions) {
		this.#options = options;
		this.#lastUsed = options.env.runtime.monotonic();
	}

	/** Milliseconds since anything was asked. */
	get idleMs(): number {
		return this.#options.env.runtime.monotonic() - this.#lastUsed;
	}

	/** Notes that somebody had to do with the actor. */
	used(): void {
		this.#lastUsed = this.#options.env.runtime.monotonic();
	}

	command(request: CommandRequest, answer: CommandEntry['answer']): void {
		const { sender } = request;
		const { order } = this.#options;
		if (this.#phase === 'stopped') answer(MOVED);
		else if (this.#isFull()) {
			if (sender !== undefined) order.refused(sender);
			answer(this.#busy());
		} else if (sender !== undefined && !order.enter(sender)) {
			answer(refusal('AGAIN', 'an earlier command of this opening is unanswered'));
		} else {
			const bytes = request.bytes ?? aboutBytes(request.args);
			this.#enter({ type: 'command', request, answer, bytes });
		}
	}

	/** A command of the actor to itself: a timer, the result of an intent. Always let in. */
	tellSelf(name: string, args: unknown, answer: CommandEntry['answer'] = () => {}): void {
		const request = { caller: SYSTEM, name, args };
		if (this.#phase === 'stopped') answer(MOVED);
		else this.#enter({ type: 'command', request, answer, bytes: aboutBytes(args) });
	}

	open(request: OpenRequest, answer: OpenEntry['answer']): void {
		if (this.#phase === 'stopped') answer(MOVED);
		else if (this.#isFull()) answer(this.#busy());
		else this.#enter({ type: 'open', request, answer, bytes: READ_ENTRY_BYTES });
	}

	reopen(request: ReopenRequest, answer: ReopenEntry['answer']): void {
		const bytes = READ_ENTRY_BYTES * (1 + request.callers.length);
		if (this.#phase === 'stopped') answer(MOVED);
		else if (this.#isFull()) answer(this.#busy());
		else this.#enter({ type: 'reopen', request, answer, bytes });
	}

	/** Told if there is room: what is ephemeral may be lost. */
	ephemeral(entry: Pick<EphemeralEntry, 'caller' | 'event'>): void {
		const { mailbox, env } = this.#options;
		const room = mailbox.length < env.limits.mailboxLengthMax / 10;
		if (room && this.#phase !== 'stopped') {
			this.#enter({ type: 'ephemeral', ...entry, bytes: READ_ENTRY_BYTES });
		}
	}

	/** Looks at the actor between two commits; `dropped` when it stops before. */
	look(look: (actor: Recovered) => void, dropped: () => void): void {
		const run = () => look(this.#options.turns().actor as Recovered);
		if (this.#phase === 'stopped') dropped();
		else this.#enter({ type: 'look', look: run, dropped, bytes: 0 });
	}

	get #phase(): Phase {
		return this.#options.turns().phase;
	}

	#enter(entry: Entry): void {
		this.used();
		this.#options.mailbox.push(entry);
		this.#options.turns().schedule();
	}

	#isFull(): boolean {
		const { env, mailbox, requests, unprojected, waiting } = this.#options;
		const { mailboxLengthMax, mailboxBytesMax } = env.limits;
		if (requests.full) requests.trim(unprojected.floor);
		return (
			waiting() >= mailboxLengthMax ||
			mailbox.bytes >= mailboxBytesMax ||
			requests.full ||
			env.projector.full
		);
	}

	#busy() {
		const { meter, runtime } = this.#options.env;
		meter.count('commandsRefused', 1, 'BUSY');
		return refusal('BUSY', 'too much waits here', BUSY_MS * (1 + runtime.random()));
	}
}
