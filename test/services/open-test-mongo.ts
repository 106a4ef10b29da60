import { randomUUID } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import { MongoStore } from '../../src/adapters/mongo/mongo-store.ts';
import {
	type MongoShards,
	type MongoShardsOptions,
	openMongoShards,
} from '../../src/adapters/mongo/open-mongo-shards.ts';
import { StoreGuard } from '../../src/adapters/mongo/store-guard.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { SILENT } from '../../src/core/log.ts';
import { NO_METER } from '../../src/core/meter.ts';
import { STORE_COLLECTIONS } from '../contract/store/rows.ts';
import { serviceUrls } from './urls.ts';

export interface TestMongo extends MongoShards {
	/** The first shard's. */
	readonly database: string;
	/** By shard. */
	readonly databases: readonly string[];
	/** The driver beside the adapter, for what its ports do not show. */
	readonly client: MongoClient;
}

export interface TestMongoOptions extends Partial<MongoShardsOptions> {
	/** A server without a path; the one of the services unless told. */
	readonly url?: string;
	readonly database?: string;
}

/** The URL of a database on a server. */
export function urlOf(server: string, database: string): string {
	const url = new URL(server);
	url.pathname = database;
	return url.href;
}

/** A name for a database that no other test has. */
export const newDatabase = () => `naru_test_${randomUUID()}`;

/** Opens a database of its own, which goes when it is closed; `urls` when it shall be several. */
export async function openTestMongo(options: TestMongoOptions = {}): Promise<TestMongo> {
	const { url = serviceUrls().MONGO_URL, database = newDatabase(), ...rest } = options;
	const urls = options.urls ?? [urlOf(url, database)];
	const mongo = await openMongoShards({
		environment: 'test',
		collections: STORE_COLLECTIONS,
		runtime: nodeRuntime,
		...rest,
		urls,
	});
	const client = new MongoClient(serviceUrls().MONGO_URL);
	const databases = urls.map((one) => new URL(one).pathname.slice(1));
	const close = async () => {
		await mongo.close();
		for (const one of databases) await client.db(one).dropDatabase();
		await client.close();
	};
	return { ...mongo, database: databases[0] ?? '', databases, client, close };
}

/** Stands before calls to a database that a test has opened by itself. */
export const guardOfTest = (timeoutMs = 5_000): StoreGuard =>
	new StoreGuard({ name: 'test', timeoutMs, runtime: nodeRuntime, log: SILENT, meter: NO_METER });

/** The read side on a database that a test has opened by itself; another projector's. */
export const storeOn = (db: Db, guard = guardOfTest()): MongoStore =>
	new MongoStore(db, STORE_COLLECTIONS, guard);
