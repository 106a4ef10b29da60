interface Flight<T> {
	readonly current: Promise<T>;
	/** For all who asked while the current one was under way: it may have read too early for them. */
	next?: Promise<T>;
}

/**
 * Reads that many want at once: of each key one is under way at a time, and nobody is answered by one
 * that began before the question.
 */
export class SharedReads<T> {
	readonly #flights = new Map<string, Flight<T>>();

	read(key: string, run: () => Promise<T>): Promise<T> {
		const flight = this.#flights.get(key);
		if (flight === undefined) return this.#start(key, run);
		const again = () => this.#start(key, run);
		flight.next ??= flight.current.then(again, again);
		return flight.next;
	}

	#start(key: string, run: () => Promise<T>): Promise<T> {
		const flight: Flight<T> = { current: run() };
		this.#flights.set(key, flight);
		const ended = () => {
			if (flight.next === undefined) this.#flights.delete(key);
		};
		flight.current.then(ended, ended);
		return flight.current;
	}
}
