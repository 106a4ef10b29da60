/** Index of the count of holds in the shared memory, and of a word that never changes. */
const HOLDS = 0;
const NEVER = 1;

/**
 * Stands between a commit and its answer in the journal's thread: emulates a slow disk, and lets a
 * test hold what is durable but not yet answered. Shared by memory, as that thread then sleeps.
 */
export class CommitGate {
	readonly shared: SharedArrayBuffer;
	readonly #words: Int32Array;

	constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8)) {
		this.shared = shared;
		this.#words = new Int32Array(shared);
	}

	/** Holds all answers from now on, until the answer of this call is called. */
	hold(): () => void {
		let held = true;
		Atomics.add(this.#words, HOLDS, 1);
		return () => {
			if (!held) return;
			held = false;
			Atomics.sub(this.#words, HOLDS, 1);
			Atomics.notify(this.#words, HOLDS);
		};
	}

	/** Ends all holds, so that the thread can end. */
	release(): void {
		Atomics.store(this.#words, HOLDS, 0);
		Atomics.notify(this.#words, HOLDS);
	}

	/** In the thread: sleeps for `delayMs`, then for as long as somebody holds. */
	pass(delayMs: number): void {
		if (delayMs > 0) Atomics.wait(this.#words, NEVER, 0, delayMs);
		for (;;) {
			const holds = Atomics.load(this.#words, HOLDS);
			if (holds <= 0) return;
			Atomics.wait(this.#words, HOLDS, holds);
		}
	}
}
