/**
 * What every way out of domain events promises, whatever keeps them. Only the port is used, as several
 * nodes and several starts would. An adapter's test calls `eventFeedContract` with a factory.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_BYTES_MAX, type EventConsumer, type EventFeed } from '../../src/core/event-feed.ts';
import type { DomainEvent } from '../../src/protocol/domain-events.ts';

export interface OpenEventFeed {
	/** Opens the same queue; as another node would, or the same one behind a restart. */
	open(): Promise<EventFeed>;
	close(): Promise<void>;
}

const TIME_MAX_MS = 10_000;

/** The `n`-th event of an actor. */
export function eventOf(actor: string, n: number, more: Partial<DomainEvent> = {}): DomainEvent {
	const place = { position: n, index: 0, ...more };
	return {
		id: `${actor}:${place.position}:${place.index}`,
		actor: actor as DomainEvent['actor'],
		type: 'thing.happened',
		version: 1,
		at: 1_000 + n,
		data: { n },
		...place,
	};
}

/** Runs the suite; every test uses actors and readers of its own. */
export function eventFeedContract(name: string, make: () => Promise<OpenEventFeed>): void {
	describe(`event feed: ${name}`, () => {
		let made: OpenEventFeed;
		let feed: EventFeed;
		const actors = new Set<string>();
		const newActor = () => {
			const actor = `thing/${randomUUID()}`;
			actors.add(actor);
			return actor;
		};

		beforeAll(async () => {
			made = await make();
			feed = await made.open();
		});
		afterAll(async () => {
			await feed.close();
			await made.close();
		});

		/** What a reader is given until there is nothing more, of those actors; all acknowledged. */
		async function readAll(consumer: EventConsumer, ...of: string[]): Promise<DomainEvent[]> {
			const found: DomainEvent[] = [];
			for (;;) {
				const given = await consumer.next(100);
				await given.at(-1)?.ack();
				if (given.length === 0) return found.filter(({ actor }) => of.includes(actor));
				found.push(...given.map(({ event }) => event));
			}
		}

		/** What a new reader sees of the actors. */
		async function seen(...of: string[]): Promise<DomainEvent[]> {
			const consumer = await feed.consumer(`reader-${randomUUID()}`);
			const found = await readAll(consumer, ...of);
			await consumer.close();
			return found;
		}

		/** A reader that has seen all that is there. */
		async function freshReader(options?: { ackWaitMs: number }) {
			const reader = `reader-${randomUUID()}`;
			const consumer = await feed.consumer(reader, options);
			await readAll(consumer);
			return { reader, consumer };
		}

		async function nextOf(consumer: EventConsumer, max: number) {
			const end = performance.now() + TIME_MAX_MS;
			for (;;) {
				const given = await consumer.next(max);
				if (given.length > 0) return given;
				if (performance.now() > end) throw new Error('nothing came');
				await sleep(20);
			}
		}

		test('[P30] what was taken is read as it was sent, in order per actor', async () => {
			const [one, other] = [newActor(), newActor()];
			const sent = [
				eventOf(one, 1),
				eventOf(one, 2, { data: { list: ['ü', 1, null, { a: 1.5 }] } }),
			];
			await feed.publish(sent);
			await feed.publish([eventOf(other, 7)]);
			await feed.publish([eventOf(one, 5), eventOf(one, 5, { index: 1 }), eventOf(one, 9)]);
			const found = await seen(one, other);
			expect(found.filter(({ actor }) => actor === other)).toEqual([eventOf(other, 7)]);
			expect(found.filter(({ actor }) => actor === one)).toEqual([
				...sent,
				eventOf(one, 5),
				eventOf(one, 5, { index: 1 }),
				eventOf(one, 9),
			]);
		});

		test('[P30] what is sent again is there once: all of it, a part, and more behind it', async () => {
			const actor = newActor();
			const events = [1, 2, 3, 4].map((n) => eventOf(actor, n));
			await feed.publish(events.slice(0, 3));
			await feed.publish(events.slice(0, 3));
			await feed.publish(events.slice(1, 2));
			await feed.publish(events);
			expect(await seen(actor)).toEqual(events);
		});

		test('[P30] who is late with what another sent meanwhile changes nothing', async () => {
			const actor = newActor();
			const events = [1, 2, 3, 4].map((n) => eventOf(actor, n));
			const late = await made.open();
			await late.publish(events.slice(0, 1));
			await feed.publish(events);
			await late.publish(events.slice(0, 2));
			await late.publish(events.slice(1, 4));
			await late.publish([eventOf(actor, 5)]);
			await feed.publish([eventOf(actor, 5), eventOf(actor, 6)]);
			await late.close();
			expect(await seen(actor)).toEqual([...events, eventOf(actor, 5), eventOf(actor, 6)]);
		});

		test('[P30] two who send the same at once leave it once, in order', async () => {
			const actor = newActor();
			const events = Array.from({ length: 20 }, (_, n) => eventOf(actor, n + 1));
			const other = await made.open();
			await Promise.allSettled([
				feed.publish(events),
				other.publish(events.slice(0, 12)),
				other.publish(events),
			]);
			await feed.publish(events);
			await other.close();
			expect(await seen(actor)).toEqual(events);
		});

		test('[P46] behind a restored backup, what follows positions that are given out again is taken', async () => {
			const actor = newActor();
			await feed.publish([eventOf(actor, 8), eventOf(actor, 9)]);
			const again = eventOf(actor, 8, { at: 50_000, data: { other: true } });
			const fresh = await made.open();
			// Its id was there before: a feed may know ids for some minutes. What follows is taken in any case.
			await fresh.publish([again, eventOf(actor, 10, { at: 50_001 })]);
			await fresh.close();
			const found = await seen(actor);
			expect(found.at(-1)).toEqual(eventOf(actor, 10, { at: 50_001 }));
		});

		test('an event that is too large is refused, and those behind it of others are not', async () => {
			const [one, other] = [newActor(), newActor()];
			const large = eventOf(one, 1, { data: { text: 'ü'.repeat(EVENT_BYTES_MAX / 2) } });
			await expect(feed.publish([large])).rejects.toMatchObject({ name: 'EventRefusedError' });
			await feed.publish([eventOf(other, 1)]);
			expect(await seen(one, other)).toEqual([eventOf(other, 1)]);
		});

		test('[P30] a reader goes on where its acknowledgements have come to', async () => {
			const { reader, consumer } = await freshReader();
			const actor = newActor();
			const events = [1, 2, 3, 4].map((n) => eventOf(actor, n));
			await feed.publish(events);
			const given = await nextOf(consumer, 3);
			expect(given.map(({ event }) => event)).toEqual(events.slice(0, 3));
			// This one and the one before it.
			await given[1]?.ack();
			await consumer.close();
			const later = await made.open();
			// Given again, not acknowledged, and the reader ends once more.
			const brief = await later.consumer(reader);
			expect((await nextOf(brief, 1)).map(({ event }) => event)).toEqual(events.slice(2, 3));
			await brief.close();
			const again = await later.consumer(reader);
			const found: DomainEvent[] = [];
			while (found.at(-1)?.position !== 4) {
				for (const { event, ack } of await nextOf(again, 1)) {
					found.push(event);
					await ack();
				}
			}
			expect(found).toEqual(events.slice(2));
			await again.close();
			await later.close();
		});

		test('[P30] what is not acknowledged in time is given again; what is, is not', async () => {
			const { consumer } = await freshReader({ ackWaitMs: 200 });
			const actor = newActor();
			await feed.publish([1, 2].map((n) => eventOf(actor, n)));
			const [first] = await nextOf(consumer, 1);
			await first?.ack();
			const [second] = await nextOf(consumer, 1);
			expect(second?.event).toEqual(eventOf(actor, 2));
			const [again] = await nextOf(consumer, 1);
			expect(again?.event).toEqual(eventOf(actor, 2));
			await again?.ack();
			await sleep(300);
			expect(await consumer.next(10)).toEqual([]);
			await consumer.close();
		});

		test('[P30] whoever keeps its place itself reads from any number on, in parts', async () => {
			const start = (await feed.behind(0, 100_000)).at(-1)?.seq ?? 0;
			expect(await feed.behind(start, 10)).toEqual([]);
			const actor = newActor();
			const events = [1, 2, 3, 4, 5].map((n) => eventOf(actor, n));
			await feed.publish(events);
			const found: DomainEvent[] = [];
			for (let seq = start; found.length < events.length; ) {
				const part = await feed.behind(seq, 2);
				expect(part.length).toBe(Math.min(2, events.length - found.length));
				for (const one of part) {
					expect(one.seq).toBeGreaterThan(seq);
					seq = one.seq;
					found.push(one.event);
				}
			}
			expect(found).toEqual(events);
		});

		test('[P30] readers do not take from each other', async () => {
			const [one, other] = [await freshReader(), await freshReader()];
			const actor = newActor();
			await feed.publish([eventOf(actor, 1)]);
			for (const { consumer } of [one, other]) {
				expect(await readAll(consumer, actor)).toEqual([eventOf(actor, 1)]);
				await consumer.close();
			}
		});
	});
}
