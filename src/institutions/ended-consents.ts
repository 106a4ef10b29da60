/** Beyond it the one that ended longest ago is forgotten: its work is over by then. */
const ENDED_MAX = 10_000;

/**
 * Consents that were withdrawn while work on them may be under way here. Work outside cannot be called
 * back, but it can stop before its next call, and make void a token that came too late (I7).
 */
export class EndedConsents {
	readonly #ids = new Set<string>();

	add(id: string): void {
		this.#ids.delete(id);
		this.#ids.add(id);
		if (this.#ids.size <= ENDED_MAX) return;
		for (const oldest of this.#ids) {
			this.#ids.delete(oldest);
			return;
		}
	}

	has(id: string): boolean {
		return this.#ids.has(id);
	}
}
