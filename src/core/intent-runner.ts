import type { ActorKey } from '../protocol/ids.ts';
import { type Intent, SYSTEM } from './actor-kind.ts';
import type { ActorPort, CommandAnswer } from './actor-port.ts';
import type { Log } from './log.ts';
import type { Runtime } from './runtime.ts';

/** Outside work by port name: gets the intent's id (the key to dedup by) and arguments. */
export type IntentPorts = Readonly<
	Record<string, (id: string, args: unknown, actor: ActorKey) => Promise<unknown>>
>;

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 30_000;

export interface IntentRunnerOptions {
	readonly key: ActorKey;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly intents: IntentPorts;
	readonly actors: ActorPort;
	/** Feeds a result back as a command of the actor itself. */
	readonly tellBack: (name: string, args: unknown, answer: (answer: CommandAnswer) => void) => void;
}

/**
 * Runs an actor's unfinished intents: each until it is answered, with the same id; tells to one actor
 * in order. The result comes back as the command `intentDone {id, result}`, after which the state no
 * longer names the intent.
 */
export class IntentRunner {
	readonly #options: IntentRunnerOptions;
	/** Intents under way; a target of tells stands in as `tell kind/id`, one at a time. */
	readonly #running = new Map<string, string>();
	#stopped = false;

	constructor(options: IntentRunnerOptions) {
		this.#options = options;
	}

	get running(): number {
		return this.#running.size;
	}

	stop(): void {
		this.#stopped = true;
	}

	/** Starts what is not under way yet; forgets what the state no longer names. */
	run(intents: readonly Intent[]): void {
		if (intents.length === 0 && this.#running.size === 0) return;
		const named = new Set(intents.map(({ id }) => id));
		for (const [id] of this.#running) if (!named.has(id)) this.#running.delete(id);
		const lanes = new Set(this.#running.values());
		for (const intent of intents) {
			const lane = intent.kind === 'tell' ? `tell ${intent.to}` : `call ${intent.id}`;
			if (this.#running.has(intent.id) || lanes.has(lane)) continue;
			lanes.add(lane);
			this.#running.set(intent.id, lane);
			this.#attempt(intent, 0);
		}
	}

	#attempt(intent: Intent, attempt: number): void {
		if (this.#stopped || !this.#running.has(intent.id)) return;
		const done = (result: unknown) => this.#done(intent, result, 0);
		const again = (error: unknown) => this.#again(intent, attempt, error);
		if (intent.kind === 'call') this.#call(intent, done, again);
		else this.#tell(intent, done, again);
	}

	#call(
		intent: Intent & { kind: 'call' },
		done: (result: unknown) => void,
		again: (error: unknown) => void,
	): void {
		const port = this.#options.intents[intent.port];
		if (port === undefined) done({ ok: false, code: 'INTERNAL', message: 'no such port' });
		else {
			const call = async () => port(intent.id, intent.args, this.#options.key);
			void call().then(done, again);
		}
	}

	#tell(
		intent: Intent & { kind: 'tell' },
		done: (result: unknown) => void,
		again: (error: unknown) => void,
	): void {
		const { key, actors } = this.#options;
		const request = {
			caller: { ...SYSTEM, userId: key },
			name: intent.name,
			args: intent.args,
			requestId: intent.id,
			// An earlier owner may have sent it.
			resend: true,
		};
		actors.command(intent.to, request, (answer) => {
			if (answer.ok || !RETRIED.has(answer.code)) done(answer);
			else again(answer);
		});
	}

	/** Tells the result until the actor has taken it: the work itself is not done again. */
	#done(intent: Intent, result: unknown, attempt: number): void {
		const { id } = intent;
		if (this.#stopped || !this.#running.has(id)) return;
		this.#options.tellBack('intentDone', { id, result }, (answer) => {
			if (answer.ok) return;
			const { key, log } = this.#options;
			log.warn({ actor: key, intent: id, code: answer.code }, 'a result was not taken');
			this.#later(attempt, () => this.#done(intent, result, attempt + 1));
		});
	}

	#again(intent: Intent, attempt: number, error: unknown): void {
		const { key, log } = this.#options;
		log.warn(
			{ err: error, actor: key, intent: intent.id, attempt },
			'an intent will be tried again',
		);
		this.#later(attempt, () => this.#attempt(intent, attempt + 1));
	}

	#later(attempt: number, run: () => void): void {
		const { runtime } = this.#options;
		const limit = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt);
		runtime.after(limit * (0.5 + runtime.random() / 2), run);
	}
}

const RETRIED = new Set(['BUSY', 'AGAIN', 'MOVED', 'RETRY_LATER', 'UNAVAILABLE', 'TIMEOUT']);
