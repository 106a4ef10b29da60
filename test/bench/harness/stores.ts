import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { newDatabase, urlOf } from '../../services/open-test-mongo.ts';
import { serviceUrls } from '../../services/urls.ts';
import { SECRET } from './token.ts';

const SCAN_LENGTH = 1_000;

/** A database and an environment that nobody else has, on the servers of `npm run services:start`. */
export class Stores implements AsyncDisposable {
	/** Settings of a node that uses them. */
	readonly env: Readonly<Record<string, string>>;
	readonly environment = `bench-${randomUUID().slice(0, 8)}`;
	readonly #database = newDatabase();

	constructor() {
		const urls = serviceUrls();
		this.env = {
			...urls,
			MONGO_URL: urlOf(urls.MONGO_URL, this.#database),
			APP_ENV: this.environment,
			AUTH_SECRET: SECRET,
			PORT: '0',
			LOG_LEVEL: 'warn',
		};
	}

	/** Takes all that this environment has in Redis away, as a restart of it would. */
	async emptyRedis(): Promise<void> {
		const redis = new Redis(serviceUrls().REDIS_URL);
		const pages = redis.scanStream({ match: `{naru:${this.environment}}:*`, count: SCAN_LENGTH });
		for await (const keys of pages) if (keys.length > 0) await redis.unlink(...keys);
		redis.disconnect();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.emptyRedis();
		const client = new MongoClient(serviceUrls().MONGO_URL);
		await client.db(this.#database).dropDatabase();
		await client.close();
	}
}
