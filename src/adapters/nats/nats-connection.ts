import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Msg, type NatsConnection, type Subscription } from 'nats';
import { RELAY_MESSAGE_BYTES_MAX } from '../../cluster/relay.ts';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import { untilTick } from '../../core/ticks.ts';
import type { NatsServers } from './nats-servers.ts';
import { UnconfirmedBytes } from './unconfirmed-bytes.ts';

/** How often the server is asked whether it is there. */
const CHECK_MS = 1_000;
/** Without an answer for so long the connection is given up, whatever the kernel still hopes for. */
const SILENCE_MAX_MS = 4_000;

export interface ConnectionSurroundings {
	readonly name: string;
	readonly runtime: Pick<Runtime, 'monotonic' | 'after'>;
	readonly log: Log;
	heard(subject: string, bytes: Uint8Array): void;
}

/**
 * One TCP connection, never mended: when it is lost, a new one takes its place. (The client's own
 * reconnecting waits for the socket to take what is queued before it drops a stale connection, which a
 * server that is unreachable never does, and may leave two connections alive after an attempt that
 * timed out.)
 */
export class LiveConnection {
	/** Settles when the connection is gone, however. */
	readonly gone: Promise<void>;
	readonly #client: NatsConnection;
	readonly #around: ConnectionSurroundings;
	readonly #subscriptions = new Map<string, Subscription>();
	readonly #unconfirmed: UnconfirmedBytes;
	#askedAt: number | undefined;
	#cancelCheck: () => void = () => {};

	private constructor(client: NatsConnection, around: ConnectionSurroundings) {
		this.#client = client;
		this.#around = around;
		this.#unconfirmed = new UnconfirmedBytes(() => client.flush());
		this.gone = client.closed().then(() => this.#cancelCheck());
		this.#check();
		this.#logErrors().catch(() => {});
	}

	/** Rejects when no server takes us within `timeoutMs`, or one that takes only short messages. */
	static async open(
		servers: NatsServers,
		timeoutMs: number,
		around: ConnectionSurroundings,
	): Promise<LiveConnection> {
		const opening = connect({
			...servers,
			name: around.name,
			timeout: timeoutMs,
			reconnect: false,
			noAsyncTraces: true,
		});
		const client = await inTime(opening, timeoutMs);
		const bytesMax = client.info?.max_payload ?? 0;
		if (bytesMax < RELAY_MESSAGE_BYTES_MAX) {
			await client.close();
			throw new Error(`NATS takes ${bytesMax} bytes at most: set max_payload to 1MB`);
		}
		return new LiveConnection(client, around);
	}

	get bytesQueued(): number {
		return this.#unconfirmed.total;
	}

	/** Lost when the connection has just gone. */
	publish(subject: string, bytes: Uint8Array): void {
		try {
			// The client sends at the end of the turn; the bytes are the caller's until now only.
			this.#client.publish(subject, new Uint8Array(bytes));
			this.#unconfirmed.add(bytes.length);
		} catch (cause) {
			this.#around.log.debug({ err: cause }, 'NATS took no message');
		}
	}

	subscribe(subject: string): void {
		if (this.#client.isClosed() || this.#subscriptions.has(subject)) return;
		const callback = (error: Error | null, message: Msg) => {
			if (error === null) this.#around.heard(subject, plainBytes(message.data));
			else this.#around.log.error({ err: error, subject }, 'NATS refused a subscription');
		};
		this.#subscriptions.set(subject, this.#client.subscribe(subject, { callback }));
	}

	unsubscribe(subject: string): void {
		this.#subscriptions.get(subject)?.unsubscribe();
		this.#subscriptions.delete(subject);
	}

	/** Resolves when the server has all that was sent; rejects when the connection goes before. */
	flush(): Promise<void> {
		return this.#client.flush();
	}

	/** Ends it at once, without waiting for what is queued. */
	async close(): Promise<void> {
		this.#cancelCheck();
		await this.#client.close();
	}

	#check(): void {
		const { runtime, log } = this.#around;
		this.#cancelCheck = runtime.after(untilTick(runtime, CHECK_MS), () => {
			if (this.#askedAt === undefined) this.#ask();
			else if (runtime.monotonic() - this.#askedAt > SILENCE_MAX_MS) {
				log.warn({}, 'NATS does not answer');
				this.#client.close().catch(() => {});
				return;
			}
			this.#check();
		});
	}

	#ask(): void {
		this.#askedAt = this.#around.runtime.monotonic();
		this.#client.flush().then(
			() => {
				this.#askedAt = undefined;
			},
			() => {},
		);
	}

	async #logErrors(): Promise<void> {
		for await (const status of this.#client.status()) {
			if (status.type === 'error') this.#around.log.warn({ code: status.data }, 'NATS says no');
		}
	}
}

/** The connection within the time limit; the client's own is per address and leaves out the look-up of names. */
export async function inTime(opening: Promise<NatsConnection>, timeoutMs: number) {
	let isLate = false;
	const late = sleep(timeoutMs, undefined, { ref: false }).then(() => {
		isLate = true;
		throw new Error(`no connection within ${Math.round(timeoutMs)} ms`);
	});
	opening.then(
		(client) => (isLate ? client.close() : undefined),
		() => {},
	);
	return Promise.race([opening, late]);
}

/** The client cuts messages out of what it read, as `Buffer`s, whose `slice` would not copy. */
const plainBytes = ({ buffer, byteOffset, length }: Uint8Array) =>
	new Uint8Array(buffer, byteOffset, length);
