import { randomUUID } from 'node:crypto';
import { type IRoomCache, matchMaker } from '@colyseus/core';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../src/adapters/redis/connect-redis.ts';
import { SILENT } from '../../src/core/log.ts';
import { ListingKeeper } from '../../src/gateway/seats/listing-keeper.ts';
import { SharedListing } from '../../src/gateway/seats/shared-listing.ts';
import { openSharedPresence } from '../../src/gateway/seats/shared-presence.ts';
import { until } from '../support/world.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

/** Timers that a test lets pass. */
class Steps {
	#waiting: (() => void)[] = [];
	after = (_ms: number, run: () => void) => {
		this.#waiting.push(run);
		return () => {
			this.#waiting = this.#waiting.filter((other) => other !== run);
		};
	};
	pass(): void {
		for (const run of this.#waiting.splice(0)) run();
	}
}

const rowOf = (roomId: string, processId: string): IRoomCache => ({
	name: 'board',
	roomId,
	processId,
	clients: 0,
	maxClients: 10,
});

/** What one process lists, in an environment of this test, through a connection that can be cut. */
async function listingOf(prefix: string) {
	const url = serviceUrls().REDIS_URL;
	const proxy = await TcpProxy.start(url);
	const connect = () =>
		connectRedis(proxy.through(url), { timeoutMs: 500, keyPrefix: prefix, log: SILENT });
	const redis = connect();
	await redis.connect();
	const steps = new Steps();
	const listing = new SharedListing(redis, steps);
	const presence = await openSharedPresence(connect(), prefix);
	onTestFinished(async () => {
		presence.end();
		await listing.close();
		await proxy.close();
	});
	const rooms = async () => (await listing.query({})).map(({ roomId }) => roomId).sort();
	return { listing, presence, proxy, redis, rooms, steps };
}

const newPrefix = () => `{naru:test-${randomUUID()}}:rooms:`;

test('[P6] rows are copied for the others, the last state of each', async () => {
	const prefix = newPrefix();
	const [one, two] = [await listingOf(prefix), await listingOf(prefix)];
	const row = rowOf('a', 'p1');
	await one.listing.insert(row);
	one.listing.update(row, { $inc: { clients: 1 } });
	one.listing.update(row, { $inc: { clients: 1 } });
	await one.listing.insert(rowOf('gone', 'p1'));
	one.listing.remove('gone');
	one.steps.pass();
	await until(async () => (await two.rooms()).length === 1);
	expect(await two.listing.findOne({ roomId: 'a' })).toMatchObject({ roomId: 'a', clients: 2 });
	expect(await two.listing.has('gone')).toBe(false);
	expect([...(await two.listing.findByIds(['a', 'gone'])).keys()]).toEqual(['a']);
});

test('[P22] while Redis is away rooms are listed here, and for the others when it is back', async () => {
	const prefix = newPrefix();
	const [one, two] = [await listingOf(prefix), await listingOf(prefix)];
	await two.listing.insert(rowOf('b', 'p2'));
	two.steps.pass();
	await until(async () => (await one.rooms()).length === 1);
	one.proxy.cut();
	await until(() => one.redis.status !== 'ready');
	await one.listing.insert(rowOf('a', 'p1'));
	one.steps.pass();
	expect(await one.rooms()).toEqual(['a']);
	expect(await one.listing.findOne({ roomId: 'b' })).toBeUndefined();
	const heard: unknown[] = [];
	await one.presence.subscribe('$a', (message: unknown) => heard.push(message));
	// Nobody looks at what becomes of it, and it must not end the process.
	void one.presence.publish('$b', 'lost');
	one.proxy.restore();
	await until(async () => {
		one.steps.pass();
		return (await two.rooms()).length === 2;
	});
	expect(await one.rooms()).toEqual(['a', 'b']);
	await until(async () => {
		await two.presence.publish('$a', 'heard');
		return heard.length > 0;
	});
	expect(await two.presence.channels('$*')).toEqual(['$a']);
});

test('[P20] what a node that is gone has listed goes; what was taken out wrongly comes back', async () => {
	const prefix = newPrefix();
	const [one, two] = [await listingOf(prefix), await listingOf(prefix)];
	await matchMaker.setup(one.presence, one.listing);
	await two.listing.insert(rowOf('b', 'p2'));
	two.steps.pass();
	await two.presence.hset('processes', '2', 'p2');
	await one.listing.insert(rowOf('a', matchMaker.processId));
	const nodes = { self: '1', ids: () => ['1', '3'], onGone: () => () => {} };
	const { listing, presence, steps } = one;
	const keeper = new ListingKeeper({ listing, presence, nodes, runtime: steps, log: SILENT });
	await until(async () => {
		steps.pass();
		return (await two.rooms()).join() === 'a';
	});
	expect(await two.presence.hgetall('processes')).toEqual({ 1: matchMaker.processId });
	await two.presence.hdel('processes', '1');
	await two.redis.del('roomcaches');
	await until(async () => {
		steps.pass();
		return (await two.rooms()).join() === 'a';
	});
	await keeper.close();
	expect(await two.presence.hgetall('processes')).toEqual({});
});

test('[P21] a node that ends leaves its mark for those who live, unless its rows are gone', async () => {
	const prefix = newPrefix();
	const [one, two] = [await listingOf(prefix), await listingOf(prefix)];
	await matchMaker.setup(one.presence, one.listing);
	await one.listing.insert(rowOf('a', matchMaker.processId));
	const nodes = { self: '1', ids: () => ['1'], onGone: () => () => {} };
	const { listing, presence, proxy, steps } = one;
	const keeper = new ListingKeeper({ listing, presence, nodes, runtime: steps, log: SILENT });
	const processes = () => two.presence.hgetall('processes');
	await until(async () => {
		steps.pass();
		return (await two.rooms()).length === 1 && '1' in (await processes());
	});
	proxy.swallowAnswers();
	listing.remove('a');
	steps.pass();
	await keeper.close();
	expect(await processes()).toEqual({ 1: matchMaker.processId });
});
