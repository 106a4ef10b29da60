import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import type { NaruError } from '../../client-sdk/src/index.ts';
import { judge } from './chaos-judge.ts';
import { ChaosLoad } from './chaos-load.ts';
import { all, Flaps, measured, outage, ownersOf, SEED } from './chaos-outage.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { serviceUrls } from './urls.ts';

const CHANNELS = ['news', 'games', 'lobby', 'sports', 'music', 'work'];

let cluster: ClusterNodes | undefined;
afterEach(async () => {
	await cluster?.end();
	cluster = undefined;
});

/** What a flushed or newly started Redis would have of this environment: nothing, no scripts either. */
async function forgetAll(environment: string): Promise<number> {
	const redis = new Redis(serviceUrls().REDIS_URL);
	try {
		const keys = await redis.keys(`{naru:${environment}}*`);
		if (keys.length > 0) await redis.del(...keys);
		await redis.script('FLUSH');
		return keys.length;
	} finally {
		redis.disconnect();
	}
}

/** Nobody may own a channel that nobody owns; it is had when the directory is back and has settled. */
async function joinNew({ devices }: ChaosLoad): Promise<number> {
	const began = Date.now();
	const join = () => devices[0]?.naru.channel('late').join();
	for (;;) {
		const failure = await join()?.then(
			() => undefined,
			(error: NaruError) => error,
		);
		if (failure === undefined) return Date.now() - began;
		expect(failure).toMatchObject({ retryable: true });
	}
}

test(`[P22] Redis gone for one node, which gives its actors up, then for all, whose channels go on (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3, { isProxied: true });
	const load = await ChaosLoad.start(cluster, { channels: CHANNELS, seed: SEED, senders: 3 });
	const flaps = await Flaps.watch(load);
	const cut = (await ownersOf(load)).get('news') ?? 0;
	const asked = (cut + 1) % 3;
	const one = await outage(load, [cluster.ways[cut]?.redis as never], async () => {
		while ((await cluster?.ownerOf('news', asked)) === cut);
		await load.serves();
	});
	measured('Redis gone for one node', one);
	let joined: Promise<number> = Promise.reject(new Error('nobody joined'));
	joined.catch(() => {});
	const every = await outage(load, all(cluster, 'redis'), async () => {
		joined = joinNew(load);
		await load.serves();
	});
	measured('Redis gone for all', { ...every, waitedMs: await joined });
	expect(flaps.offline).toEqual([]);
	await judge(load);
	expect(cluster.nodes.map(({ errors, isRunning }) => ({ errors, isRunning }))).toEqual(
		cluster.nodes.map(() => ({ errors: '', isRunning: true })),
	);
}, 240_000);

test(`[P22] Redis flushed, and started again empty, under load (seed ${SEED})`, async () => {
	cluster = await ClusterNodes.start(3, { isProxied: true });
	const { environment } = cluster;
	const load = await ChaosLoad.start(cluster, { channels: CHANNELS, seed: SEED, senders: 3 });
	const flaps = await Flaps.watch(load);
	const before = await ownersOf(load);
	const began = Date.now();
	expect(await forgetAll(environment)).toBeGreaterThan(CHANNELS.length);
	await load.flows();
	measured('Redis flushed', { pauses: load.pauses(began) });
	expect(await ownersOf(load)).toEqual(before);
	for (const { redis } of cluster.ways) redis.cut();
	await forgetAll(environment);
	for (const { redis } of cluster.ways) redis.restore();
	await load.flows();
	expect(await ownersOf(load)).toEqual(before);
	expect(flaps.offline).toEqual([]);
	await judge(load);
}, 240_000);
