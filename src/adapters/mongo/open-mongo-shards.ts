import type { Counters } from '../../core/counters.ts';
import type { Journal } from '../../core/journal.ts';
import { type Log, SILENT } from '../../core/log.ts';
import { type Meter, NO_METER } from '../../core/meter.ts';
import type { Runtime } from '../../core/runtime.ts';
import { ShardedJournal } from '../../core/sharded-journal.ts';
import { ShardedStore } from '../../core/sharded-store.ts';
import type { Collection, Store } from '../../core/store.ts';
import { evenShards, type StoreShards } from '../../core/store-shards.ts';
import { checkLifetimes, type Lifetimes } from './make-indexes.ts';
import { MongoShard } from './mongo-shard.ts';
import { ShardOpening } from './shard-opening.ts';
import type { StoreHealth } from './store-guard.ts';

export interface MongoShardsOptions {
	/**
	 * `mongodb://…`, one a shard, always in the same order: standalone servers, replica sets or what is
	 * compatible. The path names the database; without one it is `naru`.
	 */
	readonly urls: readonly string[];
	/** Name of the environment; a store of another one is refused. */
	readonly environment: string;
	/** All collections of all kinds. */
	readonly collections: readonly Collection[];
	/** What is not named is kept for ever. */
	readonly lifetimes?: Lifetimes;
	/** How long any call may take, and how long it may wait for its turn before. */
	readonly timeoutMs?: number;
	readonly runtime: Runtime;
	readonly log?: Log;
	readonly meter?: Meter;
}

export interface MongoShards {
	readonly journal: Journal;
	readonly store: Store;
	readonly counters: Counters;
	/** For the host of actors: each shard gets a writer and a projector of its own. */
	readonly shards: StoreShards;
	/** By shard. */
	health(): readonly StoreHealth[];
	/** Ends the connections; what is not answered then rejects. */
	close(): Promise<void>;
}

const TIMEOUT_MS = 5_000;
const SHARDS_MAX = 64;
const DATABASE = 'naru';

/**
 * Opens all stores and makes what they need. Rejects with `StorageError` when the first, which holds what
 * belongs to no actor, is not there, and with `StoreLayoutError` when one is not the store it should be.
 * Another one that is not there is opened later; until then calls for its actors are refused.
 */
export async function openMongoShards(options: MongoShardsOptions): Promise<MongoShards> {
	const { collections, lifetimes = {}, environment, runtime, log = SILENT } = options;
	checkLifetimes(collections, lifetimes);
	const shards = createShards(options);
	const opening = new ShardOpening({ shards, environment, runtime, log });
	try {
		await opening.open();
	} catch (error) {
		await opening.close();
		throw error;
	}
	const spread = evenShards(shards.length);
	return {
		journal: new ShardedJournal(shards, spread, log),
		store: new ShardedStore(shards, spread, collections),
		counters: { next: (name) => shards[0].counters.next(name) },
		shards: spread,
		health: () => shards.map(({ guard }) => guard.health),
		close: () => opening.close(),
	};
}

type Shards = readonly [MongoShard, ...MongoShard[]];

function createShards(options: MongoShardsOptions): Shards {
	const { urls, environment: _, lifetimes = {}, timeoutMs = TIMEOUT_MS, ...rest } = options;
	const defaults = { log: SILENT, meter: NO_METER, lifetimes, timeoutMs };
	const [first, ...others] = urls.map((url, n) => {
		const name = `store ${n + 1} of MONGO_URL`;
		return new MongoShard({ ...defaults, ...rest, url, name, database: databaseNameOf(url) });
	});
	const isBounded = urls.length <= SHARDS_MAX;
	if (first === undefined || !isBounded) throw new Error(`name 1 to ${SHARDS_MAX} stores`);
	return [first, ...others];
}

/** A URL may name several hosts, so it is none that `URL` could read. */
function databaseNameOf(url: string): string {
	const [, path = ''] = /^[^/]*\/\/[^/]*\/([^?]*)/.exec(url) ?? [];
	return path === '' ? DATABASE : decodeURIComponent(path);
}
