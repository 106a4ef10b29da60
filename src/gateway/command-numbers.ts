/**
 * The numbers of one handle's commands: those of its client, and those that the owner sees, who hears of
 * fewer. A retryable refusal sends both back: the next command is that one again, and numbers go on from
 * there, whatever behind it was answered meanwhile.
 */
export class CommandNumbers {
	/** The number that the client's next command has. */
	next = 1;
	#ownerNext = 1;
	/** Whether the owner has heard of any, taken or not. */
	isUsed = false;
	/** Taken and not answered, with the owner's numbers. Made when needed: most handles only listen. */
	#inFlight: Map<number, number> | undefined;

	/** How many are in flight. */
	get waiting(): number {
		return this.#inFlight?.size ?? 0;
	}

	/**
	 * Takes the next one; answers with the owner's number, and the lowest that has no final answer.
	 * `undefined` when it is in flight still: its answer will come.
	 */
	take(): { readonly n: number; readonly first: number } | undefined {
		this.#inFlight ??= new Map();
		this.isUsed = true;
		const known = this.#inFlight.get(this.next);
		const n = known ?? this.#ownerNext;
		this.#inFlight.set(this.next, n);
		this.next++;
		this.#ownerNext = n + 1;
		return known === undefined ? { n, first: Math.min(...this.#inFlight.values()) } : undefined;
	}

	/** Whether everything before `number` has its final answer. */
	isFirst(number: number): boolean {
		if (number > this.next) return false;
		for (const other of this.#inFlight?.keys() ?? []) if (other < number) return false;
		return true;
	}

	/** The next one was answered without the owner, for good. */
	takenHere(): void {
		this.next++;
	}

	/** `number` was answered for good. */
	answered(number: number): void {
		this.#inFlight?.delete(number);
	}

	/** `number` was refused in a way that may be repeated: it comes again. */
	refused(number: number): void {
		const n = this.#inFlight?.get(number);
		this.#inFlight?.delete(number);
		if (number >= this.next || n === undefined) return;
		this.next = number;
		this.#ownerNext = n;
	}
}
