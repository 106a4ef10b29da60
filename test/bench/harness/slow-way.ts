import { connect, createServer, type Server, type Socket } from 'node:net';
import { seeded } from './statistics.ts';

/** A way to a server on which answers take their time: each up to so long, in their order. */
export class SlowWay implements AsyncDisposable {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #random = seeded(1);
	readonly #delayMsMax: number;

	private constructor(target: URL, delayMsMax: number) {
		this.#delayMsMax = delayMsMax;
		this.#server = createServer((client) => {
			const server = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
			client.setNoDelay(true);
			this.#join(client, server, (bytes) => server.write(bytes));
			this.#join(server, client, this.#later(client));
		});
	}

	static async start(url: string, delayMsMax: number): Promise<SlowWay> {
		const way = new SlowWay(new URL(url), delayMsMax);
		await new Promise<void>((listening) => way.#server.listen(0, '127.0.0.1', listening));
		return way;
	}

	/** The URL, over this way. */
	over(url: string): string {
		const address = this.#server.address();
		const found = new URL(url);
		found.port = String(typeof address === 'object' ? address?.port : '');
		return found.href;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((closed) => this.#server.close(closed));
	}

	#later(to: Socket): (bytes: Buffer) => void {
		let freeAt = 0;
		return (bytes) => {
			const now = performance.now();
			freeAt = Math.max(freeAt, now + this.#random() * this.#delayMsMax);
			setTimeout(() => {
				if (to.writable) to.write(bytes);
			}, freeAt - now);
		};
	}

	#join(from: Socket, to: Socket, pass: (bytes: Buffer) => void): void {
		this.#sockets.add(from);
		from.on('data', pass);
		from.on('error', () => {});
		from.on('close', () => {
			this.#sockets.delete(from);
			to.destroy();
		});
	}
}
