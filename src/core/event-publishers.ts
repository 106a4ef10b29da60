import { EventPublisher, type EventPublisherOptions } from './event-publisher.ts';

/** How long an orderly end waits for what can be sent. */
const DRAIN_MAX_MS = 1_000;
const DRAIN_LOOK_MS = 20;

/** The publishers of a node, one for each shard of the store: what one holds up goes on in the others. */
export class EventPublishers {
	readonly #publishers: readonly EventPublisher[];
	readonly #runtime: EventPublisherOptions['runtime'];

	constructor(count: number, options: EventPublisherOptions) {
		this.#runtime = options.runtime;
		this.#publishers = Array.from({ length: count }, () => new EventPublisher(options));
	}

	/** Throws for a shard that there is not. */
	at(shard: number): EventPublisher {
		const found = this.#publishers[shard];
		if (found === undefined) throw new Error(`there is no shard ${shard}`);
		return found;
	}

	/** Actors with events that have not left. */
	get waiting(): number {
		return this.#publishers.reduce((sum, { waiting }) => sum + waiting, 0);
	}

	/** When the oldest event that has not left happened; `undefined`: none is known. */
	get oldestAt(): number | undefined {
		const times = this.#publishers.flatMap(({ oldestAt }) => oldestAt ?? []);
		return times.length === 0 ? undefined : Math.min(...times);
	}

	/** Resolves when nothing can be sent any more, or after a second. */
	async drain(): Promise<void> {
		const until = this.#runtime.monotonic() + DRAIN_MAX_MS;
		while (this.#publishers.some(({ isActive }) => isActive)) {
			if (this.#runtime.monotonic() >= until) return;
			await new Promise<void>((resolve) => this.#runtime.after(DRAIN_LOOK_MS, resolve));
		}
	}

	/** Sends nothing more; what has not left is found by the next owner. */
	close(): void {
		for (const publisher of this.#publishers) publisher.close();
	}
}
