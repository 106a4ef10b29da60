/**
 * One node's end of the talk with one peer.
 *
 *            send                     a packet of the session
 *   idle ───────────▶ opening ────────────────────────────────▶ up
 *    ▲                   │ silence, forgotten                    │ silence, a gap that stays, too much
 *    │                   │                                       │ waiting, nonsense, a newer epoch of
 *    └───────────────────┴───────────────── down ◀───────────────┘ the peer, forgotten
 *
 * A session is a pair of epochs, one of each side. Each side takes a larger one of its own whenever it
 * ends a session, so no pair ever comes twice, and a packet of an old one is known by its head. Who
 * learns a larger epoch of the peer is in another session at once, and says `down` for the one before.
 * A packet that names both present epochs proves that the peer is in the same session: only then data
 * are sent. Any other packet is answered, so that the peer learns what it does not know.
 */
import type { Runtime } from '../core/runtime.ts';
import type { NodeId } from './directory.ts';
import { LinkGap } from './link-gap.ts';
import { LinkInbox } from './link-inbox.ts';
import { LinkOutbox } from './link-outbox.ts';
import { bare, type Packet, type PacketKind, writeHead } from './link-packet.ts';

/** Sent at most in one turn of the event loop; more goes in the next. */
const TURN_BYTES_MAX = 2 * 1024 * 1024;
/** Between two ends by {@link Link.fail}: what fails again and again must not keep both sides busy. */
const FAILURES_MS = 1_000;

/** Why a session ended. */
export type DownReason =
	| 'silent'
	| 'gap'
	| 'overflow'
	| 'malformed'
	| 'failed'
	| 'renewed'
	| 'goodbye'
	| 'forgotten';

/** What a link needs of the node that it belongs to. */
export interface LinkSurroundings {
	readonly self: NodeId;
	readonly runtime: Pick<Runtime, 'monotonic' | 'after'>;
	/** The peer is given up after so much silence. */
	readonly silenceMaxMs: number;
	/** A session ends when more than this waits for the peer. */
	readonly bytesWaitingMax: number;
	/** Whether the relay takes messages now, and whether it has room for many. */
	isConnected(): boolean;
	hasRoom(): boolean;
	/** A number that this node never used for an epoch, larger than `above`. */
	nextEpoch(above: number): number;
	publish(to: NodeId, packet: Uint8Array): void;
	/** Calls `flush` at the end of the turn. */
	schedule(link: Link): void;
	deliver(from: NodeId, message: Uint8Array): void;
	down(peer: NodeId, reason: DownReason): void;
	resent(packets: number): void;
}

export class Link {
	readonly peer: NodeId;
	readonly #around: LinkSurroundings;
	#state: 'idle' | 'opening' | 'up' = 'idle';
	#mine: number;
	/** The largest epoch of the peer that was heard of; 0 when none was. */
	#theirs = 0;
	#outbox: LinkOutbox;
	#inbox: LinkInbox;
	#gap: LinkGap;
	/** When the peer last proved to be in this session; before it is up, when opening began. */
	#heardAt = 0;
	/** The peer has to be told where this side stands, data or not. */
	#owesSign = false;
	/** Too much waits: the session is over, and is ended at the end of the turn. */
	#isOverflown = false;
	#isForgotten = false;
	/** When the next failure may end a session. */
	#mayFailAt = 0;
	#cancelFailure: (() => void) | undefined;

	constructor(peer: NodeId, around: LinkSurroundings) {
		this.peer = peer;
		this.#around = around;
		this.#mine = around.nextEpoch(0);
		this.#outbox = new LinkOutbox(around.self);
		this.#inbox = new LinkInbox();
		this.#gap = this.#gapOf(this.#inbox);
	}

	get isUp(): boolean {
		return this.#state === 'up';
	}

	get isIdle(): boolean {
		return this.#state === 'idle';
	}

	get bytesWaiting(): number {
		return this.#outbox.bytesWaiting;
	}

	/** Never calls back: what has to be said is said at the end of the turn. */
	send(message: Uint8Array): void {
		if (this.#isOverflown) return;
		if (this.#state === 'idle') this.#open();
		this.#outbox.add(message);
		if (this.#outbox.bytesWaiting > this.#around.bytesWaitingMax) {
			this.#isOverflown = true;
			this.#outbox = new LinkOutbox(this.#around.self);
		}
		this.#around.schedule(this);
	}

	heard(packet: Packet): void {
		if (this.#isOverflown || this.#isForgotten) return;
		if (packet.kind === 'hello') this.#answer();
		if (packet.mine < this.#theirs) return;
		if (packet.mine > this.#theirs) this.#peerRenewed(packet);
		if (this.#isForgotten || packet.kind === 'bye') return;
		if (packet.theirs > this.#mine) this.#overtake(packet.theirs);
		if (packet.theirs === this.#mine) this.#hearSession(packet);
		else this.#answer();
	}

	/** Sends what waits, as far as peer and relay let it. */
	flush(): void {
		if (this.#isForgotten) return;
		if (this.#isOverflown) this.#end('overflow');
		if (!this.#around.isConnected()) return;
		if (this.#state === 'up') this.#sendData();
		if (this.#owesSign) this.#sendSign(this.#state === 'opening' ? 'hello' : 'beat');
	}

	/** Some time has passed, or the relay is back: gives the peer a sign of life, or gives it up. */
	beat(): void {
		if (this.#state === 'idle') return;
		if (this.#around.runtime.monotonic() - this.#heardAt > this.#around.silenceMaxMs) {
			this.#end('silent');
			return;
		}
		this.#owesSign = true;
		this.flush();
	}

	/** A message of this session could not be taken: it ends, now or when the last such end is past. */
	fail(): void {
		if (this.#state === 'idle' || this.#cancelFailure !== undefined) return;
		const { runtime } = this.#around;
		const waitMs = this.#mayFailAt - runtime.monotonic();
		if (waitMs > 0) this.#cancelFailure = runtime.after(waitMs, () => this.#fail());
		else this.#fail();
	}

	/** The peer is gone for good. */
	forget(): void {
		this.#isForgotten = true;
		this.#finish('forgotten');
	}

	/** Sends what may leave at once and ends without a call, telling the peer so. */
	close(): void {
		this.flush();
		const wasUp = this.#state === 'up';
		this.#isForgotten = true;
		this.#reset();
		if (!wasUp || !this.#around.isConnected()) return;
		this.#mine = this.#around.nextEpoch(this.#mine);
		this.#sendSign('bye');
	}

	#open(): void {
		this.#state = 'opening';
		this.#heardAt = this.#around.runtime.monotonic();
		this.#owesSign = true;
	}

	#answer(): void {
		this.#owesSign = true;
		this.#around.schedule(this);
	}

	#peerRenewed({ mine, kind }: Packet): void {
		this.#theirs = mine;
		if (this.#state === 'up') this.#finish(kind === 'bye' ? 'goodbye' : 'renewed');
	}

	/** The peer knows a later epoch of this node than this link does: it was forgotten here meanwhile. */
	#overtake(epoch: number): void {
		if (this.#state === 'up') this.#finish('malformed');
		this.#mine = this.#around.nextEpoch(epoch);
	}

	/** A packet of the present session. */
	#hearSession(packet: Packet): void {
		this.#state = 'up';
		this.#heardAt = this.#around.runtime.monotonic();
		if (!this.#outbox.acknowledge(packet.ack)) {
			this.#end('malformed');
			return;
		}
		if (packet.kind === 'ask') this.#resend(packet.seq);
		else if (packet.kind !== 'data') this.#inbox.peerSent(packet.seq);
		else if (!this.#take(packet)) return;
		this.#gap.seek();
		if (this.#inbox.owesAck) this.#owesSign = true;
		if (this.#owesSign || this.#outbox.hasQueued) this.#around.schedule(this);
	}

	/** Whether the session still stands when the listeners have had its messages. */
	#take({ seq, body }: Packet): boolean {
		const inbox = this.#inbox;
		const messages = inbox.take(seq, body);
		if (messages === undefined) {
			this.#end('malformed');
			return false;
		}
		for (const message of messages) {
			this.#around.deliver(this.peer, message);
			if (this.#inbox !== inbox) return false;
		}
		return true;
	}

	#sendData(): void {
		for (let bytes = 0; bytes < TURN_BYTES_MAX; ) {
			// When there is no room, the next sign of life or packet of the peer tries again.
			const packet = this.#around.hasRoom() ? this.#outbox.next() : undefined;
			if (packet === undefined) return;
			writeHead(packet.bytes, this.#head('data', packet.seq));
			this.#around.publish(this.peer, packet.bytes);
			this.#signSent();
			bytes += packet.bytes.length;
		}
		this.#around.schedule(this);
	}

	#sendSign(kind: PacketKind): void {
		this.#around.publish(this.peer, bare(this.#head(kind, this.#outbox.sent)));
		this.#signSent();
	}

	/** Each packet tells epochs and what has arrived. */
	#signSent(): void {
		this.#owesSign = false;
		this.#inbox.acknowledged();
	}

	#head(kind: PacketKind, seq: number) {
		const { self } = this.#around;
		const ack = this.#inbox.received;
		return { kind, from: self, mine: this.#mine, theirs: this.#theirs, ack, seq };
	}

	#resend(to: number): void {
		const packets = this.#outbox.unacknowledged(to);
		for (const { bytes } of packets) this.#around.publish(this.peer, bytes);
		this.#around.resent(packets.length);
	}

	/** This side ends the session: the next one has another epoch, and the peer is told. */
	#end(reason: DownReason): void {
		this.#mine = this.#around.nextEpoch(this.#mine);
		this.#answer();
		this.#finish(reason);
	}

	#fail(): void {
		this.#mayFailAt = this.#around.runtime.monotonic() + FAILURES_MS;
		this.#end('failed');
	}

	#finish(reason: DownReason): void {
		const wasIdle = this.#state === 'idle';
		this.#reset();
		if (!wasIdle) this.#around.down(this.peer, reason);
	}

	#reset(): void {
		this.#state = 'idle';
		this.#isOverflown = false;
		this.#cancelFailure?.();
		this.#cancelFailure = undefined;
		this.#outbox = new LinkOutbox(this.#around.self);
		this.#inbox = new LinkInbox();
		this.#gap.stop();
		this.#gap = this.#gapOf(this.#inbox);
	}

	#gapOf(inbox: LinkInbox): LinkGap {
		const { runtime, silenceMaxMs } = this.#around;
		return new LinkGap(inbox, {
			runtime,
			silenceMaxMs,
			isOpen: () => this.#around.isConnected(),
			ask: (to) => {
				this.#around.publish(this.peer, bare(this.#head('ask', to)));
				inbox.acknowledged();
			},
			giveUp: () => this.#end('gap'),
		});
	}
}
