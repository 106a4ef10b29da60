import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { type ServiceUrls, URL_NAMES } from './urls.ts';

const ANSWER_MS = 2_000;
const POLL_MS = 100;

/** Connects, sends, and gives the answer's bytes to `isWhole` until that is content. */
function ask(url: string, request: string, isWhole: (answer: string) => boolean): Promise<string> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve, reject) => {
		const socket = connect({ host: hostname, port: Number(port), timeout: ANSWER_MS });
		const fail = (error: Error) => {
			socket.destroy();
			reject(error);
		};
		let answer = '';
		socket.on('connect', () => socket.write(request));
		socket.on('data', (bytes) => {
			answer += bytes.toString('latin1');
			if (!isWhole(answer)) return;
			socket.destroy();
			resolve(answer);
		});
		socket.on('error', fail);
		socket.on('timeout', () => fail(new Error(`${url} does not answer`)));
		socket.on('close', () => fail(new Error(`${url} closed the connection`)));
	});
}

async function checkRedis(url: string): Promise<void> {
	const answer = await ask(url, 'PING\r\n', (text) => text.endsWith('\r\n'));
	// Alive, though it wants a password.
	if (!/^(\+PONG|-NOAUTH)/.test(answer)) throw new Error(`${url} is not a Redis that serves`);
}

async function checkNats(url: string): Promise<void> {
	const answer = await ask(url, '', (text) => text.includes('\r\n'));
	if (!/"jetstream":\s*true/.test(answer)) throw new Error(`${url} is no NATS with JetStream`);
}

async function checkMongo(url: string): Promise<void> {
	const client = new MongoClient(url, {
		serverSelectionTimeoutMS: ANSWER_MS,
		socketTimeoutMS: ANSWER_MS,
	});
	try {
		await client.db('admin').command({ ping: 1 });
		// The gateway answers before its database does; and a replica set before it has a primary.
		await client.db('naru_health').collection('none').findOne({});
		const { isWritablePrimary } = await client.db('admin').command({ hello: 1 });
		if (isWritablePrimary !== true) throw new Error(`${url} is no primary yet`);
	} finally {
		await client.close();
	}
}

const CHECKS = { REDIS_URL: checkRedis, NATS_URL: checkNats, MONGO_URL: checkMongo };

/** What is wrong with them, one line each; empty when all serve. */
export async function findDown(urls: ServiceUrls): Promise<string[]> {
	const answers = await Promise.allSettled(URL_NAMES.map((name) => CHECKS[name](urls[name])));
	return answers.flatMap((answer, index) =>
		answer.status === 'rejected'
			? [`${URL_NAMES[index]}: ${(answer.reason as Error).message}`]
			: [],
	);
}

/** Resolves when `check` does, or rejects with its last error. `alive` may end the wait early. */
export async function eventually(
	check: () => Promise<void>,
	options: { readonly withinMs: number; readonly alive?: () => void },
): Promise<void> {
	const until = Date.now() + options.withinMs;
	for (;;) {
		try {
			return await check();
		} catch (error) {
			options.alive?.();
			if (Date.now() > until) throw error;
			await sleep(POLL_MS);
		}
	}
}
