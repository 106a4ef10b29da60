import type { Db, MongoClient } from 'mongodb';
import type { Counters } from '../../core/counters.ts';
import type { Journal } from '../../core/journal.ts';
import type { Log } from '../../core/log.ts';
import type { Meter } from '../../core/meter.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Collection, Store } from '../../core/store.ts';
import { createClient, databaseOf } from './connect.ts';
import { inTime } from './in-time.ts';
import { type Lifetimes, makeIndexes } from './make-indexes.ts';
import { MongoCounters } from './mongo-counters.ts';
import { MongoJournal } from './mongo-journal.ts';
import { MongoStore } from './mongo-store.ts';
import { asStorageError } from './storage-error.ts';
import { StoreGuard } from './store-guard.ts';

export interface MongoShardOptions {
	readonly url: string;
	readonly database: string;
	/** What it is called in logs and errors; the URL may hold a password. */
	readonly name: string;
	readonly collections: readonly Collection[];
	readonly lifetimes: Lifetimes;
	readonly timeoutMs: number;
	readonly runtime: Runtime;
	readonly log: Log;
	readonly meter: Meter;
}

/** Indexes are made over what is there already. */
const PREPARE_MS = 10 * 60_000;
/** Behind our own deadlines, which only stop waiting, the connection itself is given up. */
const SILENCE_BEHIND_MS = 1_000;

/** A client and what is done with it. */
interface Link {
	readonly client: MongoClient;
	readonly db: Db;
	readonly journal: Journal;
	readonly store: Store;
	readonly counters: Counters;
}

/** One MongoDB of the store: its part of journal, read side and counters. */
export class MongoShard {
	readonly guard: StoreGuard;
	readonly #options: MongoShardOptions;
	#link: Link;
	#isClosed = false;

	constructor(options: MongoShardOptions) {
		this.#options = options;
		this.guard = new StoreGuard({ ...options, renew: () => this.#renew() });
		this.#link = this.#newLink();
	}

	/** Of now: ask each time. */
	get journal(): Journal {
		return this.#link.journal;
	}

	get store(): Store {
		return this.#link.store;
	}

	get counters(): Counters {
		return this.#link.counters;
	}

	/** For what is done while it is opened; everything else goes through the guard. */
	get db(): Db {
		return this.#link.db;
	}

	/**
	 * Connects, lets `claim` look whose data it is, and makes the declared indexes. Rejects with
	 * `StorageError` when there is no server, and with what `claim` throws.
	 */
	async prepare(claim: (db: Db) => Promise<void>): Promise<void> {
		const { runtime, timeoutMs, name } = this.#options;
		const within = <T>(call: string, ms: number, work: Promise<T>) =>
			inTime({ runtime, call: `${name}: ${call}`, timeoutMs: ms }, work);
		try {
			await within('connect', timeoutMs, this.#link.client.connect());
			await within('claim', timeoutMs, claim(this.db));
			await within('indexes', PREPARE_MS, this.#makeIndexes());
		} catch (error) {
			throw asStorageError(error, `${name}: open`);
		}
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#link.client.close();
	}

	#newLink(): Link {
		const { url, database, collections, timeoutMs, runtime, log } = this.#options;
		const { guard } = this;
		const silenceMaxMs = timeoutMs + SILENCE_BEHIND_MS;
		const client = createClient(url, { timeoutMs, silenceMaxMs, log });
		const db = databaseOf(client, database, timeoutMs);
		return {
			client,
			db,
			journal: new MongoJournal(db, { guard, runtime, log }),
			store: new MongoStore(db, collections, guard),
			counters: new MongoCounters(db, guard),
		};
	}

	/** Whatever the old client is stuck in, the new one knows nothing of it. */
	#renew(): void {
		if (this.#isClosed) return;
		const { client } = this.#link;
		this.#link = this.#newLink();
		const { log, name } = this.#options;
		log.debug({ store: name }, 'a store does not answer: connecting anew');
		client.close().catch(() => {});
	}

	/** On a connection that may be silent while the server works. */
	async #makeIndexes(): Promise<void> {
		const { url, database, timeoutMs, log } = this.#options;
		const client = createClient(url, { timeoutMs, silenceMaxMs: PREPARE_MS, log });
		try {
			await makeIndexes(databaseOf(client, database, PREPARE_MS), this.#options);
		} finally {
			await client.close();
		}
	}
}
