import { WebSocket } from 'ws';
import { pack, unpack } from '../../src/protocol/codec.ts';
import { decodeFrames, encodeFrame, OP, type Op } from '../../src/protocol/frames.ts';
import type { CommandFrame, Open, Opened, Reply, Resumed } from '../../src/protocol/wire.ts';

export interface ReceivedFrame {
	readonly handle: number;
	readonly op: number;
	readonly payload: unknown;
}

interface Waiter {
	readonly wants: (frame: ReceivedFrame) => boolean;
	readonly resolve: (frame: ReceivedFrame) => void;
}

export interface FrameClientOptions {
	/** Keep the frames for {@link FrameClient.next}; benches turn it off. */
	readonly keep?: boolean;
	readonly onFrame?: (frame: ReceivedFrame) => void;
	readonly headers?: Record<string, string>;
}

/** The protocol as it is, over `ws`, without any of the SDK's comfort. */
export class FrameClient {
	readonly socket: WebSocket;
	/** Frames that came and were not taken by {@link next}. */
	readonly frames: ReceivedFrame[] = [];
	readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
	readonly #waiters: Waiter[] = [];

	constructor(url: string, { keep = true, onFrame, headers }: FrameClientOptions = {}) {
		this.socket = new WebSocket(url, { perMessageDeflate: false, headers });
		this.closed = new Promise((resolve) => {
			this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
		});
		this.socket.on('error', () => {});
		this.socket.on('message', (data: Buffer) => {
			for (const { handle, op, payload } of decodeFrames(data)) {
				const frame = { handle, op, payload: unpacked(payload) };
				onFrame?.(frame);
				if (keep) this.#take(frame);
			}
		});
	}

	/** Connects and says hello; resolves with the welcome taken. */
	static async connect(
		url: string,
		token: string,
		options?: FrameClientOptions,
	): Promise<FrameClient> {
		const client = new FrameClient(url, options);
		await client.whenOpen();
		client.send(0, OP.hello, { versions: [1], token });
		if (options?.keep !== false) await client.next((frame) => frame.op === OP.welcome);
		return client;
	}

	whenOpen(): Promise<void> {
		return new Promise((resolve, reject) => {
			this.socket.once('open', resolve);
			this.socket.once('error', reject);
		});
	}

	send(handle: number, op: Op, payload: unknown): void {
		this.socket.send(encodeFrame(handle, op, pack(payload)));
	}

	/** Sends bytes as a message of their own. */
	sendBytes(bytes: Uint8Array): void {
		this.socket.send(bytes);
	}

	/** The first frame that fits, among those that came and those to come; it is taken out. */
	next(wants: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
		const index = this.frames.findIndex(wants);
		const [frame] = index === -1 ? [] : this.frames.splice(index, 1);
		if (frame !== undefined) return Promise.resolve(frame);
		return new Promise((resolve) => this.#waiters.push({ wants, resolve }));
	}

	/** Opens a handle and waits for the answer, whatever it is. */
	async open(handle: number, open: Open): Promise<ReceivedFrame> {
		this.send(handle, OP.open, open);
		return this.answer(handle);
	}

	/** The next answer to an opening of a handle. */
	answer(handle: number): Promise<ReceivedFrame> {
		return this.next((frame) => frame.handle === handle && OPENING_ANSWERS.has(frame.op));
	}

	/** Sends a command and waits for its reply. */
	async command(handle: number, ...frame: CommandFrame): Promise<Reply> {
		this.send(handle, OP.command, frame);
		return this.reply(handle, frame[0]);
	}

	async reply(handle: number, n: number): Promise<Reply> {
		const { payload } = await this.next(
			(frame) =>
				frame.handle === handle && frame.op === OP.reply && (frame.payload as Reply)[0] === n,
		);
		return payload as Reply;
	}

	/** Resolves when everything that was sent before has been taken by the server. */
	async settled(): Promise<void> {
		const t = Math.floor(Math.random() * 2 ** 40);
		this.send(0, OP.ping, { t });
		await this.next((frame) => frame.op === OP.pong && (frame.payload as { t?: number }).t === t);
	}

	close(): Promise<unknown> {
		this.socket.close();
		return this.closed;
	}

	#take(frame: ReceivedFrame): void {
		const index = this.#waiters.findIndex(({ wants }) => wants(frame));
		const [waiter] = index === -1 ? [] : this.#waiters.splice(index, 1);
		if (waiter === undefined) this.frames.push(frame);
		else waiter.resolve(frame);
	}
}

/** What is packed there; a seat's room sends bytes of its own, which stay as they are. */
function unpacked(payload: Uint8Array): unknown {
	if (payload.length === 0) return undefined;
	const bytes = Buffer.from(payload);
	try {
		return unpack(bytes);
	} catch {
		return bytes;
	}
}

const OPENING_ANSWERS: ReadonlySet<number> = new Set([OP.opened, OP.reset, OP.resume, OP.error]);

/** The payload of an `opened` or `reset`. */
export const openedOf = (frame: ReceivedFrame): Opened => frame.payload as Opened;
export const resumedOf = (frame: ReceivedFrame): Resumed => frame.payload as Resumed;
