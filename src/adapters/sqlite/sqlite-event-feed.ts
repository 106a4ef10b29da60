import {
	type ConsumerOptions,
	type EventConsumer,
	type EventFeed,
	packEvent,
	type QueuedEvent,
} from '../../core/event-feed.ts';
import { type EventQueue, QueuedConsumer } from '../../core/queued-consumer.ts';
import { type DomainEvent, domainEventSchema } from '../../protocol/domain-events.ts';
import type { PackedEvent } from './event-tables.ts';
import type { StorageThreads } from './sqlite-journal.ts';

/**
 * The way out of domain events of one node: a queue in a file of its own, bounded by age and number, on
 * the thread of the read side. Durable when answered; closed with the storage.
 */
export class SqliteEventFeed implements EventFeed, EventQueue {
	readonly #threads: StorageThreads;

	constructor(threads: StorageThreads) {
		this.#threads = threads;
	}

	async publish(events: readonly DomainEvent[]): Promise<void> {
		const packed = events.map((event): PackedEvent => {
			const { actor, at, position, index } = event;
			return [actor, at, position, index, packEvent(event)];
		});
		await this.#threads.views.call('publishEvents', packed);
	}

	async consumer(name: string, options: ConsumerOptions = {}): Promise<EventConsumer> {
		const runtime = { monotonic: () => performance.now() };
		return new QueuedConsumer({ ...options, name, queue: this, runtime });
	}

	async behind(seq: number, limit: number): Promise<readonly QueuedEvent[]> {
		const rows = await this.#threads.read.call('eventsBehind', { seq, limit });
		return rows.map(([at, body]) => ({
			seq: at,
			event: domainEventSchema.parse(JSON.parse(body)),
		}));
	}

	acked(name: string): Promise<number> {
		return this.#threads.read.call('eventsAcked', name);
	}

	async ack(name: string, seq: number): Promise<void> {
		await this.#threads.views.call('ackEvents', { name, seq });
	}

	async close(): Promise<void> {}
}
