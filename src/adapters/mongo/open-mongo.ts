import type { Journal } from '../../core/journal.ts';
import { type Log, SILENT } from '../../core/log.ts';
import type { Collection, Store } from '../../core/store.ts';
import { createClient } from './connect.ts';
import { makeIndexes } from './make-indexes.ts';
import { MongoJournal } from './mongo-journal.ts';
import { MongoStore } from './mongo-store.ts';
import { within } from './storage-error.ts';

export interface MongoOptions {
	/** `mongodb://…`; a standalone server, a replica set or what is compatible with them. */
	readonly url: string;
	readonly database: string;
	/** All collections of all kinds. */
	readonly collections: readonly Collection[];
	/** How long any call may take. */
	readonly timeoutMs?: number;
	readonly log?: Log;
}

export interface Mongo {
	readonly journal: Journal;
	readonly store: Store;
	/** Ends the connections; what is not answered then rejects. */
	close(): Promise<void>;
}

const TIMEOUT_MS = 5_000;
/** Indexes are made over what is there already. */
const PREPARE_MS = 10 * 60_000;
/** Behind our own deadlines, which only stop waiting, the connection itself is given up. */
const SILENCE_BEHIND_MS = 1_000;

/** Connects, and makes the declared indexes. Rejects with `StorageError` when there is no server. */
export async function openMongo(options: MongoOptions): Promise<Mongo> {
	const { url, database, collections, timeoutMs = TIMEOUT_MS, log = SILENT } = options;
	await prepare({ ...options, timeoutMs, log });
	const silenceMaxMs = timeoutMs + SILENCE_BEHIND_MS;
	const client = createClient(url, { timeoutMs, silenceMaxMs, log });
	const db = client.db(database);
	try {
		await within(timeoutMs, 'connect', client.connect());
	} catch (error) {
		await client.close();
		throw error;
	}
	return {
		journal: new MongoJournal(db, { timeoutMs, log }),
		store: new MongoStore(db, collections, timeoutMs),
		close: () => client.close(),
	};
}

/** On a connection that may be silent while the server works. */
async function prepare(options: Required<MongoOptions>): Promise<void> {
	const { url, database, collections, timeoutMs, log } = options;
	const client = createClient(url, { timeoutMs, silenceMaxMs: PREPARE_MS, log });
	try {
		await within(timeoutMs, 'connect', client.connect());
		await within(PREPARE_MS, 'prepare', makeIndexes(client.db(database), collections, log));
	} finally {
		await client.close();
	}
}
