/**
 * One actor as this edge serves it, to however many handles. The edge subscribes once; a commit is
 * framed once and shared. A handle's way:
 *
 *     opening ──answer──▶ catching ──at the ring's end──▶ live
 *        │ refused          ▲    │ ring lost it             │ reader slow ──▶ catching
 *        ▼                  │    ▼                          │ owner gone, other roles
 *      closed ◀──refused── asking ◀─────────────────────────┘
 *
 *     dormant ──announced──▶ asking      (kinds with `own`, as long as nothing is written)
 */
import type { Audience } from '../core/actor-kind.ts';
import type { OpenAnswer } from '../core/actor-port.ts';
import { pack } from '../protocol/codec.ts';
import { OP } from '../protocol/frames.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { Resume, WireEvent } from '../protocol/wire.ts';
import { type Framed, frameCommit } from './commit-frames.ts';
import { type DataMessage, dataMessages } from './data-message.ts';
import type { GatewayContext } from './gateway-context.ts';
import { LiveHandles } from './live-handles.ts';
import { OwnerQuestions } from './owner-questions.ts';
import { sharedMessage } from './socket-message.ts';
import type { StreamHandle } from './stream-handle.ts';
import type { Chunk, RingEntry } from './stream-ring.ts';
import { Subscription, type SubscriptionListener } from './subscription.ts';

/** What a handle gets from the ring before others have their turn, about. */
const CHUNK_BYTES = 64 * 1024;
/** How often an opening is repeated because the stream moved on meanwhile. */
const ATTEMPTS_MAX = 5;

interface Commit {
	/** What a live handle had before it. */
	readonly before: Resume;
	readonly writer: string;
}

export class Stream implements SubscriptionListener {
	readonly key: ActorKey;
	readonly contract: KindContract;
	/** Id of the shared frames. */
	readonly down: number;
	/** Data waits up to this long for more to share a write. */
	flushWindowMs = 0;
	readonly #context: GatewayContext;
	readonly #live = new LiveHandles();
	#subscription: Subscription | undefined;
	#questions: OwnerQuestions | undefined;
	/** Handles that wait for the actor's first event. */
	#dormant: Set<StreamHandle> | undefined;
	#handleCount = 0;

	constructor(context: GatewayContext, key: ActorKey, contract: KindContract) {
		this.#context = context;
		this.key = key;
		this.contract = contract;
		this.down = context.nextDown();
	}

	get handleCount(): number {
		return this.#handleCount;
	}

	/** Counts a handle in; it is opened by {@link open}. */
	attach(): void {
		this.#handleCount++;
	}

	/** Opens a handle: from the ring if that is enough, else by the owner. */
	open(handle: StreamHandle): void {
		if (handle.isClosed) return;
		const { resume } = handle;
		const subscription = this.#subscription;
		const { identity } = handle.connection;
		if (resume !== undefined && subscription?.mayResume(identity, resume) === true) {
			this.#context.meter.count('ringResumes');
			handle.resumed({ position: resume[0], writer: resume[1], events: [] });
			this.bringUp(handle);
			return;
		}
		if (this.contract.own === true && subscription === undefined) {
			this.#openOwn(handle);
			return;
		}
		this.ask(handle);
	}

	/** Asks the owner, with what the handle has. */
	ask(handle: StreamHandle): void {
		handle.state = handle.isTold ? 'asking' : 'opening';
		this.#questions ??= new OwnerQuestions(this.#context.limits.reopensInFlightMax, (asked) =>
			this.#send(asked),
		);
		this.#questions.ask(handle);
	}

	/** Sends what the handle misses of the ring; it is live when it misses nothing. */
	bringUp(handle: StreamHandle): void {
		handle.state = 'catching';
		const { writer } = handle.connection;
		while (!handle.isClosed) {
			const ring = this.#subscription?.ring;
			if (ring?.holds([handle.position, handle.writer]) !== true) {
				this.#context.meter.count('ringMisses');
				this.#askAgain(handle);
				return;
			}
			if (handle.position >= ring.end) {
				this.#join(handle);
				return;
			}
			if (!writer.allowsData(handle)) {
				handle.connection.park(handle);
				return;
			}
			this.#sendChunk(handle, ring.chunk(handle.position, handle.userId, CHUNK_BYTES));
		}
	}

	#sendChunk(handle: StreamHandle, { slices, position, writer, revoked }: Chunk): void {
		const isNews = writer !== handle.writer;
		if (slices.length > 0 || isNews) {
			const options = { down: this.down, position, writer: isNews ? writer : undefined };
			if (!this.#sendData(handle, dataMessages(slices, options), writer)) return;
		}
		handle.position = position;
		handle.writer = writer;
		if (revoked) this.#revoke(handle);
	}

	/** Sends as much as the reader takes, and notes how far the handle is. False when it is not all. */
	#sendData(handle: StreamHandle, messages: readonly DataMessage[], by: string): boolean {
		const { writer } = handle.connection;
		for (const { message, position } of messages) {
			if (!writer.allowsData(handle)) return false;
			writer.sendData(message, handle, this.flushWindowMs);
			handle.position = position;
			handle.writer = by;
		}
		return true;
	}

	/** The owner has to be asked again whether the user may hear (other roles). */
	recheck(handle: StreamHandle): void {
		if (handle.state !== 'live') return;
		this.#leave(handle);
		this.ask(handle);
	}

	/** Takes a closed handle out. */
	detach(handle: StreamHandle): void {
		if (handle.slot >= 0) this.#live.remove(handle);
		this.#dormant?.delete(handle);
		this.#questions?.forget(handle);
		this.#handleCount--;
		if (this.#handleCount === 0) this.#context.streams.idle(this);
	}

	/** The actor has come alive: handles that waited for that open. */
	announced(): void {
		const handles = this.#dormant;
		this.#dormant = undefined;
		for (const handle of handles ?? []) this.ask(handle);
	}

	/** Ends the subscription; the stream must have no handles. */
	drop(): void {
		if (this.#subscription === undefined) return;
		this.#context.actors.unsubscribe(this.key, this.#subscription);
		this.#subscription = undefined;
	}

	committed(subscription: Subscription, entry: RingEntry, before: Resume): void {
		if (subscription !== this.#subscription || this.#live.list.length === 0) return;
		const commit = { before, writer: entry.writer };
		const frames = frameCommit(entry, {
			down: this.down,
			writerBefore: before[1],
			listens: (userId) => this.#live.hasUser(userId),
		});
		const { common, personal } = frames;
		if (common.messages.length === 0 && !common.revoked) {
			for (const [userId, framed] of personal) {
				for (const handle of [...this.#live.ofUser(userId)]) this.#deliver(handle, framed, commit);
			}
			return;
		}
		// Backwards: who leaves meanwhile has its place taken by one who was served already.
		const { list } = this.#live;
		for (let index = list.length - 1; index >= 0; index--) {
			const handle = list[index];
			if (handle === undefined) continue;
			const framed = personal.size === 0 ? common : (personal.get(handle.userId) ?? common);
			this.#deliver(handle, framed, commit);
		}
	}

	ephemeral(subscription: Subscription, event: WireEvent, audience: Audience): void {
		if (subscription !== this.#subscription || this.#live.list.length === 0) return;
		const message = sharedMessage(this.down, OP.ephemeral, pack(event));
		const handles =
			audience === 'all' ? this.#live.list : audience.flatMap((id) => this.#live.ofUser(id));
		for (const { connection } of handles) {
			if (connection.writer.allowsEphemeral) connection.writer.send(message, this.flushWindowMs);
		}
	}

	closed(subscription: Subscription): void {
		if (subscription !== this.#subscription) return;
		this.#subscription = undefined;
		const { end, writer } = subscription.ring;
		for (const handle of [...this.#live.list]) {
			this.#leave(handle, [end, writer]);
			handle.isMoving = this.contract.own !== true;
			if (this.contract.own === true) this.#openOwn(handle);
			else this.ask(handle);
		}
	}

	#deliver(handle: StreamHandle, { messages, revoked }: Framed, commit: Commit): void {
		[handle.position, handle.writer] = commit.before;
		if (!this.#sendData(handle, messages, commit.writer)) {
			this.#live.remove(handle);
			handle.state = 'catching';
			handle.connection.park(handle);
			return;
		}
		if (revoked) this.#revoke(handle);
	}

	#join(handle: StreamHandle): void {
		handle.state = 'live';
		handle.attempts = 0;
		this.#live.add(handle);
	}

	/** Takes a live handle out of the shared set; it has everything up to `has`. */
	#leave(handle: StreamHandle, has?: Resume): void {
		this.#live.remove(handle);
		const ring = this.#subscription?.ring;
		handle.position = has?.[0] ?? ring?.end ?? handle.position;
		handle.writer = has?.[1] ?? ring?.writer ?? handle.writer;
	}

	#revoke(handle: StreamHandle): void {
		handle.end({ code: 'FORBIDDEN', message: 'your right to hear this has ended' });
	}

	/** Sends one question to the owner. */
	#send(handle: StreamHandle): void {
		const { actors, limits, streams } = this.#context;
		this.#subscription ??= new Subscription({
			listener: this,
			ring: { bytesMax: () => streams.ringBytesMax, eventsMax: limits.ringEventsMax },
			grantsMax: limits.grantsMax,
		});
		const subscription = this.#subscription;
		const { resume, openArgs: args } = handle;
		const { identity: caller } = handle.connection;
		actors.open(this.key, { caller, args, resume, subscriber: subscription }, (answer) => {
			this.#questions?.answered(handle);
			if (subscription !== this.#subscription) return this.#late(handle, subscription, answer);
			if (answer.ok) subscription.granted(caller, answer.position, answer.writer);
			if (!handle.isClosed) this.#take(handle, subscription, answer);
		});
	}

	/** An answer of an owner that this edge does not hear any more. */
	#late(handle: StreamHandle, subscription: Subscription, answer: OpenAnswer): void {
		if (answer.ok) this.#context.actors.unsubscribe(this.key, subscription);
		if (!handle.isClosed) this.#askAgain(handle);
	}

	#take(handle: StreamHandle, { ring }: Subscription, answer: OpenAnswer): void {
		if (!answer.ok) {
			if (answer.code === 'NOT_FOUND' && this.contract.own === true) this.#settleEmpty(handle);
			else if (answer.code === 'MOVED') this.#askAgain(handle);
			else handle.refuse(answer);
			return;
		}
		if (!ring.covers(answer.position)) {
			this.#askAgain(handle);
			return;
		}
		// Too much waits for this reader: the answer is asked for again when that has left.
		if (handle.connection.isOverfull) {
			handle.connection.park(handle);
			return;
		}
		if (answer.how === 'resumed') handle.resumed(answer);
		else handle.opened(answer);
		this.bringUp(handle);
	}

	#askAgain(handle: StreamHandle): void {
		handle.attempts++;
		if (handle.attempts <= ATTEMPTS_MAX) {
			this.ask(handle);
			return;
		}
		handle.refuse({ code: 'RETRY_LATER', message: 'it changes too fast', retryAfterMs: 1_000 });
	}

	/** Opening a kind with `own` wakes nobody: a look at the store says whether there is anything. */
	#openOwn(handle: StreamHandle): void {
		this.#dormant ??= new Set();
		this.#dormant.add(handle);
		handle.state = 'dormant';
		this.#context.actors.peek(this.key).then(
			(head) => {
				// Announced or closed meanwhile?
				if (this.#dormant?.has(handle) !== true) return;
				if (head === undefined) return this.#settleEmpty(handle);
				if (handle.isTold && head.position <= handle.position) return;
				this.#dormant.delete(handle);
				this.ask(handle);
			},
			() => handle.refuse({ code: 'UNAVAILABLE', message: 'the store does not answer' }),
		);
	}

	/** Nothing was ever written: the handle is open on the empty view and waits. */
	#settleEmpty(handle: StreamHandle): void {
		this.#dormant ??= new Set();
		this.#dormant.add(handle);
		handle.state = 'dormant';
		if (handle.isTold && handle.position === 0) return;
		const { emptyView: view } = this.contract;
		if (!handle.isTold && handle.resume?.[0] === 0) {
			handle.resumed({ position: 0, writer: '', events: [] });
			return;
		}
		const how = handle.resume === undefined ? 'opened' : 'reset';
		handle.opened({ how, position: 0, writer: '', view });
	}
}
