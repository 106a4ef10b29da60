/** A place in a {@link Bulkhead}. */
export interface Place {
	/** Resolves when the work may begin, `false`: when it may not any more. */
	readonly granted: Promise<boolean>;
	/** Ends the work, or the wait for it. */
	leave(): void;
}

interface Waiting {
	readonly grant: (granted: boolean) => void;
}

const AT_ONCE = Promise.resolve(true);

/** Bounds how much of one kind of work is under way, so that it cannot take what others need. */
export class Bulkhead {
	readonly #inFlightMax: number;
	readonly #waitingMax: number;
	/** In order of arrival. */
	readonly #waiting = new Set<Waiting>();
	#inFlight = 0;

	constructor(bounds: { readonly inFlightMax: number; readonly waitingMax: number }) {
		this.#inFlightMax = bounds.inFlightMax;
		this.#waitingMax = bounds.waitingMax;
	}

	get inFlight(): number {
		return this.#inFlight;
	}

	get waiting(): number {
		return this.#waiting.size;
	}

	/** `undefined` when too much waits already. */
	take(): Place | undefined {
		if (this.#inFlight < this.#inFlightMax) {
			this.#inFlight++;
			return { granted: AT_ONCE, leave: once(() => this.#release()) };
		}
		if (this.#waiting.size >= this.#waitingMax) return undefined;
		const { promise: granted, resolve: grant } = Promise.withResolvers<boolean>();
		const entry = { grant };
		this.#waiting.add(entry);
		const leave = once(() => {
			if (this.#waiting.delete(entry)) grant(false);
			else this.#release();
		});
		return { granted, leave };
	}

	/** Sends away all that waits. */
	refuseWaiting(): void {
		const refused = [...this.#waiting];
		// They are counted as under way until they leave, as those are that were let in.
		this.#waiting.clear();
		this.#inFlight += refused.length;
		for (const { grant } of refused) grant(false);
	}

	#release(): void {
		this.#inFlight--;
		if (this.#inFlight >= this.#inFlightMax) return;
		for (const next of this.#waiting) {
			this.#waiting.delete(next);
			this.#inFlight++;
			next.grant(true);
			return;
		}
	}
}

function once(run: () => void): () => void {
	let isDone = false;
	return () => {
		if (isDone) return;
		isDone = true;
		run();
	};
}
