import { randomUUID } from 'node:crypto';
import { connect, type JetStreamManager } from 'nats';
import { eventStreamName, jetStreamFeed } from '../../src/adapters/nats/jetstream-event-feed.ts';
import { readNatsServers } from '../../src/adapters/nats/nats-servers.ts';
import type { EventFeed } from '../../src/core/event-feed.ts';
import type { DomainEvent } from '../../src/protocol/domain-events.ts';
import { serviceUrls } from './urls.ts';

/** The domain events of an environment, as nodes write and services read them. */
export const openEvents = (environment: string, more: object = {}): EventFeed =>
	jetStreamFeed({
		...{ url: serviceUrls().NATS_URL, environment, name: 'naru test' },
		...{ eventsMax: 10_000, ageMaxMs: 3_600_000, replicas: 1 },
		...more,
	});

/** JetStream as operators see it. */
export async function manageJetStream<T>(
	use: (manager: JetStreamManager) => Promise<T>,
): Promise<T> {
	const client = await connect(readNatsServers(serviceUrls().NATS_URL));
	try {
		return await use(await client.jetstreamManager());
	} finally {
		await client.close();
	}
}

/** Removes them, if there are any. */
export async function dropEvents(environment: string): Promise<void> {
	await manageJetStream(({ streams }) => streams.delete(eventStreamName(environment))).catch(
		() => {},
	);
}

/** All that has left so far, as a service reads that comes for the first time. */
export async function eventsOf(environment: string): Promise<DomainEvent[]> {
	const feed = openEvents(environment);
	const consumer = await feed.consumer(`reader-${randomUUID()}`);
	const found: DomainEvent[] = [];
	for (;;) {
		const given = await consumer.next(100);
		found.push(...given.map(({ event }) => event));
		await given.at(-1)?.ack();
		if (given.length === 0) break;
	}
	await feed.close();
	return found;
}
