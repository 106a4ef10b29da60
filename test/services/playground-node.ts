/**
 * A node in development that yet has an environment of its own, so that it meets no other node in
 * development on the same servers.
 */
import { readConfig } from '../../src/config.ts';
import { SILENT } from '../../src/core/log.ts';
import { startServer } from '../../src/server.ts';

const server = await startServer({
	config: { ...readConfig(), development: true },
	log: SILENT,
	onDrain: () => void server.close().then(() => process.exit(0)),
});
process.stdout.write(`demo   ${server.url}/\nready\n`);
