import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CommandAnswer, CommandRequest, OpenAnswer } from '../../src/core/actor-port.ts';
import { SILENT } from '../../src/core/log.ts';
import type { Meter } from '../../src/core/meter.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import type { Row } from '../../src/core/store.ts';
import { clientAddress } from '../../src/gateway/client-address.ts';
import type { Authenticator } from '../../src/gateway/ports.ts';
import {
	REQUEST_RATES,
	RequestLimits,
	type RequestRates,
} from '../../src/gateway/request-limits.ts';
import type { Refused } from '../../src/rest/answer.ts';
import { createHttpHandler, type HttpHandler } from '../../src/rest/http-handler.ts';
import { originPolicy } from '../../src/rest/origin-policy.ts';
import type { RestActors, RestPorts, TokenClaims } from '../../src/rest/ports.ts';
import { restHandlers } from '../../src/rest/rest-handlers.ts';
import { storedProfiles } from '../../src/rest/stored-profiles.ts';

/** Time that passes when a test says so. */
class HandClock implements Pick<Runtime, 'after' | 'monotonic'> {
	#now = 0;
	#timers = new Set<{ at: number; run: () => void }>();

	monotonic(): number {
		return this.#now;
	}

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.#now + ms, run };
		this.#timers.add(timer);
		return () => this.#timers.delete(timer);
	}

	get waiting(): number {
		return this.#timers.size;
	}

	advance(ms: number): void {
		this.#now += ms;
		for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
			if (timer.at <= this.#now && this.#timers.delete(timer)) timer.run();
		}
	}
}

/** Actors that answer as the test says; `undefined` stands for no answer. */
class ScriptedActors implements RestActors {
	readonly commands: { key: string; request: CommandRequest }[] = [];
	readonly subscribed = new Set<unknown>();
	onCommand: (key: string, request: CommandRequest) => CommandAnswer | undefined = () => ({
		ok: false,
		code: 'NOT_FOUND',
	});
	onOpen: () => OpenAnswer = () => ({ ok: false, code: 'NOT_FOUND' });

	command: RestActors['command'] = (key, request, answer) => {
		this.commands.push({ key, request });
		const decided = this.onCommand(key, request);
		if (decided !== undefined) setImmediate(answer, decided);
	};

	open: RestActors['open'] = (_key, { subscriber }, answer) => {
		const decided = this.onOpen();
		if (decided.ok) this.subscribed.add(subscriber);
		setImmediate(answer, decided);
	};

	unsubscribe: RestActors['unsubscribe'] = (_key, subscriber) => {
		this.subscribed.delete(subscriber);
	};
}

/** Tokens of the form `userId:role,role`. */
const authenticator: Pick<Authenticator, 'verify'> = {
	async verify(token) {
		const [userId = '', roles] = token.split(':');
		if (roles === undefined) return { ok: false, code: 'UNAUTHORIZED', message: 'bad token' };
		return { ok: true, identity: { userId, roles: roles.split(',') } };
	},
};

interface Settings {
	readonly development?: boolean;
	readonly allowedOrigins?: readonly string[];
	/** Served where the REST handler says no. */
	readonly also?: HttpHandler;
	readonly requestsInFlightMax?: number;
	readonly rates?: RequestRates;
	readonly trustedProxies?: number;
}

/** What a client sees; `body` is empty when the answer is no JSON. */
export interface Answered {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
	readonly body: { readonly error: { code: string; message: string }; [field: string]: unknown };
}

/** A REST server on a free loopback port, with everything around it in memory. */
export class RestServer {
	readonly clock = new HandClock();
	readonly actors = new ScriptedActors();
	readonly errors: string[] = [];
	readonly minted: TokenClaims[] = [];
	readonly revoked: object[] = [];
	readonly drained: object[] = [];
	/** What operators did. */
	readonly noted: string[] = [];
	auditRefused: Refused | undefined;
	readonly ports: { -readonly [P in keyof RestPorts]: RestPorts[P] };
	unready: string | undefined;
	revocationRefused: Refused | undefined;
	port = 0;
	#server: Server | undefined;

	constructor() {
		const rows = new Map<string, Row>();
		const store = {
			get: async (_collection: string, [id]: readonly unknown[]) => rows.get(String(id)),
			put: async (_collection: string, key: Row['key'], doc: Row['doc']) => {
				rows.set(String(key[0]), { key, changed: 0, doc });
			},
		};
		this.ports = {
			actors: this.actors,
			profiles: storedProfiles(store),
			tokens: {
				mint: async (claims) => {
					this.minted.push(claims);
					return `${claims.userId}:${claims.roles}`;
				},
				revoke: async (target) => {
					this.revoked.push(target);
					return this.revocationRefused ?? { ok: true };
				},
			},
			status: {
				unready: () => this.unready,
				metrics: async () => 'naru_sockets 3\n',
				nodes: () => [{ id: 'n1', pid: 1, url: 'http://h', state: 'up', sockets: 3, actors: 2 }],
				actor: async (key) =>
					key === 'channel/general'
						? { ok: true, reply: { key, node: 'n1', epoch: 1, position: 9, state: { members: 2 } } }
						: { ok: false, code: 'NOT_FOUND' },
				drain: async ({ userId }, node) => {
					if (node !== 'n1') return { ok: false, code: 'NOT_FOUND' };
					this.drained.push({ userId, node });
					return { ok: true, reply: {} };
				},
			},
			audit: {
				note: async ({ userId }, what, target) => {
					if (this.auditRefused !== undefined) return this.auditRefused;
					this.noted.push(`${userId} ${what} ${target}`);
					return undefined;
				},
			},
			publicChannels: async () => ({ ok: true, reply: { channels: [] } }),
		};
	}

	async start(settings: Settings = {}): Promise<this> {
		const { development = true, allowedOrigins = [], requestsInFlightMax = 10, also } = settings;
		const { rates = REQUEST_RATES, trustedProxies = 0 } = settings;
		const addressOf = (request: IncomingMessage) => clientAddress(request, trustedProxies);
		const meter: Meter = {
			count: (name, _by, code) => void this.errors.push(`${name} ${code}`),
			observe: () => {},
		};
		const handle = createHttpHandler({
			handlers: restHandlers(this.ports, this.clock),
			authenticator,
			originAllowed: originPolicy({ development, allowedOrigins }),
			development,
			limits: new RequestLimits({ rates, addressOf, runtime: this.clock }),
			runtime: this.clock,
			log: SILENT,
			meter,
			requestsInFlightMax,
		});
		const server = createServer((request, response) => {
			if (!handle(request, response) && also?.(request, response) !== true) {
				response.writeHead(404).end('not ours');
			}
		});
		this.#server = server;
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		this.port = (server.address() as AddressInfo).port;
		return this;
	}

	/** One request; `as` is a token, `body` becomes JSON. */
	async call(
		method: string,
		path: string,
		{ as, body, headers }: { as?: string; body?: unknown; headers?: Record<string, string> } = {},
	): Promise<Answered> {
		const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
			method,
			headers: {
				...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
				...headers,
			},
			...(body === undefined
				? {}
				: { body: typeof body === 'string' ? body : JSON.stringify(body) }),
		});
		const text = await response.text();
		const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
		const answered = isJson && text !== '' ? JSON.parse(text) : {};
		return { status: response.status, headers: response.headers, text, body: answered };
	}

	async stop(): Promise<void> {
		this.#server?.closeAllConnections();
		await new Promise((resolve) => this.#server?.close(resolve));
	}
}
