import type { ActorKey } from '../protocol/ids.ts';
import type { Publishing } from './actor-kind.ts';
import { type EventFeed, EventRefusedError } from './event-feed.ts';
import { eventOf, leavesAt, OUTBOX } from './outbox-rows.ts';
import type { ProjectedCommit, Row, Store } from './store.ts';

/** What is read and sent in one go. */
const PAGE_LENGTH = 100;
const PAGE_BYTES_MAX = 1024 * 1024;

export interface OutboxOptions {
	readonly key: ActorKey;
	readonly publishing: Publishing;
	readonly store: Pick<Store, 'page' | 'drop'>;
	readonly feed: EventFeed;
	/** There is something in the store to be sent; {@link Outbox.send} is to be called. */
	readonly ready: (outbox: Outbox) => void;
}

/**
 * What of one actor has not left yet. Only positions are kept here: the events are rows of the store,
 * read when they are sent, and dropped when the feed has them.
 */
export class Outbox {
	readonly key: ActorKey;
	readonly #options: OutboxOptions;
	/** Position of the newest event with something to send. */
	#newest = 0;
	#newestAt = 0;
	/** Up to here the store has everything. */
	#stored = 0;
	/** Up to here everything has left. */
	#sent = 0;
	#oldestAt: number | undefined;
	/** Behind a refusal one at a time, so that what stands before the refused event leaves. */
	#pageLength = PAGE_LENGTH;
	#isStopped = false;

	constructor(options: OutboxOptions) {
		this.key = options.key;
		this.#options = options;
	}

	/** Something has not left, or it is not known. */
	get isBusy(): boolean {
		return this.#newest > this.#sent;
	}

	/** When the oldest event that has not left happened; `undefined`: none, or none is known yet. */
	get oldestAt(): number | undefined {
		return this.isBusy ? this.#oldestAt : undefined;
	}

	/** An activation: what an earlier owner projected may not have left. */
	begin(watermark: number): void {
		this.#newest = Math.max(this.#newest, watermark);
		this.projected(watermark);
	}

	/** A commit has landed, and is on its way to the store. */
	note({ events }: ProjectedCommit): void {
		for (const { position, rows } of events) {
			const at = leavesAt(rows);
			if (at === undefined) continue;
			this.#oldestAt = this.oldestAt ?? at;
			this.#newest = position;
			this.#newestAt = at;
		}
	}

	/** The store has everything up to there. */
	projected(position: number): void {
		this.#stored = Math.max(this.#stored, position);
		if (this.#isDue) this.#options.ready(this);
	}

	/** Nothing more is sent or written for the actor. */
	stop(): void {
		this.#isStopped = true;
	}

	/**
	 * Sends what comes next, in order; resolves with how many events have left. What fails is left as it
	 * is: sent again it does no harm. Tells {@link OutboxOptions.ready} when there is more.
	 */
	async send(): Promise<number> {
		const { key, store, ready } = this.#options;
		if (!this.#isDue) return 0;
		const upTo = this.#stored;
		const { rows, more } = await store.page({
			collection: OUTBOX.name,
			index: 'unsent',
			prefix: [key, key],
			limit: this.#pageLength,
			bytesMax: PAGE_BYTES_MAX,
		});
		if (this.#isStopped) return 0;
		this.#oldestAt = (rows[0]?.doc.at as number | undefined) ?? this.#oldestAt;
		if (rows.length > 0) {
			await this.#publish(rows);
			if (this.#isStopped) return rows.length;
			await store.drop(OUTBOX.name, rows);
		}
		if (!more) {
			this.#sent = upTo;
			this.#oldestAt = this.#newestAt;
		}
		if (this.#isDue) ready(this);
		return rows.length;
	}

	async #publish(rows: readonly Row[]): Promise<void> {
		const { publishing, feed } = this.#options;
		try {
			await feed.publish(rows.map((row) => eventOf(row, publishing.contract)));
			this.#pageLength = PAGE_LENGTH;
		} catch (error) {
			if (error instanceof EventRefusedError) this.#pageLength = 1;
			throw error;
		}
	}

	get #isDue(): boolean {
		return !this.#isStopped && this.#sent < Math.min(this.#newest, this.#stored);
	}
}
