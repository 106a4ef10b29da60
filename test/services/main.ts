/** `npm run services:start | stop | status`: real servers for development and tests, on loopback. */
import { ServicesError } from './cache.ts';
import { startDebian } from './debian-servers.ts';
import { hasEngine, startDocker, stopDocker } from './docker-servers.ts';
import { eventually, findDown } from './health.ts';
import { exclusively } from './lock.ts';
import { isRunning, stopDaemon } from './processes.ts';
import { say } from './say.ts';
import { readState, writeState } from './state.ts';
import { ownUrls, type ServiceUrls, URL_NAMES, urlsOf } from './urls.ts';

const HEALTHY_MS = 30_000;

async function start(): Promise<ServiceUrls> {
	const own = ownUrls();
	if (own !== undefined) {
		say('the environment names servers of your own: nothing is started');
		await untilHealthy(own, 0);
		return own;
	}
	return await exclusively(async () => {
		await (hasEngine() ? startDocker() : startDebian());
		const state = readState();
		if (state === undefined) throw new ServicesError('the state of the services was removed');
		await untilHealthy(urlsOf(state), HEALTHY_MS);
		return urlsOf(state);
	});
}

async function untilHealthy(urls: ServiceUrls, withinMs: number): Promise<void> {
	const check = async () => {
		const down = await findDown(urls);
		if (down.length > 0) throw new ServicesError(down.join('\n'));
	};
	await eventually(check, { withinMs });
}

async function stop(): Promise<void> {
	await exclusively(async () => {
		const state = readState();
		if (state?.by === 'docker') await stopDocker(state);
		// The last one started first: it needs those before it.
		for (const started of (state?.processes ?? []).filter(isRunning).reverse()) {
			say(`stopping ${started.name}`);
			await stopDaemon(started);
		}
		if (state !== undefined) writeState({ ...state, processes: [] });
	});
}

/** Where they are; fails when one is down. */
async function status(): Promise<ServiceUrls> {
	const state = readState();
	const urls = ownUrls() ?? (state && urlsOf(state));
	if (urls === undefined) throw new ServicesError('not started: npm run services:start');
	const down = await findDown(urls);
	if (down.length > 0) throw new ServicesError(`down\n${down.join('\n')}`);
	return urls;
}

function print(urls: ServiceUrls, asJson: boolean): void {
	const lines = URL_NAMES.map((name) => `${name}=${urls[name]}`);
	process.stdout.write(`${asJson ? JSON.stringify(urls) : lines.join('\n')}\n`);
}

async function main([command, ...flags]: readonly string[]): Promise<void> {
	const asJson = flags.includes('--json');
	if (command === 'start') print(await start(), asJson);
	else if (command === 'status') print(await status(), asJson);
	else if (command === 'stop') await stop();
	else throw new ServicesError('say start, stop or status');
}

try {
	await main(process.argv.slice(2));
} catch (error) {
	if (!(error instanceof ServicesError)) throw error;
	for (const line of error.message.split('\n')) say(line);
	process.exitCode = 1;
}
