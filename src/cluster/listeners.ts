import type { Log } from '../core/log.ts';

/** Who wants to know of something. What one of them throws is logged, and the others are told. */
export class Listeners<T> {
	readonly #log: Log;
	readonly #listeners = new Set<{ readonly hear: (news: T) => void }>();

	constructor(log: Log) {
		this.#log = log;
	}

	/** The answer ends it. */
	add(hear: (news: T) => void): () => void {
		const listener = { hear };
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	tell(news: T): void {
		for (const { hear } of [...this.#listeners]) {
			try {
				hear(news);
			} catch (error) {
				this.#log.error({ err: error }, 'a listener threw');
			}
		}
	}
}
