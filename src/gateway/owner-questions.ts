import type { StreamHandle } from './stream-handle.ts';

/**
 * Questions of one stream's handles to the owner, at most so many at a time: when an owner goes, all of
 * its handles ask at once.
 */
export class OwnerQuestions {
	readonly #inFlightMax: number;
	readonly #send: (handle: StreamHandle) => void;
	readonly #inFlight = new Set<StreamHandle>();
	readonly #waiting = new Set<StreamHandle>();

	constructor(inFlightMax: number, send: (handle: StreamHandle) => void) {
		this.#inFlightMax = inFlightMax;
		this.#send = send;
	}

	/** Asks for the handle as soon as there is room. */
	ask(handle: StreamHandle): void {
		this.#waiting.add(handle);
		this.#next();
	}

	/** The handle's question has its answer. */
	answered(handle: StreamHandle): void {
		this.#inFlight.delete(handle);
		this.#next();
	}

	/** The handle is closed. A question in flight still takes its room until it is answered. */
	forget(handle: StreamHandle): void {
		this.#waiting.delete(handle);
	}

	#next(): void {
		for (const handle of this.#waiting) {
			if (this.#inFlight.size >= this.#inFlightMax) return;
			this.#waiting.delete(handle);
			this.#inFlight.add(handle);
			this.#send(handle);
		}
	}
}
