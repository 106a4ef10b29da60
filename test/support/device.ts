import { WebSocket } from 'ws';
import {
	type AppStateLike,
	type ConnectOptions,
	connect,
	type SocketMaker,
	type StorageLike,
} from '../../client-sdk/src/index.ts';

/** What keeps a device's strings over a restart of its app. */
export class MemoryStorage implements StorageLike {
	readonly values = new Map<string, string>();
	getItem = (key: string) => this.values.get(key) ?? null;
	setItem = (key: string, value: string) => void this.values.set(key, value);
	removeItem = (key: string) => void this.values.delete(key);
}

/** The way between a device and the server, which a test can cut. */
class Line {
	readonly sockets = new Set<WebSocket>();
	#isCut = false;
	#listeners = new Set<(state: string) => void>();

	readonly appState: AppStateLike = {
		currentState: 'active',
		addEventListener: (_, listener) => {
			this.#listeners.add(listener);
			return { remove: () => this.#listeners.delete(listener) };
		},
	};

	/** The class that the SDK makes its sockets with. */
	get maker(): SocketMaker {
		const line = this;
		return class extends WebSocket {
			constructor(url: string) {
				if (line.#isCut) throw new Error('the line is cut');
				super(url, { perMessageDeflate: false });
				line.sockets.add(this);
				this.on('close', () => line.sockets.delete(this));
			}
		} as unknown as SocketMaker;
	}

	/** The network goes: no goodbye, and no new socket. */
	cut(): void {
		this.#isCut = true;
		for (const socket of this.sockets) socket.terminate();
	}

	/** The network is back, and the device notices. */
	mend(): void {
		this.#isCut = false;
		for (const listener of [...this.#listeners]) listener('active');
	}
}

export type NaruClient = ReturnType<typeof connect>;

/** A device of a user: the SDK over a line that can be cut. */
export class Device {
	readonly userId: string;
	readonly naru: NaruClient;
	readonly #line = new Line();

	constructor(userId: string, options: Omit<ConnectOptions, 'WebSocket' | 'appState'>) {
		this.userId = userId;
		const { maker: WebSocket, appState } = this.#line;
		this.naru = connect({ storage: new MemoryStorage(), ...options, WebSocket, appState });
	}

	cut(): void {
		this.#line.cut();
	}

	mend(): void {
		this.#line.mend();
	}

	/** Mends the line and does not wait out any back-off. */
	async comeBack(): Promise<void> {
		while (this.naru.status !== 'online') {
			this.mend();
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	/** Reads no more from its socket, as an app that hangs. */
	hang(): void {
		for (const socket of this.#line.sockets) socket.pause();
	}

	unhang(): void {
		for (const socket of this.#line.sockets) socket.resume();
	}

	/** Resolves when the client has this status. */
	whenStatus(wanted: string): Promise<void> {
		return new Promise((resolve) => {
			const undo = this.naru.on('status', ({ status }) => {
				if (status !== wanted) return;
				queueMicrotask(() => undo());
				resolve();
			});
		});
	}
}
