import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventStreamName } from '../../src/adapters/nats/jetstream-event-feed.ts';
import { eventFeedContract, eventOf } from '../contract/event-feed-contract.ts';
import { dropEvents, manageJetStream, openEvents } from './event-stream.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

const newEnvironment = () => `test-${randomUUID().slice(0, 8)}`;

function environmentOfTest(): string {
	const environment = newEnvironment();
	onTestFinished(() => void dropEvents(environment));
	return environment;
}

/** A feed whose connection can be cut. */
async function feedBehindProxy() {
	const environment = environmentOfTest();
	const url = serviceUrls().NATS_URL;
	const proxy = await TcpProxy.start(url);
	const feed = openEvents(environment, { url: proxy.through(url), timeoutMs: 500 });
	onTestFinished(async () => {
		await feed.close();
		await proxy.close();
	});
	return { environment, feed, proxy };
}

eventFeedContract('JetStream', async () => {
	const environment = newEnvironment();
	return {
		open: async () => openEvents(environment),
		close: async () => dropEvents(environment),
	};
});

describe('JetStream', () => {
	test('[P30] events are in a file, under the name of their actor, with their id for other readers', async () => {
		const environment = environmentOfTest();
		const feed = openEvents(environment, { eventsMax: 5 });
		const event = eventOf('thing/one', 1);
		await feed.publish([event]);
		await feed.close();
		await manageJetStream(async ({ streams }) => {
			const name = eventStreamName(environment);
			const { config } = await streams.info(name);
			expect(config).toMatchObject({ storage: 'file', retention: 'limits', max_msgs: 5 });
			const message = await streams.getMessage(name, { seq: 1 });
			expect(message.subject).toBe(`naru.${environment}.events.thing.one`);
			expect(message.header.get('Nats-Msg-Id')).toBe(event.id);
			expect(message.json()).toEqual(event);
		});
	});

	test('other bounds are those of the stream from then on', async () => {
		const environment = environmentOfTest();
		for (const eventsMax of [50, 60]) {
			const feed = openEvents(environment, { eventsMax });
			await feed.publish([eventOf('thing/one', eventsMax)]);
			await feed.close();
		}
		const name = eventStreamName(environment);
		const { config, state } = await manageJetStream(({ streams }) => streams.info(name));
		expect([config.max_msgs, state.messages]).toEqual([60, 2]);
	});

	test('[A10] [P30] cut off it rejects in time, and what was not acknowledged is sent again, once', async () => {
		const { environment, feed, proxy } = await feedBehindProxy();
		const events = [1, 2, 3, 4, 5].map((n) => eventOf('thing/one', n));
		await feed.publish(events.slice(0, 1));
		proxy.cut();
		await expect(feed.publish(events.slice(0, 2))).rejects.toThrow();
		await expect(feed.publish(events.slice(0, 2))).rejects.toThrow();
		proxy.restore();
		await feed.publish(events.slice(0, 2));
		// The server takes it, and nobody hears of that.
		proxy.swallowAnswers();
		await expect(feed.publish(events.slice(1, 4))).rejects.toThrow();
		proxy.restore();
		await feed.publish(events.slice(1));
		const { state } = await manageJetStream(({ streams }) =>
			streams.info(eventStreamName(environment)),
		);
		expect(state.messages).toBe(5);
	});

	test('[P30] a reader goes on behind a cut, also where the connection is there again before it looks', async () => {
		const { feed, proxy } = await feedBehindProxy();
		const events = [1, 2].map((n) => eventOf('thing/one', n));
		await feed.publish(events.slice(0, 1));
		const reading = await feed.consumer('books');
		const [first] = await reading.next(10);
		await first?.ack();
		proxy.cut();
		await expect(feed.publish(events)).rejects.toThrow();
		proxy.restore();
		await feed.publish(events);
		expect((await reading.next(10)).map(({ event }) => event)).toEqual(events.slice(1));
	});

	test('a stream that was removed is made again, and so is one that could not be made before', async () => {
		const environment = environmentOfTest();
		const feed = openEvents(environment);
		await feed.publish([eventOf('thing/one', 1)]);
		await dropEvents(environment);
		await expect(feed.publish([eventOf('thing/two', 1)])).rejects.toThrow();
		await feed.publish([eventOf('thing/two', 1)]);
		// One server cannot keep it on three.
		const more = openEvents(environment, { replicas: 3 });
		for (const _ of [1, 2]) {
			await expect(more.publish([eventOf('thing/two', 2)])).rejects.toThrow('replicas');
		}
		await feed.publish([eventOf('thing/two', 2)]);
		const name = eventStreamName(environment);
		const { state } = await manageJetStream(({ streams }) => streams.info(name));
		expect(state.messages).toBe(2);
		await feed.close();
		await more.close();
	});

	test('a server that says nothing holds nobody up', async () => {
		const server = createServer(() => {});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		onTestFinished(() => void server.close());
		const address = server.address();
		const port = typeof address === 'object' ? address?.port : 0;
		const feed = openEvents('test', { url: `nats://127.0.0.1:${port}`, timeoutMs: 200 });
		await expect(feed.publish([eventOf('thing/one', 1)])).rejects.toThrow('200 ms');
		await feed.close();
		await expect(feed.publish([eventOf('thing/one', 1)])).rejects.toThrow('closed');
	});
});
