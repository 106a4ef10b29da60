import { MemoryBus, type MemoryRelay } from '../../../src/adapters/memory/memory-relay.ts';
import type { NodeId } from '../../../src/cluster/directory.ts';
import { RelayLinks, type RelayLinksOptions } from '../../../src/cluster/links.ts';
import type { Relay } from '../../../src/cluster/relay.ts';
import type { Runtime } from '../../../src/core/runtime.ts';
import { VirtualRuntime } from '../virtual-runtime.ts';

type Waiting = { readonly kind: 'timer' | 'message'; readonly run: () => void };

/** A node that can be held up as by SIGSTOP: what is due, or comes in, waits until it goes on. */
class HeldUp {
	#isHeld = false;
	#waiting: Waiting[] = [];

	hold(): void {
		this.#isHeld = true;
	}

	/** Timers and sockets may wake in either order. */
	goOn(first: Waiting['kind'] = 'timer'): void {
		this.#isHeld = false;
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const { run } of waiting.filter(({ kind }) => kind === first)) run();
		for (const { run } of waiting.filter(({ kind }) => kind !== first)) run();
	}

	runtime(runtime: Runtime): Runtime {
		return {
			now: () => runtime.now(),
			monotonic: () => runtime.monotonic(),
			random: () => runtime.random(),
			randomId: () => runtime.randomId(),
			after: (ms, run) => {
				let isCancelled = false;
				const cancel = runtime.after(ms, () => this.#when('timer', () => isCancelled || run()));
				return () => {
					isCancelled = true;
					cancel();
				};
			},
			defer: (run) => runtime.defer(() => this.#when('timer', run)),
		};
	}

	relay(relay: MemoryRelay): Relay {
		const incoming = (run: () => void) => this.#when('message', run);
		return {
			get connected() {
				return relay.connected;
			},
			get bytesQueued() {
				return relay.bytesQueued;
			},
			publish: (subject, bytes) => relay.publish(subject, bytes),
			subscribe: (subject, heard) =>
				relay.subscribe(subject, (bytes) => incoming(() => heard(bytes))),
			onStatus: (listener) => relay.onStatus((isNow) => incoming(() => listener(isNow))),
			close: () => relay.close(),
		};
	}

	#when(kind: Waiting['kind'], run: () => void): void {
		if (this.#isHeld) this.#waiting.push({ kind, run });
		else run();
	}
}

/** What a node's application saw of one peer, in order. */
export type Seen = Uint8Array | 'down';

export interface LinkNode {
	readonly id: NodeId;
	readonly links: RelayLinks;
	readonly relay: MemoryRelay;
	readonly held: HeldUp;
	seen(peer: NodeId): Seen[];
	texts(peer: NodeId): string[];
}

export type LinkWorldOptions = Pick<RelayLinksOptions, 'bytesWaitingMax' | 'silenceMaxMs'>;

const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const silent = () => {};

/** Nodes with links over a relay that may be broken, in virtual time. */
export class LinkWorld {
	readonly runtime = new VirtualRuntime();
	readonly bus = new MemoryBus({ runtime: this.runtime });
	/** What the code itself complained of: bugs. */
	readonly errors: unknown[] = [];
	readonly #options: LinkWorldOptions;

	constructor(options: LinkWorldOptions = {}) {
		this.#options = options;
	}

	node(id: NodeId): LinkNode {
		const held = new HeldUp();
		const relay = this.bus.relay(id);
		const error = (fields: object) => void this.errors.push(fields);
		const links = new RelayLinks({
			self: id,
			relay: held.relay(relay),
			runtime: held.runtime(this.runtime),
			log: { debug: silent, info: silent, warn: silent, error },
			subjectPrefix: 'link',
			...this.#options,
		});
		const seenOf = new Map<NodeId, Seen[]>();
		const seen = (peer: NodeId) => {
			const known = seenOf.get(peer) ?? [];
			seenOf.set(peer, known);
			return known;
		};
		links.onMessage((from, message) => seen(from).push(new Uint8Array(message)));
		links.onDown((peer) => seen(peer).push('down'));
		const texts = (peer: NodeId) => seen(peer).map((each) => (each === 'down' ? each : read(each)));
		return { id, links, relay, held, seen, texts };
	}
}

export const text = (value: string) => new TextEncoder().encode(value);
