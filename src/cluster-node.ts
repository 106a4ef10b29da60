/** Composition of what makes a node one of several: servers, membership, owners, links. */
import { type MongoShards, openMongoShards } from './adapters/mongo/open-mongo-shards.ts';
import { openNatsRelay } from './adapters/nats/nats-relay.ts';
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import { connectRedis } from './adapters/redis/connect-redis.ts';
import { openRedisDirectory } from './adapters/redis/redis-directory.ts';
import { ClusterMember } from './cluster/cluster-member.ts';
import { ClusterSeats } from './cluster/cluster-seats.ts';
import type { Directory } from './cluster/directory.ts';
import type { DirectoryPlacement } from './cluster/directory-placement.ts';
import type { LeaseMembership } from './cluster/lease-membership.ts';
import type { RelayLinks } from './cluster/links.ts';
import { NodeCalls } from './cluster/node-calls.ts';
import type { Load } from './cluster/ports.ts';
import type { Relay } from './cluster/relay.ts';
import type { Switchboard } from './cluster/switchboard.ts';
import type { ClusterConfig } from './config.ts';
import type { ActorPort } from './core/actor-port.ts';
import type { ActorSystem, ActorSystemOptions } from './core/actor-system.ts';
import type { Journal } from './core/journal.ts';
import { type Log, SILENT } from './core/log.ts';
import type { Meter } from './core/meter.ts';
import type { Collection, Store } from './core/store.ts';
import { type ColyseusCluster, openColyseusCluster } from './gateway/seats/colyseus-cluster.ts';
import type { KindContract } from './protocol/kind.ts';

export interface ClusterOptions {
	readonly servers: ClusterConfig;
	readonly environment: string;
	/** Days that documents live, by collection. */
	readonly lifetimes: Readonly<Record<string, number>>;
	/** Where this node is reached. */
	readonly url: string;
	readonly collections: readonly Collection[];
	readonly contracts: readonly KindContract[];
	readonly load: () => Load;
	readonly log: Log;
	readonly meter: Meter;
}

/** What a node has besides its own parts when it is one of several. */
export interface ClusterNode {
	readonly id: string;
	readonly journal: Journal;
	readonly store: Store;
	readonly relay: Relay;
	/** What subjects on the relay begin with. */
	readonly subjects: string;
	readonly membership: LeaseMembership;
	readonly placement: DirectoryPlacement;
	readonly switchboard: Switchboard;
	readonly links: RelayLinks;
	readonly calls: NodeCalls;
	/** How the actors of this node are to be made. */
	readonly actorOptions: Pick<
		ActorSystemOptions,
		'actors' | 'mayActivate' | 'mayWake' | 'shards' | 'journal' | 'store'
	>;
	/** Takes the actors of this node into the cluster; answers all actors, wherever they live. */
	take(actors: ActorSystem): ActorPort;
	/** What makes Colyseus's rooms those of all nodes. */
	openRooms(): Promise<ColyseusCluster>;
	/** How many store shards do not answer now. */
	storesAway(): number;
	/** For how long calls to some store shard have got no answer, in milliseconds; 0: all get one. */
	storesAwayMs(): number;
	/** Whether a store shard answers other nodes, and not this one. */
	isCutOff(): boolean;
	/** Resolves when this node may take actors, or after some seconds in which it may not. */
	settled(): Promise<void>;
	/**
	 * Takes no new actors from now on, and hands over those that live here. Answers how many had to be
	 * stopped instead.
	 */
	handOver(): Promise<number>;
	/** Leaves the cluster; the stores stay open. */
	leave(): Promise<void>;
	close(): Promise<void>;
}

/** A node that joins is taken for ready after this long in any case. */
const SETTLE_MAX_MS = 10_000;
const SETTLE_POLL_MS = 50;
/** How long a command about the listing of rooms waits for Redis. */
const ROOMS_REDIS_MS = 1_000;

/** Opens stores, relay and directory, and joins. Rejects with what is missing. */
export async function openCluster(options: ClusterOptions): Promise<ClusterNode> {
	const { environment, log, servers } = options;
	const runtime = nodeRuntime;
	const stores = await openStores(options);
	const undo: (() => Promise<void>)[] = [() => stores.close()];
	try {
		const id = String(await stores.counters.next('nodes'));
		const relay = await openNatsRelay({ url: servers.natsUrl, name: `naru-${id}`, runtime, log });
		undo.unshift(() => relay.close());
		const directory = await openRedisDirectory({ url: servers.redisUrl, environment, log });
		undo.unshift(() => directory.close());
		return await join(options, { id, stores, relay, directory });
	} catch (error) {
		for (const close of undo) await close();
		throw error;
	}
}

function openStores({ servers, ...options }: ClusterOptions): Promise<MongoShards> {
	const { environment, collections, lifetimes, log, meter } = options;
	return openMongoShards({
		urls: servers.mongoUrls,
		environment,
		collections,
		lifetimes,
		runtime: nodeRuntime,
		log,
		meter,
	});
}

type Among = Pick<ClusterNode, 'membership' | 'placement' | 'switchboard'>;

function openRooms(options: ClusterOptions, among: Among): Promise<ColyseusCluster> {
	const { servers, environment, log } = options;
	const { membership } = among;
	const keyPrefix = `{naru:${environment}}:rooms:`;
	const timeoutMs = ROOMS_REDIS_MS;
	const redis = { timeoutMs, silenceMaxMs: 3 * timeoutMs, keyPrefix, log: SILENT };
	return openColyseusCluster({
		connect: () => connectRedis(servers.redisUrl, redis),
		prefix: keyPrefix,
		nodes: {
			self: membership.self.id,
			ids: () => membership.nodes.keys(),
			onGone: (listener) => membership.onChange(({ gone }) => listener(gone)),
		},
		everywhere: (local) => new ClusterSeats({ local, ...among, runtime: nodeRuntime, log }),
		runtime: nodeRuntime,
		log,
	});
}

interface Servers {
	readonly id: string;
	readonly stores: MongoShards;
	readonly relay: Relay;
	readonly directory: Directory;
}

async function join(options: ClusterOptions, servers: Servers): Promise<ClusterNode> {
	const { environment, url, load, log } = options;
	const { id, stores, relay, directory } = servers;
	const { journal, store, shards } = stores;
	const runtime = nodeRuntime;
	const subjects = `naru.${environment}`;
	const self = { id, url, pid: process.pid, environment, startedAt: runtime.now() };
	const { contracts } = options;
	const around = { self, directory, relay, subjects, contracts, runtime, log, load };
	const member = new ClusterMember({
		...around,
		stores: { shards, reach: () => stores.health() },
	});
	const { membership, placement, switchboard, links } = member;
	const calls = new NodeCalls({ self: id, switchboard, runtime, log });
	await member.join();
	return {
		id,
		journal,
		store,
		relay,
		subjects,
		membership,
		placement,
		switchboard,
		links,
		calls,
		actorOptions: { journal, store, shards, ...member.actorOptions({ journal }) },
		take: (actors) => member.take(actors),
		openRooms: () => openRooms(options, { membership, placement, switchboard }),
		storesAway: () => stores.health().filter(({ state }) => state !== 'closed').length,
		storesAwayMs: () => {
			const now = runtime.monotonic();
			const since = stores.health().map(({ unanswered }) => unanswered?.since ?? now);
			return now - Math.min(now, ...since);
		},
		isCutOff: () => member.reach?.isCutOff === true,
		async settled() {
			const until = runtime.monotonic() + SETTLE_MAX_MS;
			while (membership.standing() === 'waits' && runtime.monotonic() < until) {
				await new Promise<void>((resolve) => runtime.after(SETTLE_POLL_MS, resolve));
			}
		},
		handOver: () => member.handOver(),
		leave: () => member.leave(),
		async close() {
			await relay.close();
			await directory.close();
			await stores.close();
		},
	};
}
