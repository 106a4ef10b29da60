import {
	ACK_WAIT_MS,
	type ConsumerOptions,
	type DeliveredEvent,
	type EventConsumer,
	type EventFeed,
	type EventPlace,
	isBehind,
	packEvent,
	type QueuedEvent,
} from '../../core/event-feed.ts';
import { type DomainEvent, domainEventSchema } from '../../protocol/domain-events.ts';
import { splitKey } from '../../protocol/ids.ts';
import {
	type EventStream,
	isAnswer,
	isOvertaken,
	JetStreamConnection,
} from './jetstream-client.ts';
import { type NatsServers, readNatsServers } from './nats-servers.ts';

const TIMEOUT_MS = 5_000;
/** Actors whose newest event is known; of the others it is asked for. */
const KNOWN_MAX = 10_000;
/** The shortest time that JetStream waits for something to come. */
const NEXT_WAIT_MS = 1_000;

export interface JetStreamFeedOptions {
	/** As `NATS_URL`. */
	readonly url: string;
	readonly environment: string;
	/** Shown in the server's list of connections. */
	readonly name: string;
	readonly eventsMax: number;
	readonly ageMaxMs: number;
	/** Servers of a NATS cluster that keep each event. */
	readonly replicas: number;
	readonly timeoutMs?: number;
}

/** Where the newest event of an actor stands, and what number its message has; 0: there is none. */
interface Newest {
	readonly seq: number;
	readonly place: EventPlace | undefined;
}

/** The name of the stream in which the events of an environment are. */
export const eventStreamName = (environment: string): string => `naru-${environment}-events`;

/** The way out of domain events over JetStream. Connects when it is needed, and rejects until it can. */
export const jetStreamFeed = (options: JetStreamFeedOptions): EventFeed =>
	new JetStreamEventFeed(options);

/**
 * Each event is written behind the one before it of its subject (`Nats-Expected-Last-Subject-Sequence`),
 * one at a time. So of two who send for one actor, each finds out what the other has sent, and the
 * stream has every event once and in order, whoever was late.
 */
class JetStreamEventFeed implements EventFeed {
	readonly #options: JetStreamFeedOptions;
	readonly #servers: NatsServers;
	readonly #subjects: string;
	readonly #known = new Map<string, Newest>();
	#connection: Promise<JetStreamConnection> | undefined;
	#isClosed = false;

	constructor(options: JetStreamFeedOptions) {
		this.#options = options;
		this.#servers = readNatsServers(options.url);
		this.#subjects = `naru.${options.environment}.events`;
	}

	async publish(events: readonly DomainEvent[]): Promise<void> {
		const packed = events.map((event) => [event, packEvent(event)] as const);
		await this.#connected(async (connection) => {
			for (const [event, body] of packed) await this.#publish(connection, event, body);
		});
	}

	async behind(seq: number, max: number): Promise<readonly QueuedEvent[]> {
		const messages = await this.#connected((connection) => connection.behind(seq, max));
		return messages.map((message) => ({
			seq: message.seq,
			event: domainEventSchema.parse(message.json()),
		}));
	}

	async consumer(name: string, options: ConsumerOptions = {}): Promise<EventConsumer> {
		const { ackWaitMs = ACK_WAIT_MS } = options;
		const open = () =>
			this.#connected(async (connection) => ({
				connection,
				reader: await connection.consumer(name, ackWaitMs),
			}));
		let reading = await open();
		return {
			next: async (max) => {
				if (reading.connection.isClosed) reading = await open();
				const messages = await reading.reader.fetch({ max_messages: max, expires: NEXT_WAIT_MS });
				const delivered: DeliveredEvent[] = [];
				for await (const message of messages) {
					const event = domainEventSchema.parse(message.json());
					const ack = async () => {
						if (!(await message.ackAck())) throw new Error('the acknowledgement was not taken');
					};
					delivered.push({ event, ack });
				}
				return delivered;
			},
			close: async () => {},
		};
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		const connection = await this.#connection?.catch(() => undefined);
		await connection?.close();
	}

	/** A connection without an answer is given up, with all that waits on it: the next call opens another. */
	async #connected<T>(use: (connection: JetStreamConnection) => Promise<T>): Promise<T> {
		const opening = this.#open();
		try {
			return await use(await opening);
		} catch (error) {
			if (isAnswer(error)) throw error;
			if (this.#connection === opening) this.#connection = undefined;
			opening.then((connection) => connection.close()).catch(() => {});
			throw error;
		}
	}

	#open(): Promise<JetStreamConnection> {
		if (this.#isClosed) return Promise.reject(new Error('the way out of events is closed'));
		if (this.#connection !== undefined) return this.#connection;
		const { environment, name, timeoutMs = TIMEOUT_MS, ...bounds } = this.#options;
		const { eventsMax, ageMaxMs, replicas } = bounds;
		const stream: EventStream = {
			name: eventStreamName(environment),
			subjects: `${this.#subjects}.>`,
			...{ eventsMax, ageMaxMs, replicas },
		};
		const opening = JetStreamConnection.open(this.#servers, stream, { name, timeoutMs });
		this.#connection = opening;
		opening.catch(() => {
			if (this.#connection === opening) this.#connection = undefined;
		});
		return opening;
	}

	async #publish(connection: JetStreamConnection, event: DomainEvent, body: string): Promise<void> {
		const subject = this.#subjectOf(event);
		let newest = this.#known.get(event.actor) ?? (await this.#look(connection, subject));
		this.#known.delete(event.actor);
		for (;;) {
			if (!isBehind(event, newest.place)) break;
			try {
				const placed = { id: event.id, lastSeq: newest.seq };
				const { seq, duplicate } = await connection.publish(subject, body, placed);
				if (!duplicate) newest = { seq, place: event };
				break;
			} catch (error) {
				if (!isOvertaken(error)) throw error;
				newest = await this.#look(connection, subject);
			}
		}
		this.#know(event.actor, newest);
	}

	async #look(connection: JetStreamConnection, subject: string): Promise<Newest> {
		const found = await connection.newest(subject);
		if (found === undefined) return { seq: 0, place: undefined };
		return { seq: found.seq, place: domainEventSchema.parse(JSON.parse(found.body)) };
	}

	#know(actor: string, newest: Newest): void {
		this.#known.set(actor, newest);
		if (this.#known.size <= KNOWN_MAX) return;
		for (const oldest of this.#known.keys()) {
			this.#known.delete(oldest);
			return;
		}
	}

	#subjectOf({ actor }: DomainEvent): string {
		const { kind, id } = splitKey(actor);
		return `${this.#subjects}.${kind}.${id}`;
	}
}
