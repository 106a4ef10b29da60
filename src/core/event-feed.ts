/**
 * The way out for domain events (P30). Every adapter runs `test/contract/event-feed-contract.ts`.
 */
import type { DomainEvent } from '../protocol/domain-events.ts';

export interface EventFeed {
	/**
	 * Takes in events of one actor, in their order. Resolves when all are durable; a rejection means that
	 * a beginning of them may be. What is not behind the newest of its actor (by time, then position) is
	 * known and changes nothing: so who repeats a publication, or is late with it, does no harm, and the
	 * feed has each event once and in order for as long as it keeps that newest one.
	 *
	 * Rejects with {@link EventRefusedError} when the fault is the event's.
	 */
	publish(events: readonly DomainEvent[]): Promise<void>;
	/**
	 * What stands behind a number in the order of coming, the oldest first, for whoever keeps its place
	 * itself. Numbers grow, with holes; 0 is before all.
	 */
	behind(seq: number, max: number): Promise<readonly QueuedEvent[]>;
	/**
	 * Reads as `name`, a durable reader that goes on where its acknowledgements have come to; a new one
	 * begins at the oldest event that is kept. One process at a time under a name.
	 */
	consumer(name: string, options?: ConsumerOptions): Promise<EventConsumer>;
	close(): Promise<void>;
}

/** An event with its number among all that came. */
export interface QueuedEvent {
	readonly seq: number;
	readonly event: DomainEvent;
}

export interface ConsumerOptions {
	/** What is not acknowledged for so long is given again; default: 30 s. */
	readonly ackWaitMs?: number;
}

export interface EventConsumer {
	/** What comes next, at most `max` events; none where there is nothing (within a second or so). */
	next(max: number): Promise<readonly DeliveredEvent[]>;
	/** Ends the reading, not the reader: what it did not acknowledge comes again. */
	close(): Promise<void>;
}

/** An event with its acknowledgement. */
export interface DeliveredEvent {
	readonly event: DomainEvent;
	/** This one and all before it are done. Resolves when that is durable. */
	ack(): Promise<void>;
}

/** The feed can never take this event: it is too large, or not of its contract's shape. */
export class EventRefusedError extends Error {
	override readonly name = 'EventRefusedError';
}

export const ACK_WAIT_MS = 30_000;

/** Largest event, packed as JSON. */
export const EVENT_BYTES_MAX = 256 * 1024;

/** Where an event stands among those of its actor. */
export type EventPlace = Pick<DomainEvent, 'at' | 'position' | 'index'>;

/**
 * Whether an event comes behind the newest one that is known of its actor. The time goes first: where a
 * journal was restored from a backup, positions are given out again, and later.
 */
export function isBehind(event: EventPlace, newest: EventPlace | undefined): boolean {
	if (newest === undefined) return true;
	const [later] = [
		event.at - newest.at,
		event.position - newest.position,
		event.index - newest.index,
	].filter((difference) => difference !== 0);
	return (later ?? 0) > 0;
}

/** The bytes that leave; throws {@link EventRefusedError} where they are too many. */
export function packEvent(event: DomainEvent): string {
	const text = JSON.stringify(event);
	// A character takes three bytes at most: nearly always there is nothing to count.
	if (text.length * 3 <= EVENT_BYTES_MAX) return text;
	const bytes = new TextEncoder().encode(text).length;
	if (bytes <= EVENT_BYTES_MAX) return text;
	throw new EventRefusedError(`${event.id} takes ${bytes} bytes, ${EVENT_BYTES_MAX} at most`);
}
