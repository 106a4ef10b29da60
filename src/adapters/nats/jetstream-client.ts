import {
	AckPolicy,
	type Consumer,
	type ConsumerInfo,
	connect,
	DeliverPolicy,
	DiscardPolicy,
	type JetStreamClient,
	type JetStreamManager,
	type JsMsg,
	type NatsConnection,
	NatsError,
	nanos,
	RetentionPolicy,
	StorageType,
	type StreamConfig,
} from 'nats';
import { inTime } from './nats-connection.ts';
import type { NatsServers } from './nats-servers.ts';

/** For so long JetStream knows ids by itself (`Nats-Msg-Id`), also where nothing else is known. */
const DUPLICATE_WINDOW_MS = 120_000;

/** Messages that are missing between two numbers are not waited for any longer. */
const READ_MS_MAX = 1_000;

/** JetStream's own codes. */
const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE = 10037;

/** What is kept of the events that left, and where. */
export interface EventStream {
	readonly name: string;
	readonly subjects: string;
	readonly eventsMax: number;
	readonly ageMaxMs: number;
	readonly replicas: number;
}

/** The newest message of a subject. */
export interface NewestMessage {
	readonly seq: number;
	readonly body: string;
}

const codeOf = (error: unknown): number | undefined =>
	error instanceof NatsError ? error.api_error?.err_code : undefined;

/** Somebody else has written to the subject since. */
export const isOvertaken = (error: unknown): boolean => codeOf(error) === WRONG_LAST_SEQUENCE;

/** JetStream has said no itself, and its stream stands: the connection is as good as it was. */
export function isAnswer(error: unknown): boolean {
	const code = codeOf(error);
	return code !== undefined && code !== STREAM_NOT_FOUND;
}

const configOf = (stream: EventStream): Partial<StreamConfig> => ({
	subjects: [stream.subjects],
	max_age: nanos(stream.ageMaxMs),
	max_msgs: stream.eventsMax,
	num_replicas: stream.replicas,
	duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MS, stream.ageMaxMs)),
});

/** The stream stands as it is set, made where there is none. */
async function ensureStream(manager: JetStreamManager, stream: EventStream): Promise<void> {
	const wanted = configOf(stream);
	try {
		const { config } = await manager.streams.info(stream.name);
		const differs = Object.entries(wanted).some(
			([name, value]) => String(config[name as keyof StreamConfig]) !== String(value),
		);
		if (differs) await manager.streams.update(stream.name, { ...config, ...wanted });
	} catch (error) {
		if (codeOf(error) !== STREAM_NOT_FOUND) throw error;
		await manager.streams.add({
			...wanted,
			name: stream.name,
			storage: StorageType.File,
			retention: RetentionPolicy.Limits,
			discard: DiscardPolicy.Old,
		});
	}
}

/**
 * One connection to JetStream of its own, never mended: whoever meets a failure opens the next. Every
 * call has a time limit.
 */
export class JetStreamConnection {
	readonly #client: NatsConnection;
	readonly #jetStream: JetStreamClient;
	readonly #manager: JetStreamManager;
	readonly #stream: EventStream;

	private constructor(client: NatsConnection, manager: JetStreamManager, stream: EventStream) {
		this.#client = client;
		this.#manager = manager;
		this.#jetStream = manager.jetstream();
		this.#stream = stream;
	}

	/** Rejects when no server takes us in time, or none with JetStream. */
	static async open(
		servers: NatsServers,
		stream: EventStream,
		{ name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
	): Promise<JetStreamConnection> {
		const options = { ...servers, name, timeout: timeoutMs, reconnect: false, noAsyncTraces: true };
		const client = await inTime(connect(options), timeoutMs);
		try {
			const manager = await client.jetstreamManager({ timeout: timeoutMs });
			await ensureStream(manager, stream);
			return new JetStreamConnection(client, manager, stream);
		} catch (error) {
			await client.close();
			throw error;
		}
	}

	get isClosed(): boolean {
		return this.#client.isClosed();
	}

	/** Durable when it resolves, as the next of the subject behind `lastSeq`. */
	async publish(
		subject: string,
		body: string,
		{ id, lastSeq }: { readonly id: string; readonly lastSeq: number },
	): Promise<{ readonly seq: number; readonly duplicate: boolean }> {
		return await this.#jetStream.publish(subject, body, {
			msgID: id,
			expect: { streamName: this.#stream.name, lastSubjectSequence: lastSeq },
		});
	}

	async newest(subject: string): Promise<NewestMessage | undefined> {
		try {
			const { streams } = this.#manager;
			const found = await streams.getMessage(this.#stream.name, { last_by_subj: subject });
			return { seq: found.seq, body: found.string() };
		} catch (error) {
			if (codeOf(error) === NO_MESSAGE) return undefined;
			throw error;
		}
	}

	/** What stands behind a number, the oldest first; at once where there is nothing. */
	async behind(seq: number, max: number): Promise<JsMsg[]> {
		const { name } = this.#stream;
		const { state } = await this.#manager.streams.info(name);
		const count = Math.min(max, state.last_seq - Math.max(seq, state.first_seq - 1));
		if (count <= 0) return [];
		const options = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: seq + 1 };
		const consumer = await this.#jetStream.consumers.get(name, options);
		const found: JsMsg[] = [];
		const messages = await consumer.fetch({ max_messages: count, expires: READ_MS_MAX });
		for await (const message of messages) found.push(message);
		await consumer.delete();
		return found;
	}

	/**
	 * A durable reader of all events, made where there is none. It goes on behind its last
	 * acknowledgement: JetStream would first give what comes behind that which another process was given,
	 * and an acknowledgement of it would count for both. Then the reader is made anew.
	 */
	async consumer(name: string, ackWaitMs: number): Promise<Consumer> {
		const { consumers } = this.#manager;
		const { name: stream } = this.#stream;
		const config = { ack_wait: nanos(ackWaitMs), durable_name: name, ack_policy: AckPolicy.All };
		const found = await this.#reader(name);
		if (found === undefined) {
			await consumers.add(stream, { ...config, deliver_policy: DeliverPolicy.All });
		} else if (found.num_ack_pending > 0) {
			const { ack_floor: floor, config: made } = found;
			const acked = Math.max(floor.stream_seq, (made.opt_start_seq ?? 1) - 1);
			await consumers.delete(stream, name);
			await consumers.add(stream, {
				...config,
				deliver_policy: DeliverPolicy.StartSequence,
				opt_start_seq: acked + 1,
			});
		} else if (found.config.ack_wait !== config.ack_wait) {
			await consumers.update(stream, name, { ack_wait: config.ack_wait });
		}
		return await this.#jetStream.consumers.get(stream, name);
	}

	async #reader(name: string): Promise<ConsumerInfo | undefined> {
		try {
			return await this.#manager.consumers.info(this.#stream.name, name);
		} catch (error) {
			if (codeOf(error) === CONSUMER_NOT_FOUND) return undefined;
			throw error;
		}
	}

	/** Ends it at once. */
	async close(): Promise<void> {
		await this.#client.close();
	}
}
