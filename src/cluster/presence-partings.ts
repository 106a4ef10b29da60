/**
 * Users whose last device fell silent, oldest first: they may be at another node already, whose word
 * has not come yet. Until every node was heard they are shown as before.
 */
export class PresencePartings<T> {
	readonly #since = new Map<T, number>();

	get size(): number {
		return this.#since.size;
	}

	has(user: T): boolean {
		return this.#since.has(user);
	}

	/** Begins at `now`, unless it has begun before. */
	begin(user: T, now: number): void {
		if (!this.#since.has(user)) this.#since.set(user, now);
	}

	end(user: T): void {
		this.#since.delete(user);
	}

	/** Ends, and answers with, what began until then. */
	takeUntil(until: number): T[] {
		const taken: T[] = [];
		for (const [user, since] of this.#since) {
			if (since > until) break;
			taken.push(user);
		}
		for (const user of taken) this.#since.delete(user);
		return taken;
	}

	clear(): void {
		this.#since.clear();
	}
}
