import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { type DebianParts, debianParts } from './debian-parts.ts';
import { eventually } from './health.ts';
import { freePort } from './ports.ts';
import { type Daemon, endedAtOnce, isRunning, type Started, startDaemon } from './processes.ts';
import { answerOf, run } from './run.ts';
import { say } from './say.ts';
import { readState, type ServicesState, writeState } from './state.ts';

const POSTGRES_BIN = '/usr/lib/postgresql/18/bin';
/** Inside the root. */
const DATA = '/srv/naru';
const READY_MS = 30_000;
const COMMAND_MS = 60_000;

const NAMES = ['redis', 'nats', 'postgres', 'mongo'] as const;
type Ports = Record<(typeof NAMES)[number], number>;

const inRoot = (root: string, user: string, ...argv: string[]) => [
	'chroot',
	`--userspec=${user}`,
	root,
	...argv,
];

/** Starts those that do not run; every one is in the state before it is waited for. */
export async function startDebian(): Promise<void> {
	const parts = await debianParts();
	const state = await prepareState();
	const ports = state.ports as Ports;
	prepareFolders(parts.root);
	const ensure = async (daemon: Daemon) => {
		if (state.processes.some(({ name }) => name === daemon.name)) return;
		say(`starting ${daemon.name}`);
		state.processes.push(await startDaemon(daemon));
		writeState(state);
	};
	await ensure(redisDaemon(parts, ports));
	await ensure(natsDaemon(parts, ports));
	await preparePostgres(parts);
	await ensure(postgresDaemon(parts, ports));
	await untilPostgresServes(parts, state);
	await ensure(ferretDaemon(parts, ports));
}

async function prepareState(): Promise<ServicesState> {
	const old = readState();
	const processes = (old?.processes ?? []).filter(isRunning);
	const ports: Record<string, number> = {};
	for (const name of NAMES) {
		const known = old?.ports[name];
		const runs = processes.some((one) => one.name === name);
		ports[name] = runs && known !== undefined ? known : await freePort(known);
	}
	const state: ServicesState = { by: 'debian', ports, processes };
	writeState(state);
	return state;
}

function prepareFolders(root: string): void {
	for (const [name, owner] of [
		['postgres', 'postgres:postgres'],
		['nats', 'nobody:nogroup'],
		['redis', 'nobody:nogroup'],
	] as const) {
		const folder = join(DATA, name);
		mkdirSync(join(root, folder), { recursive: true });
		answerOf(['chroot', root, 'chown', owner, folder]);
	}
	// Shared memory of PostgreSQL; plain files, as nothing is mounted here.
	chmodSync(join(root, 'dev/shm'), 0o1777);
}

const logFile = (name: string) => join(cacheFolder('log'), `${name}.log`);

const redisDaemon = ({ root }: DebianParts, { redis }: Ports): Daemon => ({
	name: 'redis',
	logFile: logFile('redis'),
	argv: inRoot(
		root,
		'nobody',
		'redis-server',
		'--port',
		`${redis}`,
		'--bind',
		'127.0.0.1',
		'--save',
		'',
		'--dir',
		`${DATA}/redis`,
	),
});

function natsDaemon({ root }: DebianParts, { nats }: Ports): Daemon {
	const config = `${DATA}/nats.conf`;
	// An acknowledged write is on the disk, as in production.
	const text = `listen: "127.0.0.1:${nats}"\njetstream { store_dir: "${DATA}/nats", sync_interval: always }\n`;
	writeFileSync(join(root, config), text);
	return {
		name: 'nats',
		logFile: logFile('nats'),
		argv: inRoot(root, 'nobody', 'nats-server', '-c', config),
	};
}

const postgresDaemon = ({ root }: DebianParts, { postgres }: Ports): Daemon => ({
	name: 'postgres',
	logFile: logFile('postgres'),
	argv: inRoot(
		root,
		'postgres',
		`${POSTGRES_BIN}/postgres`,
		'-D',
		`${DATA}/postgres/data`,
		'-p',
		`${postgres}`,
	),
	// Ends without waiting for the clients.
	stopSignal: 'SIGINT',
});

const ferretDaemon = ({ ferretdb }: DebianParts, { mongo, postgres }: Ports): Daemon => ({
	name: 'mongo',
	logFile: logFile('ferretdb'),
	argv: [
		ferretdb,
		`-listen=127.0.0.1:${mongo}`,
		`-postgres=postgres://naru@127.0.0.1:${postgres}/postgres`,
		`-state=${cacheFolder('ferretdb')}`,
	],
});

const SETTINGS = `
listen_addresses = '127.0.0.1'
unix_socket_directories = '${DATA}/postgres'
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
max_connections = 200
`;

/** Makes the database cluster once; a half-made one is made again. */
async function preparePostgres({ root }: DebianParts): Promise<void> {
	const whole = join(root, DATA, 'postgres/whole');
	if (existsSync(whole)) return;
	say('making the database');
	const data = `${DATA}/postgres/data`;
	const options = { name: 'initdb', timeoutMs: COMMAND_MS };
	await run(inRoot(root, 'postgres', 'rm', '-rf', data), options);
	const initdb = [`${POSTGRES_BIN}/initdb`, '-D', data, '-U', 'naru', '--auth=trust'];
	await run(inRoot(root, 'postgres', ...initdb, '--encoding=UTF8', '--locale=C.UTF-8'), options);
	writeFileSync(join(root, data, 'postgresql.conf'), SETTINGS, { flag: 'a' });
	writeFileSync(whole, '');
}

/** Until it takes connections, and has the extension that holds the documents. */
async function untilPostgresServes({ root }: DebianParts, state: ServicesState): Promise<void> {
	const postgres = state.processes.find(({ name }) => name === 'postgres') as Started;
	const psql = [
		'psql',
		'-h',
		'127.0.0.1',
		'-p',
		`${state.ports.postgres}`,
		'-U',
		'naru',
		'postgres',
	];
	const sql = 'create extension if not exists documentdb cascade';
	const check = () =>
		run(inRoot(root, 'nobody', ...psql, '-qc', sql), { name: 'psql', timeoutMs: COMMAND_MS });
	const alive = () => {
		if (!isRunning(postgres)) throw endedAtOnce('postgres', logFile('postgres'));
	};
	await eventually(check, { withinMs: READY_MS, alive });
}
