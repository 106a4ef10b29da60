/** A map of so many entries at most: what was set longest ago goes. */
export class NewestMap<Name, Value> {
	readonly #max: number;
	/** Those that were set last stand last. */
	readonly #entries = new Map<Name, Value>();

	constructor(max: number) {
		this.#max = max;
	}

	get(name: Name): Value | undefined {
		return this.#entries.get(name);
	}

	set(name: Name, value: Value): void {
		this.#entries.delete(name);
		this.#entries.set(name, value);
		if (this.#entries.size <= this.#max) return;
		for (const oldest of this.#entries.keys()) {
			this.#entries.delete(oldest);
			return;
		}
	}

	delete(name: Name): void {
		this.#entries.delete(name);
	}

	clear(): void {
		this.#entries.clear();
	}
}
