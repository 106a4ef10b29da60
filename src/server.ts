/** A node from its start to its end. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from './config.ts';
import type { ActorSystem } from './core/actor-system.ts';
import type { Journal } from './core/journal.ts';
import type { Store } from './core/store.ts';
import type { Unwritten } from './core/unwritten.ts';
import type { Gateway } from './gateway/gateway.ts';
import { closeParts } from './node-closing.ts';
import { httpHandlers, serve } from './node-http.ts';
import type { NodeStatus } from './node-operations.ts';
import { openParts } from './node-parts.ts';
import type { Metrics } from './ops/metrics.ts';
import { HTTP_SERVER_OPTIONS, type HttpHandler } from './rest/http-handler.ts';
import type { ServerOptions } from './server-options.ts';

export type { ServerOptions } from './server-options.ts';

/** A running node. */
export interface NaruServer {
	readonly url: string;
	readonly actors: ActorSystem;
	readonly gateway: Gateway;
	readonly metrics: Metrics;
	readonly store: Store;
	readonly journal: Journal;
	/** Holds the answers of all commits until the answer is called. */
	readonly holdCommits: () => () => void;
	/**
	 * Drains and ends, however often it is called; answers what could not be written when everything is
	 * closed.
	 */
	close(): Promise<Unwritten>;
}

/** Starts a node; rejects when the port or the data directory is in use, or a server is missing. */
export async function startServer(options: ServerOptions): Promise<NaruServer> {
	const server = createServer(HTTP_SERVER_OPTIONS);
	let handlers: readonly HttpHandler[] = [];
	serve(server, () => handlers);
	const url = await listen(server, options.config);
	const status = startingAt(url);
	const parts = await openParts(options, server, status).catch(async (error: unknown) => {
		await closeServer(server);
		throw error;
	});
	const { actors, cluster, gateway, metrics, storage } = parts;
	handlers = httpHandlers(options, parts, status);
	gateway.attach(server);
	const closeAll = async () => {
		status.unready = 'the node drains';
		status.isDraining = true;
		const unwritten = await closeParts(parts);
		await closeServer(server);
		return unwritten;
	};
	try {
		// What a crash left behind is taken up before an only node is ready: no owner can be alive.
		// Sockets that come back meanwhile are served, for a refused one would wait out a back-off.
		await (cluster?.settled() ?? actors.wakeDue(Number.MAX_SAFE_INTEGER));
		await actors.settle();
	} catch (error) {
		await closeAll();
		throw error;
	}
	status.unready = undefined;
	let closing: Promise<Unwritten> | undefined;
	const close = () => {
		closing ??= closeAll();
		return closing;
	};
	status.drain = options.onDrain ?? (() => void close().catch(() => {}));
	return {
		url: status.url,
		actors,
		gateway,
		metrics,
		store: storage.store,
		journal: storage.journal,
		holdCommits: () => storage.hold(),
		close,
	};
}

const startingAt = (url: string): NodeStatus => ({
	url,
	unready: 'the node starts',
	isDraining: false,
	drain: () => {},
});

function listen(server: Server, { host, port }: Config): Promise<string> {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, host, () => {
			const address = server.address() as AddressInfo;
			const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
			resolve(`http://${name}:${address.port}`);
		});
	});
}

function closeServer(server: Server): Promise<void> {
	return new Promise((resolve) => {
		server.close(() => resolve());
		server.closeAllConnections();
	});
}
