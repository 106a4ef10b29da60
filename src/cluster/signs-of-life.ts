import type { Runtime } from '../core/runtime.ts';

/** Longest time between two looks at the clock while anything is alive. */
const LOOK_MS = 1_000;
/** A look that comes later than this means that the process was held up, and heard nobody meanwhile. */
const LATE_MAX_MS = 500;

/**
 * Who was heard lately, in order, with one timer for all: a sign of life costs two set operations,
 * and the end of a life is found at the front. Time in which this process itself was held up (a long
 * pause, a stopped machine) does not count against anybody: their signs still wait in its sockets.
 */
export class SignsOfLife<T> {
	readonly #runtime: Pick<Runtime, 'monotonic' | 'after'>;
	readonly #silenceMaxMs: number;
	readonly #ended: (item: T) => void;
	/** When each was heard last, least recently heard first. */
	readonly #heardAt = new Map<T, number>();
	#heldUpMs = 0;
	/** When the timer is due, by the runtime's clock. */
	#lookAt = 0;
	#cancel: (() => void) | undefined;

	/** `ended` is called once for what was silent for `silenceMaxMs`. */
	constructor(
		runtime: Pick<Runtime, 'monotonic' | 'after'>,
		silenceMaxMs: number,
		ended: (item: T) => void,
	) {
		this.#runtime = runtime;
		this.#silenceMaxMs = silenceMaxMs;
		this.#ended = ended;
	}

	get size(): number {
		return this.#heardAt.size;
	}

	has(item: T): boolean {
		return this.#heardAt.has(item);
	}

	/** For how long nothing was heard of it, without the time in which this process was held up. */
	silentMs(item: T): number | undefined {
		const heardAt = this.#heardAt.get(item);
		return heardAt === undefined ? undefined : this.#now() - heardAt;
	}

	/** A sign of life, or the beginning of one. */
	heard(item: T): void {
		const now = this.#now();
		this.#heardAt.delete(item);
		this.#heardAt.set(item, now);
		if (this.#cancel === undefined) this.#arm(now);
	}

	/** Ends a life without a call. */
	drop(item: T): void {
		this.#heardAt.delete(item);
	}

	stop(): void {
		this.#cancel?.();
		this.#cancel = undefined;
		this.#heardAt.clear();
	}

	/** The clock of what could be heard: stands still while the process was held up. */
	#now(): number {
		const now = this.#runtime.monotonic();
		const lateMs = this.#cancel === undefined ? 0 : now - this.#lookAt;
		if (lateMs > LATE_MAX_MS) {
			this.#heldUpMs += lateMs;
			this.#lookAt = now;
		}
		return now - this.#heldUpMs;
	}

	#arm(now: number): void {
		this.#cancel = undefined;
		for (const heardAt of this.#heardAt.values()) {
			const waitMs = Math.min(LOOK_MS, Math.max(0, heardAt + this.#silenceMaxMs - now));
			this.#lookAt = this.#runtime.monotonic() + waitMs;
			this.#cancel = this.#runtime.after(waitMs, () => this.#look());
			return;
		}
	}

	#look(): void {
		const now = this.#now();
		for (const [item, heardAt] of this.#heardAt) {
			if (now - heardAt < this.#silenceMaxMs) break;
			this.#heardAt.delete(item);
			this.#ended(item);
		}
		this.#arm(now);
	}
}
