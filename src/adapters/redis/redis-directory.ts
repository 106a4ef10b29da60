import type { Directory, NodeId, NodeRecord, Renewal } from '../../cluster/directory.ts';
import { readNodeRecord, writeNodeRecord } from '../../cluster/node-record.ts';
import type { Log } from '../../core/log.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { connectRedis, type ScriptedRedis } from './connect-redis.ts';
import { KEYS_PER_SCRIPT_MAX } from './directory-scripts.ts';
import { asDirectoryError, isTimeout } from './redis-error.ts';

const TIMEOUT_MS = 1_000;
/** After so many calls in a row without an answer the connection is taken for dead. */
const SILENT_CALLS_MAX = 2;
/** Entries that nobody verifies any more (their node died) go by themselves. */
const ENTRY_MS = 60 * 60_000;

export interface RedisDirectoryOptions {
	/** `redis://` or `rediss://`, with user and password if there are any. */
	readonly url: string;
	/** Its entries are apart from those of every other environment in the same Redis. */
	readonly environment: string;
	readonly log: Log;
	/** How long a call waits for its answer. */
	readonly timeoutMs?: number;
}

/** Opens a directory in Redis. Resolves after the first attempt to connect, whether it came or not. */
export async function openRedisDirectory(options: RedisDirectoryOptions): Promise<Directory> {
	const { url, environment, log, timeoutMs = TIMEOUT_MS } = options;
	const redis = connectRedis(url, { timeoutMs, log });
	const directory = new RedisDirectory(redis, environment);
	await redis.connect().catch(() => {});
	return directory;
}

class RedisDirectory implements Directory {
	readonly #redis: ScriptedRedis;
	/** The hash tag keeps all keys on one node of a Redis Cluster, so that a script may use several. */
	readonly #prefix: string;
	readonly #leases: string;
	readonly #born: string;
	#silentCalls = 0;
	/** Why there is no connection. */
	#trouble: Error | undefined;

	constructor(redis: ScriptedRedis, environment: string) {
		this.#redis = redis;
		redis.on('error', (error: Error) => {
			this.#trouble = error;
		});
		redis.on('ready', () => {
			this.#trouble = undefined;
		});
		this.#prefix = `{naru:${environment}}`;
		this.#leases = `${this.#prefix}:leases`;
		this.#born = `${this.#prefix}:born`;
	}

	async renew(node: NodeRecord, leaseMs: number): Promise<Renewal> {
		const record = writeNodeRecord(node);
		const answer = await this.#ask('renew', () =>
			this.#redis.naruRenew(this.#leases, this.#born, node.id, leaseMs, record),
		);
		const [now, held, ageMs, records] = answer as [number, number, number, string[]];
		const nodes = records.map(readNodeRecord).filter((one) => one !== undefined);
		return { now, nodes, held: held === 1, ageMs };
	}

	async leave(id: NodeId): Promise<void> {
		await this.#ask('leave', () => this.#redis.hdel(this.#leases, id));
	}

	owners(keys: readonly ActorKey[]): Promise<readonly (NodeId | undefined)[]> {
		return this.#inSlices(keys, async (slice) => {
			const owners = await this.#ask('owners', () => this.#redis.naruFind(...this.#keys(slice)));
			return asOwners(owners);
		});
	}

	claim(id: NodeId, keys: readonly ActorKey[]): Promise<readonly (NodeId | undefined)[]> {
		return this.#inSlices(keys, async (slice) => {
			const owners = await this.#ask('claim', () =>
				this.#redis.naruClaim(...this.#keys(slice), id, ENTRY_MS),
			);
			return asOwners(owners);
		});
	}

	verify(id: NodeId, keys: readonly ActorKey[]): Promise<readonly ActorKey[]> {
		return this.#inSlices(keys, async (slice) => {
			const places = await this.#ask('verify', () =>
				this.#redis.naruVerify(...this.#keys(slice), id, ENTRY_MS),
			);
			return (places as number[]).map((place) => slice[place - 1] as ActorKey);
		});
	}

	async release(id: NodeId, keys: readonly ActorKey[]): Promise<void> {
		await this.#inSlices(keys, async (slice) => {
			await this.#ask('release', () => this.#redis.naruRelease(...this.#keys(slice), id));
			return [];
		});
	}

	close(): Promise<void> {
		this.#redis.disconnect();
		return Promise.resolve();
	}

	/** The number of keys, the leases, the birth mark, and the entry of each actor. */
	#keys(actors: readonly ActorKey[]): (string | number)[] {
		const entries = actors.map((key) => `${this.#prefix}:owner:${key}`);
		return [entries.length + 2, this.#leases, this.#born, ...entries];
	}

	async #inSlices<A>(
		keys: readonly ActorKey[],
		call: (slice: readonly ActorKey[]) => Promise<readonly A[]>,
	): Promise<readonly A[]> {
		const answers: A[] = [];
		for (let from = 0; from < keys.length; from += KEYS_PER_SCRIPT_MAX) {
			answers.push(...(await call(keys.slice(from, from + KEYS_PER_SCRIPT_MAX))));
		}
		return answers;
	}

	async #ask(call: string, send: () => Promise<unknown>): Promise<unknown> {
		try {
			const answer = await send();
			this.#silentCalls = 0;
			return answer;
		} catch (error) {
			if (isTimeout(error)) this.#silent();
			throw asDirectoryError(error, call, this.#trouble);
		}
	}

	/** A connection whose other end vanished says nothing of it for minutes: take another. */
	#silent(): void {
		if (++this.#silentCalls < SILENT_CALLS_MAX) return;
		this.#silentCalls = 0;
		this.#redis.stream.destroy();
	}
}

const asOwners = (owners: unknown): (NodeId | undefined)[] =>
	(owners as (NodeId | null)[]).map((owner) => owner ?? undefined);
