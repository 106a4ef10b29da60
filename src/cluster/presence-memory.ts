/** When users who are offline were active last; beyond the limit the ones gone longest are forgotten. */
export class PresenceMemory {
	/** The one gone longest first. */
	readonly #activeAt = new Map<string, number | undefined>();
	readonly #lengthMax: number;

	constructor(lengthMax: number) {
		this.#lengthMax = lengthMax;
	}

	has(userId: string): boolean {
		return this.#activeAt.has(userId);
	}

	get(userId: string): number | undefined {
		return this.#activeAt.get(userId);
	}

	/** The user is back; answers with the last activity. */
	take(userId: string): number | undefined {
		const activeAt = this.#activeAt.get(userId);
		this.#activeAt.delete(userId);
		return activeAt;
	}

	keep(userId: string, activeAt: number | undefined): void {
		this.#activeAt.set(userId, activeAt);
		if (this.#activeAt.size <= this.#lengthMax) return;
		for (const oldest of this.#activeAt.keys()) {
			this.#activeAt.delete(oldest);
			return;
		}
	}
}
