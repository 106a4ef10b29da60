import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { isRunning } from './processes.ts';
import { answerOf, run } from './run.ts';
import { say } from './say.ts';
import { readState, type ServicesState, writeState } from './state.ts';

const COMPOSE = [
	'docker',
	'compose',
	'--project-name=naru-services',
	`--file=${join(import.meta.dirname, 'compose.yml')}`,
];
const PULL_MS = 10 * 60_000;
const STOP_MS = 2 * 60_000;

/** Whether an engine runs here, and has compose. */
export const hasEngine = (): boolean =>
	answerOf(['docker', 'info']) !== undefined &&
	answerOf(['docker', 'compose', 'version']) !== undefined;

/** What compose.yml takes from the environment. */
const portsFor = ({ ports }: ServicesState) => ({
	...process.env,
	NARU_REDIS_PORT: `${ports.redis}`,
	NARU_NATS_PORT: `${ports.nats}`,
	NARU_MONGO_PORT: `${ports.mongo}`,
});

/** Starts what does not run; the engine knows. */
export async function startDocker(): Promise<void> {
	const old = readState();
	const runs = old?.by === 'docker' && runningCount(old) > 0;
	const ports: Record<string, number> = {};
	for (const name of ['redis', 'nats', 'mongo']) {
		const known = old?.ports[name];
		ports[name] = runs && known !== undefined ? known : await freePort(known);
	}
	// Servers from before the engine was there: a stop has to find them.
	const processes = (old?.processes ?? []).filter(isRunning);
	const state: ServicesState = { by: 'docker', ports, processes };
	writeState(state);
	say('starting the containers of redis, nats and mongo (images are fetched once)');
	await run([...COMPOSE, 'up', '--detach', '--wait'], {
		name: 'docker compose',
		timeoutMs: PULL_MS,
		env: portsFor(state),
	});
}

/** Removes the containers, keeps their data. */
export async function stopDocker(state: ServicesState): Promise<void> {
	await run([...COMPOSE, 'down'], {
		name: 'docker compose',
		timeoutMs: STOP_MS,
		env: portsFor(state),
	});
}

function runningCount(state: ServicesState): number {
	const [command = '', ...args] = [...COMPOSE, 'ps', '--quiet', '--status=running'];
	const { stdout } = spawnSync(command, args, { encoding: 'utf8', env: portsFor(state) });
	return stdout.split('\n').filter((line) => line !== '').length;
}
