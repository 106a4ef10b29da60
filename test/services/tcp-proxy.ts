import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and its server, and breaks what is between them on demand. */
export class TcpProxy {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	#isCut = false;
	#swallows = false;
	#delayMs = 0;

	private constructor(target: { readonly host: string; readonly port: number }) {
		this.#server = createServer((client) => {
			if (this.#isCut) {
				client.destroy();
				return;
			}
			const server = connect(target);
			this.#join(client, server, () => true);
			this.#join(server, client, () => !this.#swallows);
		});
	}

	/** In front of the server of that URL. */
	static async start(url: string): Promise<TcpProxy> {
		const { hostname, port } = new URL(url);
		const proxy = new TcpProxy({ host: hostname, port: Number(port) });
		await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
		return proxy;
	}

	/** The URL, through the proxy. */
	through(url: string): string {
		const address = this.#server.address();
		const found = new URL(url);
		found.hostname = '127.0.0.1';
		found.port = String(typeof address === 'object' ? address?.port : '');
		return found.href;
	}

	/** As if the server were gone: connections end, and new ones do too. */
	cut(): void {
		this.#isCut = true;
		this.#endAll();
	}

	/** What clients send arrives, what the server answers does not. */
	swallowAnswers(): void {
		this.#swallows = true;
	}

	/** What is sent either way arrives so much later, in its order. */
	delayBy(ms: number): void {
		this.#delayMs = ms;
	}

	/** Connections whose answers were lost end: they would be out of step. */
	restore(): void {
		if (this.#swallows) this.#endAll();
		this.#isCut = false;
		this.#swallows = false;
	}

	async close(): Promise<void> {
		this.cut();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#join(from: Socket, to: Socket, passes: () => boolean): void {
		this.#sockets.add(from);
		let arrivesAt = 0;
		from.on('data', (bytes) => {
			if (!passes()) return;
			const now = performance.now();
			arrivesAt = Math.max(arrivesAt, now + this.#delayMs);
			// Timers of one length keep their order, and whatever still waits is waited for.
			if (arrivesAt <= now) to.write(bytes);
			else setTimeout(() => to.write(bytes), Math.ceil(arrivesAt - now));
		});
		from.on('error', () => {});
		from.on('close', () => {
			this.#sockets.delete(from);
			to.destroy();
		});
	}

	#endAll(): void {
		for (const socket of this.#sockets) socket.destroy();
	}
}
