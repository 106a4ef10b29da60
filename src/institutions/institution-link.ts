import type { Caller } from '../core/actor-kind.ts';
import type { ActorPort, CommandAnswer, OpenAnswer, Subscriber } from '../core/actor-port.ts';
import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import { actorKey } from '../protocol/ids.ts';
import type { InstitutionInfo, InstitutionRules } from '../protocol/institution.ts';
import type { Gate } from '../protocol/institution-nodes.ts';

const RETRY_FIRST_MS = 200;
const RETRY_MS_MAX = 5_000;
/** An opening that was not answered so long is given up. */
const ANSWER_MS = 10_000;

export interface InstitutionLinkOptions {
	readonly id: string;
	readonly rules: InstitutionRules;
	readonly caller: Caller;
	readonly actors: ActorPort;
	readonly runtime: Runtime;
	readonly log: Log;
	/** How calls are to be let through, as it was heard just now. */
	readonly gate: (gate: Gate) => void;
	/** How it shows to everybody, as it was heard just now. */
	readonly info: (info: InstitutionInfo) => void;
	/** The subscription begins, perhaps at another owner. */
	readonly opened: () => void;
}

/**
 * This node's ear at the actor of one institution:
 *
 *     ensuring ──▶ opening ──▶ open
 *         ▲           │ refused  │ closed
 *         └── waiting ◀──────────┘
 *
 * Makes the actor when there is none, and comes back by itself, later and later, when its owner goes.
 */
export class InstitutionLink {
	readonly #options: InstitutionLinkOptions;
	#subscriber: Subscriber | undefined;
	#failures = 0;
	#cancel = () => {};
	#isEnsured = false;
	#stopped = false;

	constructor(options: InstitutionLinkOptions) {
		this.#options = options;
		this.#ensure();
	}

	/** Sends a command in the name of the node. */
	command(name: string, args: unknown, answer: (answer: CommandAnswer) => void): void {
		const { actors, id, caller } = this.#options;
		actors.command(actorKey('institution', id), { caller, name, args }, answer);
	}

	stop(): void {
		this.#stopped = true;
		this.#cancel();
		this.#leave();
	}

	/** Settings first: they may have changed since the actor was made. */
	#ensure(): void {
		if (this.#isEnsured) {
			this.#open();
			return;
		}
		const take = this.#once((answer: CommandAnswer) => {
			this.#isEnsured = answer.ok;
			if (answer.ok) this.#open();
			else this.#retry(answer.code);
		});
		this.command('ensure', { settings: this.#options.rules }, take);
	}

	#open(): void {
		const { actors, id, caller } = this.#options;
		const subscriber: Subscriber = {
			committed: ({ told }) => {
				if (this.#subscriber !== subscriber) return;
				for (const { event } of told) {
					if (event[0] === 'circuit') this.#options.gate(event[1] as Gate);
					if (event[0] === 'health') this.#options.info(event[1] as InstitutionInfo);
				}
			},
			ephemeral() {},
			closed: () => {
				if (this.#subscriber === subscriber) this.#retry('MOVED');
			},
		};
		this.#subscriber = subscriber;
		const take = this.#once((answer: OpenAnswer) => this.#opened(answer));
		actors.open(actorKey('institution', id), { caller, args: {}, subscriber }, take);
	}

	#opened(answer: OpenAnswer): void {
		if (!answer.ok) {
			// The actor's journal is another than the one that it was made in.
			if (answer.code === 'NOT_FOUND') this.#isEnsured = false;
			this.#retry(answer.code);
			return;
		}
		this.#failures = 0;
		this.#options.opened();
		if (answer.how === 'resumed') return;
		const { gate, ...info } = answer.view as InstitutionInfo & { readonly gate?: Gate };
		if (gate !== undefined) this.#options.gate(gate);
		this.#options.info(info);
	}

	/** Passes on the first answer of the present attempt, which is given up when it does not come. */
	#once<A>(take: (answer: A) => void): (answer: A) => void {
		let isOver = false;
		this.#cancel();
		this.#cancel = this.#options.runtime.after(ANSWER_MS, () => {
			isOver = true;
			this.#retry('TIMEOUT');
		});
		const cancel = this.#cancel;
		return (answer) => {
			if (isOver || this.#stopped) return;
			isOver = true;
			cancel();
			take(answer);
		};
	}

	#retry(code: string): void {
		if (this.#stopped) return;
		const { runtime, log, id } = this.#options;
		this.#leave();
		this.#cancel();
		const longest = Math.min(RETRY_MS_MAX, RETRY_FIRST_MS * 2 ** this.#failures++);
		const waitMs = longest * (0.5 + runtime.random() / 2);
		log.debug({ institution: id, code, waitMs }, 'the institution is not heard; once more');
		this.#cancel = runtime.after(waitMs, () => this.#ensure());
	}

	#leave(): void {
		const { actors, id } = this.#options;
		if (this.#subscriber === undefined) return;
		actors.unsubscribe(actorKey('institution', id), this.#subscriber);
		this.#subscriber = undefined;
	}
}
