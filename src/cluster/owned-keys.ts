import type { ActorKey } from '../protocol/ids.ts';

const KEYS_PER_CALL_MAX = 1_000;
/** So that 10,000 keys are verified within two heartbeats, and none holds the directory for long. */
const CALLS_PER_SWEEP_MAX = 5;

export interface OwnedKeysOptions {
	/** Sets missing entries again, and answers with the keys that another node owns. */
	readonly verify: (keys: readonly ActorKey[]) => Promise<readonly ActorKey[]>;
	/** Called with each key that another node was found to own. */
	readonly foreign: (key: ActorKey) => void;
}

/** The claims of this node, compared with the directory again and again. */
export class OwnedKeys {
	readonly #options: OwnedKeysOptions;
	readonly #keys = new Set<ActorKey>();
	/** What is still to be verified of the present round. */
	#round: ActorKey[] = [];
	#isSweeping = false;
	/** Counts the gaps, after each of which all keys have to be verified. */
	#gaps = 0;
	#gapsHealed = 0;

	constructor(options: OwnedKeysOptions) {
		this.#options = options;
	}

	keys(): Iterable<ActorKey> {
		return this.#keys.values();
	}

	/** Whether no key has to be verified before new ones may be claimed. */
	get isVerified(): boolean {
		return this.#gapsHealed === this.#gaps;
	}

	has(key: ActorKey): boolean {
		return this.#keys.has(key);
	}

	add(key: ActorKey): void {
		this.#keys.add(key);
	}

	delete(key: ActorKey): boolean {
		return this.#keys.delete(key);
	}

	/** Takes all out. */
	clear(): ActorKey[] {
		const keys = [...this.#keys];
		this.#keys.clear();
		return keys;
	}

	/** Entries may have been lost or taken. */
	doubt(): void {
		this.#gaps++;
	}

	/**
	 * Verifies the next slices, all of them when there is doubt. Rejects when the directory does not
	 * answer; what is left then comes with the next sweep.
	 */
	async sweep(): Promise<void> {
		if (this.#isSweeping) return;
		this.#isSweeping = true;
		try {
			if (this.#round.length === 0) this.#round = [...this.#keys];
			for (let calls = 0; calls < CALLS_PER_SWEEP_MAX || !this.isVerified; calls++) {
				if (this.isVerified) await this.#verifySlice();
				else await this.#verifyAll();
			}
		} finally {
			this.#isSweeping = false;
		}
	}

	async #verifyAll(): Promise<void> {
		const gaps = this.#gaps;
		this.#round = [...this.#keys];
		while (this.#round.length > 0) await this.#verifySlice();
		this.#gapsHealed = gaps;
	}

	async #verifySlice(): Promise<void> {
		const slice = this.#round.slice(-KEYS_PER_CALL_MAX).filter((key) => this.#keys.has(key));
		if (slice.length > 0) {
			for (const key of await this.#options.verify(slice)) {
				if (this.#keys.delete(key)) this.#options.foreign(key);
			}
		}
		this.#round.length = Math.max(0, this.#round.length - KEYS_PER_CALL_MAX);
	}
}
