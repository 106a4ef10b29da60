import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryBus } from '../../src/adapters/memory/memory-relay.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { connectRedis } from '../../src/adapters/redis/connect-redis.ts';
import { openRedisDirectory } from '../../src/adapters/redis/redis-directory.ts';
import { DirectoryError } from '../../src/cluster/directory-error.ts';
import { DirectoryPlacement } from '../../src/cluster/directory-placement.ts';
import { LeaseMembership } from '../../src/cluster/lease-membership.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

const TIMEOUT_MS = 700;
const BACK_WITHIN_MS = 15_000;
const key: ActorKey = 'channel/secret-name';

async function until(isDone: () => boolean | Promise<boolean>, withinMs = BACK_WITHIN_MS) {
	const end = performance.now() + withinMs;
	while (!(await isDone())) {
		if (performance.now() > end) throw new Error(`not done after ${withinMs} ms`);
		await sleep(20);
	}
}

const nodeOf = (id: string, environment: string) => ({
	id,
	url: 'http://127.0.0.1',
	pid: process.pid,
	environment,
	startedAt: Date.now(),
});

/** A directory that can be taken away, in an environment of its own. */
async function openBehindProxy(environment = `test-${randomUUID()}`) {
	const url = serviceUrls().REDIS_URL;
	const proxy = await TcpProxy.start(url);
	const lines: string[] = [];
	const take = (fields: object, message: string) => {
		lines.push(`${message} ${JSON.stringify(fields)}`);
	};
	const log: Log = { debug: take, info: take, warn: take, error: take };
	const directory = await openRedisDirectory({
		url: proxy.through(url),
		environment,
		log,
		timeoutMs: TIMEOUT_MS,
	});
	onTestFinished(async () => {
		await directory.close();
		await proxy.close();
	});
	const node = nodeOf('1', environment);
	const renew = () => directory.renew(node, 60_000);
	const isBack = () =>
		renew().then(
			() => true,
			() => false,
		);
	return { environment, proxy, directory, lines, renew, isBack };
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
	call.then(
		() => 'no failure',
		(error: unknown) => error,
	);

describe('Redis away', () => {
	test('[P22] calls fail at once and are not sent again later; it comes back by itself', async () => {
		const { proxy, directory, renew, isBack, lines } = await openBehindProxy();
		await renew();
		proxy.cut();
		await until(async () => (await failure(renew())) instanceof DirectoryError);
		for (let n = 0; n < 20; n++) {
			expect(await failure(directory.verify('1', [key]))).toMatchObject({ code: 'UNAVAILABLE' });
		}
		proxy.restore();
		await until(isBack);
		expect(await directory.owners([key])).toEqual([undefined]);
		expect(lines.filter((line) => line.startsWith('Redis is lost'))).toHaveLength(1);
		expect(lines.filter((line) => line.startsWith('Redis is there'))).toHaveLength(1);
		expect(lines.join()).not.toContain('secret-name');
	});

	test('[P22] no answer is a time-out; a connection that stays silent is replaced', async () => {
		const { proxy, directory, renew, isBack, lines } = await openBehindProxy();
		await renew();
		proxy.swallowAnswers();
		const error = await failure(directory.verify('1', [key]));
		expect(error).toMatchObject({ name: 'DirectoryError', code: 'TIMEOUT' });
		expect(String(error)).not.toContain('secret-name');
		await failure(renew());
		await until(() => lines.some((line) => line.startsWith('Redis is lost')));
		proxy.restore();
		await until(isBack);
		// It was done nevertheless.
		expect(await directory.owners([key])).toEqual(['1']);
	});

	test('[P22] it opens while Redis is away, and connects when it is there', async () => {
		const proxy = await TcpProxy.start(serviceUrls().REDIS_URL);
		proxy.cut();
		const environment = `test-${randomUUID()}`;
		const url = proxy.through(serviceUrls().REDIS_URL);
		const directory = await openRedisDirectory({ url, environment, log: SILENT });
		onTestFinished(async () => {
			await directory.close();
			await proxy.close();
		});
		const renew = () => directory.renew(nodeOf('1', environment), 60_000);
		expect(await failure(renew())).toBeInstanceOf(DirectoryError);
		proxy.restore();
		await until(async () => (await failure(renew())) === 'no failure');
	});

	test('[P22] a server that has forgotten the scripts is given them again', async () => {
		const { renew } = await openBehindProxy();
		await renew();
		const beside = new Redis(serviceUrls().REDIS_URL);
		onTestFinished(() => beside.disconnect());
		// Others do not notice: every client sends its scripts again.
		await beside.script('FLUSH');
		expect((await renew()).held).toBe(true);
	});

	test('what Redis refuses is an error without what was sent', async () => {
		const { environment, directory, renew } = await openBehindProxy();
		await renew();
		const beside = new Redis(serviceUrls().REDIS_URL);
		onTestFinished(() => beside.disconnect());
		const leases = `{naru:${environment}}:leases`;
		await beside.del(leases);
		await beside.set(leases, 'no hash');
		const error = await failure(directory.verify('1', [key]));
		expect(error).toMatchObject({ name: 'DirectoryError', code: 'UNAVAILABLE' });
		expect(String(error)).not.toContain('secret-name');
		await beside.del(leases);
		expect((await renew()).held).toBe(false);
	});
});

describe('nodes on Redis', () => {
	async function joinNode(id: string, environment: string, bus: MemoryBus) {
		const { proxy, directory } = await openBehindProxy(environment);
		const membership = new LeaseMembership({
			self: nodeOf(id, environment),
			directory,
			relay: bus.relay(id),
			runtime: nodeRuntime,
			log: SILENT,
			subject: `${environment}.nodes`,
			load: () => ({ sockets: 0, actors: 0, loopDelayMs: 0, overloaded: false }),
		});
		let losses = 0;
		membership.onLost(() => {
			losses++;
		});
		const placement = new DirectoryPlacement({
			membership,
			directory,
			runtime: nodeRuntime,
			log: SILENT,
		});
		await membership.join();
		onTestFinished(() => membership.leave());
		return { proxy, membership, placement, losses: () => losses };
	}

	test('[P22] away for all: nobody gives up or flaps; away for one: it gives up', async () => {
		const environment = `test-${randomUUID()}`;
		const bus = new MemoryBus({ runtime: nodeRuntime });
		const one = await joinNode('1', environment, bus);
		const two = await joinNode('2', environment, bus);
		const nodes = [one, two];
		const allClaim = () => nodes.every(({ membership }) => membership.mayClaim());
		await until(allClaim);
		expect(await one.placement.claim(key)).toBe('1');
		expect(await two.placement.claim(key)).toBe('1');

		for (const { proxy } of nodes) proxy.cut();
		for (let looks = 0; looks < 60; looks++) {
			await sleep(100);
			for (const { membership } of nodes) expect(membership.mayServe()).toBe(true);
		}
		expect(await two.placement.claim('channel/other')).toBeUndefined();
		for (const { proxy } of nodes) proxy.restore();
		await until(allClaim);
		expect(nodes.map(({ losses }) => losses())).toEqual([0, 0]);
		expect(await two.placement.lookUp(key)).toBe('1');

		one.proxy.cut();
		await until(() => two.membership.nodes.size === 1);
		expect(one.losses()).toBe(1);
		expect(one.membership.mayServe()).toBe(false);
		expect(await two.placement.claim(key)).toBe('2');
	});

	test('two nodes race for a key, 1,000 times: one owner each', async () => {
		const environment = `test-${randomUUID()}`;
		const bus = new MemoryBus({ runtime: nodeRuntime });
		const nodes = [await joinNode('1', environment, bus), await joinNode('2', environment, bus)];
		await until(() => nodes.every(({ membership }) => membership.mayClaim()));
		const won = new Map<string, number>();
		for (let n = 0; n < 1_000; n++) {
			const raced: ActorKey = `channel/c${n}`;
			const order = n % 2 === 0 ? nodes : [...nodes].reverse();
			const owners = await Promise.all(order.map(({ placement }) => placement.claim(raced)));
			expect(new Set(owners).size).toBe(1);
			expect(nodes.filter(({ placement }) => placement.owns(raced))).toHaveLength(1);
			const owner = owners[0] as string;
			won.set(owner, (won.get(owner) ?? 0) + 1);
		}
		expect([...won.keys()].sort()).toEqual(['1', '2']);
	});
});

test('[P22] a connection lost while an answer was owed does not take the next one with it', async () => {
	const url = serviceUrls().REDIS_URL;
	const proxy = await TcpProxy.start(url);
	const silenceMaxMs = 400;
	const redis = connectRedis(proxy.through(url), { timeoutMs: 200, silenceMaxMs, log: SILENT });
	const second = redis.duplicate();
	const both = [redis, second];
	onTestFinished(async () => {
		for (const one of both) one.disconnect();
		await proxy.close();
	});
	let lost = 0;
	for (const one of both) {
		one.on('error', () => {});
		one.on('close', () => lost++);
		await one.connect();
	}
	proxy.swallowAnswers();
	const owed = both.map((one) => one.ping());
	proxy.cut();
	proxy.restore();
	expect((await Promise.allSettled(owed)).map(({ status }) => status)).toEqual([
		'rejected',
		'rejected',
	]);
	await until(() => both.every(({ status }) => status === 'ready'));
	const end = performance.now() + 2 * silenceMaxMs;
	while (performance.now() < end) {
		for (const one of both) expect(await one.ping()).toBe('PONG');
		await sleep(20);
	}
	expect(lost).toBe(2);
});
