/**
 * One opened feature, kept open over sockets.
 *
 *              want                    opened, reset, resume
 *     idle ───────────▶ opening ──────────────────────────────▶ open
 *      ▲                 │    ▲  │                                │
 *      │ refused for good│    │  │ refused for now                │ moved, closed for now
 *      ├─────────────────┘    │  ▼                                │
 *      │                     waiting ◀────────────────────────────┘
 *      │
 *      └── close, closed or refused for good: from everywhere
 *
 * A lost socket leads from opening, waiting and open to idle; the next socket wants again.
 */
import { pack } from '../../src/protocol/codec.ts';

import { type Frame, OP } from '../../src/protocol/frames.ts';
import type {
	Close,
	Data,
	Open,
	Opened,
	Reply,
	Resume,
	Resumed,
	WireError,
	WireEvent,
	WireRefusal,
} from '../../src/protocol/wire.ts';
import { afterMs, fullJitterMs } from './backoff.ts';
import { CommandQueue } from './command-queue.ts';
import { ID_RULE, isKeyId } from './key-id.ts';
import type { CommandOptions, KindTable } from './kind-table.ts';
import { errorOf, isRetryable, NaruError } from './naru-error.ts';
import { Openers } from './openers.ts';
import { isPlain, NOT_PLAIN } from './plain-args.ts';
import type { Session } from './session.ts';
import { payloadOf } from './socket-link.ts';

/** What a handle tells its owner. */
export interface HandleSink {
	/** A fresh state; `isReset`: in place of one that was told before. */
	opened(view: unknown, isReset: boolean): void;
	event(type: string, data: unknown): void;
	ephemeral(type: string, data: unknown): void;
	/** Bytes of a seat's room. */
	bytes?(bytes: Uint8Array): void;
	/** The opening is gone with its socket; the handle opens again by itself. */
	lost?(): void;
	/** Closed or refused by the server; nothing more comes until it is wanted again. */
	closed(error: NaruError, closeCode?: number): void;
}

export interface HandleTarget {
	readonly table: KindTable;
	/** Asked at each opening: one's own id is known only then. */
	id(): string;
	args(): unknown;
}

export class Handle {
	readonly #session: Session;
	readonly #target: HandleTarget;
	readonly #sink: HandleSink;
	readonly #queue: CommandQueue;
	#state: 'idle' | 'opening' | 'waiting' | 'open' = 'idle';
	#isWanted = false;
	#isOpenDue = false;
	#id: number | undefined;
	#down: number | undefined;
	#resume: Resume | undefined;
	#wasOpened = false;
	/** The command that travelled with this opening, if one did. */
	#carried: Open['with'];
	#missed: WireEvent[] = [];
	readonly #openers: Openers;
	#refusals = 0;
	#timer: unknown;

	constructor(session: Session, target: HandleTarget, sink: HandleSink) {
		this.#session = session;
		this.#target = target;
		this.#sink = sink;
		this.#openers = new Openers(session.environment);
		this.#queue = new CommandQueue(session.environment, session.budget, {
			command: (frame) => this.#send(OP.command, frame),
			disagreed: () => {
				this.#leave();
				this.#reopenLater({ code: 'AGAIN' });
			},
		});
	}

	get isOpen(): boolean {
		return this.#state === 'open';
	}

	/** Opens at the end of this turn, or as soon as there is a socket; never on an ended client. */
	want(): void {
		if (this.#session.ended) return;
		if (!this.#isWanted) {
			this.#isWanted = true;
			this.#session.add(this);
		}
		this.attach();
	}

	/** Resolves when open; rejects with why not, or `TIMEOUT`. */
	async opened(): Promise<void> {
		this.#session.check();
		this.want();
		if (!this.isOpen) await this.#openers.wait(this.#session.timeoutMs);
	}

	/** Runs a command as soon as the handle is open. */
	async run(name: string, args: unknown, options: CommandOptions): Promise<unknown> {
		this.#session.check();
		const flags = this.#target.table.commands[name] ?? {};
		const answer = this.#queue.add(name, { args: withoutGaps(args), flags, options });
		this.want();
		return answer;
	}

	/** Tells once, if the handle is open; otherwise it is forgotten. */
	tell(type: string, data: unknown): void {
		if (this.isOpen) this.#send(OP.ephemeral, [type, data]);
	}

	/** Sends a room's bytes, if there is a seat. */
	sendBytes(bytes: Uint8Array): void {
		if (this.#id !== undefined && this.#down !== undefined) {
			this.#session.send(this.#id, OP.data, bytes);
		}
	}

	/** The next opening takes the seat of this token up again. */
	resumeWith(token: string): void {
		this.#resume = [0, token];
	}

	/** Forgets all: what waits is rejected, and nothing is told any more. */
	close(): void {
		this.#leave();
		this.#stop(new NaruError('CLOSED', 'the handle was closed'));
		this.#resume = undefined;
		this.#wasOpened = false;
	}

	attach(): void {
		const isReady = this.#isWanted && this.#state === 'idle' && this.#session.isReady;
		if (!isReady || this.#isOpenDue) return;
		this.#isOpenDue = true;
		// At the end of the turn, so that a command given now can travel along.
		void Promise.resolve().then(() => {
			this.#isOpenDue = false;
			if (this.#isWanted && this.#state === 'idle' && this.#session.isReady) this.#open(false);
		});
	}

	detach(): void {
		if (this.isOpen) this.#sink.lost?.();
		this.#session.environment.clearTimeout(this.#timer);
		this.#state = 'idle';
		this.#id = undefined;
		this.#down = undefined;
		this.#missed = [];
		this.#queue.detached();
	}

	end(error: NaruError): void {
		this.#stop(error);
		this.#sink.closed(error);
	}

	receive(frame: Frame): void {
		switch (frame.op) {
			case OP.data:
				this.#data(frame);
				return;
			case OP.ephemeral: {
				const [type, data] = payloadOf(frame) as WireEvent;
				this.#sink.ephemeral(type, data);
				return;
			}
			case OP.reply: {
				const [n, result, refusal] = payloadOf(frame) as Reply;
				this.#queue.reply(n, result, refusal);
				return;
			}
			case OP.opened:
			case OP.reset:
				this.#opened(payloadOf(frame) as Opened);
				return;
			case OP.resume:
				this.#resumed(payloadOf(frame) as Resumed);
				return;
			case OP.error:
				this.#refused(payloadOf(frame) as WireError);
				return;
			case OP.close:
				this.#closed(payloadOf(frame) as Close);
				return;
			// An op of a newer server: passed over.
			default:
		}
	}

	#open(mayCreate: boolean): void {
		const { table } = this.#target;
		const id = this.#target.id();
		const args = withoutGaps(this.#target.args());
		// Sent, either would be the end of the socket, with all other handles on it.
		if (!isKeyId(id) || !isPlain(args)) {
			this.#refusedForGood(new NaruError('INVALID', isKeyId(id) ? NOT_PLAIN : ID_RULE));
			return;
		}
		const isFirst = table.style === 'stream' && !this.#wasOpened;
		this.#carried = isFirst || mayCreate ? this.#queue.takeOpener() : undefined;
		this.#state = 'opening';
		this.#id = this.#session.enter(this);
		const open: Open = {
			kind: table.kind,
			id,
			args,
			...(this.#resume ? { resume: this.#resume } : {}),
			...(this.#carried ? { with: this.#carried } : {}),
		};
		this.#send(OP.open, open);
	}

	#send(op: 3 | 5 | 8 | 10, payload: unknown): void {
		if (this.#id !== undefined) this.#session.send(this.#id, op, pack(payload));
	}

	/** Ends this opening on the socket; frames still on their way are not heard any more. */
	#leave(): void {
		this.#send(OP.close, {});
		this.#forget();
	}

	#forget(): void {
		if (this.#id !== undefined) this.#session.leave(this.#id);
		if (this.#down !== undefined) this.#session.unhear(this.#down, this);
		this.detach();
	}

	#hear(down: number): void {
		if (this.#down !== undefined) this.#session.unhear(this.#down, this);
		this.#down = down;
		this.#session.hear(down, this);
	}

	#opened({ down, position, writer, view, reply }: Opened): void {
		this.#hear(down);
		this.#keep(position, writer);
		this.#missed = [];
		const isReset = this.#wasOpened;
		this.#wasOpened = true;
		const isStillOpen = this.#tell(() => this.#sink.opened(view, isReset));
		if (isStillOpen) this.#ready(reply);
	}

	/** Told when whole: only then its position is reached. */
	#resumed({ down, position, writer, events, more, reply }: Resumed): void {
		this.#missed = this.#missed.concat(events);
		if (more) return;
		this.#hear(down);
		this.#keep(position, writer);
		const missed = this.#missed;
		this.#missed = [];
		if (this.#tellEvents(missed)) this.#ready(reply);
	}

	/** Tells something; false when a listener closed the handle over it. */
	#tell(tell: () => void): boolean {
		const id = this.#id;
		tell();
		return this.#id === id;
	}

	/** Tells events in order, as long as nobody closes the handle. */
	#tellEvents(events: readonly WireEvent[]): boolean {
		return events.every(([type, data]) => this.#tell(() => this.#sink.event(type, data)));
	}

	#keep(position: number, writer: string): void {
		if (this.#target.table.style === 'stream') this.#resume = [position, writer];
	}

	#ready(reply: unknown): void {
		this.#refusals = 0;
		if (this.#state === 'open') return;
		this.#state = 'open';
		this.#carried = undefined;
		this.#queue.opened(reply);
		this.#openers.opened();
	}

	#data(frame: Frame): void {
		if (this.#target.table.style === 'seat') {
			this.#sink.bytes?.(frame.payload);
			return;
		}
		const { p, e, w } = payloadOf(frame) as Data;
		const [position, writer] = this.#resume ?? [0, ''];
		// Holes are events for others; what is behind is known already.
		if (p < position) return;
		this.#resume = [p, w ?? writer];
		this.#tellEvents(e);
	}

	/** The opening was refused, or a handle that was open could not be brought up again. */
	#refused(refusal: WireRefusal): void {
		const carried = this.#carried;
		this.#carried = undefined;
		const isFinal = !isRetryable(refusal);
		if (carried && isFinal) this.#queue.reply(0, undefined, refusal);
		this.#forget();
		if (!isFinal) {
			this.#reopenLater(refusal);
			return;
		}
		if (carried && (!this.#queue.isEmpty || !this.#openers.isEmpty)) {
			this.attach();
		} else if (!carried && refusal.code === 'NOT_FOUND' && this.#queue.startsByCreating) {
			this.#open(true);
		} else {
			this.#refusedForGood(errorOf(refusal));
		}
	}

	#refusedForGood(error: NaruError, closeCode?: number): void {
		this.#stop(error);
		this.#sink.closed(error, closeCode);
	}

	#closed({ code, closeCode, message }: Close): void {
		const refusal = {
			code: (code ?? 'CLOSED') as WireRefusal['code'],
			...(message ? { message } : {}),
		};
		this.#forget();
		if (isRetryable(refusal)) this.#reopenLater(refusal);
		else this.#refusedForGood(errorOf(refusal), closeCode);
	}

	#reopenLater(refusal: WireRefusal): void {
		const { environment } = this.#session;
		const waitMs =
			refusal.retryAfterMs === undefined
				? fullJitterMs(this.#refusals++, environment.random)
				: afterMs(refusal.retryAfterMs, environment.random);
		this.#state = 'waiting';
		this.#timer = environment.setTimeout(() => {
			this.#state = 'idle';
			this.attach();
		}, waitMs);
	}

	#stop(error: NaruError): void {
		this.#isWanted = false;
		this.#session.remove(this);
		this.detach();
		this.#queue.fail(error);
		this.#openers.failed(error);
	}
}

/** msgpack has no `undefined`, and null is not absent. */
function withoutGaps(args: unknown): unknown {
	if (typeof args !== 'object' || args === null || Array.isArray(args)) return args;
	return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
