import type { RequestRecord } from './journal.ts';

const KEPT_MAX = 1_000;
/** Ids that the store does not have yet are never forgotten; beyond this many commands get `BUSY`. */
const UNPROJECTED_MAX = 20_000;

interface Kept {
	readonly reply: unknown;
	readonly position: number;
}

/**
 * The request ids of an actor that took effect lately, with their replies. An id leaves only when the
 * store has it (watermark), where a re-send finds it for ever.
 */
export class RequestMemory {
	readonly #kept = new Map<string, Kept>();
	/** A request is looked for and then kept: its name is made once. */
	#named:
		| { readonly userId: string; readonly requestId: string; readonly name: string }
		| undefined;

	get full(): boolean {
		return this.#kept.size >= UNPROJECTED_MAX;
	}

	find(userId: string, requestId: string): { readonly reply: unknown } | undefined {
		return this.#kept.get(this.#name(userId, requestId));
	}

	/** Remembers a request that took effect up to `position`. */
	keep(request: RequestRecord, position: number): void {
		const name = this.#name(request.userId, request.requestId);
		this.#kept.set(name, { reply: request.reply, position });
	}

	/** Forgets a request whose commit was not made. */
	drop(request: RequestRecord): void {
		this.#kept.delete(this.#name(request.userId, request.requestId));
	}

	/** Forgets the oldest beyond the bound, as far as the store has them. */
	trim(watermark: number): void {
		for (const [key, { position }] of this.#kept) {
			if (this.#kept.size <= KEPT_MAX || position > watermark) return;
			this.#kept.delete(key);
		}
	}

	#name(userId: string, requestId: string): string {
		const last = this.#named;
		if (last?.requestId === requestId && last.userId === userId) return last.name;
		const name = `${userId} ${requestId}`;
		this.#named = { userId, requestId, name };
		return name;
	}
}
