import { type Config, ConfigError, readConfig } from './config.ts';
import { startSimulators } from './node-simulators.ts';
import { createLog } from './ops/log.ts';
import { type NaruServer, startServer } from './server.ts';
import { startProblem } from './start-problems.ts';

/** Longest time for an orderly stop, in milliseconds. */
const STOP_MS_MAX = 30_000;

/** Ends the start with one clear line. */
function refuseStart(line: string): never {
	process.stderr.write(`naru: ${line}\n`);
	process.exit(1);
}

async function start(settings: Config): Promise<NaruServer> {
	const log = await createLog({ level: settings.logLevel, pretty: settings.development });
	for (const warning of settings.warnings) log.warn({}, warning);
	try {
		const { close: _, ...urls } = await startSimulators(settings.outside, '127.0.0.1');
		const config = { ...settings, outside: { ...settings.outside, ...urls } };
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
		const line = startProblem(error, settings);
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
