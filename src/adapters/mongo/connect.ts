import { MongoClient } from 'mongodb';
import type { Log } from '../../core/log.ts';

const CONNECTIONS_MAX = 20;

/**
 * A client that writes to a majority and reads from the primary what a majority has. Failed writes
 * are not repeated by the driver: journal and projector settle them by rules of their own.
 */
export function createClient(url: string, timeoutMs: number, log: Log): MongoClient {
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
		// Behind our own deadline: it only frees the connection of a server that went silent.
		socketTimeoutMS: timeoutMs + 1_000,
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
