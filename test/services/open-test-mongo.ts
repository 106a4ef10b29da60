import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { type Mongo, type MongoOptions, openMongo } from '../../src/adapters/mongo/open-mongo.ts';
import { STORE_COLLECTIONS } from '../contract/store/rows.ts';
import { serviceUrls } from './urls.ts';

export interface TestMongo extends Mongo {
	readonly database: string;
	/** The driver beside the adapter, for what its ports do not show. */
	readonly client: MongoClient;
}

/** Opens a database of its own, which goes when it is closed. */
export async function openTestMongo(options: Partial<MongoOptions> = {}): Promise<TestMongo> {
	const url = serviceUrls().MONGO_URL;
	const database = options.database ?? `naru_test_${randomUUID()}`;
	const mongo = await openMongo({ url, collections: STORE_COLLECTIONS, ...options, database });
	const client = new MongoClient(url);
	const close = async () => {
		await mongo.close();
		await client.db(database).dropDatabase();
		await client.close();
	};
	return { ...mongo, database, client, close };
}
