import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { SILENT } from '../../src/core/log.ts';
import { type Meter, NO_METER } from '../../src/core/meter.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import type { Authenticator, Revoked } from '../../src/gateway/ports.ts';
import { defineKind } from '../../src/protocol/kind.ts';
import { FrameClient, type FrameClientOptions } from './frame-client.ts';
import { MemoryActors } from './memory-actors.ts';

const nothing = z.object({});

/** A stream kind with what a test needs, and no more. */
const boardContract = defineKind({
	kind: 'board',
	style: 'stream',
	openArgs: z.object({ last: z.int().max(200).optional() }),
	view: z.unknown(),
	commands: {
		make: { args: nothing, reply: nothing, creates: true },
		say: {
			args: z.object({ text: z.string(), to: z.array(z.string()).optional() }),
			reply: nothing,
		},
		kick: { args: z.object({ userId: z.string() }), reply: nothing },
		let: { args: z.object({ userId: z.string() }), reply: nothing },
		list: { args: nothing, reply: nothing, query: true },
	},
	events: { said: z.unknown() },
	ephemerals: { waving: z.object({}) },
});

/** A kind that only its user opens. */
const diaryContract = defineKind({
	kind: 'diary',
	style: 'stream',
	own: true,
	emptyView: { lines: [] },
	openArgs: nothing,
	view: z.unknown(),
	commands: {
		post: { args: z.object({ text: z.string() }), reply: nothing, creates: true },
		list: { args: nothing, reply: nothing, query: true },
	},
	events: { said: z.unknown() },
	ephemerals: {},
});

/** Time that a test moves by hand; everything else is real. */
class HandClock implements Runtime {
	#ms = 1_000_000;
	#ids = 0;
	#timers: { readonly at: number; readonly run: () => void }[] = [];

	now = () => this.#ms;
	monotonic = () => this.#ms;
	random = () => Math.random();
	randomId = () => `id${String(++this.#ids).padStart(14, '0')}`;
	defer = (run: () => void) => void setImmediate(run);

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.#ms + ms, run };
		this.#timers.push(timer);
		return () => {
			this.#timers = this.#timers.filter((other) => other !== timer);
		};
	}

	/** Lets time pass, with the timers that are due on the way. */
	advance(ms: number): void {
		const end = this.#ms + ms;
		for (;;) {
			const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
			if (due === undefined) break;
			this.#timers = this.#timers.filter((other) => other !== due);
			this.#ms = due.at;
			due.run();
		}
		this.#ms = end;
	}
}

/** Tokens are `user`, or `user roles=ops,user jti=x iat=1 exp=2`. */
class PlainAuthenticator implements Authenticator {
	readonly #listeners = new Set<(revoked: Revoked) => void>();

	verify: Authenticator['verify'] = (token) => {
		const [userId = '', ...claims] = token.split(' ');
		if (userId === 'nobody') {
			return Promise.resolve({ ok: false, code: 'UNAUTHORIZED', message: 'unknown' });
		}
		const claim = (name: string) =>
			claims.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
		const time = (name: string) => (claim(name) === undefined ? undefined : Number(claim(name)));
		const identity = {
			userId,
			roles: (claim('roles') ?? 'user').split(','),
			tokenId: claim('jti'),
			issuedAt: time('iat'),
			expiresAt: time('exp'),
		};
		return Promise.resolve({ ok: true, identity });
	};

	onRevoked(listener: (revoked: Revoked) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	revoke(revoked: Revoked): void {
		for (const listener of this.#listeners) listener(revoked);
	}
}

/** Counts what the gateway measures. */
class CountingMeter implements Meter {
	readonly counts: Record<string, number> = {};

	count(name: string, by = 1): void {
		this.counts[name] = (this.counts[name] ?? 0) + by;
	}

	observe = NO_METER.observe;
}

/** A gateway over a real server on loopback, with actors in memory. */
export class TestGateway {
	readonly clock = new HandClock();
	readonly authenticator = new PlainAuthenticator();
	readonly actors = new MemoryActors();
	readonly meter = new CountingMeter();
	readonly gateway: Gateway;
	readonly #server: Server;
	readonly #clients: FrameClient[] = [];

	constructor(options: Partial<GatewayOptions> = {}) {
		this.gateway = createGateway({
			node: 'node-1',
			authenticator: this.authenticator,
			actors: this.actors,
			contracts: [boardContract, diaryContract],
			originAllowed: (origin) => origin !== 'https://evil.example',
			runtime: this.clock,
			log: SILENT,
			meter: this.meter,
			...options,
		});
		this.#server = createServer();
		this.gateway.attach(this.#server);
	}

	static async start(options?: Partial<GatewayOptions>): Promise<TestGateway> {
		const started = new TestGateway(options);
		await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
		return started;
	}

	get url(): string {
		return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/naru`;
	}

	/** A socket that has not said hello. */
	async plain(options?: FrameClientOptions): Promise<FrameClient> {
		const client = new FrameClient(this.url, options);
		this.#clients.push(client);
		await client.whenOpen();
		return client;
	}

	async connect(token: string, options?: FrameClientOptions): Promise<FrameClient> {
		const client = await FrameClient.connect(this.url, token, options);
		this.#clients.push(client);
		return client;
	}

	async stop(): Promise<void> {
		for (const { socket } of this.#clients) socket.terminate();
		await this.gateway.close();
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
