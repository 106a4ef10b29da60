import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { nodeRuntime } from './adapters/node/node-runtime.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { unwrittenInWords } from './core/unwritten.ts';
import { startSimulators } from './node-simulators.ts';
import { gatherComplaints } from './ops/gathered-log.ts';
import { createLog } from './ops/log.ts';
import type { NaruServer } from './server.ts';

// What was compiled once is kept beside the packages, where that may be written: half of a start is that.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/naru', import.meta.url)));

/** Longest time for an orderly stop, in milliseconds. */
const STOP_MS_MAX = 30_000;

/** One line on standard error, and exit code 1. */
function endWith(line: string): never {
	process.stderr.write(`naru: ${line}\n`);
	process.exit(1);
}

async function start(settings: Config): Promise<NaruServer> {
	const plain = await createLog({ level: settings.logLevel, pretty: settings.development });
	const log = gatherComplaints(plain, nodeRuntime);
	process.once('exit', () => log.flush());
	for (const warning of settings.warnings) log.warn({}, warning);
	try {
		const [{ startServer }, { close: _, ...urls }] = await Promise.all([
			import('./server.ts'),
			startSimulators(settings.outside, '127.0.0.1'),
		]);
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
		const { startProblem } = await import('./start-problems.ts');
		const line = startProblem(error, settings);
		if (line === undefined) throw error;
		return endWith(line);
	}
}

function settings(): Config {
	try {
		return readConfig();
	} catch (error) {
		if (error instanceof ConfigError) return endWith(error.message);
		throw error;
	}
}

let server: NaruServer | undefined;

/** Drains and ends the process, with code 0 when all is written; called again, it changes nothing. */
function stop(): void {
	// It never was ready: nobody relies on it, and what it waits for may not come.
	if (server === undefined) process.exit(0);
	// What is acknowledged is durable already: nothing that never answers must hold the stop up.
	setTimeout(() => endWith('the stop took too long and was cut short'), STOP_MS_MAX).unref();
	server.close().then(
		(unwritten) => {
			if (unwritten.actors + unwritten.events === 0) process.exit(0);
			endWith(unwrittenInWords(unwritten));
		},
		(error) => endWith(`the stop failed: ${String(error)}`),
	);
}

// Before the start: the first process of a container is not ended by a signal that it does not take.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
server = await start(settings());
const { url } = server;
process.stdout.write(
	`demo       ${url}/\napi        ${url}/api/v1\ninspector  ${url}/inspector\nready\n`,
);
