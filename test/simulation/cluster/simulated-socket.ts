import { EventEmitter } from 'node:events';
import type { SocketLike } from '../../../client-sdk/src/environment.ts';
import type { ClientSocket } from '../../../src/gateway/client-socket.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { Way } from '../way.ts';

/** Close code of a socket that ended without a word. */
const ABNORMAL = 1006;
/** `ws` names it so. */
const OPEN = 1;

export interface SocketOptions {
	readonly clock: VirtualRuntime;
	readonly process: SimulatedNode;
	/** Takes the server's end, or refuses. */
	readonly accept: (socket: ClientSocket) => boolean;
	/** Sees what passes, as the client sends and gets it. */
	readonly sent: (bytes: Uint8Array) => void;
	readonly heard: (bytes: Uint8Array) => void;
}

/** A WebSocket between a client and a node: in order both ways, until it breaks. */
export class SimulatedSocket implements SocketLike {
	binaryType = 'arraybuffer';
	onopen: SocketLike['onopen'] = null;
	onmessage: SocketLike['onmessage'] = null;
	onclose: SocketLike['onclose'] = null;
	onerror: SocketLike['onerror'] = null;
	readonly process: SimulatedNode;
	readonly #options: SocketOptions;
	readonly #way: Way;
	readonly #server: ServerEnd;
	#isOver = false;

	constructor(options: SocketOptions) {
		const { clock, process, accept } = options;
		this.#options = options;
		this.process = process;
		this.#way = new Way(clock, process);
		this.#server = new ServerEnd({
			send: (bytes) => this.#way.down(() => this.#heard(bytes)),
			close: (code, reason) => this.#way.down(() => this.#over(code, reason)),
		});
		this.#way.onCut(() => this.#server.lost(ABNORMAL));
		this.#way.up(() => {
			const isTaken = accept(this.#server as unknown as ClientSocket);
			this.#way.down(() => (isTaken ? this.onopen?.({} as never) : this.#over(ABNORMAL, '')));
		});
	}

	send(data: Uint8Array<ArrayBuffer>): void {
		const bytes = Buffer.from(new Uint8Array(data));
		this.#options.sent(bytes);
		this.#way.up(() => this.#server.emit('message', bytes, true));
	}

	/** The client closes. */
	close(code = ABNORMAL): void {
		this.#isOver = true;
		this.#way.up(() => this.#server.lost(code));
	}

	/** The way breaks. The node notices some time later; the client at once, or when it wonders. */
	cut(isNoticed: boolean): void {
		this.#way.cut();
		if (isNoticed) this.#over(ABNORMAL, '');
	}

	#heard(bytes: Uint8Array<ArrayBuffer>): void {
		if (this.#isOver) return;
		this.#options.heard(bytes);
		this.onmessage?.({ data: bytes.buffer });
	}

	#over(code: number, reason: string): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.onclose?.({ code, reason });
	}
}

interface FarEnd {
	send(bytes: Uint8Array<ArrayBuffer>): void;
	close(code: number, reason: string): void;
}

/** The end that the gateway holds: what it uses of a socket of `ws`. */
class ServerEnd extends EventEmitter {
	client: unknown;
	readyState = OPEN;
	readonly bufferedAmount = 0;
	readonly #far: FarEnd;

	constructor(far: FarEnd) {
		super();
		this.#far = far;
	}

	/** What was written may be changed by the writer afterwards. */
	send(bytes: Uint8Array): void {
		if (this.readyState === OPEN) this.#far.send(new Uint8Array(bytes));
	}

	close(code = ABNORMAL, reason = ''): void {
		if (this.readyState !== OPEN) return;
		this.readyState = 2;
		this.#far.close(code, reason);
	}

	terminate(): void {
		this.close();
	}

	lost(code: number): void {
		this.readyState = 3;
		this.emit('close', code);
	}

	pause(): void {}
	resume(): void {}
}
