import { unpackAs } from '../../../src/gateway/unpack-as.ts';
import { pack, unpack } from '../../../src/protocol/codec.ts';
import { CLOSE, type CloseName, ERRORS, type ErrorCode } from '../../../src/protocol/errors.ts';
import {
	decodeFrames,
	encodeFrame,
	type Frame,
	OP,
	type Op,
} from '../../../src/protocol/frames.ts';
import {
	type CommandFrame,
	commandSchema,
	ephemeralSchema,
	type Hello,
	helloSchema,
	type Open,
	openSchema,
	pingSchema,
	type WireError,
	type WireEvent,
} from '../../../src/protocol/wire.ts';
import { type FakeAnswer, FakeChannel, type FakeCommand } from './fake-channel.ts';
import { FakeSocket, type ServerEnd } from './fake-socket.ts';
import type { VirtualWorld } from './virtual-world.ts';

export interface Seen {
	readonly op: Op;
	readonly handle: number;
	readonly payload: unknown;
}

interface FakeHandle {
	readonly id: number;
	readonly channel: FakeChannel | undefined;
	readonly kind: string;
	next: number;
	position: number;
}

const nameOf = new Map<number, string>(Object.entries(OP).map(([name, op]) => [op, name]));

/** One socket at the server: speaks the real frames, and refuses what the real one refuses. */
export class FakeConnection implements ServerEnd {
	readonly socket: FakeSocket;
	readonly handles = new Map<number, FakeHandle>();
	hello: Hello | undefined;
	userId: string | undefined;
	isClosed = false;
	readonly #server: FakeServer;

	constructor(server: FakeServer, socket: FakeSocket) {
		this.#server = server;
		this.socket = socket;
	}

	send(handle: number, op: Op, payload: unknown): void {
		if (this.isClosed || this.#server.isSilent) return;
		this.socket.deliver(encodeFrame(handle, op, pack(payload)));
		this.#server.afterFrame('down', this);
	}

	error(error: WireError, handle = 0): void {
		this.send(handle, OP.error, error);
	}

	close(name: CloseName): void {
		this.isClosed = true;
		this.socket.end(CLOSE[name].code, CLOSE[name].says);
	}

	closed(): void {
		this.isClosed = true;
	}

	received(message: Uint8Array): void {
		for (const frame of decodeFrames(message)) {
			if (this.isClosed) return;
			this.#server.seen.push({
				op: frame.op as Op,
				handle: frame.handle,
				payload: frame.op === OP.data ? frame.payload : unpack(frame.payload),
			});
			try {
				this.#frame(frame);
			} catch {
				this.error({ code: 'INVALID' });
				this.close('badFrame');
			}
			this.#server.afterFrame('up', this);
		}
	}

	#frame({ op, handle, payload }: Frame): void {
		if (this.#server.isSilent) return;
		if (op === OP.data) {
			this.#server.onBytes(payload);
			return;
		}
		if (op === OP.hello) this.#hello(unpackAs(helloSchema, payload));
		else if (op === OP.ping)
			this.send(0, OP.pong, { ...unpackAs(pingSchema, payload), now: this.#server.now() });
		else if (op === OP.open) this.#open(handle, unpackAs(openSchema, payload));
		else if (op === OP.command) this.#command(handle, unpackAs(commandSchema, payload));
		else if (op === OP.close) this.handles.delete(handle);
		else if (op === OP.ephemeral) {
			this.#server.ephemeral(this, handle, unpackAs(ephemeralSchema, payload) as WireEvent);
		}
	}

	#hello(hello: Hello): void {
		this.hello = hello;
		const verdict = this.#server.verify(hello.token);
		if ('close' in verdict) {
			if (verdict.error) this.error(verdict.error);
			this.close(verdict.close);
			return;
		}
		this.userId = verdict.userId;
		this.send(0, OP.welcome, {
			version: 1,
			userId: verdict.userId,
			node: 'n1',
			now: this.#server.now(),
			heartbeatMs: 5_000,
			messageBytesMax: 512 * 1024,
			...(verdict.expiresAt === undefined ? {} : { expiresAt: verdict.expiresAt }),
		});
	}

	#open(id: number, open: Open): void {
		const refusal = this.#server.refuseOpen(open);
		if (refusal) {
			this.error(refusal, id);
			return;
		}
		if (open.kind !== 'channel') {
			this.handles.set(id, { id, channel: undefined, kind: open.kind, next: 1, position: 0 });
			const view = this.#server.viewOf(open.kind);
			this.send(id, OP.opened, { down: 1_000 + id, position: 0, writer: '', view });
			return;
		}
		this.#openChannel(id, open);
	}

	#openChannel(id: number, open: Open): void {
		const answer = this.#carried(open);
		const channel = this.#server.channel(open.id, false);
		const refused = answer && 'code' in answer ? answer : undefined;
		if (refused || !channel) {
			this.error(refused ?? { code: 'NOT_FOUND' }, id);
			return;
		}
		const { position, writer } = channel;
		this.handles.set(id, { id, channel, kind: 'channel', next: 1, position });
		const reply = answer && 'reply' in answer ? { reply: answer.reply } : {};
		const head = { down: this.#server.downOf(channel), position, writer };
		const missed = open.resume && channel.missed(open.resume, this.userId ?? '');
		if (missed) {
			this.#resume(id, missed, { head, reply });
			return;
		}
		const { last = 50 } = (open.args ?? {}) as { last?: number };
		const view = channel.view(this.userId ?? '', last);
		this.send(id, open.resume ? OP.reset : OP.opened, { ...head, view, ...reply });
	}

	/** The command that travelled with `open`. */
	#carried(open: Open): FakeAnswer | undefined {
		if (!open.with) return undefined;
		const command = { userId: this.userId ?? '', ...open.with } as FakeCommand;
		const answer =
			this.#server.refuseCommand(command) ?? this.#server.channel(open.id, true).run(command);
		this.#server.publish();
		return answer;
	}

	#resume(id: number, missed: readonly WireEvent[], { head, reply }: Record<string, object>): void {
		const { partLength } = this.#server;
		for (let at = 0; at === 0 || at < missed.length; at += partLength) {
			const more = at + partLength < missed.length;
			const events = missed.slice(at, at + partLength);
			this.send(id, OP.resume, { ...head, events, more, ...(more ? {} : reply) });
		}
	}

	#command(id: number, [n, name, args, requestId, resend]: CommandFrame): void {
		const handle = this.handles.get(id);
		if (!handle || n < handle.next) return;
		const command = { userId: this.userId ?? '', name, args, requestId, resend } as FakeCommand;
		if (n > handle.next) {
			this.send(id, OP.reply, [n, null, { code: 'AGAIN' }]);
			return;
		}
		const answer =
			this.#server.refuseCommand(command) ??
			handle.channel?.run(command) ??
			this.#server.service(handle.kind, command);
		if ('code' in answer) {
			const isFinal = !ERRORS[answer.code].retryable;
			if (isFinal) handle.next++;
			this.send(id, OP.reply, [n, null, answer]);
		} else {
			handle.next++;
			this.send(id, OP.reply, [n, answer.reply]);
		}
		this.#server.publish();
	}
}

type Verdict =
	| { readonly userId: string; readonly expiresAt?: number }
	| { readonly close: CloseName; readonly error?: WireError };

/** A scriptable server: by the book unless a hook says otherwise. */
export class FakeServer {
	readonly world: VirtualWorld;
	/** Every frame that came, over all sockets. */
	readonly seen: Seen[] = [];
	readonly connections: FakeConnection[] = [];
	/** Addresses that were tried. */
	readonly tried: string[] = [];
	accepts: 'yes' | 'refuse' | 'hang' = 'yes';
	/** Addresses at which nobody is there. */
	refuses: (url: string) => boolean = () => false;
	/** Takes everything and answers nothing. */
	isSilent = false;
	/** The server's clock is ahead by this. */
	clockAheadMs = 0;
	/** Events in one part of a resume. */
	partLength = 1_000;
	/** Called after each frame, either way. */
	afterFrame: (direction: 'up' | 'down', connection: FakeConnection) => void = () => {};
	/** Tokens are names of users. */
	verify: (token: string) => Verdict = (token) => ({ userId: token });
	refuseOpen: (open: Open) => WireError | undefined = () => undefined;
	refuseCommand: (command: FakeCommand) => { code: ErrorCode; retryAfterMs?: number } | undefined =
		() => undefined;
	service: (kind: string, command: FakeCommand) => FakeAnswer = () => ({
		reply: { states: [], channels: [], notices: [], hasMore: false },
	});
	viewOf: (kind: string) => unknown = () => ({ notices: [] });
	ephemeral: (from: FakeConnection, handle: number, event: WireEvent) => void = () => {};
	/** Bytes of a client for its room. */
	onBytes: (bytes: Uint8Array) => void = () => {};
	readonly #channels = new Map<string, FakeChannel>();
	readonly #downs = new Map<FakeChannel, number>();

	constructor(world: VirtualWorld) {
		this.world = world;
		world.openSocket = (url) => this.socket(url);
	}

	now(): number {
		return this.world.now + this.clockAheadMs;
	}

	socket(url: string): FakeSocket {
		this.tried.push(url);
		return new FakeSocket(this.world, url, (socket) => {
			if (this.accepts !== 'yes') return this.accepts;
			if (this.refuses(url)) return 'refuse';
			const connection = new FakeConnection(this, socket);
			this.connections.push(connection);
			return connection;
		});
	}

	/** The newest socket. */
	get last(): FakeConnection {
		const last = this.connections.at(-1);
		if (!last) throw new Error('nobody is connected');
		return last;
	}

	channel(id: string, creates: true): FakeChannel;
	channel(id: string, creates: boolean): FakeChannel | undefined;
	channel(id: string, creates: boolean): FakeChannel | undefined {
		const known = this.#channels.get(id);
		if (known || !creates) return known;
		const channel = new FakeChannel(id, () => this.now());
		this.#channels.set(id, channel);
		return channel;
	}

	/** A channel of which `members` are members already. */
	made(id: string, ...members: string[]): FakeChannel {
		const channel = this.channel(id, true);
		for (const userId of members) channel.run({ userId, name: 'join', args: {} });
		this.publish();
		return channel;
	}

	/** A command of somebody who is not connected here. */
	by(channel: FakeChannel, command: FakeCommand): void {
		channel.run(command);
		this.publish();
	}

	downOf(channel: FakeChannel): number {
		const down = this.#downs.get(channel) ?? this.#downs.size + 1;
		this.#downs.set(channel, down);
		return down;
	}

	/** Sends every handle what it does not have yet. */
	publish(): void {
		for (const connection of [...this.connections]) {
			for (const handle of connection.handles.values()) this.#publishTo(connection, handle);
		}
	}

	#publishTo(connection: FakeConnection, handle: FakeHandle): void {
		const { channel } = handle;
		if (!channel || handle.position === channel.position) return;
		const events = channel.missed([handle.position, channel.writer], connection.userId ?? '') ?? [];
		handle.position = channel.position;
		if (events.length === 0) return;
		connection.send(this.downOf(channel), OP.data, { p: channel.position, e: events });
	}

	/** Names of the ops that came since `from`, pings left out. */
	ops(from = 0): string[] {
		return this.seen
			.slice(from)
			.filter(({ op }) => op !== OP.ping)
			.map(({ op }) => nameOf.get(op) ?? String(op));
	}

	/** Command frames that came since `from`. */
	commands(from = 0): CommandFrame[] {
		return this.seen
			.slice(from)
			.filter(({ op }) => op === OP.command)
			.map(({ payload }) => payload as CommandFrame);
	}

	/** Payloads of `open` frames. */
	opens(): Open[] {
		return this.seen.filter(({ op }) => op === OP.open).map(({ payload }) => payload as Open);
	}
}
