import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../../src/config.ts';
import { createLog } from '../../../src/ops/log.ts';
import { startServer } from '../../../src/server.ts';
import { serve } from '../harness/serve.ts';
import { SECRET } from '../harness/token.ts';

interface NaruOptions {
	readonly storage?: 'sqlite' | 'memory-journal';
	readonly commitDelayMs?: number;
	readonly flushWindowMs?: number;
	/** Kept when given; else a temporary one. */
	readonly directory?: string;
	/** Where the simulated institutions are. */
	readonly institutionsUrl?: string;
}

/** The composition of production on a free port, with its default limits. */
await serve(async ({ directory, institutionsUrl, ...options }: NaruOptions) => {
	const temporary = directory === undefined;
	const dataDirectory = directory ?? mkdtempSync(join(tmpdir(), 'naru-bench-'));
	const remove = () => temporary && rmSync(dataDirectory, { recursive: true, force: true });
	process.once('exit', remove);
	const config = readConfig({
		PORT: '0',
		NARU_DATA_DIR: dataDirectory,
		AUTH_SECRET: SECRET,
		LOG_LEVEL: 'warn',
		...(institutionsUrl === undefined ? {} : { INSTITUTIONS_URL: institutionsUrl }),
	});
	const log = await createLog({ level: config.logLevel, pretty: false });
	const server = await startServer({ config, log, ...options });
	return { url: server.url, stop: () => server.close() };
});
