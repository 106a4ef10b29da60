import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';
import type { NodeId } from './directory.ts';
import { type DownReason, Link } from './link.ts';
import { LINK_MESSAGE_BYTES_MAX } from './link-inbox.ts';
import { readPacket } from './link-packet.ts';
import { Listeners } from './listeners.ts';
import type { Links } from './ports.ts';
import type { Relay } from './relay.ts';

const BEAT_MS = 500;
const SILENCE_MAX_MS = 3_000;
const BYTES_WAITING_MAX = 32 * 1024 * 1024;
/** While more waits in the relay the links hold theirs back: it would only be lost. */
const RELAY_BYTES_MAX = 16 * 1024 * 1024;

export interface RelayLinksOptions {
	readonly self: NodeId;
	readonly relay: Relay;
	readonly runtime: Runtime;
	readonly log: Log;
	/** Each node listens on `prefix.<its id>`. */
	readonly subjectPrefix: string;
	/** A peer that is silent for so long is given up; several heartbeats. */
	readonly silenceMaxMs?: number | undefined;
	readonly bytesWaitingMax?: number | undefined;
}

/** For metrics: gauges of now, and counts since the start. */
export interface LinkFigures {
	readonly sessions: number;
	readonly bytesWaiting: number;
	readonly resends: number;
	readonly downs: number;
	/** Packets that this release does not understand. */
	readonly unreadable: number;
}

/**
 * Ordered talk with each other node over the relay. Messages of one turn of the event loop travel
 * together; one has at most {@link LINK_MESSAGE_BYTES_MAX} bytes, which must not change once they were
 * handed to `send`. Bytes that are delivered may be a part of a larger buffer: keep a copy.
 */
export class RelayLinks implements Links {
	readonly #options: RelayLinksOptions;
	readonly #links = new Map<NodeId, Link>();
	readonly #onMessage: Listeners<{ readonly from: NodeId; readonly message: Uint8Array }>;
	readonly #onDown: Listeners<NodeId>;
	readonly #ends: readonly (() => void)[];
	#scheduled = new Set<Link>();
	#cancelBeat: (() => void) | undefined;
	#isClosed = false;
	/** Begins with the time, so that a node that should use its id again begins behind itself. */
	#epoch: number;
	#resends = 0;
	#downs = 0;
	#unreadable = 0;

	constructor(options: RelayLinksOptions) {
		const { self, relay, runtime, log, subjectPrefix } = options;
		this.#options = options;
		this.#epoch = Math.floor(runtime.now());
		this.#onMessage = new Listeners(log);
		this.#onDown = new Listeners(log);
		this.#ends = [
			relay.subscribe(`${subjectPrefix}.${self}`, (bytes) => this.#heard(bytes)),
			relay.onStatus((connected) => {
				if (connected) for (const link of [...this.#links.values()]) link.beat();
			}),
		];
	}

	send(to: NodeId, message: Uint8Array): void {
		if (this.#isClosed) return;
		if (to === this.#options.self) throw new Error('a node has no link to itself');
		if (message.length > LINK_MESSAGE_BYTES_MAX) {
			throw new Error(`${message.length} bytes are too much for one link message`);
		}
		this.#link(to).send(message);
	}

	onMessage(listener: (from: NodeId, message: Uint8Array) => void): () => void {
		return this.#onMessage.add(({ from, message }) => listener(from, message));
	}

	onDown(listener: (peer: NodeId) => void): () => void {
		return this.#onDown.add(listener);
	}

	fail(peer: NodeId): void {
		this.#links.get(peer)?.fail();
	}

	/** The node's lease is gone: its session ends, and nothing is kept of it. */
	forget(node: NodeId): void {
		const link = this.#links.get(node);
		this.#links.delete(node);
		link?.forget();
	}

	linkFigures(): LinkFigures {
		const links = [...this.#links.values()];
		return {
			sessions: links.filter(({ isUp }) => isUp).length,
			bytesWaiting: links.reduce((sum, { bytesWaiting }) => sum + bytesWaiting, 0),
			resends: this.#resends,
			downs: this.#downs,
			unreadable: this.#unreadable,
		};
	}

	/** Sends what may leave at once and tells the peers; nobody is called any more. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		for (const end of this.#ends) end();
		this.#cancelBeat?.();
		for (const link of this.#links.values()) link.close();
		this.#links.clear();
	}

	#link(peer: NodeId): Link {
		const known = this.#links.get(peer);
		if (known !== undefined) return known;
		const { self, relay, runtime, subjectPrefix } = this.#options;
		const link = new Link(peer, {
			self,
			runtime,
			silenceMaxMs: this.#options.silenceMaxMs ?? SILENCE_MAX_MS,
			bytesWaitingMax: this.#options.bytesWaitingMax ?? BYTES_WAITING_MAX,
			isConnected: () => relay.connected,
			hasRoom: () => relay.bytesQueued <= RELAY_BYTES_MAX,
			nextEpoch: (above) => {
				this.#epoch = Math.max(this.#epoch, above) + 1;
				return this.#epoch;
			},
			publish: (to, packet) => relay.publish(`${subjectPrefix}.${to}`, packet),
			schedule: (each) => this.#schedule(each),
			deliver: (from, message) => this.#deliver(from, message),
			down: (to, reason) => this.#down(to, reason),
			resent: (packets) => {
				this.#resends += packets;
			},
		});
		this.#links.set(peer, link);
		return link;
	}

	#heard(bytes: Uint8Array): void {
		const packet = readPacket(bytes);
		if (packet === undefined) {
			if (this.#unreadable++ === 0) this.#options.log.warn({}, 'a link packet is not understood');
		} else if (packet.from !== this.#options.self) {
			this.#link(packet.from).heard(packet);
			this.#keepBeating();
		}
	}

	#schedule(link: Link): void {
		if (this.#isClosed) return;
		this.#keepBeating();
		this.#scheduled.add(link);
		if (this.#scheduled.size > 1) return;
		this.#options.runtime.defer(() => {
			const scheduled = this.#scheduled;
			this.#scheduled = new Set();
			for (const each of scheduled) each.flush();
		});
	}

	#deliver(from: NodeId, message: Uint8Array): void {
		if (!this.#isClosed) this.#onMessage.tell({ from, message });
	}

	#down(peer: NodeId, reason: DownReason): void {
		this.#downs++;
		this.#options.log.info({ peer, reason }, 'a link is down');
		if (!this.#isClosed) this.#onDown.tell(peer);
	}

	/** One timer for all links, while any has something to watch. */
	#keepBeating(): void {
		if (this.#cancelBeat !== undefined || this.#isClosed) return;
		this.#cancelBeat = this.#options.runtime.after(BEAT_MS, () => {
			this.#cancelBeat = undefined;
			for (const link of [...this.#links.values()]) link.beat();
			if ([...this.#links.values()].some(({ isIdle }) => !isIdle)) this.#keepBeating();
		});
	}
}
