/** First in, first out; bounded by its owner. Cheap at both ends. */
export class Mailbox<Entry extends { readonly bytes: number }> {
	#entries: Entry[] = [];
	#head = 0;
	#bytes = 0;

	get length(): number {
		return this.#entries.length - this.#head;
	}

	/** The entry that comes next. */
	get first(): Entry | undefined {
		return this.#entries[this.#head];
	}

	/** Sum of the entries' sizes as they came. */
	get bytes(): number {
		return this.#bytes;
	}

	push(entry: Entry): void {
		this.#entries.push(entry);
		this.#bytes += entry.bytes;
	}

	/** Puts entries in front of all others, in their order. */
	unshift(entries: readonly Entry[]): void {
		this.#entries = [...entries, ...this.#entries.slice(this.#head)];
		this.#head = 0;
		for (const entry of entries) this.#bytes += entry.bytes;
	}

	shift(): Entry | undefined {
		const entry = this.#entries[this.#head];
		if (entry === undefined) return undefined;
		this.#entries[this.#head] = undefined as never;
		this.#head++;
		this.#bytes -= entry.bytes;
		if (this.#head === this.#entries.length) {
			this.#entries = [];
			this.#head = 0;
		} else if (this.#head > 1_000 && this.#head * 2 > this.#entries.length) {
			this.#entries = this.#entries.slice(this.#head);
			this.#head = 0;
		}
		return entry;
	}

	/** Takes everything out. */
	clear(): readonly Entry[] {
		const entries = this.#entries.slice(this.#head);
		this.#entries = [];
		this.#head = 0;
		this.#bytes = 0;
		return entries;
	}
}
