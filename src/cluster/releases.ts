import type { Runtime } from '../core/runtime.ts';
import type { ActorKey } from '../protocol/ids.ts';

/**
 * Takes entries out of the directory, one call at a time with all that has gathered. What fails waits
 * for {@link Releases.retry}. Holds no more keys than this node has owned.
 */
export class Releases {
	readonly #runtime: Pick<Runtime, 'defer'>;
	readonly #call: (keys: readonly ActorKey[]) => Promise<void>;
	#waiting = new Set<ActorKey>();
	#flight: { readonly keys: ReadonlySet<ActorKey>; readonly done: Promise<void> } | undefined;
	#isDeferred = false;

	constructor(runtime: Pick<Runtime, 'defer'>, call: (keys: readonly ActorKey[]) => Promise<void>) {
		this.#runtime = runtime;
		this.#call = call;
	}

	add(key: ActorKey): void {
		this.#waiting.add(key);
		this.retry();
	}

	/** Sends what waits, unless something is under way. */
	retry(): void {
		if (this.#isDeferred || this.#flight !== undefined || this.#waiting.size === 0) return;
		this.#isDeferred = true;
		this.#runtime.defer(() => {
			this.#isDeferred = false;
			this.#send();
		});
	}

	/** Resolves when no release of these keys is to come any more: they may be claimed again. */
	async stop(keys: readonly ActorKey[]): Promise<void> {
		const { keys: under, done } = this.#flight ?? {};
		if (under !== undefined && keys.some((key) => under.has(key))) await done;
		for (const key of keys) this.#waiting.delete(key);
	}

	#send(): void {
		if (this.#waiting.size === 0) return;
		const keys = this.#waiting;
		this.#waiting = new Set();
		const done = this.#release(keys).then((isDone) => {
			this.#flight = undefined;
			if (isDone) this.retry();
		});
		this.#flight = { keys, done };
	}

	async #release(keys: ReadonlySet<ActorKey>): Promise<boolean> {
		try {
			await this.#call([...keys]);
			return true;
		} catch {
			for (const key of keys) this.#waiting.add(key);
			return false;
		}
	}
}
