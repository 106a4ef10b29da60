import type { StreamHandle } from './stream-handle.ts';

export interface OwnerQuestionsOptions {
	readonly inFlightMax: number;
	/** While it is, everything waits. */
	readonly isPaused: () => boolean;
	readonly send: (handle: StreamHandle) => void;
}

/**
 * Questions of one stream's handles to the owner, at most so many at a time: when an owner goes, all of
 * its handles ask at once.
 */
export class OwnerQuestions {
	readonly #options: OwnerQuestionsOptions;
	readonly #inFlight = new Set<StreamHandle>();
	readonly #waiting = new Set<StreamHandle>();

	constructor(options: OwnerQuestionsOptions) {
		this.#options = options;
	}

	/** Handles whose questions were not sent yet. */
	get waiting(): Iterable<StreamHandle> {
		return this.#waiting;
	}

	/** Asks for the handle as soon as there is room. */
	ask(handle: StreamHandle): void {
		this.#waiting.add(handle);
		this.goOn();
	}

	/** The handle's question has its answer. */
	answered(handle: StreamHandle): void {
		this.#inFlight.delete(handle);
		this.goOn();
	}

	/** The handle is closed. A question in flight still takes its room until it is answered. */
	forget(handle: StreamHandle): void {
		this.#waiting.delete(handle);
	}

	/** Sends what may be sent. */
	goOn(): void {
		const { inFlightMax, isPaused, send } = this.#options;
		for (const handle of this.#waiting) {
			if (this.#inFlight.size >= inFlightMax || isPaused()) return;
			this.#waiting.delete(handle);
			this.#inFlight.add(handle);
			send(handle);
		}
	}
}
