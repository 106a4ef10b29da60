import { readConfig } from '../../../src/config.ts';
import { createLog } from '../../../src/ops/log.ts';
import { startServer } from '../../../src/server.ts';
import { serve } from '../harness/serve.ts';

/** One of several nodes, as production composes it; `env` holds its settings. */
await serve(async ({ env }: { readonly env: Readonly<Record<string, string>> }) => {
	const config = readConfig(env);
	const log = await createLog({ level: config.logLevel, pretty: false });
	const server = await startServer({ config, log });
	return { url: server.url, stop: () => server.close() };
});
