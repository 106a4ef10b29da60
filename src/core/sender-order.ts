/**
 * The order of one sender: commands are numbered per opening of a handle, and n is taken only after
 * n−1 was taken or finally answered. A retryable refusal counts as unanswered, so that what follows it
 * is told to go back (`AGAIN`).
 */
export class SenderOrder {
	readonly #openings = new Map<string, Opening>();

	/** How many openings are known. */
	get size(): number {
		return this.#openings.size;
	}

	/** Whether command n may enter the mailbox now; it counts as entered when it may. */
	enter(opening: string, n: number): boolean {
		const order = this.#order(opening, n);
		if (n > order.entered + 1) return false;
		order.entered = Math.max(order.entered, n);
		return true;
	}

	/** Notes a refusal at the door: n is the next that may enter. */
	refused(opening: string, n: number): void {
		this.#order(opening, n);
	}

	/** Whether n is next to be decided. */
	isNext(opening: string, n: number): boolean {
		return n <= this.#order(opening, n).taken + 1;
	}

	/** n is taken, or answered for good. */
	take(opening: string, n: number): void {
		const order = this.#order(opening, n);
		order.taken = Math.max(order.taken, n);
	}

	/** n was refused in a way that may be repeated: everything from n on has to come again. */
	goBack(opening: string, n: number): void {
		const order = this.#order(opening, n);
		order.entered = Math.min(order.entered, n - 1);
		order.taken = Math.min(order.taken, n - 1);
	}

	close(opening: string): void {
		this.#openings.delete(opening);
	}

	/** An opening seen first with n begins there: its edge may know it from an earlier owner. */
	#order(opening: string, n: number): Opening {
		const known = this.#openings.get(opening);
		if (known !== undefined) return known;
		const fresh = { entered: n - 1, taken: n - 1 };
		this.#openings.set(opening, fresh);
		return fresh;
	}
}

interface Opening {
	entered: number;
	taken: number;
}
