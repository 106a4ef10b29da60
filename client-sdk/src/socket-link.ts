import { pack, unpack } from '../../src/protocol/codec.ts';
import {
	decodeFrames,
	encodeFrame,
	FRAMES_PER_MESSAGE_MAX,
	type Frame,
	FrameError,
	MESSAGE_BYTES_MAX,
	OP,
	type Op,
} from '../../src/protocol/frames.ts';
import { HEARTBEAT_MS, SILENCE_MAX_MS } from '../../src/protocol/limits.ts';
import type { Pong } from '../../src/protocol/wire.ts';
import type { Environment, SocketLike } from './environment.ts';
import { report } from './listeners.ts';
import type { LinkStats } from './status.ts';

/** A socket that is asked for a sign of life answers within this time. */
const PROBE_MAX_MS = 3_000;
/** The server's clock is asked for at least this often, by a client that has much to say too. */
const CLOCK_EVERY_MS = 60_000;
/** A timer that comes this late tells of a sleeping device (or a set clock), not of a silent server. */
const ASLEEP_MS = 4_000;

export interface LinkListener {
	opened(): void;
	frame(frame: Frame): void;
	/** Once, and nothing after it. */
	lost(code: number, reason: string): void;
	/** Server time less device time, and how long the question took, in milliseconds. */
	clock(offsetMs: number, roundTripMs: number): void;
}

/** What a frame carries; throws {@link FrameError}, which costs the socket. */
export function payloadOf(frame: Frame): unknown {
	try {
		return unpack(frame.payload);
	} catch {
		throw new FrameError('a payload cannot be read');
	}
}

/** One WebSocket: frames gathered per turn, pings when quiet, lost when silent. */
export class SocketLink {
	readonly #environment: Environment;
	readonly #socket: SocketLike;
	readonly #listener: LinkListener;
	readonly #stats: LinkStats;
	#waiting: Uint8Array[] = [];
	#isFlushDue = false;
	#isOpen = false;
	#isEnded = false;
	#timer: unknown;
	#timerDueAt = 0;
	#lastSentAt = 0;
	#lastPingAt = 0;
	/** The socket is lost when nothing is heard until then. */
	#deadAt = 0;

	constructor(
		environment: Environment,
		url: string,
		tell: { listener: LinkListener; stats: LinkStats },
	) {
		this.#environment = environment;
		this.#listener = tell.listener;
		this.#stats = tell.stats;
		this.#socket = environment.openSocket(url);
		this.#stats.sockets++;
		this.#socket.binaryType = 'arraybuffer';
		this.#socket.onopen = () => this.#opened();
		this.#socket.onmessage = ({ data }) => this.#received(data);
		this.#socket.onclose = ({ code, reason }) => this.#end(code ?? 1006, reason ?? '');
		// Followed by a close event, which says more.
		this.#socket.onerror = () => {};
	}

	/** Sends at the end of this turn, together with all else of it. */
	send(handle: number, op: Op, payload: Uint8Array): void {
		if (this.#isEnded) return;
		this.#waiting.push(encodeFrame(handle, op, payload));
		this.#lastSentAt = this.#environment.now();
		if (this.#isFlushDue) return;
		this.#isFlushDue = true;
		void Promise.resolve().then(() => this.#flush());
	}

	/** Asks for a sign of life; a socket that does not answer soon is lost. */
	probe(): void {
		if (!this.#isOpen || this.#isEnded) return;
		this.#ping();
		this.#deadAt = Math.min(this.#deadAt, this.#environment.now() + PROBE_MAX_MS);
		this.#schedule();
	}

	/** Closes without telling the listener. What was sent before still leaves. */
	close(code: number): void {
		if (this.#isEnded) return;
		this.#flush();
		this.#isEnded = true;
		this.#environment.clearTimeout(this.#timer);
		closeQuietly(this.#socket, code);
	}

	#opened(): void {
		if (this.#isEnded) return;
		this.#isOpen = true;
		this.#heard();
		this.#lastSentAt = this.#environment.now();
		this.#lastPingAt = this.#lastSentAt;
		this.#listener.opened();
		this.#schedule();
	}

	#heard(): void {
		this.#deadAt = this.#environment.now() + SILENCE_MAX_MS;
	}

	#received(data: unknown): void {
		if (this.#isEnded) return;
		this.#heard();
		// Timers of a page in the background come once a minute; what it hears comes at once.
		if (this.#environment.now() >= this.#lastSentAt + HEARTBEAT_MS) this.#ping();
		try {
			for (const frame of decodeFrames(new Uint8Array(data as ArrayBuffer))) {
				if (this.#isEnded) return;
				this.#stats.framesIn++;
				this.#frame(frame);
			}
		} catch (error) {
			if (!(error instanceof FrameError)) throw error;
			this.#fail('the server sent what is no frame');
		}
	}

	/** What throws over one frame, such as a callback of the app, costs no other frame. */
	#frame(frame: Frame): void {
		try {
			if (frame.op === OP.pong) this.#pong(payloadOf(frame) as Pong);
			else this.#listener.frame(frame);
		} catch (error) {
			if (error instanceof FrameError) throw error;
			report(error);
		}
	}

	#pong({ t, now }: Pong): void {
		if (t === undefined) return;
		const roundTripMs = this.#environment.now() - t;
		this.#listener.clock(now + roundTripMs / 2 - this.#environment.now(), roundTripMs);
	}

	#ping(): void {
		this.#lastPingAt = this.#environment.now();
		this.send(0, OP.ping, pack({ t: this.#lastPingAt }));
	}

	#flush(): void {
		this.#isFlushDue = false;
		if (this.#isEnded || !this.#isOpen || this.#waiting.length === 0) return;
		const frames = this.#waiting;
		this.#waiting = [];
		this.#stats.framesOut += frames.length;
		for (const message of messagesOf(frames)) this.#socket.send(message);
	}

	/** One timer for both: the next ping, and the end of patience. */
	#schedule(): void {
		if (this.#isEnded) return;
		this.#environment.clearTimeout(this.#timer);
		this.#timerDueAt = Math.min(this.#lastSentAt + HEARTBEAT_MS, this.#deadAt);
		const waitMs = Math.max(0, this.#timerDueAt - this.#environment.now());
		this.#timer = this.#environment.setTimeout(() => this.#tick(), waitMs);
	}

	#tick(): void {
		const now = this.#environment.now();
		const isAwaking = now - this.#timerDueAt >= ASLEEP_MS;
		if (now >= this.#deadAt) {
			if (!isAwaking) {
				this.#fail('the server is silent');
				return;
			}
			// The device slept: what came meanwhile may still wait to be read.
			this.#deadAt = now + PROBE_MAX_MS;
		}
		if (isAwaking || this.#isPingDue(now)) this.#ping();
		this.#schedule();
	}

	/** A sign of life when quiet, and now and then a look at the server's clock. */
	#isPingDue(now: number): boolean {
		return now >= this.#lastSentAt + HEARTBEAT_MS || now >= this.#lastPingAt + CLOCK_EVERY_MS;
	}

	#fail(reason: string): void {
		closeQuietly(this.#socket, 3000);
		this.#end(1006, reason);
	}

	#end(code: number, reason: string): void {
		if (this.#isEnded) return;
		this.#isEnded = true;
		this.#environment.clearTimeout(this.#timer);
		this.#listener.lost(code, reason);
	}
}

/** A socket that is half open or gone may throw; there is nothing to do about it. */
function closeQuietly(socket: SocketLike, code: number): void {
	try {
		socket.close(code);
	} catch {
		// Gone already.
	}
}

/** Frames put together into as few messages as the bounds of the protocol allow. */
function* messagesOf(frames: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
	let from = 0;
	while (from < frames.length) {
		let bytes = 0;
		let to = from;
		while (to < frames.length && to - from < FRAMES_PER_MESSAGE_MAX) {
			const length = frames[to]?.length ?? 0;
			if (to > from && bytes + length > MESSAGE_BYTES_MAX) break;
			bytes += length;
			to++;
		}
		const message = new Uint8Array(bytes);
		let at = 0;
		for (; from < to; from++) {
			const frame = frames[from];
			if (!frame) break;
			message.set(frame, at);
			at += frame.length;
		}
		yield message;
	}
}
