import type { Log } from '../core/log.ts';
import { packExact, unpack } from '../protocol/codec.ts';
import type { NodeId } from './directory.ts';
import type { Links } from './ports.ts';

type Handler = (from: NodeId, args: readonly unknown[]) => void;

/**
 * Names the messages of the links: each is `[name, …args]` in msgpack. A name that this release does
 * not know is passed over, so that a newer node may run beside an older one (P21). What cannot be taken
 * ends the session: the sender counts on its being there.
 */
export class Switchboard {
	readonly #links: Links;
	readonly #log: Log;
	readonly #handlers = new Map<string, Handler>();

	constructor(links: Links, log: Log) {
		this.#links = links;
		this.#log = log;
		links.onMessage((from, message) => this.#take(from, message));
	}

	/** Sends within the present session with the node; lost when that goes down. */
	send(to: NodeId, name: string, ...args: readonly unknown[]): void {
		this.#links.send(to, packExact([name, ...args]));
	}

	/** Who takes messages of this name. */
	handle(name: string, handler: Handler): void {
		this.#handlers.set(name, handler);
	}

	/** Calls back when the session with a node ended: what was asked over it will not be answered. */
	onDown(listener: (peer: NodeId) => void): () => void {
		return this.#links.onDown(listener);
	}

	#take(from: NodeId, message: Uint8Array): void {
		try {
			const [name, ...args] = unpack(message) as [string, ...unknown[]];
			this.#handlers.get(name)?.(from, args);
		} catch (error) {
			this.#log.error({ err: error, peer: from }, 'a message of another node could not be taken');
			this.#links.fail(from);
		}
	}
}
