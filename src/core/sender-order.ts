import type { CommandRequest } from './actor-port.ts';

/**
 * The order of one sender: commands are numbered per opening of a handle, and n is taken only after
 * n−1 was taken or finally answered. A retryable refusal counts as unanswered, so that what follows it
 * is told to go back (`AGAIN`).
 */
export class SenderOrder {
	readonly #openings = new Map<string, Opening>();
	/** Closed, with commands that may still wait; the older half goes with the next round. */
	#closed = new Set<string>();
	#closedBefore = new Set<string>();

	/** How many openings are known. */
	get size(): number {
		return this.#openings.size;
	}

	/**
	 * Whether command n may enter the mailbox now; it counts as entered when it may. An edge sends no
	 * number twice but when it goes back to it, and then numbers anew what follows.
	 */
	enter(sender: Sender): boolean {
		const order = this.#order(sender);
		if (sender.n > order.entered + 1) return false;
		order.entered = sender.n;
		order.taken = Math.min(order.taken, sender.n - 1);
		return true;
	}

	/** Notes a refusal at the door: n is the next that may enter, or one before it. */
	refused(sender: Sender): void {
		this.#order(sender);
		this.goBack(sender.opening, sender.n);
	}

	/** Whether n is next to be decided. */
	isNext(opening: string, n: number): boolean {
		return n <= (this.#openings.get(opening)?.taken ?? n) + 1;
	}

	/** n is taken, or answered for good. */
	take(opening: string, n: number): void {
		const order = this.#openings.get(opening);
		if (order === undefined) return;
		order.taken = Math.max(order.taken, n);
		// An old copy that was sent back meanwhile must not keep what follows out.
		order.entered = Math.max(order.entered, n);
	}

	/** n was refused in a way that may be repeated: everything from n on has to come again. */
	goBack(opening: string, n: number): void {
		const order = this.#openings.get(opening);
		if (order === undefined) return;
		order.entered = Math.min(order.entered, n - 1);
		order.taken = Math.min(order.taken, n - 1);
	}

	/**
	 * Nothing new comes, as far as is known (an edge that was lost may come back with it); what waits
	 * keeps its order until two rounds of {@link forgetClosed} are over.
	 */
	close(opening: string): void {
		if (this.#openings.has(opening)) this.#closed.add(opening);
	}

	forgetClosed(): void {
		for (const opening of this.#closedBefore) this.#openings.delete(opening);
		this.#closedBefore = this.#closed;
		this.#closed = new Set();
	}

	/**
	 * An opening begins with the first command that its edge has no final answer for: earlier ones were
	 * for an earlier owner, and what that one did not answer has to come here before the others.
	 */
	#order({ opening, n, first }: Sender): Opening {
		// What comes now has to find what came before, and still waits.
		this.#closed.delete(opening);
		this.#closedBefore.delete(opening);
		const answered = (first ?? n) - 1;
		const known = this.#openings.get(opening);
		if (known === undefined) {
			const fresh = { entered: answered, taken: answered };
			this.#openings.set(opening, fresh);
			return fresh;
		}
		if (first !== undefined) {
			known.entered = Math.max(known.entered, answered);
			known.taken = Math.max(known.taken, answered);
		}
		return known;
	}
}

type Sender = NonNullable<CommandRequest['sender']>;

interface Opening {
	entered: number;
	taken: number;
}
