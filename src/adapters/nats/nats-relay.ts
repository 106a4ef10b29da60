import { setTimeout as sleep } from 'node:timers/promises';
import type { Relay } from '../../cluster/relay.ts';
import { RelayListeners } from '../../cluster/relay-listeners.ts';
import { checkRelayMessage, checkSubject } from '../../cluster/relay-message.ts';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import { type ConnectionSurroundings, LiveConnection } from './nats-connection.ts';
import { type NatsServers, readNatsServers } from './nats-servers.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Longest wait before the next attempt; the first is a tenth of it. */
const RETRY_MAX_MS = 2_000;
/** Bytes that may wait for the server; what comes then is lost. */
const BYTES_QUEUED_MAX = 32 * 1024 * 1024;
/** Subscriptions made in one turn after a reconnect, so that 100,000 of them do not stop the loop. */
const SUBSCRIPTIONS_PER_TURN = 1_000;

export interface NatsRelayOptions {
	/** `nats://` or `tls://`, may name a user and a password; several with commas between. */
	readonly url: string;
	/** Shown in the server's list of connections. */
	readonly name: string;
	readonly runtime: Runtime;
	readonly log: Log;
	/** For the first connection altogether, and for each attempt later. */
	readonly connectTimeoutMs?: number | undefined;
}

/** The relay could not be had; the message is one line that says what to do. */
export class RelayError extends Error {
	override readonly name = 'RelayError';

	constructor(cause: unknown) {
		const why = cause instanceof Error ? cause.message : 'no reason';
		super(`NATS is not reached (${why}): is NATS_URL right, and does the server run?`, { cause });
	}
}

/**
 * Connects to NATS, trying until the time limit, and rejects after it. A connection lost later is made
 * anew for ever; what is sent meanwhile is lost, and all subscriptions stand before `connected` is told.
 */
export async function openNatsRelay(options: NatsRelayOptions): Promise<Relay> {
	const relay = new NatsRelay(options, readNatsServers(options.url));
	await relay.start(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
	return relay;
}

class NatsRelay implements Relay {
	readonly #options: NatsRelayOptions;
	readonly #servers: NatsServers;
	readonly #listeners: RelayListeners;
	readonly #onStatus = new Set<(connected: boolean) => void>();
	/** Present while all subscriptions stand. */
	#live: LiveConnection | undefined;
	/** Being made ready; takes subscriptions, but no messages. */
	#coming: LiveConnection | undefined;
	#isClosed = false;
	#lost = 0;
	#endWait: () => void = () => {};

	constructor(options: NatsRelayOptions, servers: NatsServers) {
		this.#options = options;
		this.#servers = servers;
		this.#listeners = new RelayListeners(options.log);
	}

	get connected(): boolean {
		return this.#live !== undefined;
	}

	get bytesQueued(): number {
		return this.#live?.bytesQueued ?? 0;
	}

	publish(subject: string, bytes: Uint8Array): void {
		checkRelayMessage(subject, bytes);
		const live = this.#live;
		if (live === undefined) return;
		if (live.bytesQueued + bytes.length > BYTES_QUEUED_MAX) {
			if (this.#lost++ === 0) this.#options.log.warn({}, 'NATS is too slow: messages are lost');
			return;
		}
		live.publish(subject, bytes);
	}

	subscribe(subject: string, heard: (bytes: Uint8Array) => void): () => void {
		checkSubject(subject);
		const end = this.#listeners.add(subject, heard);
		this.#live?.subscribe(subject);
		this.#coming?.subscribe(subject);
		return () => {
			if (!end()) return;
			this.#live?.unsubscribe(subject);
			this.#coming?.unsubscribe(subject);
		};
	}

	onStatus(listener: (connected: boolean) => void): () => void {
		const own = (connected: boolean) => listener(connected);
		this.#onStatus.add(own);
		return () => this.#onStatus.delete(own);
	}

	async start(timeoutMs: number): Promise<void> {
		const { runtime } = this.#options;
		const until = runtime.monotonic() + timeoutMs;
		for (let attempt = 0; ; attempt++) {
			try {
				await this.#connect(Math.max(1, until - runtime.monotonic()));
				return;
			} catch (cause) {
				const waitMs = this.#retryAfterMs(attempt);
				if (runtime.monotonic() + waitMs >= until) {
					throw new RelayError(cause);
				}
				// Not the runtime's timer: nothing else may keep a starting process alive.
				await sleep(waitMs);
			}
		}
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		const live = this.#live;
		this.#live = undefined;
		this.#endWait();
		this.#listeners.clear();
		this.#onStatus.clear();
		await this.#coming?.close();
		if (live === undefined) return;
		const flushed = live.flush().catch(() => {});
		await Promise.race([flushed, live.gone, this.#wait(CONNECT_TIMEOUT_MS)]);
		this.#endWait();
		await live.close();
	}

	/** One attempt; the relay is connected when it resolves. */
	async #connect(timeoutMs: number): Promise<void> {
		const { name, runtime, log } = this.#options;
		const around: ConnectionSurroundings = {
			name,
			runtime,
			log,
			heard: (subject, bytes) => {
				if (!this.#isClosed) this.#listeners.tell(subject, bytes);
			},
		};
		const coming = await LiveConnection.open(this.#servers, timeoutMs, around);
		if (this.#isClosed) return coming.close();
		this.#coming = coming;
		coming.gone.then(
			() => this.#gone(coming),
			() => {},
		);
		await this.#subscribeAll(coming);
		// It may have gone meanwhile: then the next attempt is under way already.
		if (this.#coming !== coming || this.#isClosed) return;
		this.#coming = undefined;
		this.#live = coming;
		this.#lost = 0;
		log.info({}, 'NATS is connected');
		this.#tell(true);
	}

	async #subscribeAll(coming: LiveConnection): Promise<void> {
		let made = 0;
		for (const subject of this.#listeners.subjects()) {
			coming.subscribe(subject);
			if (++made % SUBSCRIPTIONS_PER_TURN === 0) await this.#turn();
		}
	}

	#gone(connection: LiveConnection): void {
		const wasLive = this.#live === connection;
		if (!wasLive && this.#coming !== connection) return;
		this.#live = undefined;
		this.#coming = undefined;
		if (this.#isClosed) return;
		if (wasLive) {
			this.#options.log.warn({}, 'NATS is lost');
			this.#tell(false);
		}
		this.#reconnect().catch((cause: unknown) => {
			this.#options.log.error({ err: cause }, 'NATS is not tried again');
		});
	}

	async #reconnect(): Promise<void> {
		for (let attempt = 0; !this.#isClosed; attempt++) {
			await this.#wait(this.#retryAfterMs(attempt));
			if (this.#isClosed) return;
			try {
				return await this.#connect(this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
			} catch (cause) {
				this.#options.log.debug({ err: cause, attempt }, 'NATS is not there yet');
			}
		}
	}

	/** Doubles from a tenth of the longest, with chance in it, so that nodes do not come all at once. */
	#retryAfterMs(attempt: number): number {
		const longest = Math.min(RETRY_MAX_MS, (RETRY_MAX_MS / 10) * 2 ** Math.min(attempt, 10));
		return longest * (0.5 + this.#options.runtime.random() / 2);
	}

	#wait(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const cancel = this.#options.runtime.after(ms, resolve);
			this.#endWait = () => {
				cancel();
				resolve();
			};
		});
	}

	#turn(): Promise<void> {
		return new Promise((resolve) => this.#options.runtime.defer(resolve));
	}

	#tell(connected: boolean): void {
		for (const listener of [...this.#onStatus]) {
			try {
				listener(connected);
			} catch (cause) {
				this.#options.log.error({ err: cause }, 'a listener of the relay status failed');
			}
		}
	}
}
