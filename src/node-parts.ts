/** Composition: adapters, actors, gateway and rooms become the parts of one node. */
import type { IncomingMessage, Server } from 'node:http';
import { channelKindWith } from '../actors/channel/channel-kind.ts';
import { userKind } from '../actors/user/user-kind.ts';
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import { OFFLINE_AFTER_MS, Presence } from './cluster/presence.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { ActorKind } from './core/actor-kind.ts';
import { ActorSystem } from './core/actor-system.ts';
import { OUTBOX } from './core/outbox-rows.ts';
import { type Collection, REQUESTS, type Store } from './core/store.ts';
import { createAuthenticator } from './gateway/auth/authenticator.ts';
import { ensureDevelopmentSecret } from './gateway/auth/development-secret.ts';
import { profiledAuthenticator } from './gateway/auth/profiled-authenticator.ts';
import { sweepRevocations } from './gateway/auth/revocation-sweep.ts';
import { REVOCATIONS, Revocations } from './gateway/auth/revocations.ts';
import { signToken } from './gateway/auth/sign-token.ts';
import { clientAddress } from './gateway/client-address.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { GATEWAY_LIMITS } from './gateway/gateway-limits.ts';
import { RequestLimits } from './gateway/request-limits.ts';
import { type Colyseus, startColyseus } from './gateway/seats/colyseus-server.ts';
import { discoverRooms } from './gateway/seats/discover-rooms.ts';
import type { RoomDefinitions } from './gateway/seats/seat-definition.ts';
import { channelsService } from './gateway/services/channels-service.ts';
import { presenceService } from './gateway/services/presence-service.ts';
import { SocketAdmission } from './gateway/socket-admission.ts';
import { type NodeExchanges, openExchanges } from './node-exchanges.ts';
import { type Feature, openFeatures } from './node-features.ts';
import { addGauges } from './node-gauges.ts';
import { institutionFeature } from './node-institutions.ts';
import { isPlayground, type NodeStatus, openOperations } from './node-operations.ts';
import { type Opened, openStorage, type Storage } from './node-storage.ts';
import { ticketFeature } from './node-tickets.ts';
import { AUDIT } from './ops/audit-trail.ts';
import { LoadMeter } from './ops/load-meter.ts';
import { Metrics } from './ops/metrics.ts';
import { notedOrders } from './ops/noted-orders.ts';
import { opsService } from './ops/ops-service.ts';
import type { KindContract } from './protocol/kind.ts';
import { opsContract } from './protocol/ops.ts';
import { channelsContract, presenceContract } from './protocol/user.ts';
import { originPolicy } from './rest/origin-policy.ts';
import type { RestPorts } from './rest/ports.ts';
import { PROFILES, storedProfiles } from './rest/stored-profiles.ts';
import type { ServerOptions } from './server-options.ts';

/** Name of an only node. */
const NODE = '1';
const DEV_TOKEN_SECONDS = 24 * 3_600;

/** What the node does beside chat; a new feature is added here and nowhere else. */
const features: readonly Feature[] = [ticketFeature(), institutionFeature()];

function actorKinds({ config, kinds = [] }: ServerOptions): readonly ActorKind[] {
	const own = [channelKindWith({ joinCreates: config.channelJoinCreates }), userKind];
	const more = features.flatMap((feature) => feature.kinds);
	return [...(own as unknown as ActorKind[]), ...more, ...kinds];
}

/** Throws when two have one name: one would silently take the other's place. */
function checkNames(
	kinds: readonly ActorKind[],
	seats: RoomDefinitions['seats'],
	collections: readonly Collection[],
): void {
	const features = [...kinds, ...seats].map(({ contract }) => contract.kind);
	const names = {
		kinds: [...features, channelsContract.kind, presenceContract.kind, opsContract.kind],
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
	const stopSweep = sweepRevocations({ store, runtime, log });
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
		secret,
		authenticator,
		profiles,
		revocations,
		tokens: { mint, revoke: revocations.revoke.bind(revocations) },
		close: stopSweep,
	};
}

interface Kept {
	readonly store: Store;
	readonly cluster: ClusterNode | undefined;
	readonly actors: ActorSystem;
	readonly contracts: readonly KindContract[];
	readonly revocations: Revocations;
}

/** What is no actor: who is there, lists and badges; where there are other nodes, over all of them. */
function openServices({ storage, log }: ServerOptions, kept: Kept, opened: Opened) {
	const { store, cluster, actors, contracts, revocations } = kept;
	const runtime = nodeRuntime;
	const feed = actors.projector;
	const settleMs = storage === 'memory' ? 0 : OFFLINE_AFTER_MS;
	const presence = new Presence({ runtime, settleMs });
	const exchanges =
		cluster && openExchanges({ cluster, feed, presence, revocations, contracts, log });
	const channels = channelsService({
		reads: store,
		feed: exchanges?.rows ?? feed,
		settle: () => feed.settle(),
		runtime,
	});
	opened.push(
		() => presence.stop(),
		() => exchanges?.stop(),
		() => channels.close(),
	);
	return { presence, exchanges, channels };
}

function openMeters(opened: Opened) {
	const metrics = new Metrics();
	const figures = { sockets: () => 0, actors: () => 0 };
	const load = new LoadMeter(() => ({ sockets: figures.sockets(), actors: figures.actors() }));
	opened.push(
		() => metrics.close(),
		() => load.close(),
	);
	return { metrics, figures, load };
}

async function openSeats(
	seating: Parameters<typeof startColyseus>[0],
	cluster: ClusterNode | undefined,
	opened: Opened,
): Promise<Colyseus> {
	const listing = await cluster?.openRooms();
	try {
		const colyseus = await startColyseus({ ...seating, cluster: listing });
		opened.push(() => colyseus.close());
		return colyseus;
	} catch (error) {
		await listing?.close();
		throw error;
	}
}

/** Everything of a node but its HTTP server, which listens already. Nothing stays open when it fails. */
export async function openParts(options: ServerOptions, server: Server, status: NodeStatus) {
	const opened: Opened = [];
	try {
		return await openAll(options, { server, status, opened });
	} catch (error) {
		for (const close of opened.reverse()) await close();
		throw error;
	}
}

interface Living {
	readonly kinds: readonly ActorKind[];
	readonly storage: Storage;
	readonly metrics: Metrics;
	readonly node: string;
	readonly secret: string | undefined;
	readonly opened: Opened;
}

/** The actors of this node, the way to all of them, and the features that stand on them. */
function openActors({ config, log }: ServerOptions, living: Living) {
	const { kinds, storage, metrics, node, secret, opened } = living;
	const { journal, store, cluster, actorOptions } = storage;
	const runtime = nodeRuntime;
	const ground = { config, secret, journal, store, runtime, log, node };
	const prepared = features.map((feature) => feature.prepare(ground));
	const intents = Object.assign({}, ...prepared.map((feature) => feature.intents));
	const actors = new ActorSystem({ kinds, intents, runtime, log, meter: metrics, ...actorOptions });
	opened.push(() => actors.close());
	return { actors, everywhere: cluster?.take(actors) ?? actors, prepared };
}

/** Who may come in, from where, and how often. */
function doorOf({ config }: ServerOptions) {
	const addressOf = (request: IncomingMessage) => clientAddress(request, config.trustedProxies);
	const rates = config.requestRates;
	const limits = new RequestLimits({ rates, addressOf, runtime: nodeRuntime });
	// Sockets of stock clients count beside those of the gateway.
	const admission = new SocketAdmission({ ...GATEWAY_LIMITS, ...config.limits });
	return { originAllowed: originPolicy(config), addressOf, limits, admission };
}

interface Opening {
	readonly server: Server;
	readonly status: NodeStatus;
	readonly opened: Opened;
}

async function openAll(options: ServerOptions, { server, status, opened }: Opening) {
	const { config, log } = options;
	const runtime = nodeRuntime;
	const rooms = await discoverRooms(new URL('../rooms/', import.meta.url));
	const kinds = actorKinds(options);
	const own = [REQUESTS, OUTBOX, REVOCATIONS, PROFILES, AUDIT];
	const collections = [...own, ...[...kinds, ...features].flatMap((part) => part.collections)];
	checkNames(kinds, rooms.seats, collections);
	const contracts = kinds.map((kind) => kind.contract);
	const { metrics, figures, load } = openMeters(opened);
	const { url } = status;
	const shared = { url, collections, contracts, meter: metrics, load: () => load.read() };
	const storage = await openStorage(options, shared, opened);
	const { store, journal, cluster } = storage;
	const auth = await openAuth(options, store);
	opened.push(() => auth.close());
	const { authenticator, secret } = auth;
	const node = cluster?.id ?? NODE;
	const living = openActors(options, { kinds, storage, metrics, node, secret, opened });
	const { actors, everywhere, prepared } = living;
	const kept = { store, cluster, actors, contracts, revocations: auth.revocations };
	const { presence, exchanges, channels } = openServices(options, kept, opened);
	const { announcements } = exchanges ?? {};
	const feed = actors.projector;
	const awake = actors.hosts;
	const mayServe = () => cluster?.membership.mayServe() ?? true;
	const ways = { actors: everywhere, feed, awake, mayServe, announcements };
	const added = await openFeatures(prepared, ways);
	opened.push(() => added.close());
	const door = doorOf(options);
	const seats = [...rooms.seats, ...added.seats];
	const seating = { server, rooms: { ...rooms, seats }, authenticator, door, runtime, log };
	const colyseus = await openSeats(seating, cluster, opened);
	const operations = openOperations({
		...{ config, log, status, node, cluster, actors, contracts, journal, store, load, presence },
		gateway: () => gateway,
	});
	const ops = opsService({ operations, isPlayground: isPlayground(config) });
	const gateway = createGateway({
		node,
		authenticator,
		actors: notedOrders(everywhere, operations),
		announcements,
		services: [channels, presenceService(presence, runtime), ops, ...added.services],
		seats: colyseus.seats,
		contracts,
		listeners: [presence],
		...door,
		...{ runtime, log, meter: metrics },
		limits: config.limits,
	});
	figures.sockets = () => gateway.connections().sockets;
	figures.actors = () => actors.hosts.size;
	if (options.flushWindowMs !== undefined) gateway.setFlushWindow('channel', options.flushWindowMs);
	observeActors(actors, { colyseus, gateway, exchanges });
	addGauges(metrics, { gateway, actors, presence, exchanges, cluster });
	for (const series of added.series) metrics.series(series);
	return {
		...living,
		...door,
		node,
		storage,
		cluster,
		exchanges,
		load,
		metrics,
		auth,
		added,
		presence,
		colyseus,
		channels,
		operations,
		gateway,
	};
}

/** What a node is made of. */
export type Parts = Awaited<ReturnType<typeof openParts>>;

interface Observers {
	readonly colyseus: Colyseus;
	readonly gateway: Gateway;
	readonly exchanges: NodeExchanges | undefined;
}

function observeActors(actors: ActorSystem, { colyseus, gateway, exchanges }: Observers): void {
	actors.observe({
		activated: (key) => {
			colyseus.actorRooms.opened(key);
			gateway.announce(key);
			exchanges?.announcements.announce(key);
		},
		figures: (key, figures) => colyseus.actorRooms.figures(key, figures),
		closed: (key) => colyseus.actorRooms.closed(key),
	});
}
