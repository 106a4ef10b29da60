/** Composition of what a node serves over HTTP: rooms of stock clients, REST, pages. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import type { NodeStatus } from './node-operations.ts';
import type { Parts } from './node-parts.ts';
import type { Operations } from './ops/operations.ts';
import { createHttpHandler, type HttpHandler } from './rest/http-handler.ts';
import type { RestPorts } from './rest/ports.ts';
import { restHandlers } from './rest/rest-handlers.ts';
import { staticFiles } from './rest/static-files.ts';
import type { ServerOptions } from './server-options.ts';

const CUT_OFF = 'a store answers other nodes and not this one';

/** Everything that answers requests, in the order in which it is asked. */
export function httpHandlers(
	{ config, log }: ServerOptions,
	parts: Parts,
	status: NodeStatus,
): HttpHandler[] {
	const { auth, channels, cluster, colyseus, limits, metrics, originAllowed } = parts;
	const ports: RestPorts = {
		...parts.added.rest,
		audit: parts.operations,
		events: parts.storage.events,
		simulators: simulatorsOf(config),
		actors: parts.everywhere,
		profiles: auth.profiles,
		tokens: auth.tokens,
		status: {
			unready: () => status.unready ?? (cluster?.isCutOff() === true ? CUT_OFF : undefined),
			metrics: () => metrics.text(),
			...operationsOverRest(parts.operations),
		},
		publicChannels: async (page) => {
			const answer = await channels.publicPage(page);
			return answer as Awaited<ReturnType<RestPorts['publicChannels']>>;
		},
	};
	const rest = createHttpHandler({
		handlers: restHandlers(ports, nodeRuntime),
		authenticator: auth.authenticator,
		originAllowed,
		limits,
		development: config.development,
		runtime: nodeRuntime,
		log,
		meter: metrics,
	});
	return [colyseus.handle, rest, ...pages()];
}

/** What is called outside in development, without what else may stand in the addresses. */
function simulatorsOf({ development, outside }: ServerOptions['config']) {
	const { paymentUrl, institutionsUrl } = outside;
	const origin = (url: string) => new URL(url).origin;
	return {
		...(development && paymentUrl !== undefined && { payment: origin(paymentUrl) }),
		...(development && institutionsUrl !== undefined && { institutions: origin(institutionsUrl) }),
	};
}

/** What operators see and do without a socket. */
function operationsOverRest(
	operations: Operations,
): Pick<RestPorts['status'], 'nodes' | 'actor' | 'drain'> {
	return {
		nodes: () =>
			operations.allNodes().map(({ id, pid, url, state, load }) => {
				const { sockets = 0, actors = 0 } = load ?? {};
				return { id, pid, url, state, sockets, actors };
			}),
		actor: async (key) => {
			const found = await operations.actor({ key, wakes: true });
			if (!found.ok) return found;
			const { live, node, position } = found.reply;
			if (live === undefined || node === undefined) return AWAY;
			return { ok: true, reply: { key, node, epoch: live.epoch, position, state: live.figures } };
		},
		drain: (caller, node) => operations.drain(caller, { node }),
	};
}

const AWAY = {
	ok: false,
	code: 'UNAVAILABLE',
	message: 'nobody can wake it now',
	retryAfterMs: 1_000,
} as const;

/** The demo at `/`, the inspector, the SDK's browser build at `/sdk/`. */
function pages(): HttpHandler[] {
	const directory = (path: string) => new URL(path, import.meta.url).pathname;
	return [
		staticFiles({
			directory: directory('../client-sdk/dist/browser'),
			prefix: '/sdk',
			shared: true,
		}),
		staticFiles({ directory: directory('../dist/inspector'), prefix: '/inspector' }),
		staticFiles({ directory: directory('../dist/demo'), prefix: '/' }),
	];
}

/** Answers requests by whatever `handlers` says now; while there is nothing, the node starts. */
export function serve(server: Server, handlers: () => readonly HttpHandler[]): void {
	server.on('request', (request: IncomingMessage, response: ServerResponse) => {
		const present = handlers();
		if (present.some((handle) => handle(request, response))) return;
		const [status, text] = present.length === 0 ? [503, 'the node starts'] : [404, 'not found'];
		response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
	});
}
