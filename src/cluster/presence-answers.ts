import type { Runtime } from '../core/runtime.ts';
import type { NodeId } from './directory.ts';
import { type PresenceMessage, packPresence } from './presence-message.ts';
import { agoOf, type PresenceTold } from './presence-told.ts';
import type { Relay } from './relay.ts';

/** Nodes that may wait for an answer. */
const WAITING_MAX = 1_000;
/** Between two parts, so that a large set neither stops the loop nor fills the relay. */
const PART_EVERY_MS = 20;
const BYTES_QUEUED_MAX = 4 * 1024 * 1024;

export interface PresenceAnswersOptions {
	readonly self: NodeId;
	readonly generation: number;
	readonly told: PresenceTold;
	readonly relay: Relay;
	readonly runtime: Pick<Runtime, 'monotonic' | 'after'>;
	/** What answers to a node travel on. */
	readonly subjectOf: (node: NodeId) => string;
	/** How old a logout may be that somebody who starts anew is told of. */
	readonly logoutMaxMs: number;
}

/** Tells nodes what they have missed: the deltas, or else the whole set, to one node at a time. */
export class PresenceAnswers {
	readonly #options: PresenceAnswersOptions;
	/** Who waits for the whole set, first come first. */
	readonly #waiting = new Set<NodeId>();
	#sendingTo: NodeId | undefined;
	#cancel = () => {};
	#snapshots = 0;

	constructor(options: PresenceAnswersOptions) {
		this.#options = options;
	}

	/** A node asks for what is behind `seq` of that generation. */
	asked(node: NodeId, { generation, seq }: { generation: number; seq: number }): void {
		const { told, runtime } = this.#options;
		if (node === this.#sendingTo || this.#waiting.has(node)) return;
		const missed = generation === this.#options.generation ? told.since(seq) : undefined;
		if (missed === undefined) {
			if (this.#waiting.size < WAITING_MAX) this.#waiting.add(node);
			this.#next();
			return;
		}
		for (const { seq: its, changes, logouts } of missed) {
			const ago = agoOf(logouts, runtime.monotonic());
			this.#send(node, { type: 'delta', ...this.#head(its), changes, logouts: ago });
		}
	}

	stop(): void {
		this.#waiting.clear();
		this.#cancel();
	}

	#head(seq: number) {
		return { node: this.#options.self, generation: this.#options.generation, seq };
	}

	#send(node: NodeId, message: PresenceMessage): void {
		const { relay, subjectOf } = this.#options;
		relay.publish(subjectOf(node), packPresence(message));
	}

	#next(): void {
		if (this.#sendingTo !== undefined) return;
		for (const node of this.#waiting) {
			this.#waiting.delete(node);
			this.#sendingTo = node;
			this.#sendAll(node);
			return;
		}
	}

	/** The set as it stands at this moment, in parts. */
	#sendAll(node: NodeId): void {
		const { told, relay, runtime, logoutMaxMs } = this.#options;
		const snapshot = ++this.#snapshots;
		const head = this.#head(told.seq);
		const parts = told.parts(runtime.monotonic() - logoutMaxMs);
		let index = 0;
		const sendNext = () => {
			const part = parts[index];
			if (part === undefined) {
				this.#sendingTo = undefined;
				this.#next();
				return;
			}
			if (relay.bytesQueued < BYTES_QUEUED_MAX) {
				const logouts = agoOf(part.logouts, runtime.monotonic());
				const isLast = index === parts.length - 1;
				const { changes } = part;
				this.#send(node, { type: 'part', ...head, snapshot, index, isLast, changes, logouts });
				index++;
			}
			this.#cancel = runtime.after(PART_EVERY_MS, sendNext);
		};
		sendNext();
	}
}
