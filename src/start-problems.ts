/** What a person who starts a node can do about its failure to start. */
import { StorageError } from './adapters/mongo/storage-error.ts';
import { StoreLayoutError } from './adapters/mongo/store-layout.ts';
import { RelayError } from './adapters/nats/nats-relay.ts';
import { DataDirectoryInUseError } from './adapters/sqlite/data-directory.ts';
import { DirectoryError } from './cluster/directory-error.ts';
import { type Config, ConfigError } from './config.ts';
import { InstitutionSettingsError } from './institutions/settings.ts';
import { VaultError } from './institutions/vault.ts';
import { SimulatorError } from './node-simulators.ts';

/** What to say of the servers of a cluster. */
function problemOfServers(error: unknown): string | undefined {
	if (error instanceof RelayError || error instanceof StoreLayoutError) return error.message;
	const ask = 'right, and does the server run?';
	if (error instanceof StorageError) return `${error.message}: is MONGO_URL ${ask}`;
	if (!(error instanceof DirectoryError)) return undefined;
	return error.code === 'CONFLICT' ? error.message : `${error.message}: is REDIS_URL ${ask}`;
}

const OWN_WORDS = [
	ConfigError,
	DataDirectoryInUseError,
	InstitutionSettingsError,
	SimulatorError,
	VaultError,
];

/** One line that says what is wrong and what to set; nothing for what only a developer can mend. */
export function startProblem(error: unknown, config: Config): string | undefined {
	if (OWN_WORDS.some((known) => error instanceof known)) return (error as Error).message;
	const ofServers = problemOfServers(error);
	if (ofServers !== undefined) return ofServers;
	const { host, port, dataDirectory } = config;
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
