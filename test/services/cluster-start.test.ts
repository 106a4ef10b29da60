import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, type TestContext, test } from 'vitest';
import { NaruProcess } from '../support/naru-process.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

/** What the program gives itself for an orderly stop, and a little. */
const STOP_MS_MAX = 32_000;

// They wait most of the time, so they wait together.
const { concurrent } = test;

type Finished = TestContext['onTestFinished'];

async function startNodes(count: number, onTestFinished: Finished, isProxied = false) {
	const cluster = await ClusterNodes.start(count, { isProxied });
	onTestFinished(() => cluster.end());
	return cluster;
}

/** A server that lets nobody in; it says so as `answer` does. */
async function closedServer(
	onTestFinished: Finished,
	greeting: string,
	answer: (said: string) => string,
): Promise<string> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('error', () => {});
		socket.write(greeting);
		socket.on('data', (bytes) => socket.write(answer(bytes.toString())));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	onTestFinished(async () => {
		for (const socket of sockets) socket.destroy();
		await new Promise((resolve) => server.close(resolve));
	});
	const address = server.address();
	return `ann:hush@127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const closedRedis = (onTestFinished: Finished) =>
	closedServer(onTestFinished, '', (said) => {
		const commands = said.match(/\*\d+\r\n/g) ?? [];
		return commands.map(() => '-WRONGPASS invalid username-password pair\r\n').join('');
	});

const NATS_HELLO = { version: '2.15.0', proto: 1, max_payload: 1_048_576, auth_required: true };
const closedNats = (onTestFinished: Finished) =>
	closedServer(
		onTestFinished,
		`INFO ${JSON.stringify({ server_id: 'x', host: '127.0.0.1', port: 1, ...NATS_HELLO })}\r\n`,
		() => "-ERR 'Authorization Violation'\r\n",
	);

describe.concurrent('a start that cannot be', () => {
	/** Fails to start one more node, and answers what it said to the person. */
	async function refused(
		cluster: ClusterNodes,
		env: Readonly<Record<string, string>>,
	): Promise<string> {
		const settings = { ...cluster.settings(), LOG_LEVEL: 'silent', ...env };
		const started = new NaruProcess({ directory: '/nonexistent', env: settings });
		cluster.nodes.push(started);
		expect(await started.ended).toEqual({ code: 1, signal: null });
		expect(started.output).toBe('');
		expect(started.errors).not.toContain('hush');
		return started.errors;
	}

	concurrent.for<[string, string, RegExp]>([
		[
			'MONGO_URL',
			'mongodb://127.0.0.1:1/naru',
			/^naru: store 1 of MONGO_URL.* MONGO_URL right.*\n$/,
		],
		['NATS_URL', 'nats://127.0.0.1:1', /^naru: NATS is not reached.* NATS_URL right.*\n$/],
	])(
		'[P22] says in one line that %s leads nowhere',
		async ([name, url, line], { onTestFinished }) => {
			const cluster = await startNodes(0, onTestFinished);
			expect(await refused(cluster, { [name]: url })).toMatch(line);
		},
	);

	concurrent(
		'[P42] says in one line whose password is refused, and repeats none',
		async ({ onTestFinished }) => {
			const cluster = await startNodes(0, onTestFinished);
			const redis = `redis://${await closedRedis(onTestFinished)}`;
			expect(await refused(cluster, { REDIS_URL: redis })).toMatch(
				/^naru: .*Redis.*WRONGPASS.*REDIS_URL.*\n$/,
			);
			const nats = `nats://${await closedNats(onTestFinished)}`;
			expect(await refused(cluster, { NATS_URL: nats })).toMatch(
				/^naru: NATS.*Authorization.*NATS_URL.*\n$/,
			);
			const mongo = new URL(cluster.mongoUrl);
			Object.assign(mongo, { username: 'ann', password: 'hush' });
			expect(await refused(cluster, { MONGO_URL: mongo.href })).toMatch(
				/^naru: .*password.*MONGO_URL.*\n$/,
			);
		},
	);

	concurrent(
		'[P42] says in one line that the stores are those of another environment',
		async ({ onTestFinished }) => {
			const cluster = await startNodes(1, onTestFinished);
			const line = await refused(cluster, { APP_ENV: 'other' });
			expect(line).toMatch(/^naru: .*belongs to the environment "test-.*this node to "other".*\n$/);
		},
	);
});

concurrent(
	'[P42] nodes of two environments share Redis and NATS, and nothing else',
	async ({ onTestFinished }) => {
		const cluster = await startNodes(1, onTestFinished);
		const other = await startNodes(1, onTestFinished);
		const [mine, theirs] = [cluster.client('ann'), other.client('ann')];
		await mine.channel('lobby').join();
		await mine.channel('lobby').send('mine');
		await theirs.channel('lobby').join();
		expect((await theirs.channel('lobby').open()).messages).toEqual([]);
		for (const nodes of [cluster, other]) {
			const [node] = nodes.nodes;
			if (node !== undefined) expect(await nodes.ops('nodes', node)).toHaveLength(1);
		}
	},
);

concurrent('[P22] a node that starts before Redis waits for it', async ({ onTestFinished }) => {
	const proxy = await TcpProxy.start(serviceUrls().REDIS_URL);
	onTestFinished(() => proxy.close());
	proxy.cut();
	const cluster = await startNodes(0, onTestFinished);
	const starting = cluster.add({ REDIS_URL: proxy.through(serviceUrls().REDIS_URL) });
	await Promise.race([starting, sleep(2_500)]);
	expect(cluster.nodes).toEqual([]);
	proxy.restore();
	await starting;
	await cluster.client('ann').channel('lobby').join();
});

concurrent(
	`[P21][P22] nodes that are told to stop while a server is away end in time, and lose nothing (seed ${SEED})`,
	async ({ onTestFinished }) => {
		const cluster = await startNodes(3, onTestFinished, true);
		const { nodes, ways } = cluster;
		const load = await ChaosLoad.start(cluster, {
			channels: ['news', 'games', 'lobby'],
			seed: SEED,
		});
		// An owner has commits that wait.
		const owner = await cluster.ownerOf('news');
		const cut = [ways[owner]?.mongo, ways[(owner + 1) % 3]?.redis, ways[(owner + 2) % 3]?.nats];
		for (const way of cut) way?.cut();
		// Long enough for commits to wait, and shorter than a lease.
		await sleep(1_500);
		const began = Date.now();
		for (const [index, ended] of nodes.map((node) => node.terminate()).entries()) {
			const { code, signal } = await ended;
			console.info(`node ${index} has ended with ${code} after ${Date.now() - began} ms`);
			expect(signal).toBe(null);
		}
		expect(Date.now() - began).toBeLessThan(STOP_MS_MAX);
		for (const way of cut) way?.restore();
		await Promise.all(nodes.map((_, index) => cluster.replace(index)));
		await load.flows();
		await judge(load);
	},
	120_000,
);
