import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { newDatabase, urlOf } from '../../services/open-test-mongo.ts';
import { serviceUrls } from '../../services/urls.ts';
import type { Channels } from './fill-channels.ts';
import { ServerProcess } from './server-process.ts';
import { SECRET } from './token.ts';

const FILLER = fileURLToPath(new URL('./fill-channels.ts', import.meta.url));
const SCAN_LENGTH = 1_000;

/** A database and an environment that nobody else has, on the servers of `npm run services:start`. */
export class Stores implements AsyncDisposable {
	/** Settings of a node that uses them. */
	readonly env: Readonly<Record<string, string>>;
	readonly environment = `bench-${randomUUID().slice(0, 8)}`;
	readonly #database = newDatabase();

	constructor() {
		this.env = {
			...serviceUrls(),
			MONGO_URL: this.mongoUrl,
			APP_ENV: this.environment,
			AUTH_SECRET: SECRET,
			PORT: '0',
			LOG_LEVEL: 'warn',
		};
	}

	get mongoUrl(): string {
		return urlOf(serviceUrls().MONGO_URL, this.#database);
	}

	/** Makes channels that rest in the stores, each with a snapshot if it has 50 events. */
	async fill(channels: Omit<Channels, 'url' | 'environment'>): Promise<void> {
		const { environment } = this;
		const filling: Channels = { ...channels, url: this.mongoUrl, environment };
		const made = promisify(execFile)(process.execPath, [FILLER, JSON.stringify(filling)]);
		ServerProcess.cpuMicrosEnded += Number((await made).stdout);
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
