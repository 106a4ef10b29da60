import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Collection, MongoClient } from 'mongodb';
import { newDatabase } from '../../services/open-test-mongo.ts';
import { type ServiceUrls, serviceUrls } from '../../services/urls.ts';

const LOCK_MS = 3_000;
const RETRY_MS = 10;
/** Only whoever holds the lock lets go of it. */
const UNLOCK = `if redis.call('get', KEYS[1]) == ARGV[1] then
	return redis.call('del', KEYS[1]) else return 0 end`;

interface Seat {
	readonly _id: string;
	readonly owner: string | null;
}

/** Where the servers are, if some were started and answer. */
export async function runningServices(): Promise<ServiceUrls | undefined> {
	let redis: Redis | undefined;
	try {
		const urls = serviceUrls();
		redis = new Redis(urls.REDIS_URL, { lazyConnect: true, retryStrategy: () => null });
		redis.on('error', () => {});
		await redis.connect();
		return urls;
	} catch {
		return undefined;
	} finally {
		redis?.disconnect();
	}
}

/**
 * What the article compares with: each of the clients, over a connection of its own, takes a lock in
 * Redis, looks at the seat in the store, takes it if it is free, and lets go of the lock.
 */
export class LockedSeats implements AsyncDisposable {
	readonly #clients: readonly Redis[];
	readonly #mongo: MongoClient;
	readonly #seats: Collection<Seat>;
	readonly #prefix = `bench-${randomUUID()}`;

	private constructor(clients: readonly Redis[], mongo: MongoClient) {
		this.#clients = clients;
		this.#mongo = mongo;
		this.#seats = mongo.db(newDatabase()).collection('seats');
	}

	static async open(urls: ServiceUrls, clients: number): Promise<LockedSeats> {
		const made = Array.from({ length: clients }, () => new Redis(urls.REDIS_URL));
		await Promise.all(made.map((redis) => redis.ping()));
		const mongo = new MongoClient(urls.MONGO_URL, { maxPoolSize: clients });
		await mongo.connect();
		return new LockedSeats(made, mongo);
	}

	/** All clients claim one seat at once; how long until the last knows, and how many have it. */
	async race(seat: string): Promise<{ ms: number; winners: number }> {
		await this.#seats.insertOne({ _id: seat, owner: null });
		const start = performance.now();
		const claims = this.#clients.map((redis, n) => this.#claim(redis, seat, `u${n}`));
		const won = await Promise.all(claims);
		return { ms: performance.now() - start, winners: won.filter((one) => one).length };
	}

	async #claim(redis: Redis, seat: string, owner: string): Promise<boolean> {
		const lock = `{${this.#prefix}}:${seat}`;
		const token = randomUUID();
		while ((await redis.set(lock, token, 'PX', LOCK_MS, 'NX')) === null) {
			await sleep(RETRY_MS * Math.random());
		}
		const found = await this.#seats.findOne({ _id: seat });
		const isFree = found?.owner === null;
		if (isFree) await this.#seats.updateOne({ _id: seat }, { $set: { owner } });
		await redis.eval(UNLOCK, 1, lock, token);
		return isFree;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const redis of this.#clients) redis.disconnect();
		await this.#mongo.db(this.#seats.dbName).dropDatabase();
		await this.#mongo.close();
	}
}
