import { type Db, MongoClient, ReadConcern } from 'mongodb';
import type { Log } from '../../core/log.ts';

const CONNECTIONS_MAX = 20;
/** Longer than a monitor needs to find a server that is there. */
const SELECTION_MS_MAX = 2_000;
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
 * A client whose failed writes are not repeated by the driver: journal and projector settle them by
 * rules of their own.
 */
export function createClient(url: string, options: ClientOptions): MongoClient {
	const { timeoutMs, silenceMaxMs, log } = options;
	const client = new MongoClient(url, {
		appName: 'naru',
		retryWrites: false,
		maxPoolSize: CONNECTIONS_MAX,
		connectTimeoutMS: timeoutMs,
		heartbeatFrequencyMS: LOOK_MS,
		serverSelectionTimeoutMS: Math.min(timeoutMs, SELECTION_MS_MAX),
		waitQueueTimeoutMS: timeoutMs,
		socketTimeoutMS: silenceMaxMs,
		promoteBuffers: true,
	});
	logEvents(client, log);
	return client;
}

/**
 * A database that is written to a majority's disks, and of which what a majority has is read from the
 * primary, whatever a URL says: a weaker concern would tell of commits that a fail-over takes back.
 */
export function databaseOf(client: MongoClient, name: string, timeoutMs: number): Db {
	return client.db(name, {
		readPreference: 'primary',
		readConcern: new ReadConcern('majority'),
		writeConcern: { w: 'majority', journal: true, wtimeoutMS: timeoutMs },
	});
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
