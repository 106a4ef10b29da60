import {
	type ConsumerOptions,
	type EventConsumer,
	type EventFeed,
	type EventPlace,
	isBehind,
	packEvent,
	type QueuedEvent,
} from '../../core/event-feed.ts';
import { type EventQueue, QueuedConsumer } from '../../core/queued-consumer.ts';
import type { Runtime } from '../../core/runtime.ts';
import { type DomainEvent, domainEventSchema } from '../../protocol/domain-events.ts';

/** Events kept; the oldest go first. */
const EVENTS_MAX = 100_000;

/** The way out of domain events in memory, with the semantics of the others, for tests and simulations. */
export class MemoryEventFeed implements EventFeed, EventQueue {
	readonly #runtime: Pick<Runtime, 'monotonic'>;
	readonly #events: QueuedEvent[] = [];
	readonly #newest = new Map<string, EventPlace>();
	readonly #acked = new Map<string, number>();
	#seq = 0;

	constructor(options: { readonly runtime: Pick<Runtime, 'monotonic'> }) {
		this.#runtime = options.runtime;
	}

	/** All that is kept, in the order of its coming. */
	get events(): readonly DomainEvent[] {
		return this.#events.map(({ event }) => event);
	}

	async publish(events: readonly DomainEvent[]): Promise<void> {
		// What a reader gets is what was sent, whatever becomes of the object.
		for (const event of events) this.#take(domainEventSchema.parse(JSON.parse(packEvent(event))));
	}

	async consumer(name: string, options: ConsumerOptions = {}): Promise<EventConsumer> {
		return new QueuedConsumer({ ...options, name, queue: this, runtime: this.#runtime });
	}

	async behind(seq: number, limit: number): Promise<readonly QueuedEvent[]> {
		return this.#events.filter((event) => event.seq > seq).slice(0, limit);
	}

	async acked(name: string): Promise<number> {
		return this.#acked.get(name) ?? 0;
	}

	async ack(name: string, seq: number): Promise<void> {
		this.#acked.set(name, Math.max(seq, this.#acked.get(name) ?? 0));
	}

	async close(): Promise<void> {}

	#take(event: DomainEvent): void {
		if (!isBehind(event, this.#newest.get(event.actor))) return;
		this.#newest.set(event.actor, event);
		this.#events.push({ seq: ++this.#seq, event });
		if (this.#events.length > EVENTS_MAX) this.#events.shift();
	}
}
