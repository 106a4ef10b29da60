import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { ActorSystem } from '../../src/core/actor-system.ts';
import { REQUESTS } from '../../src/core/store.ts';
import { type ActorKey, actorKey } from '../../src/protocol/ids.ts';
import { counterKind } from '../support/counter-kind.ts';
import { newDatabase, openTestMongo, type TestMongo, urlOf } from './open-test-mongo.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { serviceUrls } from './urls.ts';

const TIMEOUT_MS = 2_000;
const KIND = counterKind as ActorKind;
const COLLECTIONS = [REQUESTS, ...KIND.collections];
const WAIT = { timeout: 60_000, interval: 20 };

/** The second of two stores can be taken away. */
async function setUp() {
	const server = serviceUrls().MONGO_URL;
	const proxy = await TcpProxy.start(server);
	const [one, two] = [newDatabase(), newDatabase()];
	const urls = [urlOf(server, one), urlOf(proxy.through(server), two)];
	onTestFinished(() => proxy.close());
	const open = async () => {
		const mongo = await openTestMongo({ urls, collections: COLLECTIONS, timeoutMs: TIMEOUT_MS });
		const system = nodeOn(mongo);
		onTestFinished(async () => {
			proxy.restore();
			system.kill();
			await mongo.close();
		});
		return { mongo, system };
	};
	// Their collections are made while everything is there.
	const { mongo, system } = await open();
	const [free, stopped] = [0, 1].map((shard) => keysOf(mongo, shard));
	for (const key of [...(free ?? []), ...(stopped ?? [])]) await add(system, key);
	return { proxy, open, mongo, system, free: free ?? [], stopped: stopped ?? [] };
}

function nodeOn({ journal, store, shards }: TestMongo) {
	return new ActorSystem({ kinds: [KIND], journal, store, shards, runtime: nodeRuntime });
}

const keysOf = ({ shards }: TestMongo, shard: number) =>
	Array.from({ length: 40 }, (_, n) => actorKey('counter', `c${n}`))
		.filter((key) => shards.of(key) === shard)
		.slice(0, 5);

let requests = 0;
/** Adds one, by commands that are sent again with their id while they may be. */
async function add(system: ActorSystem, key: ActorKey): Promise<CommandAnswer> {
	const caller = { userId: 'ann', roles: ['user'] };
	const request = { caller, name: 'add', args: { by: 1 }, requestId: `r${requests++}` };
	for (let resend = false; ; resend = true) {
		const answer = await new Promise<CommandAnswer>((resolve) => {
			system.command(key, { ...request, resend }, resolve);
		});
		if (answer.ok || !['UNAVAILABLE', 'BUSY', 'MOVED'].includes(answer.code)) return answer;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const total = (answer: CommandAnswer) => (answer.ok ? answer.reply : answer);

describe('mongo: several stores', () => {
	test.each([
		{ how: 'hangs', breakIt: (proxy: TcpProxy) => proxy.swallowAnswers(), roundsMin: 5 },
		{ how: 'is gone', breakIt: (proxy: TcpProxy) => proxy.cut(), roundsMin: 0 },
	])(
		'[C24] [P22] one that $how delays its own actors only, loses nothing, and is used again',
		async ({ breakIt, roundsMin }) => {
			const { proxy, mongo, system, free, stopped } = await setUp();
			breakIt(proxy);
			const waiting = stopped.map((key) => add(system, key));
			let answered = 0;
			for (const one of waiting) void one.then(() => answered++);
			let count = 1;
			const goOn = async () => {
				count++;
				const answers = await Promise.all(free.map((key) => add(system, key)));
				expect(answers.map(total)).toEqual(free.map(() => ({ total: count })));
			};
			const isFoundOut = () => mongo.health()[1]?.state !== 'closed';
			while (!isFoundOut()) await goOn();
			// Not one round, as it would be if all had waited for the first answer that does not come.
			expect(count).toBeGreaterThan(roundsMin);
			for (let round = 0; round < 20; round++) await goOn();
			expect(answered).toBe(0);
			proxy.restore();
			expect((await Promise.all(waiting)).map(total)).toEqual(stopped.map(() => ({ total: 2 })));
			await expect.poll(() => mongo.health()[1]?.state, WAIT).toBe('closed');
			const answers = await Promise.all(stopped.map((key) => add(system, key)));
			expect(answers.map(total)).toEqual(stopped.map(() => ({ total: 3 })));
			await system.settle();
			for (const key of stopped) expect(await mongo.store.watermark(key)).toBe(3);
		},
	);

	test('[C24] [P22] a node starts while one is away, and serves its actors when it is back', async () => {
		const { proxy, open, system: first, free, stopped } = await setUp();
		await first.settle();
		first.kill();
		proxy.cut();
		const { mongo, system } = await open();
		expect(mongo.health().map(({ state }) => state)).toEqual(['closed', 'shut']);
		const answers = await Promise.all(free.map((key) => add(system, key)));
		expect(answers.map(total)).toEqual(free.map(() => ({ total: 2 })));
		const waiting = stopped.map((key) => add(system, key));
		proxy.restore();
		expect((await Promise.all(waiting)).map(total)).toEqual(stopped.map(() => ({ total: 2 })));
		expect(mongo.health().map(({ state }) => state)).toEqual(['closed', 'closed']);
	});

	test('each holds its own actors and their rows', async () => {
		const { mongo, system, free, stopped } = await setUp();
		await system.settle();
		const actorsIn = async (database: string) => {
			const commits = mongo.client.db(database).collection<{ _id: { actor: string } }>('commits');
			const found = await commits.find().project<{ _id: { actor: string } }>({ _id: 1 }).toArray();
			return [...new Set(found.map(({ _id }) => _id.actor))].sort();
		};
		const [one = '', two = ''] = mongo.databases;
		expect([await actorsIn(one), await actorsIn(two)]).toEqual([
			free.toSorted(),
			stopped.toSorted(),
		]);
		const requests = mongo.client.db(two).collection('views.requests');
		expect(await requests.countDocuments()).toBe(stopped.length);
	});
});
