import { MongoClient } from 'mongodb';
import type { Log } from '../../core/log.ts';

const CONNECTIONS_MAX = 20;
/**
 * The least there is. Driver 7.8 never ends a command that it writes between a server's FIN and the end
 * of the socket; a monitor that does so at the end of its connection never looks again. With looks as
 * frequent as this none is asked for at that moment. What is stuck nevertheless is left to the renewal
 * of the client ({@link MongoShard}).
 */
const LOOK_MS = 500;

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
		heartbeatFrequencyMS: LOOK_MS,
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
