import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../core/log.ts';
import type { Meter } from '../core/meter.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Authenticator, Identity } from '../gateway/ports.ts';
import type { RequestLimits } from '../gateway/request-limits.ts';
import { REST, type RouteContract, type RouteName } from '../protocol/rest.ts';
import { type Answer, Exchange, type Refused, refuse } from './answer.ts';
import type { Handlers, RestRequest } from './handlers.ts';
import type { OriginAllowed } from './origin-policy.ts';
import { readInput } from './route-input.ts';
import { RouteTable } from './route-table.ts';

export interface HttpHandlerParts {
	readonly handlers: Handlers;
	readonly authenticator: Pick<Authenticator, 'verify'>;
	readonly originAllowed: OriginAllowed;
	/** How often whom is served; health and metrics always are. */
	readonly limits: Pick<RequestLimits, 'arrived' | 'identified'>;
	/** Whether routes for development exist. */
	readonly development: boolean;
	readonly runtime: Pick<Runtime, 'after' | 'monotonic'>;
	readonly log: Log;
	readonly meter: Meter;
	/** Most requests at a time; more are refused with `BUSY`. */
	readonly requestsInFlightMax?: number;
}

/** Takes a request and answers it later, or says `false`: another's. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Reading and serving one request may take this long. */
export const REQUEST_TIMEOUT_MS = 15_000;
const REQUESTS_IN_FLIGHT_MAX = 1_000;

/** For `http.createServer`: what protects against clients that never finish. */
export const HTTP_SERVER_OPTIONS = {
	headersTimeout: 10_000,
	requestTimeout: 2 * REQUEST_TIMEOUT_MS,
	keepAliveTimeout: 65_000,
	connectionsCheckingInterval: 5_000,
	maxHeaderSize: 16 * 1024,
} as const;

/** Of errors that say so themselves; nothing of them but the code is told. */
const AWAY = ['UNAVAILABLE', 'TIMEOUT', 'BUSY'] as const;
const AWAY_RETRY_MS = 1_000;

const API = '/api/';
const METHODS = 'GET, POST, PUT';
const CORS_PREFLIGHT = {
	'access-control-allow-methods': METHODS,
	'access-control-allow-headers': 'authorization, content-type, idempotency-key, traceparent',
	'access-control-max-age': '600',
};
const JSON_TYPE = 'application/json; charset=utf-8';

type NamedRoute = RouteContract & { readonly name: RouteName };
type Handler = (request: RestRequest<RouteName>) => Answer<unknown> | Promise<Answer<unknown>>;

/** One request on its way through. */
interface Call {
	readonly exchange: Exchange;
	readonly route: NamedRoute;
	readonly params: Readonly<Record<string, string>>;
	readonly search: string;
	readonly trace: string;
}

/** The REST API over node:http: routes of the table, health and metrics; `false` for other paths. */
export function createHttpHandler(parts: HttpHandlerParts): HttpHandler {
	return new Router(parts).handle;
}

class Router {
	readonly #parts: HttpHandlerParts;
	readonly #table: RouteTable<NamedRoute>;
	#inFlight = 0;

	constructor(parts: HttpHandlerParts) {
		this.#parts = parts;
		const routes = Object.entries(REST) as [RouteName, RouteContract][];
		this.#table = new RouteTable(
			routes
				.filter(([, route]) => parts.development || route.developmentOnly !== true)
				.map(([name, route]) => ({ ...route, name })),
		);
	}

	readonly handle: HttpHandler = (request, response) => {
		const [path = '', search = ''] = splitOnce(request.url ?? '', '?');
		const match = this.#table.match(request.method ?? '', path);
		if (match === undefined && !path.startsWith(API)) return false;
		const trace = traceOf(request.headers.traceparent);
		const exchange = new Exchange(request, response);
		exchange.setHeaders({ 'x-trace-id': trace });
		if (!this.#passesOrigin(exchange, path)) return true;
		if (request.method === 'OPTIONS') {
			exchange.setHeaders(CORS_PREFLIGHT);
			exchange.noContent();
		} else if (match === undefined) {
			this.#refuse(exchange, refuse('NOT_FOUND', 'there is no such path'));
		} else if ('allow' in match) {
			const allow = match.allow.join(', ');
			this.#refuse(
				exchange,
				refuse('INVALID', `this path takes ${allow}`, { status: 405, headers: { allow } }),
			);
		} else {
			void this.#serve({ exchange, ...match, search, trace });
		}
		return true;
	};

	/** Sets what lets an allowed page read the answer; refuses calls of other pages. */
	#passesOrigin(exchange: Exchange, path: string): boolean {
		const { origin } = exchange.request.headers;
		exchange.setHeaders({ vary: 'Origin' });
		if (origin === undefined) return true;
		if (this.#parts.originAllowed(origin)) {
			exchange.setHeaders({
				'access-control-allow-origin': origin,
				'access-control-expose-headers': 'retry-after, x-trace-id',
			});
			return true;
		}
		if (!path.startsWith(API)) return true;
		this.#refuse(exchange, refuse('FORBIDDEN', 'add the origin to ALLOWED_ORIGINS'));
		return false;
	}

	async #serve(call: Call): Promise<void> {
		const { exchange, route, trace } = call;
		const { runtime, log, requestsInFlightMax = REQUESTS_IN_FLIGHT_MAX } = this.#parts;
		// Load never fails health.
		if (this.#inFlight >= requestsInFlightMax && route.path.startsWith(API)) {
			this.#refuse(exchange, refuse('BUSY', 'too many requests at once', { retryAfterMs: 1_000 }));
			return;
		}
		this.#inFlight++;
		const startedAt = runtime.monotonic();
		let cancel = () => {};
		const deadline = new Promise<Refused>((resolve) => {
			const late = refuse('TIMEOUT', 'no answer in time; it may still take effect');
			cancel = runtime.after(REQUEST_TIMEOUT_MS, () => resolve(late));
		});
		try {
			const answer = await Promise.race([this.#answer(call), deadline]);
			if (answer.ok) sendReply(exchange, route, answer.reply);
			else this.#refuse(exchange, answer);
		} catch (error) {
			const away = awayOf(error);
			const level = away === undefined ? 'error' : 'debug';
			log[level]({ err: error, route: route.name, trace }, 'request failed');
			this.#refuse(exchange, away ?? { ok: false, code: 'INTERNAL' });
		} finally {
			cancel();
			this.#inFlight--;
			const ms = Math.round(runtime.monotonic() - startedAt);
			log.debug({ route: route.name, ms, trace }, 'request served');
		}
	}

	async #answer(call: Call): Promise<Answer<unknown>> {
		const { route, exchange, trace } = call;
		const caller = await this.#admitted(route, exchange.request);
		if (!caller.ok) return caller;
		const input = await readInput(route, exchange.request, call);
		if (!input.ok) return input;
		const handler = this.#parts.handlers[route.name] as unknown as Handler;
		return await handler({ ...input.reply, caller: caller.reply, trace } as never);
	}

	/** Who asks, unless that is too often. */
	async #admitted(
		route: NamedRoute,
		request: IncomingMessage,
	): Promise<Answer<Identity | undefined>> {
		const { limits } = this.#parts;
		// Load never fails health.
		if (!route.path.startsWith(API)) return this.#caller(route, request);
		const early = limits.arrived(request);
		if (early !== undefined) return early;
		const caller = await this.#caller(route, request);
		return limits.identified(request, caller.ok ? caller.reply : undefined) ?? caller;
	}

	async #caller(
		route: NamedRoute,
		request: IncomingMessage,
	): Promise<Answer<Identity | undefined>> {
		if (route.access === 'anyone') return { ok: true, reply: undefined };
		const [, token] = /^Bearer +([^ ]+)$/i.exec(request.headers.authorization ?? '') ?? [];
		if (token === undefined) {
			return refuse('UNAUTHORIZED', 'send a token: Authorization: Bearer …');
		}
		const verified = await this.#parts.authenticator.verify(token);
		if (!verified.ok) return verified;
		const { identity } = verified;
		const { access } = route;
		if (access !== 'user' && !access.some((role) => identity.roles.includes(role))) {
			return refuse('FORBIDDEN', `this needs the role ${access.join(' or ')}`);
		}
		return { ok: true, reply: identity };
	}

	#refuse(exchange: Exchange, refusal: Refused): void {
		this.#parts.meter.count('errors', 1, refusal.code);
		exchange.refuse(refusal);
	}
}

/** What to answer when a store or a server behind this one does not answer: it says so by its code. */
function awayOf(error: unknown): Refused | undefined {
	const code = AWAY.find((one) => one === (error as { code?: unknown } | undefined)?.code);
	const says = 'a server behind this one does not answer now; try again';
	return code && refuse(code, says, { retryAfterMs: AWAY_RETRY_MS });
}

function sendReply(exchange: Exchange, route: RouteContract, reply: unknown): void {
	if (route.produces !== undefined) exchange.reply(String(reply), route.produces);
	else exchange.reply(JSON.stringify(reply), JSON_TYPE);
}

function splitOnce(text: string, by: string): [string, string] {
	const at = text.indexOf(by);
	return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The trace that the caller's W3C header names, or a new one. */
function traceOf(traceparent: string | string[] | undefined): string {
	const [, given] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-/.exec(String(traceparent)) ?? [];
	return given ?? randomBytes(16).toString('hex');
}
