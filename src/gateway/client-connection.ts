/**
 * The life of one client's socket:
 *
 *     new ──hello──▶ greeting ──token good──▶ live ──▶ closed
 *      │ none in 5 s     │ token or version bad  │ expired, revoked, flood, idle, slow, drain, gone
 *      └────────────────▶└──────────────────────▶┘
 *
 * Frames that come while it is greeting, or while too much of this client is in work, wait in order.
 */
import { pack } from '../protocol/codec.ts';
import { CLOSE, type CloseName, type ErrorCode, type Refusal } from '../protocol/errors.ts';
import { decodeFrames, type Frame, OP } from '../protocol/frames.ts';
import { type Pong, pingSchema } from '../protocol/wire.ts';
import type { ClientHandle } from './client-handle.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Connections } from './connections.ts';
import { dispatchFrame, refuseFrame } from './dispatch-frame.ts';
import { FrameBudget } from './frame-budget.ts';
import { FrameInbox } from './frame-inbox.ts';
import type { GatewayContext } from './gateway-context.ts';
import { greet, renew } from './greeting.ts';
import type { Connection, Identity } from './ports.ts';
import { ownMessage } from './socket-message.ts';
import { SocketWriter } from './socket-writer.ts';
import type { StreamHandle } from './stream-handle.ts';
import { BadFrameError, isBadFrame, unpackAs } from './unpack-as.ts';
import type { UserSockets } from './user-sockets.ts';
import { wireRefusal } from './wire-refusal.ts';

/** While more than this is held back, opening answers are dropped and asked for again later. */
const OVERFULL_BYTES = 1024 * 1024;
/** Listeners hear of a sign of life this often at most. */
const ALIVE_MS = 1_000;

export class ClientConnection implements Connection {
	readonly id: string;
	readonly address: string;
	readonly context: GatewayContext;
	readonly writer: SocketWriter;
	readonly handles = new Map<number, ClientHandle>();
	deviceId = '';
	platform = '';
	visible = true;
	/** The client was asked for a fresh token and has not sent one. */
	isRenewalAsked = false;
	phase: 'new' | 'greeting' | 'live' | 'closed' = 'new';
	/** When the last frame came, and when listeners heard of one; monotonic milliseconds. */
	lastFrameAt: number;
	#lastAliveAt: number;
	/** Since when the reader is behind; 0 while it is not. */
	congestedSince = 0;
	readonly #connections: Connections;
	readonly #socket: ClientSocket;
	readonly #budget: FrameBudget;
	#identity: Identity | undefined;
	#user: UserSockets | undefined;
	#openings = 0;
	#readsInFlight = 0;
	/** Bytes of requests that are not answered yet. */
	#workBytes = 0;
	#isPaused = false;
	#isTaking = false;
	/** The socket's drain is waited for. */
	#isWatching = false;
	/** Frames that wait until earlier ones are done. */
	#inbox: FrameInbox | undefined;
	/** Stream handles that wait until the reader is there again. */
	#parked: StreamHandle[] | undefined;

	constructor(
		context: GatewayContext,
		connections: Connections,
		{ socket, address }: { socket: ClientSocket; address: string },
	) {
		this.id = context.runtime.randomId();
		this.address = address;
		this.context = context;
		this.#connections = connections;
		this.#socket = socket;
		const { flusher, limits } = context;
		this.writer = new SocketWriter(socket, { flusher, limits, reader: this });
		this.lastFrameAt = context.runtime.monotonic();
		this.#lastAliveAt = this.lastFrameAt;
		this.#budget = new FrameBudget(context.limits, this.lastFrameAt);
	}

	/** Who the client is. Only after its hello was taken. */
	get identity(): Identity {
		if (this.#identity === undefined) throw new Error('a connection before its hello');
		return this.#identity;
	}

	/** The same, or nothing before. */
	get userId(): string | undefined {
		return this.#identity?.userId;
	}

	/** Whether its opening answers have to wait for the reader. */
	get isOverfull(): boolean {
		return this.writer.heldBytes > OVERFULL_BYTES;
	}

	/** Whether the key is open here. */
	hasKey(key: string): boolean {
		for (const handle of this.handles.values()) if (handle.key === key) return true;
		return false;
	}

	nextOpening(): number {
		return ++this.#openings;
	}

	/** A WebSocket message came. Never throws. */
	receive(data: Buffer, isBinary: boolean): void {
		if (this.phase === 'closed') return;
		const now = this.context.runtime.monotonic();
		this.lastFrameAt = now;
		try {
			if (!isBinary) throw new BadFrameError('frames are binary');
			const frames = decodeFrames(data);
			this.context.meter.count('framesIn', frames.length);
			for (const frame of frames) this.#arrive(frame, now);
		} catch (error) {
			this.#fail(error);
		}
		if (this.phase === 'live' && now - this.#lastAliveAt >= ALIVE_MS) {
			this.#lastAliveAt = now;
			for (const listener of this.context.listeners) listener.alive(this);
		}
	}

	/** The socket is gone. */
	lost(code: number): void {
		this.#leave(String(code));
	}

	/** Closes the socket, with the reason in the table. */
	close(name: CloseName): void {
		if (this.phase === 'closed') return;
		const { code, says } = CLOSE[name];
		this.writer.flush();
		this.#socket.close(code, says);
		this.#leave(name);
		// A paused socket would never see the client's own close.
		if (this.#isPaused) this.#socket.resume();
	}

	/** Ends the socket at once: what is left of a close that the client did not answer. */
	terminate(): void {
		this.#socket.terminate();
	}

	/** Says why on the socket's own handle, then closes. */
	closeWith(name: CloseName, refusal: Refusal): void {
		if (this.phase === 'closed') return;
		this.countError(refusal.code);
		this.writer.send(ownMessage(0, OP.error, pack(wireRefusal(refusal))));
		this.close(name);
	}

	/** Whether its user may have one more socket; closes it when not. */
	admits({ userId }: Identity): boolean {
		const { admission } = this.#connections;
		const refusal = admission.refusalOf(userId, this.context.runtime.monotonic());
		if (refusal !== undefined) this.closeWith('tooMany', refusal);
		return refusal === undefined;
	}

	/** The token is good: frames are taken from here on. */
	welcome(identity: Identity, visible: boolean): void {
		this.#identity = identity;
		this.visible = visible;
		this.phase = 'live';
		this.#user = this.#connections.identified(this, this.context.runtime.monotonic());
		for (const listener of this.context.listeners) listener.connected(this, visible);
		this.#takeInbox();
	}

	/** A fresh token of the same user. Handles are asked about again when the roles changed. */
	renewed(identity: Identity): void {
		const hadOther = this.identity.roles.toString() !== identity.roles.toString();
		this.#identity = identity;
		this.isRenewalAsked = false;
		if (hadOther) for (const handle of [...this.handles.values()]) handle.rolesChanged();
	}

	/** Sends on the socket's own handle. */
	sendOwn(op: typeof OP.welcome | typeof OP.error | typeof OP.pong, payload: unknown): void {
		this.writer.send(ownMessage(0, op, pack(payload)));
	}

	/** Tells that a handle could not be opened. */
	refuseHandle(id: number, refusal: Refusal): void {
		this.countError(refusal.code);
		this.writer.answer(ownMessage(id, OP.error, pack(wireRefusal(refusal))));
	}

	countError(code: ErrorCode): void {
		this.context.meter.count('errors', 1, code);
	}

	/** Work for this client began: `bytes` of a request, and whether it reads (an open, a query). */
	began(bytes: number, isRead: boolean): void {
		this.#workBytes += bytes;
		if (isRead) this.#readsInFlight++;
		this.#pauseOrResume();
	}

	/** The work is done. */
	ended(bytes: number, isRead: boolean): void {
		this.#workBytes -= bytes;
		if (isRead) this.#readsInFlight--;
		this.#pauseOrResume();
		this.#takeInboxLater();
	}

	/** Has the handle brought up when the reader is there again. */
	park(handle: StreamHandle): void {
		this.#parked ??= [];
		this.#parked.push(handle);
		this.fellBehind();
	}

	/** Something waits for the reader: goes on when the socket has drained. */
	fellBehind(): void {
		if (this.congestedSince === 0) this.congestedSince = this.context.runtime.monotonic();
		if (this.#isWatching) return;
		this.#isWatching = true;
		this.writer.whenDrained(() => {
			this.#isWatching = false;
			this.pump();
		});
	}

	/** Goes on where the slow reader stopped things: answers first, then streams, each in turn. */
	pump(): void {
		if (this.phase === 'closed') return;
		this.congestedSince = 0;
		this.writer.release();
		const parked = this.#parked;
		this.#parked = undefined;
		for (const handle of parked ?? []) {
			if (handle.isClosed) continue;
			if (this.writer.isCongested) this.park(handle);
			else handle.unparked();
		}
		if (this.isBehind) this.fellBehind();
		this.#takeInbox();
	}

	/** Whether anything waits for the reader. */
	get isBehind(): boolean {
		return this.#parked !== undefined || this.writer.heldBytes > 0;
	}

	/** Whether its silence is the server's own doing. */
	get isPaused(): boolean {
		return this.#isPaused;
	}

	#arrive(frame: Frame, now: number): void {
		if (this.phase === 'closed') return;
		const verdict = this.#budget.take(this.context.limits, now);
		if (verdict === 'flood') {
			this.closeWith('flood', { code: 'RATE_LIMITED', message: 'far too many frames' });
		} else if (this.phase === 'new') {
			this.#takeHello(frame);
		} else if (frame.op === OP.ping && frame.handle === 0 && this.phase === 'live') {
			this.pong(frame);
		} else if (REFUSABLE.has(frame.op) && !this.#mayTake(verdict, now)) {
			refuseFrame(this, frame, TOO_FAST);
		} else if (this.#mustWait()) {
			this.#inbox ??= new FrameInbox();
			this.#inbox.push(frame);
			this.#pauseOrResume();
		} else {
			dispatchFrame(this, frame);
		}
	}

	/** Whether the socket, and its user over all sockets, may have one more frame taken. */
	#mayTake(verdict: 'ok' | 'over', now: number): boolean {
		return verdict === 'ok' && this.#user?.takesFrame(now) !== false;
	}

	#takeHello(frame: Frame): void {
		if (frame.op === OP.hello && frame.handle === 0) {
			this.phase = 'greeting';
			greet(this, frame);
		} else {
			this.closeWith('noHello', { code: 'UNAUTHORIZED', message: 'say hello first' });
		}
	}

	/** Takes a second hello: a fresh token. */
	renew(frame: Frame): void {
		renew(this, frame);
	}

	/** Answers a ping: frames that wait do not hold it up. */
	pong(frame: Frame): void {
		const { t } = unpackAs(pingSchema, frame.payload);
		const pong: Pong = { now: this.context.runtime.now(), ...(t === undefined ? {} : { t }) };
		this.writer.send(ownMessage(0, OP.pong, pack(pong)));
	}

	#mustWait(): boolean {
		return this.#inbox !== undefined || this.#isBusy();
	}

	#isBusy(): boolean {
		const { readsInFlightMax, upstreamBytesMax } = this.context.limits;
		return (
			this.phase === 'greeting' ||
			this.#readsInFlight >= readsInFlightMax ||
			this.#workBytes > upstreamBytesMax ||
			this.writer.heldBytes > 0
		);
	}

	#takeInbox(): void {
		const inbox = this.#inbox;
		if (inbox === undefined || this.phase !== 'live') return;
		try {
			while (this.phase === 'live' && !this.#isBusy()) {
				const frame = inbox.shift();
				if (frame === undefined) break;
				dispatchFrame(this, frame);
			}
		} catch (error) {
			this.#fail(error);
		}
		if (inbox.isEmpty) this.#inbox = undefined;
		this.#pauseOrResume();
	}

	/** Takes what waits when the present work is done; once, however much of it ends. */
	#takeInboxLater(): void {
		if (this.#inbox === undefined || this.#isTaking) return;
		this.#isTaking = true;
		this.context.runtime.defer(() => {
			this.#isTaking = false;
			this.#takeInbox();
		});
	}

	/** Reads no more from a client of which too much waits. */
	#pauseOrResume(): void {
		if (this.phase === 'closed') return;
		const { upstreamBytesMax } = this.context.limits;
		const bytes = this.#workBytes + (this.#inbox?.bytes ?? 0);
		if (!this.#isPaused && bytes > upstreamBytesMax) {
			this.#isPaused = true;
			this.#socket.pause();
		} else if (this.#isPaused && bytes <= upstreamBytesMax / 2) {
			this.#isPaused = false;
			this.lastFrameAt = this.context.runtime.monotonic();
			this.#socket.resume();
		}
	}

	#fail(error: unknown): void {
		if (isBadFrame(error)) {
			this.closeWith('badFrame', { code: 'INVALID', message: error.message });
			return;
		}
		this.context.log.error({ err: error, connection: this.id }, 'a frame was not taken');
		this.closeWith('internal', { code: 'INTERNAL' });
	}

	#leave(reason: string): void {
		if (this.phase === 'closed') return;
		const wasLive = this.phase === 'live';
		this.phase = 'closed';
		this.context.meter.count('socketsClosed', 1, reason);
		for (const handle of [...this.handles.values()]) handle.close(false);
		this.writer.drop();
		this.#inbox = undefined;
		this.#parked = undefined;
		this.#connections.left(this);
		if (!wasLive) return;
		for (const listener of this.context.listeners) listener.disconnected(this);
	}
}

/** Ops that cost something. Ping and close are always taken. */
const REFUSABLE: ReadonlySet<number> = new Set([
	OP.hello,
	OP.open,
	OP.command,
	OP.data,
	OP.ephemeral,
]);

const TOO_FAST: Refusal = {
	code: 'RATE_LIMITED',
	message: 'too many frames of this client',
	retryAfterMs: 1_000,
};
