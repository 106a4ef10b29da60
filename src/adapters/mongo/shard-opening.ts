import { type Log, SILENT } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { MongoShard } from './mongo-shard.ts';
import { StorageError } from './storage-error.ts';
import { claimStore, joinStore, type StoreLayout } from './store-layout.ts';

/** Between two attempts to open a store that was not there. */
const AGAIN = { firstMs: 1_000, maxMs: 15_000 };

export interface ShardOpeningOptions {
	readonly shards: readonly [MongoShard, ...MongoShard[]];
	readonly environment: string;
	readonly runtime: Runtime;
	readonly log?: Log;
}

/**
 * Opens the shards of a store. The first must be there; others that are not are tried again for as long
 * as it takes, shut meanwhile, so that a node may start while one is away.
 */
export class ShardOpening {
	readonly #options: ShardOpeningOptions;
	readonly #log: Log;
	readonly #cancels = new Map<number, () => void>();
	#set = '';
	#isClosed = false;

	constructor(options: ShardOpeningOptions) {
		this.#options = options;
		this.#log = options.log ?? SILENT;
	}

	/** Rejects when the first is not there, or one is not what it should be. */
	async open(): Promise<void> {
		const { shards, runtime } = this.#options;
		const [first, ...others] = shards;
		const layout = { ...this.#layout(0), set: runtime.randomId() };
		await first.prepare(async (db) => {
			this.#set = await claimStore(db, layout);
		});
		const openings = others.map((shard, n) => this.#openOther(shard, n + 1));
		// All have ended before anything is closed, should one reject.
		const results = await Promise.allSettled(openings);
		for (const one of results) if (one.status === 'rejected') throw one.reason;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		for (const cancel of this.#cancels.values()) cancel();
		await Promise.all(this.#options.shards.map((shard) => shard.close()));
	}

	async #openOther(shard: MongoShard, n: number): Promise<void> {
		shard.guard.shut('it is not open yet');
		try {
			await this.#prepare(shard, n);
		} catch (error) {
			if (!(error instanceof StorageError)) throw error;
			this.#log.warn({ err: error }, 'a store is not there: it is opened when it is');
			this.#later(shard, n, 0);
		}
	}

	async #prepare(shard: MongoShard, n: number): Promise<void> {
		const [first] = this.#options.shards;
		await shard.prepare((db) => joinStore(db, first.db, this.#layout(n)));
		shard.guard.open();
	}

	#later(shard: MongoShard, n: number, tries: number): void {
		const { runtime } = this.#options;
		const waitMs = Math.min(AGAIN.maxMs, AGAIN.firstMs * 2 ** tries);
		const run = () => void this.#again(shard, n, tries + 1);
		if (this.#isClosed) return;
		this.#cancels.set(n, runtime.after(waitMs * (1 + runtime.random() / 2), run));
	}

	async #again(shard: MongoShard, n: number, tries: number): Promise<void> {
		try {
			await this.#prepare(shard, n);
			this.#log.info({ store: n + 1 }, 'a store that was not there is open');
		} catch (error) {
			if (this.#isClosed) return;
			if (error instanceof StorageError) {
				this.#later(shard, n, tries);
				return;
			}
			// Another store than ours: it stays shut, and somebody has to look.
			this.#log.error({ err: error }, 'a store cannot be used');
			shard.guard.shut('it is not the store that it should be');
		}
	}

	#layout(shard: number): StoreLayout {
		const { shards, environment } = this.#options;
		return { environment, set: this.#set, shards: shards.length, shard };
	}
}
