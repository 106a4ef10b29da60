import type { Relay } from '../../cluster/relay.ts';
import { RelayListeners } from '../../cluster/relay-listeners.ts';
import { checkRelayMessage, checkSubject } from '../../cluster/relay-message.ts';
import { type Log, SILENT } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';

/** Bytes that may wait for one node; what comes then is lost, as with a server that drops it. */
const BYTES_QUEUED_MAX = 64 * 1024 * 1024;

/** A message on its way from one node's relay to another's. */
export interface RelayPassage {
	readonly from: string;
	readonly to: string;
	readonly subject: string;
	readonly bytes: Uint8Array;
}

/**
 * What becomes of a message: one delay in milliseconds per copy that arrives. `[0]` passes it on, `[]`
 * loses it, `[0, 30]` doubles it, one longer than those behind it changes their order.
 */
export type RelayFaults = (passage: RelayPassage) => readonly number[];

export interface MemoryBusOptions {
	readonly runtime: Pick<Runtime, 'defer' | 'after'>;
	readonly log?: Log | undefined;
}

/** A relay in process: for one node alone, and for many in tests, which may break it. */
export class MemoryBus {
	/** Absent: every message arrives once, in order, in a later turn. */
	faults: RelayFaults | undefined;
	readonly #runtime: Pick<Runtime, 'defer' | 'after'>;
	readonly #log: Log;
	readonly #relays = new Set<MemoryRelay>();
	#passing: { readonly to: MemoryRelay; readonly subject: string; readonly bytes: Uint8Array }[] =
		[];

	constructor(options: MemoryBusOptions) {
		this.#runtime = options.runtime;
		this.#log = options.log ?? SILENT;
	}

	/** A relay of its own for the node of that name. */
	relay(name: string): MemoryRelay {
		const relay = new MemoryRelay(name, {
			log: this.#log,
			send: (subject, bytes) => this.#send({ from: name, subject, bytes }),
			leave: () => this.#relays.delete(relay),
		});
		this.#relays.add(relay);
		return relay;
	}

	#send(message: { from: string; subject: string; bytes: Uint8Array }): void {
		for (const to of this.#relays) {
			if (!to.hears(message.subject)) continue;
			const delays = this.faults?.({ ...message, to: to.name }) ?? [0];
			for (const delayMs of delays) this.#pass(to, message, delayMs);
		}
	}

	#pass(to: MemoryRelay, message: { subject: string; bytes: Uint8Array }, delayMs: number): void {
		const { subject, bytes } = message;
		if (!to.expect(bytes.length)) return;
		// Each arrival has bytes of its own, as if they had come out of a socket.
		const passage = { to, subject, bytes: new Uint8Array(bytes) };
		if (delayMs > 0) {
			this.#runtime.after(delayMs, () => to.arrive(subject, passage.bytes));
			return;
		}
		if (this.#passing.push(passage) > 1) return;
		this.#runtime.defer(() => {
			const passing = this.#passing;
			this.#passing = [];
			for (const { to, subject, bytes } of passing) to.arrive(subject, bytes);
		});
	}
}

interface Bus {
	readonly log: Log;
	send(subject: string, bytes: Uint8Array): void;
	leave(): void;
}

/** One node's end of a {@link MemoryBus}. */
export class MemoryRelay implements Relay {
	readonly name: string;
	readonly #bus: Bus;
	readonly #listeners: RelayListeners;
	readonly #onStatus = new Set<(connected: boolean) => void>();
	#isConnected = true;
	#isClosed = false;
	#bytesComing = 0;

	constructor(name: string, bus: Bus) {
		this.name = name;
		this.#bus = bus;
		this.#listeners = new RelayListeners(bus.log);
	}

	get connected(): boolean {
		return this.#isConnected && !this.#isClosed;
	}

	/** Nothing waits at the sender: the bus takes it at once. */
	get bytesQueued(): number {
		return 0;
	}

	publish(subject: string, bytes: Uint8Array): void {
		checkRelayMessage(subject, bytes);
		if (this.connected) this.#bus.send(subject, bytes);
	}

	subscribe(subject: string, heard: (bytes: Uint8Array) => void): () => void {
		checkSubject(subject);
		const end = this.#listeners.add(subject, heard);
		return () => void end();
	}

	onStatus(listener: (connected: boolean) => void): () => void {
		const own = (connected: boolean) => listener(connected);
		this.#onStatus.add(own);
		return () => this.#onStatus.delete(own);
	}

	close(): Promise<void> {
		this.#isClosed = true;
		this.#listeners.clear();
		this.#onStatus.clear();
		this.#bus.leave();
		return Promise.resolve();
	}

	/** For tests: cuts this node off, or brings it back, as when its connection goes and comes. */
	setConnected(connected: boolean): void {
		if (this.#isClosed || connected === this.#isConnected) return;
		this.#isConnected = connected;
		for (const listener of [...this.#onStatus]) listener(connected);
	}

	/** For the bus: whether a message on the subject has to come here. */
	hears(subject: string): boolean {
		return this.connected && this.#listeners.has(subject);
	}

	/** For the bus: whether there is room for so many bytes more. */
	expect(bytes: number): boolean {
		if (this.#bytesComing + bytes > BYTES_QUEUED_MAX) return false;
		this.#bytesComing += bytes;
		return true;
	}

	/** For the bus: what was expected is here. */
	arrive(subject: string, bytes: Uint8Array): void {
		this.#bytesComing -= bytes.length;
		if (this.connected) this.#listeners.tell(subject, bytes);
	}
}
