import {
	ACK_WAIT_MS,
	type ConsumerOptions,
	type DeliveredEvent,
	type EventConsumer,
	type EventFeed,
} from './event-feed.ts';
import type { Runtime } from './runtime.ts';

/** Events in the order of their coming, with what each reader has acknowledged. */
export interface EventQueue extends Pick<EventFeed, 'behind'> {
	/** The highest number that a reader has acknowledged; 0: none. */
	acked(name: string): Promise<number>;
	/** Durable when it resolves; never goes back. */
	ack(name: string, seq: number): Promise<void>;
}

export interface QueuedConsumerOptions extends ConsumerOptions {
	readonly name: string;
	readonly queue: EventQueue;
	readonly runtime: Pick<Runtime, 'monotonic'>;
}

/** Reads a queue on this node, see {@link EventConsumer}. */
export class QueuedConsumer implements EventConsumer {
	readonly #options: QueuedConsumerOptions;
	/** `undefined` until it is read. */
	#acked: number | undefined;
	/** The last that was given. */
	#given = 0;
	/** Since when the oldest of those that are not acknowledged is out. */
	#outSince = 0;

	constructor(options: QueuedConsumerOptions) {
		this.#options = options;
	}

	async next(max: number): Promise<readonly DeliveredEvent[]> {
		const { queue, name, runtime, ackWaitMs = ACK_WAIT_MS } = this.#options;
		this.#acked ??= await queue.acked(name);
		const isLate = runtime.monotonic() - this.#outSince >= ackWaitMs;
		if (this.#given < this.#acked || isLate) this.#given = this.#acked;
		const rows = await queue.behind(this.#given, max);
		if (this.#given === this.#acked) this.#outSince = runtime.monotonic();
		this.#given = rows.at(-1)?.seq ?? this.#given;
		return rows.map(({ seq, event }) => ({ event, ack: () => this.#ack(seq) }));
	}

	async close(): Promise<void> {}

	async #ack(seq: number): Promise<void> {
		const { queue, name, runtime } = this.#options;
		await queue.ack(name, seq);
		this.#acked = Math.max(this.#acked ?? 0, seq);
		this.#outSince = runtime.monotonic();
	}
}
