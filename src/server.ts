/** Composition: adapters, actors, gateway, rooms and REST become one node. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { channelKindWith } from '../actors/channel/channel-kind.ts';
import { userKind } from '../actors/user/user-kind.ts';
import { MemoryJournal } from './adapters/memory/memory-journal.ts';
import { MemoryStore } from './adapters/memory/memory-store.ts';
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import { openSqlite } from './adapters/sqlite/open-sqlite.ts';
import { OFFLINE_AFTER_MS, Presence } from './cluster/presence.ts';
import type { Config } from './config.ts';
import type { ActorHost } from './core/actor-host.ts';
import type { ActorKind } from './core/actor-kind.ts';
import { ActorSystem } from './core/actor-system.ts';
import type { Journal } from './core/journal.ts';
import type { Log } from './core/log.ts';
import { type Collection, REQUESTS, type Store } from './core/store.ts';
import { createAuthenticator } from './gateway/auth/authenticator.ts';
import { ensureDevelopmentSecret } from './gateway/auth/development-secret.ts';
import { profiledAuthenticator } from './gateway/auth/profiled-authenticator.ts';
import { REVOCATIONS, Revocations } from './gateway/auth/revocations.ts';
import { signToken } from './gateway/auth/sign-token.ts';
import { clientAddress } from './gateway/client-address.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { RequestLimits } from './gateway/request-limits.ts';
import { type Colyseus, startColyseus } from './gateway/seats/colyseus-server.ts';
import { discoverRooms } from './gateway/seats/discover-rooms.ts';
import type { RoomDefinitions } from './gateway/seats/seat-definition.ts';
import { channelsService } from './gateway/services/channels-service.ts';
import { presenceService } from './gateway/services/presence-service.ts';
import { Metrics } from './ops/metrics.ts';
import { channelsContract, presenceContract } from './protocol/user.ts';
import { createHttpHandler, HTTP_SERVER_OPTIONS, type HttpHandler } from './rest/http-handler.ts';
import { originPolicy } from './rest/origin-policy.ts';
import type { RestPorts } from './rest/ports.ts';
import { restHandlers } from './rest/rest-handlers.ts';
import { staticFiles } from './rest/static-files.ts';
import { PROFILES, storedProfiles } from './rest/stored-profiles.ts';

export interface ServerOptions {
	readonly config: Config;
	readonly log: Log;
	/** `memory`: nothing is kept; for benches and tests. */
	readonly storage?: 'sqlite' | 'memory';
	/** Kinds of actors besides Naru's own; each needs a kind name and collections of its own. */
	readonly kinds?: readonly ActorKind[];
	/** Added to every commit, as by a slow disk; for benches. */
	readonly commitDelayMs?: number;
	/** How long frames for one socket are gathered; 0: one turn of the event loop. */
	readonly flushWindowMs?: number;
	/** The storage is lost: the process has to end. */
	readonly onFailed?: (error: Error) => void;
}

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
	/** Drains and ends; resolves when everything is written and closed, however often it is called. */
	close(): Promise<void>;
}

interface Storage {
	readonly journal: Journal;
	readonly store: Store;
	hold(): () => void;
	close(): Promise<void>;
}

/** Name of the only node. */
const NODE = '1';
const DEV_TOKEN_SECONDS = 24 * 3_600;
/** Sockets are closed spread over this time, so that clients do not all come back at once. */
const CLOSE_SOCKETS_MS = 500;

async function openStorage(options: ServerOptions, collections: Collection[]): Promise<Storage> {
	if (options.storage === 'memory') {
		const store = new MemoryStore(collections);
		return {
			journal: new MemoryJournal(),
			store,
			hold: () => () => {},
			close: async () => {},
		};
	}
	const { commitDelayMs = 0, onFailed = () => {} } = options;
	const directory = options.config.dataDirectory;
	return openSqlite({ directory, collections, commitDelayMs, onFailed });
}

/** All kinds of actors; a new one of Naru's own is added here and nowhere else. */
function actorKinds({ config, kinds = [] }: ServerOptions): readonly ActorKind[] {
	const own = [channelKindWith({ joinCreates: config.channelJoinCreates }), userKind];
	return [...(own as unknown as ActorKind[]), ...kinds];
}

/** Throws when two have one name: one would silently take the other's place. */
function checkNames(
	kinds: readonly ActorKind[],
	seats: RoomDefinitions['seats'],
	collections: readonly Collection[],
): void {
	const features = [...kinds, ...seats].map(({ contract }) => contract.kind);
	const names = {
		kinds: [...features, channelsContract.kind, presenceContract.kind],
		collections: collections.map(({ name }) => name),
	};
	for (const [what, all] of Object.entries(names)) {
		const twice = all.find((name, index) => all.indexOf(name) !== index);
		if (twice !== undefined) throw new Error(`two ${what} are called "${twice}": rename one`);
	}
}

/** Who may connect: tokens, revocations, and profiles that a backend has set. */
async function openAuth({ config, log }: ServerOptions, store: Store) {
	const runtime = nodeRuntime;
	const revocations = await Revocations.open({ store, runtime, log });
	const generated = config.development && config.auth.secret === undefined;
	const secret = generated
		? await ensureDevelopmentSecret(config.dataDirectory)
		: config.auth.secret;
	const verifier = createAuthenticator({ ...config.auth, secret, revocations, runtime, log });
	const profiles = storedProfiles(store);
	const authenticator = profiledAuthenticator(verifier, profiles, log);
	const mint: RestPorts['tokens']['mint'] = (claims) =>
		signToken({ secret: secret ?? '', ttlSeconds: DEV_TOKEN_SECONDS, ...claims });
	return {
		authenticator,
		profiles,
		tokens: { mint, revoke: revocations.revoke.bind(revocations) },
	};
}

/** Everything of a node but its HTTP server. */
async function openParts(options: ServerOptions, server: Server) {
	const { config, log } = options;
	const runtime = nodeRuntime;
	const rooms = await discoverRooms(new URL('../rooms/', import.meta.url));
	const kinds = actorKinds(options);
	const own = [REQUESTS, REVOCATIONS, PROFILES];
	const collections = [...own, ...kinds.flatMap((kind) => kind.collections)];
	checkNames(kinds, rooms.seats, collections);
	const storage = await openStorage(options, collections);
	const { store, journal } = storage;
	const metrics = new Metrics();
	const auth = await openAuth(options, store);
	const { authenticator } = auth;
	const actors = new ActorSystem({ kinds, journal, store, runtime, log, meter: metrics });
	const settleMs = options.storage === 'memory' ? 0 : OFFLINE_AFTER_MS;
	const presence = new Presence({ runtime, settleMs });
	const originAllowed = originPolicy(config);
	const addressOf = (request: IncomingMessage) => clientAddress(request, config.trustedProxies);
	const limits = new RequestLimits({ rates: config.requestRates, addressOf, runtime });
	const colyseus = await startColyseus({ server, rooms, authenticator, limits, runtime, log });
	const feed = actors.projector;
	const channels = channelsService({ reads: store, feed, settle: () => feed.settle(), runtime });
	const gateway = createGateway({
		node: NODE,
		authenticator,
		actors,
		services: [channels, presenceService(presence, runtime)],
		seats: colyseus.seats,
		contracts: kinds.map((kind) => kind.contract),
		listeners: [presence],
		originAllowed,
		addressOf,
		runtime,
		log,
		meter: metrics,
		limits: config.limits,
	});
	if (options.flushWindowMs !== undefined) gateway.setFlushWindow('channel', options.flushWindowMs);
	observeActors(actors, colyseus, gateway);
	addGauges(metrics, { gateway, actors, presence });
	return {
		storage,
		metrics,
		auth,
		actors,
		presence,
		originAllowed,
		limits,
		colyseus,
		channels,
		gateway,
	};
}

type Parts = Awaited<ReturnType<typeof openParts>>;

/** Starts a node; rejects when the port or the data directory is in use. */
export async function startServer(options: ServerOptions): Promise<NaruServer> {
	const server = createServer(HTTP_SERVER_OPTIONS);
	const parts = await openParts(options, server);
	const { actors, gateway, metrics, storage } = parts;
	const status = { url: '', unready: 'the node starts' as string | undefined };
	serve(server, httpHandlers(options, parts, status));
	try {
		status.url = await listen(server, options.config);
	} catch (error) {
		await closeParts(parts);
		throw error;
	}
	gateway.attach(server);
	// What a crash left behind is taken up before the node is ready: no owner can be alive. Sockets that
	// come back meanwhile are served, for a refused one would wait out a back-off.
	await actors.wakeDue(Number.MAX_SAFE_INTEGER);
	await actors.settle();
	status.unready = undefined;
	const closeAll = async () => {
		status.unready = 'the node drains';
		await closeParts(parts);
		await closeServer(server);
	};
	let closing: Promise<void> | undefined;
	return {
		url: status.url,
		actors,
		gateway,
		metrics,
		store: storage.store,
		journal: storage.journal,
		holdCommits: () => storage.hold(),
		close() {
			closing ??= closeAll();
			return closing;
		},
	};
}

/** Clients first, so that nothing new comes; then what is decided lands; the storage last. */
async function closeParts(parts: Parts): Promise<void> {
	await parts.gateway.close({ reason: 'goingAway', withinMs: CLOSE_SOCKETS_MS });
	parts.presence.stop();
	parts.channels.close();
	await parts.actors.close();
	await parts.colyseus.close();
	parts.metrics.close();
	await parts.storage.close();
}

function httpHandlers(
	{ config, log }: ServerOptions,
	parts: Parts,
	status: { readonly url: string; readonly unready: string | undefined },
): HttpHandler[] {
	const { actors, auth, channels, colyseus, gateway, limits, metrics, originAllowed } = parts;
	const ports: RestPorts = {
		actors,
		profiles: auth.profiles,
		tokens: auth.tokens,
		status: {
			unready: () => status.unready,
			metrics: () => metrics.text(),
			nodes: async () => [nodeFigures(status.url, gateway, actors)],
			actor: (key) => actors.inspect(key, (host) => actorFigures(host)),
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

const actorFigures = (host: ActorHost) => ({
	key: host.key,
	node: NODE,
	epoch: host.epoch,
	position: host.position,
	state: host.figures(),
});

function nodeFigures(url: string, gateway: Gateway, actors: ActorSystem) {
	const { sockets } = gateway.connections();
	return { id: NODE, pid: process.pid, url, state: 'up', sockets, actors: actors.hosts.size };
}

function observeActors(actors: ActorSystem, colyseus: Colyseus, gateway: Gateway): void {
	actors.observe({
		activated: (key) => {
			colyseus.actorRooms.opened(key);
			gateway.announce(key);
		},
		figures: (key, figures) => colyseus.actorRooms.figures(key, figures),
		closed: (key) => colyseus.actorRooms.closed(key),
	});
}

function addGauges(
	metrics: Metrics,
	parts: { gateway: Gateway; actors: ActorSystem; presence: Presence },
): void {
	const { gateway, actors, presence } = parts;
	metrics.gauge('sockets', 'Client sockets', () => gateway.connections().sockets);
	metrics.gauge('handles', 'Open handles', () => gateway.connections().handles);
	metrics.gauge(
		'bytes_queued',
		'Bytes that wait for clients',
		() => gateway.connections().bytesQueued,
	);
	metrics.gauge('actors', 'Actors awake here', () => actors.hosts.size);
	metrics.gauge('projector_backlog', 'Events the store lacks', () => actors.projector.backlog);
	metrics.gauge('users_present', 'Users online or away', () => presence.counts().users);
	metrics.gauge('mailbox_entries', 'Commands that wait', () => {
		let waiting = 0;
		for (const host of actors.hosts.values()) waiting += host.mailboxLength;
		return waiting;
	});
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

function serve(server: Server, handlers: readonly HttpHandler[]): void {
	server.on('request', (request: IncomingMessage, response: ServerResponse) => {
		if (handlers.some((handle) => handle(request, response))) return;
		response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
	});
}

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
