/**
 * Brings the presence of this node to the others and theirs here. Changes are gathered and told in
 * numbered deltas; a beat says which was the last, so that whoever missed one asks. A node is believed
 * until its lease is gone and it was silent for as long as a user may be. While this node hears nobody
 * for its own relay is down, it believes what it believed before.
 */
import type { Runtime } from '../core/runtime.ts';
import { untilTick } from '../core/ticks.ts';
import type { NodeId } from './directory.ts';
import type { Membership } from './ports.ts';
import { type Presence, type PresenceOthers, SILENCE_MAX_MS } from './presence.ts';
import { PresenceAnswers } from './presence-answers.ts';
import { type PresenceMessage, packPresence, unpackPresence } from './presence-message.ts';
import { PresencePeer } from './presence-peer.ts';
import { agoOf, PresenceTold } from './presence-told.ts';
import type { Ending } from './presence-user.ts';
import type { Relay } from './relay.ts';

/** How long changes are gathered at most. */
const GATHER_MS = 250;
/** At least this often a node tells how far its deltas go. */
const BEAT_MS = 1_000;
/** A node that was heard so lately is heard. */
const HEARD_MS = 3 * BEAT_MS;
/** A tick that comes later than this means that the process was held up, and heard nobody meanwhile. */
const LATE_MAX_MS = 1_000;
/** How long a message may take from one node to another; a later one may be misjudged. */
const DELAY_MAX_MS = 1_000;
/**
 * How long those who fell silent are believed to be elsewhere when a living node is not heard: longer,
 * and one node's trouble would keep all users online for all others.
 */
const DOUBT_MAX_MS = 10_000;
/** More nodes than this are not heard. */
const PEERS_MAX = 1_000;

export interface PresenceExchangeOptions {
	readonly presence: Presence;
	readonly relay: Relay;
	readonly membership: Pick<Membership, 'self' | 'nodes'>;
	readonly runtime: Pick<Runtime, 'now' | 'monotonic' | 'after'>;
	/** What presence travels on; answers to one node on the same with its id behind. */
	readonly subject: string;
}

export interface PresenceExchangeFigures {
	/** Other nodes whose users are known. */
	readonly nodes: number;
	/** Of these, nodes of which something is missing now, or which are not heard. */
	readonly behind: number;
}

/** One node's part in the exchange, from its making to `stop`. */
export class PresenceExchange implements PresenceOthers {
	readonly #options: PresenceExchangeOptions;
	readonly #self: NodeId;
	readonly #generation: number;
	readonly #told: PresenceTold;
	readonly #answers: PresenceAnswers;
	readonly #peers = new Map<NodeId, PresencePeer>();
	readonly #undo: (() => void)[];
	/** Since when this node could hear the others without a break (monotonic). */
	#hearsSince: number;
	#tickAt = 0;
	#beatAt = Number.NEGATIVE_INFINITY;
	#cancelTick = () => {};

	constructor(options: PresenceExchangeOptions) {
		const { presence, relay, membership, runtime, subject } = options;
		this.#options = options;
		this.#self = membership.self.id;
		this.#generation = runtime.now();
		this.#hearsSince = runtime.monotonic();
		this.#told = new PresenceTold(presence);
		const subjectOf = (node: NodeId) => `${subject}.${node}`;
		this.#answers = new PresenceAnswers({
			self: this.#self,
			generation: this.#generation,
			told: this.#told,
			relay,
			runtime,
			subjectOf,
			logoutMaxMs: SILENCE_MAX_MS,
		});
		presence.join(this.#self, this);
		const hear = (bytes: Uint8Array) => this.#hear(bytes);
		this.#undo = [
			relay.subscribe(subject, hear),
			relay.subscribe(subjectOf(this.#self), hear),
			relay.onStatus((connected) => {
				if (connected) this.#hearsAgain();
			}),
		];
		this.#tickLater();
	}

	get figures(): PresenceExchangeFigures {
		const now = this.#options.runtime.monotonic();
		const isBehind = (id: NodeId) => this.#completeAt(id) < now - HEARD_MS;
		const behind = [...this.#livingPeers(now)].filter(isBehind).length;
		return { nodes: this.#peers.size, behind };
	}

	changed(userId: string, ending: Ending): void {
		this.#told.changed(userId, ending);
	}

	loggedOut(userId: string, deviceId: string): void {
		this.#told.loggedOut({ userId, deviceId, at: this.#options.runtime.monotonic() });
	}

	/** Tells what is left to tell, and nothing more; the others believe it as long as after a crash. */
	stop(): void {
		this.#tellChanges(this.#options.runtime.monotonic());
		this.#cancelTick();
		this.#answers.stop();
		for (const undo of this.#undo) undo();
	}

	#tickLater(): void {
		const { runtime } = this.#options;
		const inMs = untilTick(runtime, GATHER_MS);
		this.#tickAt = runtime.monotonic() + inMs;
		this.#cancelTick = runtime.after(inMs, () => this.#tick());
	}

	#tick(): void {
		const { presence, relay, runtime } = this.#options;
		const now = runtime.monotonic();
		if (now > this.#tickAt + LATE_MAX_MS) this.#hearsAgain();
		// What cannot leave now is gathered on.
		if (relay.connected) {
			this.#tellChanges(now);
			for (const peer of this.#peers.values()) this.#ask(peer, now);
			this.#dropDead(now);
			presence.allHeardSince(this.#allHeardSince(now));
		}
		this.#tickLater();
	}

	#tellChanges(now: number): void {
		for (const { seq, changes, logouts } of this.#told.take()) {
			this.#publish({ type: 'delta', ...this.#head(seq), changes, logouts: agoOf(logouts, now) });
			this.#beatAt = now;
		}
		if (now < this.#beatAt + BEAT_MS) return;
		this.#publish({ type: 'beat', ...this.#head(this.#told.seq) });
		this.#beatAt = now;
	}

	#head(seq: number) {
		return { node: this.#self, generation: this.#generation, seq };
	}

	#publish(message: PresenceMessage): void {
		this.#options.relay.publish(this.#options.subject, packPresence(message));
	}

	#hear(bytes: Uint8Array): void {
		const message = unpackPresence(bytes);
		if (message === undefined || message.node === this.#self) return;
		if (message.type === 'ask') {
			this.#answers.asked(message.node, message);
			return;
		}
		const now = this.#options.runtime.monotonic();
		const peer = this.#peer(message.node, now);
		peer?.take(message, now);
		if (peer !== undefined) this.#ask(peer, now);
	}

	#peer(node: NodeId, now: number): PresencePeer | undefined {
		const known = this.#peers.get(node);
		if (known !== undefined || this.#peers.size >= PEERS_MAX) return known;
		const peer = new PresencePeer(node, this.#options.presence, now);
		this.#peers.set(node, peer);
		// It does not know this node either, and needs to hear how far its deltas go.
		this.#beatAt = Number.NEGATIVE_INFINITY;
		return peer;
	}

	#ask(peer: PresencePeer, now: number): void {
		const question = peer.ask(now);
		if (question === undefined) return;
		const { relay, subject } = this.#options;
		const message = { type: 'ask', node: this.#self, ...question } as const;
		relay.publish(`${subject}.${peer.node}`, packPresence(message));
	}

	/** Nothing was heard for a while, for reasons of this node: the silence counts against nobody. */
	#hearsAgain(): void {
		this.#hearsSince = this.#options.runtime.monotonic();
		this.#beatAt = Number.NEGATIVE_INFINITY;
	}

	#dropDead(now: number): void {
		const { nodes } = this.#options.membership;
		for (const [node, peer] of this.#peers) {
			const silentMs = now - Math.max(peer.heardAt, this.#hearsSince);
			if (nodes.has(node) || silentMs < SILENCE_MAX_MS) continue;
			this.#peers.delete(node);
			peer.drop();
		}
	}

	/** The others with a lease, and those who are heard although no lease of theirs is known here. */
	*#livingPeers(now: number): Iterable<NodeId> {
		const { nodes } = this.#options.membership;
		for (const node of nodes.keys()) if (node !== this.#self) yield node;
		for (const { node, heardAt } of this.#peers.values()) {
			if (!nodes.has(node) && heardAt >= now - HEARD_MS) yield node;
		}
	}

	#completeAt(node: NodeId): number {
		return this.#peers.get(node)?.completeAt ?? Number.NEGATIVE_INFINITY;
	}

	/** Up to when whoever came to another node is known to be there (monotonic). */
	#allHeardSince(now: number): number {
		let heard = now;
		for (const node of this.#livingPeers(now)) heard = Math.min(heard, this.#completeAt(node));
		const doubted = now - DOUBT_MAX_MS;
		const certain = heard - DELAY_MAX_MS;
		return doubted >= this.#hearsSince ? Math.max(certain, doubted) : certain;
	}
}
