import type { Runtime } from '../core/runtime.ts';
import type { ActorKey } from '../protocol/ids.ts';
import { DirectoryError } from './directory-error.ts';

interface Waiting<A> {
	readonly key: ActorKey;
	readonly resolve: (answer: A) => void;
	readonly reject: (error: unknown) => void;
}

/** Keys that wait or are under way; beyond it calls are refused. */
const KEYS_MAX = 50_000;

/**
 * Asks something for many keys at once: what is asked within one turn of the event loop goes as one
 * call, and a key that is under way already is not asked for again. Answers come in the order of keys.
 */
export class GatheredCalls<A> {
	readonly #runtime: Pick<Runtime, 'defer'>;
	readonly #call: (keys: readonly ActorKey[]) => Promise<readonly A[]>;
	readonly #flights = new Map<ActorKey, Promise<A>>();
	#waiting: Waiting<A>[] = [];

	constructor(
		runtime: Pick<Runtime, 'defer'>,
		call: (keys: readonly ActorKey[]) => Promise<readonly A[]>,
	) {
		this.#runtime = runtime;
		this.#call = call;
	}

	/** Rejects with what the call rejects with, or with `BUSY` when too much waits. */
	ask(key: ActorKey): Promise<A> {
		const flight = this.#flights.get(key);
		if (flight !== undefined) return flight;
		if (this.#flights.size >= KEYS_MAX) {
			return Promise.reject(new DirectoryError('too much waits for the directory', 'BUSY'));
		}
		const { promise, resolve, reject } = Promise.withResolvers<A>();
		this.#flights.set(key, promise);
		this.#waiting.push({ key, resolve, reject });
		if (this.#waiting.length === 1) this.#runtime.defer(() => void this.#send());
		return promise;
	}

	/** Whether the key waits for an answer. */
	isUnderWay(key: ActorKey): boolean {
		return this.#flights.has(key);
	}

	async #send(): Promise<void> {
		const batch = this.#waiting;
		this.#waiting = [];
		try {
			const answers = await this.#call(batch.map(({ key }) => key));
			this.#land(batch);
			for (const [at, { resolve }] of batch.entries()) resolve(answers[at] as A);
		} catch (error) {
			this.#land(batch);
			for (const { reject } of batch) reject(error);
		}
	}

	#land(batch: readonly Waiting<A>[]): void {
		for (const { key } of batch) this.#flights.delete(key);
	}
}
