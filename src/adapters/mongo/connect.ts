import { MongoClient } from 'mongodb';
import type { Log } from '../../core/log.ts';

const CONNECTIONS_MAX = 20;

export interface ClientOptions {
	/** To connect, to find the primary, to get a connection, to reach a majority. */
	readonly timeoutMs: number;
	/** Gives a connection up whose server is silent for so long while it owes an answer. */
	readonly silenceMaxMs: number;
	readonly log: Log;
}

/**
 * A client that writes to a majority and reads from the primary what a majority has. Failed writes
 * are not repeated by the driver: journal and projector settle them by rules of their own.
 */
export function createClient(url: string, options: ClientOptions): MongoClient {
	const { timeoutMs, silenceMaxMs, log } = options;
	const client = new MongoClient(url, {
		appName: 'naru',
		readPreference: 'primary',
		readConcern: { level: 'majority' },
		writeConcern: { w: 'majority', wtimeoutMS: timeoutMs },
		retryWrites: false,
		maxPoolSize: CONNECTIONS_MAX,
		connectTimeoutMS: timeoutMs,
		serverSelectionTimeoutMS: timeoutMs,
		waitQueueTimeoutMS: timeoutMs,
		socketTimeoutMS: silenceMaxMs,
		promoteBuffers: true,
	});
	logEvents(client, log);
	return client;
}

function logEvents(client: MongoClient, log: Log): void {
	client.on('serverDescriptionChanged', ({ address, previousDescription, newDescription }) => {
		const [from, to] = [previousDescription.type, newDescription.type];
		if (from === to) return;
		if (to === 'Unknown') log.warn({ address, from }, 'a MongoDB server is lost');
		else log.info({ address, from, to }, 'a MongoDB server is there');
	});
	client.on('connectionPoolCleared', ({ address }) => {
		log.warn({ address }, 'connections to a MongoDB server were dropped');
	});
}
