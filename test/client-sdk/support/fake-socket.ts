import type { SocketLike } from '../../../client-sdk/src/environment.ts';
import type { VirtualWorld } from './virtual-world.ts';

/** One way of a socket takes this long. */
const LATENCY_MS = 1;

/** The server's end of a fake socket. */
export interface ServerEnd {
	received(message: Uint8Array): void;
	closed(): void;
}

/** A WebSocket whose other end is an object of the test; messages take a moment of virtual time. */
export class FakeSocket implements SocketLike {
	binaryType = 'blob';
	onopen: SocketLike['onopen'] = null;
	onmessage: SocketLike['onmessage'] = null;
	onclose: SocketLike['onclose'] = null;
	onerror: SocketLike['onerror'] = null;
	readonly url: string;
	readonly #world: VirtualWorld;
	#end: ServerEnd | undefined;
	#isOver = false;

	/** `accept`: the server's end, `'refuse'`, or `'hang'` for an address that never answers. */
	constructor(
		world: VirtualWorld,
		url: string,
		accept: (socket: FakeSocket) => ServerEnd | 'refuse' | 'hang',
	) {
		this.#world = world;
		this.url = url;
		this.#later(() => {
			const end = accept(this);
			if (end === 'hang') return;
			if (end === 'refuse') {
				this.cut();
				return;
			}
			this.#end = end;
			this.onopen?.({} as never);
		});
	}

	send(data: Uint8Array<ArrayBuffer>): void {
		const copy = new Uint8Array(data);
		this.#later(() => this.#end?.received(copy));
	}

	/** The client closes. */
	close(): void {
		if (this.#isOver) return;
		this.#later(() => this.#end?.closed());
		this.#later(() => {
			this.#isOver = true;
		});
	}

	/** The server sends. */
	deliver(message: Uint8Array): void {
		const { buffer } = new Uint8Array(message);
		this.#later(() => this.onmessage?.({ data: buffer }));
	}

	/** The server closes, behind all that it sent. */
	end(code: number, reason = ''): void {
		this.#later(() => this.#over(code, reason));
	}

	/** The way is cut: what is under way is lost, both sides notice. */
	cut(): void {
		if (this.#isOver) return;
		this.#end?.closed();
		this.#over(1006, '');
	}

	#over(code: number, reason: string): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.onclose?.({ code, reason });
	}

	#later(run: () => void): void {
		this.#world.setTimeout(() => {
			if (!this.#isOver) run();
		}, LATENCY_MS);
	}
}
