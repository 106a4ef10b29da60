/**
 * The numbers of one handle's commands: those of its client, and those that the owner sees, who hears of
 * fewer. A retryable refusal sends both back to it; numbers behind it that were answered for good do not
 * come again, and are passed over when it was taken.
 */
export class CommandNumbers {
	/** The number that the client's next command has. */
	next = 1;
	#ownerNext = 1;
	/** Taken and not answered, with the owner's numbers. Made when needed: most handles only listen. */
	#inFlight: Map<number, number> | undefined;
	/** Answered for good while an earlier one was not; `undefined`: the owner has not heard of it. */
	#answered: Map<number, number | undefined> | undefined;

	/** How many are in flight, or remembered for the sake of one in flight. */
	get waiting(): number {
		return (this.#inFlight?.size ?? 0) + (this.#answered?.size ?? 0);
	}

	/** Whether the owner has heard of any. */
	get isUsed(): boolean {
		return this.#ownerNext > 1;
	}

	/**
	 * Takes the next one; answers with the owner's number, and the lowest that has no final answer.
	 * `undefined` when it is in flight still: its answer will come.
	 */
	take(): { readonly n: number; readonly first: number } | undefined {
		this.#inFlight ??= new Map();
		const known = this.#inFlight.get(this.next);
		const n = known ?? this.#ownerNext;
		this.#inFlight.set(this.next, n);
		this.#goOn(n);
		return known === undefined ? { n, first: Math.min(...this.#inFlight.values()) } : undefined;
	}

	/** The next one was answered without the owner, for good. */
	takenHere(): void {
		this.#remember(this.next, undefined);
		this.#goOn(undefined);
	}

	/** `number` was answered for good. */
	answered(number: number): void {
		const n = this.#inFlight?.get(number);
		this.#inFlight?.delete(number);
		this.#remember(number, n);
		const lowest = this.#lowest();
		for (const other of this.#answered?.keys() ?? []) {
			if (other < lowest) this.#answered?.delete(other);
		}
	}

	/** `number` was refused in a way that may be repeated: it comes again. */
	refused(number: number): void {
		const n = this.#inFlight?.get(number);
		this.#inFlight?.delete(number);
		if (number >= this.next || n === undefined) return;
		this.next = number;
		this.#ownerNext = n;
	}

	/** The lowest number that has no final answer. */
	#lowest(): number {
		let lowest = this.next;
		for (const number of this.#inFlight?.keys() ?? []) if (number < lowest) lowest = number;
		return lowest;
	}

	#remember(number: number, n: number | undefined): void {
		if (number <= this.#lowest()) return;
		this.#answered ??= new Map();
		this.#answered.set(number, n);
	}

	/** Behind the one that was just taken, and those behind it that do not come again. */
	#goOn(n: number | undefined): void {
		this.next++;
		if (n !== undefined) this.#ownerNext = n + 1;
		while (this.#answered?.has(this.next) === true) {
			const answered = this.#answered.get(this.next);
			if (answered !== undefined) this.#ownerNext = answered + 1;
			this.next++;
		}
	}
}
