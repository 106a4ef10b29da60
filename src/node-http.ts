/** Composition of what a node serves over HTTP: rooms of stock clients, REST, pages. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import type { ActorHost } from './core/actor-host.ts';
import type { Parts, ServerOptions } from './node-parts.ts';
import { createHttpHandler, type HttpHandler } from './rest/http-handler.ts';
import type { RestPorts } from './rest/ports.ts';
import { restHandlers } from './rest/rest-handlers.ts';
import { staticFiles } from './rest/static-files.ts';

/** What is told of a node's readiness; `unready` says why it is not. */
export interface NodeStatus {
	readonly url: string;
	readonly unready: string | undefined;
}

/** Everything that answers requests, in the order in which it is asked. */
export function httpHandlers(
	{ config, log }: ServerOptions,
	parts: Parts,
	status: NodeStatus,
): HttpHandler[] {
	const { actors, auth, channels, colyseus, limits, metrics, originAllowed } = parts;
	const ports: RestPorts = {
		actors: parts.everywhere,
		profiles: auth.profiles,
		tokens: auth.tokens,
		status: {
			unready: () => status.unready,
			metrics: () => metrics.text(),
			nodes: async () => [nodeFigures(status.url, parts)],
			actor: (key) => actors.inspect(key, (host) => actorFigures(parts.node, host)),
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

const actorFigures = (node: string, host: ActorHost) => ({
	key: host.key,
	node,
	epoch: host.epoch,
	position: host.position,
	state: host.figures(),
});

function nodeFigures(url: string, { node, gateway, actors }: Parts) {
	const { sockets } = gateway.connections();
	return { id: node, pid: process.pid, url, state: 'up', sockets, actors: actors.hosts.size };
}

/** The demo at `/`, the SDK's browser build at `/sdk/`. */
function pages(): HttpHandler[] {
	const directory = (path: string) => new URL(path, import.meta.url).pathname;
	return [
		staticFiles({
			directory: directory('../client-sdk/dist/browser'),
			prefix: '/sdk',
			shared: true,
		}),
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
