import { StorageError } from './adapters/mongo/storage-error.ts';
import { StoreLayoutError } from './adapters/mongo/store-layout.ts';
import { RelayError } from './adapters/nats/nats-relay.ts';
import { DataDirectoryInUseError } from './adapters/sqlite/data-directory.ts';
import { DirectoryError } from './cluster/directory-error.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createLog } from './ops/log.ts';
import { type NaruServer, startServer } from './server.ts';

/** Longest time for an orderly stop, in milliseconds. */
const STOP_MS_MAX = 30_000;

/** Ends the start with one clear line. */
function refuseStart(line: string): never {
	process.stderr.write(`naru: ${line}\n`);
	process.exit(1);
}

/** What to say of the servers of a cluster. */
function knownOfServers(error: unknown): string | undefined {
	if (error instanceof RelayError || error instanceof StoreLayoutError) return error.message;
	const ask = 'right, and does the server run?';
	if (error instanceof StorageError) return `${error.message}: is MONGO_URL ${ask}`;
	if (!(error instanceof DirectoryError)) return undefined;
	return error.code === 'CONFLICT' ? error.message : `${error.message}: is REDIS_URL ${ask}`;
}

/** What to say of a failure that the person who starts can do something about. */
function known(error: unknown, { host, port, dataDirectory }: Config): string | undefined {
	if (error instanceof DataDirectoryInUseError) return error.message;
	const ofServers = knownOfServers(error);
	if (ofServers !== undefined) return ofServers;
	const { code, message, path, syscall } = error as NodeJS.ErrnoException;
	if (code === 'ERR_SQLITE_ERROR' || path !== undefined) {
		return `the data directory ${dataDirectory} cannot be used (${message}): set NARU_DATA_DIR`;
	}
	if (code === 'EADDRINUSE') return `port ${port} is in use: stop what uses it, or set PORT`;
	if (code === 'EACCES') return `port ${port} may not be used by this user: set PORT above 1023`;
	if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo')
		return `${host} is no address of this machine: set HOST`;
	return undefined;
}

async function start(config: Config): Promise<NaruServer> {
	const log = await createLog({ level: config.logLevel, pretty: config.development });
	for (const warning of config.warnings) log.warn({}, warning);
	try {
		return await startServer({
			config,
			log,
			onFailed: (error) => {
				log.error({ err: error }, 'the storage is lost');
				process.exit(1);
			},
			onDrain: () => stop(),
		});
	} catch (error) {
		const line = known(error, config);
		if (line === undefined) throw error;
		return refuseStart(line);
	}
}

function settings(): Config {
	try {
		return readConfig();
	} catch (error) {
		if (error instanceof ConfigError) return refuseStart(error.message);
		throw error;
	}
}

let server: NaruServer | undefined;

/** Drains and ends the process; called again, it changes nothing. */
function stop(): void {
	// It never was ready: nobody relies on it, and what it waits for may not come.
	if (server === undefined) process.exit(0);
	// What is acknowledged is durable already: a store that never answers must not hold the stop up.
	setTimeout(() => {
		process.stderr.write('naru: the stop took too long and was cut short\n');
		process.exit(1);
	}, STOP_MS_MAX).unref();
	server.close().then(
		() => process.exit(0),
		(error) => {
			process.stderr.write(`naru: the stop failed: ${String(error)}\n`);
			process.exit(1);
		},
	);
}

// Before the start: the first process of a container is not ended by a signal that it does not take.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
server = await start(settings());
const { url } = server;
process.stdout.write(
	`demo       ${url}/\napi        ${url}/api/v1\ninspector  ${url}/inspector\nready\n`,
);
