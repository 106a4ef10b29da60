/** Composition of where a node keeps things: its own files, memory, or the servers of a cluster. */
import { MemoryEventFeed } from './adapters/memory/memory-event-feed.ts';
import { MemoryJournal } from './adapters/memory/memory-journal.ts';
import { MemoryStore } from './adapters/memory/memory-store.ts';
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import { openSqlite } from './adapters/sqlite/open-sqlite.ts';
import type { ClusterNode, ClusterOptions } from './cluster-node.ts';
import type { ActorSystemOptions } from './core/actor-system.ts';
import type { EventFeed } from './core/event-feed.ts';
import type { Journal } from './core/journal.ts';
import type { Collection, Store } from './core/store.ts';
import type { ServerOptions } from './server-options.ts';

/** Where a node keeps things. */
export interface Storage {
	readonly journal: Journal;
	readonly store: Store;
	/** Where domain events leave. */
	readonly events: EventFeed;
	/** Present when the node is one of several. */
	readonly cluster?: ClusterNode;
	readonly actorOptions: Pick<ActorSystemOptions, 'journal' | 'store'> &
		Partial<ActorSystemOptions>;
	hold(): () => void;
	close(): Promise<void>;
}

async function openOwn(
	options: ServerOptions,
	collections: readonly Collection[],
): Promise<Storage> {
	if (options.storage === 'memory') {
		const journal = new MemoryJournal();
		const store = new MemoryStore(collections);
		const events = new MemoryEventFeed({ runtime: nodeRuntime });
		const close = async () => {};
		const kept = { journal, store, events };
		return { ...kept, actorOptions: kept, hold: () => () => {}, close };
	}
	const { commitDelayMs = 0, onFailed = () => {} } = options;
	const directory = options.config.dataDirectory;
	const memoryOnly = options.storage === 'memory-journal';
	const opened = await openSqlite({
		...{ directory, collections, commitDelayMs, memoryOnly, onFailed },
		eventBounds: options.config.events,
	});
	const journal = memoryOnly ? new MemoryJournal() : opened.journal;
	const { store, events } = opened;
	const kept = { journal, store, events };
	return {
		...kept,
		actorOptions: kept,
		hold: () => opened.hold(),
		close: () => opened.close(),
	};
}

/** How to end what is open so far, newest last. */
export type Opened = (() => unknown)[];

type Shared = Omit<ClusterOptions, 'servers' | 'environment' | 'lifetimes' | 'log'>;

/** The stores that several nodes share, and this node's place among them. */
async function openShared(options: ServerOptions, cluster: Shared): Promise<Storage> {
	const { config, log } = options;
	const { environment, lifetimes, cluster: servers } = config;
	if (servers === undefined) throw new Error('no servers of a cluster are set');
	// The clients of three servers take half a second to load, which an only node has no use for.
	const [{ openCluster }, { jetStreamFeed }] = await Promise.all([
		import('./cluster-node.ts'),
		import('./adapters/nats/jetstream-event-feed.ts'),
	]);
	const node = await openCluster({ ...cluster, servers, environment, lifetimes, log });
	const { journal, store, actorOptions } = node;
	const { natsUrl: url } = servers;
	const events = jetStreamFeed({
		...config.events,
		url,
		environment,
		name: `naru-${node.id}-events`,
	});
	return {
		...{ journal, store, events },
		cluster: node,
		actorOptions: { ...actorOptions, events },
		hold: () => () => {},
		close: async () => {
			await events.close();
			await node.close();
		},
	};
}

/** Opens what the settings name: files, memory, or the servers of a cluster. */
export async function openStorage(
	options: ServerOptions,
	shared: Shared,
	opened: Opened,
): Promise<Storage> {
	const storage = await (options.config.cluster === undefined
		? openOwn(options, shared.collections)
		: openShared(options, shared));
	opened.push(
		() => storage.close(),
		() => storage.cluster?.leave(),
	);
	return storage;
}
