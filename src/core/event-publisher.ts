import { Breaker } from './breaker.ts';
import { type EventFeed, EventRefusedError } from './event-feed.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';
import type { Runtime } from './runtime.ts';
import type { Store } from './store.ts';

/** Actors whose events are on their way at once; the others wait for their turn. */
const IN_FLIGHT_MAX = 32;
const FAILURES_MAX = 3;
/** Between two tries while the feed does not answer. */
const BACK_OFF = { firstMs: 500, maxMs: 5_000 };
/** Between two tries of one actor, doubled each time; longer for what the feed will never take. */
const REST_FIRST_MS = 200;
const REST_MAX_MS = 5_000;
const REFUSED_REST_MAX_MS = 60_000;
const LOOK_MS = 250;

export interface EventPublisherOptions {
	readonly feed: EventFeed;
	readonly store: Pick<Store, 'page' | 'drop'>;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly meter: Meter;
}

/**
 * Sends the events of a node's actors of one store shard: each actor's in order, several actors side by
 * side, first come first. While the feed does not answer, one actor at a time tries; what an actor
 * cannot send holds up nobody else. Nothing but who has something to send is kept here.
 */
export class EventPublisher {
	readonly #options: EventPublisherOptions;
	readonly #breaker: Breaker;
	/** Of all actors that live here. */
	readonly #outboxes = new Set<Outbox>();
	readonly #ready = new Set<Outbox>();
	readonly #sending = new Set<Outbox>();
	/** Of actors that failed: how often in a row. */
	readonly #failures = new Map<Outbox, number>();
	/** What calls the rest of an actor off. */
	readonly #resting = new Map<Outbox, () => void>();
	#cancelLook: (() => void) | undefined;
	#isClosed = false;

	constructor(options: EventPublisherOptions) {
		this.#options = options;
		const { runtime } = options;
		this.#breaker = new Breaker({ runtime, failuresMax: FAILURES_MAX, backOff: BACK_OFF });
	}

	/** The outbox of an actor that comes to live here; {@link remove} ends it. */
	add(actor: Pick<OutboxOptions, 'key' | 'publishing'>): Outbox {
		const { store, feed } = this.#options;
		const ready = (outbox: Outbox) => this.#makeReady(outbox);
		const outbox = new Outbox({ ...actor, store, feed, ready });
		this.#outboxes.add(outbox);
		return outbox;
	}

	remove(outbox: Outbox): void {
		outbox.stop();
		this.#outboxes.delete(outbox);
		this.#ready.delete(outbox);
		this.#failures.delete(outbox);
		this.#resting.get(outbox)?.();
		this.#resting.delete(outbox);
	}

	/** Actors with events that have not left. */
	get waiting(): number {
		let count = 0;
		for (const { isBusy } of this.#outboxes) if (isBusy) count++;
		return count;
	}

	/** When the oldest event that has not left happened; `undefined`: none is known. */
	get oldestAt(): number | undefined {
		let oldest: number | undefined;
		for (const { oldestAt } of this.#outboxes) {
			if (oldestAt !== undefined && oldestAt < (oldest ?? Infinity)) oldest = oldestAt;
		}
		return oldest;
	}

	/** Whether something is being sent, or could be at once. */
	get isActive(): boolean {
		return this.#sending.size > 0 || (this.#ready.size > 0 && !this.#breaker.refuses);
	}

	/** Sends nothing more; what has not left is found by the next owner. */
	close(): void {
		this.#isClosed = true;
		this.#cancelLook?.();
		for (const outbox of [...this.#outboxes]) this.remove(outbox);
	}

	#makeReady(outbox: Outbox): void {
		if (this.#resting.has(outbox) || this.#isClosed) return;
		this.#ready.add(outbox);
		this.#sendNext();
	}

	#sendNext(): void {
		for (const outbox of this.#ready) {
			if (this.#sending.size >= IN_FLIGHT_MAX) return;
			// It is ready again when it is through.
			if (this.#sending.has(outbox)) continue;
			if (!this.#breaker.enter()) {
				this.#lookLater();
				return;
			}
			this.#ready.delete(outbox);
			this.#sending.add(outbox);
			void this.#send(outbox).finally(() => {
				this.#sending.delete(outbox);
				this.#sendNext();
			});
		}
	}

	#lookLater(): void {
		if (this.#isClosed) return;
		this.#cancelLook ??= this.#options.runtime.after(LOOK_MS, () => {
			this.#cancelLook = undefined;
			this.#sendNext();
		});
	}

	async #send(outbox: Outbox): Promise<void> {
		const { meter } = this.#options;
		try {
			const count = await outbox.send();
			this.#breaker.report(count > 0 ? 'answered' : 'unsent');
			if (count > 0) meter.count('eventsPublished', count);
			this.#failures.delete(outbox);
		} catch (error) {
			const isRefused = error instanceof EventRefusedError;
			this.#breaker.report(isRefused ? 'unsent' : 'unanswered');
			this.#failed(outbox, { error, isRefused });
		}
	}

	#failed(outbox: Outbox, { error, isRefused }: { error: unknown; isRefused: boolean }): void {
		if (!this.#outboxes.has(outbox)) return;
		const { runtime, log, meter } = this.#options;
		meter.count('eventPublishFailures');
		if (isRefused) log.error({ err: error, actor: outbox.key }, 'an event cannot leave');
		else log.warn({ err: error, actor: outbox.key }, 'events have not left, will be tried again');
		// It is not this actor's fault: the breaker says when one of those that wait tries again.
		if (!isRefused && this.#breaker.state !== 'closed') {
			this.#ready.add(outbox);
			return;
		}
		// Also when it has got more to send meanwhile.
		this.#ready.delete(outbox);
		const failures = this.#failures.get(outbox) ?? 0;
		this.#failures.set(outbox, failures + 1);
		const restMax = isRefused ? REFUSED_REST_MAX_MS : REST_MAX_MS;
		const cancel = runtime.after(Math.min(restMax, REST_FIRST_MS * 2 ** failures), () => {
			this.#resting.delete(outbox);
			this.#makeReady(outbox);
		});
		this.#resting.set(outbox, cancel);
	}
}
