/**
 * One actor as this edge serves it, to however many handles. The edge subscribes once; a commit is
 * framed once and shared. A handle's way:
 *
 *     opening ──answer──▶ catching ──at the ring's end──▶ live ⟲ owner gone, next one found
 *        │ refused          ▲    │ ring lost it             │ reader slow ──▶ catching
 *        ▼                  │    ▼                          │ other roles, history lost
 *      closed ◀──refused── asking ◀─────────────────────────┘
 *
 * When the owner goes, the stream asks the next one once for all live handles, which stay live and hear
 * what they missed as if it had been committed now; all others wait for that, then ask for themselves.
 *
 *     dormant ──announced──▶ asking      (kinds with `own`, as long as nothing is written)
 */
import type { Audience } from '../core/actor-kind.ts';
import type { OpenAnswer } from '../core/actor-port.ts';
import type { Refusal } from '../protocol/errors.ts';
import type { ActorKey } from '../protocol/ids.ts';
import type { KindContract } from '../protocol/kind.ts';
import type { Resume, WireEvent } from '../protocol/wire.ts';
import { backOffMs } from './back-off.ts';
import { Broadcast, revoke, sendData } from './broadcast.ts';
import { dataMessages } from './data-message.ts';
import { DormantHandles } from './dormant-handles.ts';
import type { GatewayContext } from './gateway-context.ts';
import { LiveHandles } from './live-handles.ts';
import { mergeCommits } from './merge-commits.ts';
import { OwnerQuestions } from './owner-questions.ts';
import { type Reopened, Reopening } from './reopening.ts';
import type { StreamHandle } from './stream-handle.ts';
import { type Chunk, type RingEntry, StreamRing } from './stream-ring.ts';
import { Subscription, type SubscriptionListener } from './subscription.ts';

/** What a handle gets from the ring before others have their turn, about. */
const CHUNK_BYTES = 64 * 1024;
/** How often an opening is repeated because the stream moved on meanwhile. */
const ATTEMPTS_MAX = 5;
const MOVING_RETRY_MS = 100;

export class Stream implements SubscriptionListener {
	readonly key: ActorKey;
	readonly contract: KindContract;
	/** Id of the shared frames. */
	readonly down: number;
	/** Data waits up to this long for more to share a write. */
	flushWindowMs = 0;
	readonly #context: GatewayContext;
	readonly #live = new LiveHandles();
	readonly #broadcast: Broadcast;
	#subscription: Subscription | undefined;
	#questions: OwnerQuestions | undefined;
	#reopening: Reopening | undefined;
	#dormant: DormantHandles | undefined;
	#handleCount = 0;

	constructor(context: GatewayContext, key: ActorKey, contract: KindContract) {
		this.#context = context;
		this.key = key;
		this.contract = contract;
		this.down = context.nextDown();
		this.#broadcast = new Broadcast(this, this.#live);
	}

	get handleCount(): number {
		return this.#handleCount;
	}

	/** The position up to which this edge was told; `undefined` while no owner was reached. */
	get reached(): number | undefined {
		return (this.#subscription?.ring ?? this.#reopening?.ring)?.end;
	}

	/** Whether the owner has gone, and the next is looked for. */
	get isReopening(): boolean {
		return this.#reopening !== undefined;
	}

	/** When a command that finds the owner gone shall come again, in milliseconds from now. */
	get movingRetryMs(): number {
		return this.#reopening?.retryAfterMs ?? MOVING_RETRY_MS;
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
			handle.grantedBy = subscription;
			this.bringUp(handle);
			return;
		}
		if (this.contract.own === true && subscription === undefined) {
			this.#dormants.open(handle);
			return;
		}
		this.ask(handle);
	}

	/** Asks the owner, with what the handle has. */
	ask(handle: StreamHandle): void {
		handle.state = handle.isTold ? 'asking' : 'opening';
		this.#questions ??= new OwnerQuestions({
			inFlightMax: this.#context.limits.reopensInFlightMax,
			isPaused: () => this.isReopening,
			send: (asked) => this.#send(asked),
		});
		this.#questions.ask(handle);
	}

	/** Sends what the handle misses of the ring; it is live when it misses nothing. */
	bringUp(handle: StreamHandle): void {
		handle.state = 'catching';
		const { writer } = handle.connection;
		while (!handle.isClosed) {
			const ring = this.#subscription?.ring;
			const isGranted = handle.grantedBy === this.#subscription;
			if (!isGranted || ring?.holds([handle.position, handle.writer]) !== true) {
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
			const sent = sendData(handle, { messages: dataMessages(slices, options), writer });
			if (!sent) return;
		}
		handle.position = position;
		handle.writer = writer;
		if (revoked) revoke(handle);
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
		this.#dormant?.forget(handle);
		this.#questions?.forget(handle);
		if (this.#live.list.length === 0) this.#cancelReopening();
		this.#handleCount--;
		if (this.#handleCount === 0) this.#context.streams.idle(this);
	}

	/** The actor has come alive: handles that waited for that open. */
	announced(): void {
		this.#dormant?.announced();
	}

	/** Ends the subscription; the stream must have no handles. */
	drop(): void {
		if (this.#subscription === undefined) return;
		this.#context.actors.unsubscribe(this.key, this.#subscription);
		this.#subscription = undefined;
	}

	committed(subscription: Subscription, entry: RingEntry, before: Resume): void {
		if (subscription === this.#subscription) this.#broadcast.committed(entry, before);
	}

	ephemeral(subscription: Subscription, event: WireEvent, audience: Audience): void {
		if (subscription === this.#subscription) this.#broadcast.ephemeral(event, audience);
	}

	closed(subscription: Subscription): void {
		if (subscription !== this.#subscription) return;
		this.#subscription = undefined;
		if (this.#live.list.length === 0) return;
		if (this.contract.own === true) this.#sleep(subscription.ring);
		else this.#reopen(subscription.ring);
	}

	#join(handle: StreamHandle): void {
		handle.state = 'live';
		handle.attempts = 0;
		this.#live.add(handle);
	}

	/** Takes a live handle out of the shared set; it has everything that the ring has. */
	#leave(handle: StreamHandle, ring = this.#subscription?.ring ?? this.#reopening?.ring): void {
		this.#live.remove(handle);
		handle.position = ring?.end ?? handle.position;
		handle.writer = ring?.writer ?? handle.writer;
		if (this.#live.list.length === 0) this.#cancelReopening();
	}

	/** The owner of a kind with `own` went to sleep: what it writes next announces it. */
	#sleep(ring: StreamRing): void {
		for (const handle of [...this.#live.list]) {
			this.#leave(handle, ring);
			this.#dormants.open(handle);
		}
	}

	#reopen(ring: StreamRing): void {
		this.#reopening = new Reopening({
			context: this.#context,
			key: this.key,
			ring,
			live: this.#live,
			listen: () => this.#listen(ring),
			postponed: (refusal) => this.#postponed(refusal),
			ended: (reopened) => this.#reopened(reopened, ring),
		});
	}

	/** The next owner is not there yet: openings that have waited for it are told so. */
	#postponed(refusal: Refusal): void {
		for (const handle of [...(this.#questions?.waiting ?? [])]) {
			if (handle.isTold) continue;
			this.#questions?.forget(handle);
			this.#refused(handle, refusal);
		}
	}

	/** Live handles stay as they are, but for those whom the new owner has not let in. */
	#reopened(reopened: Reopened, ring: StreamRing): void {
		this.#reopening = undefined;
		const { subscription, missed } = reopened;
		this.#subscription = subscription;
		for (const handle of [...this.#live.list]) {
			const verdict = reopened.verdictOn(handle);
			if (verdict === 'unknown') this.#askForItself(handle, ring);
			else if (verdict !== 'granted') handle.refuse(verdict);
			else handle.grantedBy = subscription;
		}
		for (const commit of mergeCommits(missed)) subscription?.committed(commit);
		this.#questions?.goOn();
	}

	#askForItself(handle: StreamHandle, ring: StreamRing): void {
		this.#leave(handle, ring);
		handle.isMoving = true;
		this.ask(handle);
	}

	/** Nobody waits for the next owner any more. */
	#cancelReopening(): void {
		if (this.#reopening === undefined) return;
		this.#reopening.cancel();
		this.#reopening = undefined;
		this.#questions?.goOn();
	}

	/** Sends one question to the owner. */
	#send(handle: StreamHandle): void {
		const { actors } = this.#context;
		this.#subscription ??= this.#listen();
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

	#listen(ring = this.#newRing()): Subscription {
		const { grantsMax } = this.#context.limits;
		return new Subscription({ listener: this, ring, grantsMax });
	}

	#newRing(): StreamRing {
		const { limits, streams } = this.#context;
		return new StreamRing({
			bytesMax: () => streams.ringBytesMax,
			eventsMax: limits.ringEventsMax,
		});
	}

	/** An answer of an owner that this edge does not hear any more. */
	#late(handle: StreamHandle, subscription: Subscription, answer: OpenAnswer): void {
		if (answer.ok) this.#context.actors.unsubscribe(this.key, subscription);
		if (!handle.isClosed) this.#askAgain(handle);
	}

	#take(handle: StreamHandle, subscription: Subscription, answer: OpenAnswer): void {
		const { ring } = subscription;
		if (!answer.ok) {
			this.#refused(handle, answer);
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
		handle.grantedBy = subscription;
		this.bringUp(handle);
	}

	#refused(handle: StreamHandle, refusal: Refusal): void {
		if (refusal.code === 'NOT_FOUND' && this.contract.own === true) {
			this.#dormants.settleEmpty(handle);
		} else if (refusal.code !== 'MOVED') {
			handle.refuse(refusal);
		} else if (this.#mayAskAgain(handle)) {
			const { runtime } = this.#context;
			runtime.after(
				backOffMs(handle.attempts, () => runtime.random()),
				() => {
					if (!handle.isClosed) this.ask(handle);
				},
			);
		}
	}

	#askAgain(handle: StreamHandle): void {
		if (this.#mayAskAgain(handle)) this.ask(handle);
	}

	/** Refuses the handle when it has asked too often. */
	#mayAskAgain(handle: StreamHandle): boolean {
		handle.attempts++;
		if (handle.attempts <= ATTEMPTS_MAX) return true;
		handle.refuse({ code: 'RETRY_LATER', message: 'it changes too fast', retryAfterMs: 1_000 });
		return false;
	}

	get #dormants(): DormantHandles {
		this.#dormant ??= new DormantHandles({
			context: this.#context,
			key: this.key,
			contract: this.contract,
			ask: (handle) => this.ask(handle),
		});
		return this.#dormant;
	}
}
