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
 *      └── close, closed for good: from everywhere
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
import type { CommandOptions, KindTable } from './kind-table.ts';
import { errorOf, isRetryable, NaruError } from './naru-error.ts';
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

interface Opener {
	resolve(): void;
	reject(error: NaruError): void;
	timer: unknown;
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
	#openers: Opener[] = [];
	#refusals = 0;
	#timer: unknown;

	constructor(session: Session, target: HandleTarget, sink: HandleSink) {
		this.#session = session;
		this.#target = target;
		this.#sink = sink;
		this.#queue = new CommandQueue(session.environment, session.budget, {
			command: (frame) => this.#send(OP.command, frame),
			disagreed: () => this.#reopenLater({ code: 'AGAIN' }),
		});
	}

	get isOpen(): boolean {
		return this.#state === 'open';
	}

	/** Opens at the end of this turn, or as soon as there is a socket. */
	want(): void {
		this.#session.check();
		if (!this.#isWanted) {
			this.#isWanted = true;
			this.#session.add(this);
		}
		this.attach();
	}

	/** Resolves when open; rejects with why not, or `TIMEOUT`. */
	async opened(): Promise<void> {
		this.want();
		if (this.isOpen) return;
		await new Promise<void>((resolve, reject) => {
			const opener: Opener = { resolve, reject, timer: undefined };
			const timeOut = () => {
				this.#openers = this.#openers.filter((one) => one !== opener);
				reject(new NaruError('TIMEOUT'));
			};
			opener.timer = this.#session.environment.setTimeout(timeOut, this.#session.timeoutMs);
			this.#openers.push(opener);
		});
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
		const isFirst = table.style === 'stream' && !this.#wasOpened;
		this.#carried = isFirst || mayCreate ? this.#queue.takeOpener() : undefined;
		this.#state = 'opening';
		this.#id = this.#session.enter(this);
		const open: Open = {
			kind: table.kind,
			id: this.#target.id(),
			args: withoutGaps(this.#target.args()),
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
		this.#sink.opened(view, isReset);
		this.#ready(reply);
	}

	/** Told when whole: only then its position is reached. */
	#resumed({ down, position, writer, events, more, reply }: Resumed): void {
		this.#missed.push(...events);
		if (more) return;
		this.#hear(down);
		this.#keep(position, writer);
		const missed = this.#missed;
		this.#missed = [];
		for (const [type, data] of missed) this.#sink.event(type, data);
		this.#ready(reply);
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
		const openers = this.#openers;
		this.#openers = [];
		for (const opener of openers) {
			this.#session.environment.clearTimeout(opener.timer);
			opener.resolve();
		}
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
		for (const [type, data] of e) this.#sink.event(type, data);
	}

	/** The opening was refused. */
	#refused(refusal: WireRefusal): void {
		if (this.#state !== 'opening') return;
		const carried = this.#carried;
		this.#carried = undefined;
		if (isRetryable(refusal)) {
			this.#reopenLater(refusal);
			return;
		}
		if (carried) this.#queue.reply(0, undefined, refusal);
		this.#forget();
		if (carried && (!this.#queue.isEmpty || this.#openers.length > 0)) {
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
		if (this.#state === 'opening') this.#forget();
		else this.#leave();
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
		const openers = this.#openers;
		this.#openers = [];
		for (const opener of openers) {
			this.#session.environment.clearTimeout(opener.timer);
			opener.reject(error);
		}
	}
}

/** msgpack has no `undefined`, and null is not absent. */
function withoutGaps(args: unknown): unknown {
	if (typeof args !== 'object' || args === null || Array.isArray(args)) return args;
	return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
