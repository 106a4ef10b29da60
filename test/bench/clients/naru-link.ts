import type { WebSocket } from 'ws';
import { pack, unpack } from '../../../src/protocol/codec.ts';
import { decodeFrames, encodeFrame, type Frame, OP } from '../../../src/protocol/frames.ts';
import {
	type Open,
	type Opened,
	type Reply,
	type Resumed,
	VERSIONS,
	type WireEvent,
	type WireRefusal,
} from '../../../src/protocol/wire.ts';
import { DecodeOnce } from './decode-once.ts';
import { Pulse } from './pulse.ts';
import { openSocket } from './socket.ts';

/** Told the events of a handle in order; `position` is reached with the last of them. */
export type HearEvents = (events: readonly WireEvent[], position: number) => void;

/** How an opening ended. */
export interface Opening {
	readonly how: 'opened' | 'reset' | 'resumed';
	readonly position: number;
	readonly writer: string;
	readonly view: unknown;
}

interface Handle {
	readonly hear: HearEvents;
	readonly opening: PromiseWithResolvers<Opening>;
	/** Commands of this opening so far. */
	n: number;
}

const decoder = new DecodeOnce();
const pulse = new Pulse();
const PING = encodeFrame(0, OP.ping, pack({}));

const refused = (what: string, refusal: WireRefusal) =>
	new Error(`${what}: ${refusal.code} ${refusal.message ?? ''}`);

/** A client of Naru that speaks bare frames: no reconnecting, no waiting queue, no checks. */
export class NaruLink {
	#socket!: WebSocket;
	#stopPulse = () => {};
	#welcome = Promise.withResolvers<void>();
	#handles = new Map<number, Handle>();
	#byDown = new Map<number, Handle>();
	/** By `handle:n`. */
	#replies = new Map<string, PromiseWithResolvers<unknown>>();
	#opened = 0;
	/** How often something was told that is stored nowhere. */
	ephemerals = 0;
	/** Told each of them, of whatever handle. */
	hearEphemeral: ((event: WireEvent) => void) | undefined;

	/** Opens the socket and says hello; resolves with the welcome. */
	static async connect(url: string, token: string): Promise<NaruLink> {
		const link = new NaruLink();
		link.#socket = await openSocket(`${url}/naru`, (data) => {
			for (const frame of decodeFrames(data)) link.#take(frame);
		});
		link.#socket.once('close', (code) => link.#lost(code));
		const hello = { versions: VERSIONS, token, deviceId: 'bench', sdk: 'bench' };
		link.#socket.send(encodeFrame(0, OP.hello, pack(hello)));
		link.#stopPulse = pulse.add(() => link.#socket.send(PING));
		await link.#welcome.promise;
		return link;
	}

	/** Opens a handle; answers with its id and how it opened. */
	async open(request: Open, hear: HearEvents): Promise<{ handle: number; opening: Opening }> {
		const id = ++this.#opened;
		const handle: Handle = { hear, opening: Promise.withResolvers(), n: 0 };
		this.#handles.set(id, handle);
		this.#socket.send(encodeFrame(id, OP.open, pack(request)));
		return { handle: id, opening: await handle.opening.promise };
	}

	/** Bytes of a command, and its answer. `requestId` as the SDK gives one to whatever writes. */
	frame(
		id: number,
		name: string,
		command: { args: unknown; requestId?: string },
	): { bytes: Uint8Array; reply: Promise<unknown> } {
		const handle = this.#handles.get(id);
		if (handle === undefined) throw new Error('the handle is not open');
		const n = ++handle.n;
		const answer = Promise.withResolvers<unknown>();
		this.#replies.set(`${id}:${n}`, answer);
		const body =
			command.requestId === undefined
				? [n, name, command.args]
				: [n, name, command.args, command.requestId];
		return { bytes: encodeFrame(id, OP.command, pack(body)), reply: answer.promise };
	}

	/** Bytes of what is stored nowhere. */
	ephemeral = (id: number, event: WireEvent) => encodeFrame(id, OP.ephemeral, pack(event));

	/** Sends frames in one message. */
	write(frames: readonly Uint8Array[]): void {
		const [only] = frames;
		if (only !== undefined) this.#socket.send(frames.length === 1 ? only : Buffer.concat(frames));
	}

	/** Sends one command; resolves with its reply. */
	command(id: number, name: string, command: { args: unknown; requestId?: string }) {
		const { bytes, reply } = this.frame(id, name, command);
		this.#socket.send(bytes);
		return reply;
	}

	/** Cuts the connection without a word, as a dead network does. */
	cut(): void {
		this.#stopPulse();
		this.#socket.removeAllListeners('close');
		this.#socket.terminate();
	}

	#lost(code: number): void {
		this.#stopPulse();
		const error = new Error(`the server closed the socket with ${code}`);
		this.#welcome.reject(error);
		for (const { opening } of this.#handles.values()) opening.reject(error);
		for (const reply of this.#replies.values()) reply.reject(error);
		process.stderr.write(`bench client: ${error.message}\n`);
	}

	#take(frame: Frame): void {
		switch (frame.op) {
			case OP.data: {
				const data = decoder.decode(frame.handle, frame.payload);
				this.#byDown.get(frame.handle)?.hear(data.e, data.p);
				return;
			}
			case OP.ephemeral:
				this.ephemerals++;
				this.hearEphemeral?.(unpack(frame.payload) as WireEvent);
				return;
			case OP.reply:
				this.#reply(frame);
				return;
			case OP.welcome:
				this.#welcome.resolve();
				return;
			case OP.opened:
			case OP.reset:
				this.#open(frame, frame.op === OP.opened ? 'opened' : 'reset');
				return;
			case OP.resume:
				this.#resume(frame);
				return;
			case OP.error:
			case OP.close:
				this.#refuse(frame);
				return;
		}
	}

	#reply(frame: Frame): void {
		const [n, result, refusal] = unpack(frame.payload) as Reply;
		const key = `${frame.handle}:${n}`;
		const waiting = this.#replies.get(key);
		this.#replies.delete(key);
		if (refusal) waiting?.reject(refused(`command ${n}`, refusal));
		else waiting?.resolve(result);
	}

	#open(frame: Frame, how: 'opened' | 'reset'): void {
		const { down, position, writer, view } = unpack(frame.payload) as Opened;
		const handle = this.#handles.get(frame.handle);
		if (handle === undefined) return;
		this.#byDown.set(down, handle);
		handle.opening.resolve({ how, position, writer, view });
	}

	#resume(frame: Frame): void {
		const { down, writer, events, position, more } = unpack(frame.payload) as Resumed;
		const handle = this.#handles.get(frame.handle);
		if (handle === undefined) return;
		this.#byDown.set(down, handle);
		handle.hear(events, position);
		if (!more) handle.opening.resolve({ how: 'resumed', position, writer, view: undefined });
	}

	#refuse(frame: Frame): void {
		const error = refused(`handle ${frame.handle}`, unpack(frame.payload) as WireRefusal);
		if (frame.handle === 0) this.#welcome.reject(error);
		const handle = this.#handles.get(frame.handle);
		handle?.opening.reject(error);
		process.stderr.write(`bench client: ${error.message}\n`);
	}
}
