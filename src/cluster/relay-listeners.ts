import type { Log } from '../core/log.ts';

export type Heard = (bytes: Uint8Array) => void;

/**
 * Who listens on which subject of one relay. A listener that throws is logged and keeps its place: one
 * bug must not make a node deaf.
 */
export class RelayListeners {
	readonly #bySubject = new Map<string, Set<{ readonly heard: Heard }>>();
	readonly #log: Log;

	constructor(log: Log) {
		this.#log = log;
	}

	subjects(): Iterable<string> {
		return this.#bySubject.keys();
	}

	has(subject: string): boolean {
		return this.#bySubject.has(subject);
	}

	/** The answer ends it, and tells whether it was the last of its subject. */
	add(subject: string, heard: Heard): () => boolean {
		const listener = { heard };
		const listeners = this.#bySubject.get(subject) ?? new Set();
		this.#bySubject.set(subject, listeners.add(listener));
		return () => {
			if (!listeners.delete(listener) || listeners.size > 0) return false;
			return this.#bySubject.get(subject) === listeners && this.#bySubject.delete(subject);
		};
	}

	/** Hands `bytes` to each, who own them: the first takes them as they are, others a copy. */
	tell(subject: string, bytes: Uint8Array): void {
		const listeners = this.#bySubject.get(subject);
		if (listeners === undefined) return;
		let own = bytes;
		for (const { heard } of [...listeners]) {
			const next = listeners.size > 1 ? new Uint8Array(own) : own;
			try {
				heard(own);
			} catch (cause) {
				this.#log.error({ err: cause }, 'a relay listener failed');
			}
			own = next;
		}
	}

	clear(): void {
		this.#bySubject.clear();
	}
}
