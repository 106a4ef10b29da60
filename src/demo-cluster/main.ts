/**
 * `npm run demo:cluster`: three nodes on this machine behind one entry, on the servers that
 * `npm run services:start` brought up or that REDIS_URL, NATS_URL and MONGO_URL name. A node that is
 * killed or drained is started again.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Config, readConfig, settingsFor } from '../config.ts';
import { ensureDevelopmentSecret } from '../gateway/auth/development-secret.ts';
import { startSimulators } from '../node-simulators.ts';
import { openEntry } from './entry.ts';
import { NodeProcess } from './node-process.ts';

const NODES = 3;
const POLL_MS = 100;
const SERVICES = fileURLToPath(new URL('../../test/services/main.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);

/** The servers of `npm run services:start`. */
async function runningServices(): Promise<Record<string, string>> {
	try {
		const ask = promisify(execFile);
		const { stdout } = await ask(process.execPath, [SERVICES, 'status', '--json']);
		return JSON.parse(stdout) as Record<string, string>;
	} catch {
		process.stderr.write(
			'naru: Redis, NATS and MongoDB are not running: npm run services:start, or set REDIS_URL, NATS_URL and MONGO_URL\n',
		);
		return process.exit(1);
	}
}

async function settings(config: Config): Promise<Record<string, string>> {
	const servers = config.cluster === undefined ? await runningServices() : {};
	const secret = config.auth.secret ?? (await ensureDevelopmentSecret(config.dataDirectory));
	const { paymentUrl, institutionsUrl } = await startSimulators(config.outside, '127.0.0.1');
	return {
		...servers,
		...(paymentUrl === undefined ? {} : { PAYMENT_URL: paymentUrl }),
		...(institutionsUrl === undefined ? {} : { INSTITUTIONS_URL: institutionsUrl }),
		PAYMENT_PORT: '',
		INSTITUTIONS_PORT: '',
		AUTH_SECRET: secret,
		HOST: '127.0.0.1',
		PORT: '0',
	};
}

const config = readConfig();
const common = settingsFor(await settings(config));
const nodes = Array.from(
	{ length: NODES },
	(_, index) => new NodeProcess({ name: `node ${index + 1}`, main: MAIN, settings: common, say }),
);
const entry = await openEntry({ host: config.host, port: config.port }, () =>
	nodes.flatMap(({ ready }) => ready ?? []),
);
while (nodes.some(({ ready }) => ready === undefined)) {
	await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
say(`demo       ${entry.url}/`);
say(`inspector  ${entry.url}/inspector`);
say('ready');

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
	process.on(signal, () => {
		if (stopping) return;
		stopping = true;
		say('the nodes drain');
		void Promise.all(nodes.map((node) => node.stop())).then(() => {
			entry.close();
			process.exit(0);
		});
	});
}
