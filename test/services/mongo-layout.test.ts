import { describe, expect, onTestFinished, test } from 'vitest';
import { createClient, databaseOf } from '../../src/adapters/mongo/connect.ts';
import { StoreLayoutError } from '../../src/adapters/mongo/store-layout.ts';
import { type WakeDocument, WakeRows } from '../../src/adapters/mongo/wake-rows.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { SILENT } from '../../src/core/log.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import type { Collection } from '../../src/core/store.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { newActor, recordOf } from '../contract/journal/records.ts';
import { newDatabase, openTestMongo, type TestMongoOptions, urlOf } from './open-test-mongo.ts';
import { serviceUrls } from './urls.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const KEY: Collection['key'] = [{ name: 'id', type: 'text' }];
const REVOKED: Collection = { name: 'revoked', key: KEY, datedBy: 'forgetAt' };
const KEPT: Collection = { name: 'kept', key: KEY };

/** Closed with the test. */
async function open(options: TestMongoOptions) {
	const mongo = await openTestMongo(options);
	onTestFinished(() => mongo.close());
	return mongo;
}

const newUrls = (count: number) =>
	Array.from({ length: count }, () => urlOf(serviceUrls().MONGO_URL, newDatabase()));

const refusal = async (options: TestMongoOptions): Promise<string> => {
	const error = await openTestMongo(options).then(
		() => undefined,
		(reason: unknown) => reason,
	);
	expect(error).toBeInstanceOf(StoreLayoutError);
	return (error as Error).message;
};

describe('mongo: whose data it is', () => {
	test('[P42] stores of another environment are refused with a line that says what to do', async () => {
		const [url = ''] = newUrls(1);
		await open({ urls: [url], environment: 'staging' });
		const line = await refusal({ urls: [url], environment: 'production' });
		expect(line).toBe(
			'store 1 of MONGO_URL belongs to the environment "staging", this node to "production": set APP_ENV or MONGO_URL to what belongs together',
		);
		await open({ urls: [url], environment: 'staging' });
	});

	test('[C24] nodes that start at once on new stores agree on whose they are', async () => {
		const urls = newUrls(3);
		const nodes = await Promise.all([1, 2, 3, 4].map(() => open({ urls })));
		for (const { health } of nodes) {
			expect(health().map(({ state }) => state)).toEqual(['closed', 'closed', 'closed']);
		}
	});

	test('[C24] stores in another number or order, or of another set, are refused', async () => {
		const urls = newUrls(2) as [string, string];
		await open({ urls });
		const [one, two] = urls;
		expect(await refusal({ urls: [one] })).toContain(
			'names 1 stores, but the data is spread over 2',
		);
		expect(await refusal({ urls: [two, one] })).toContain('is number 2 of its set');
		expect(await refusal({ urls: [one, one] })).toContain('store 2 of MONGO_URL is number 1');
		const [other, foreign] = newUrls(2) as [string, string];
		await open({ urls: [other, foreign] });
		expect(await refusal({ urls: [one, foreign] })).toContain('belongs to another set of stores');
	});

	test('[C24] an empty store in the place of one with data is refused', async () => {
		const [one = '', two = '', empty = ''] = newUrls(3);
		await open({ urls: [one, two] });
		expect(await refusal({ urls: [one, empty] })).toContain('store 2 of MONGO_URL is empty');
	});

	test('data of another layout is refused', async () => {
		const { client, database } = await open({});
		const meta = client.db(database).collection('meta');
		await meta.updateOne({ environment: 'test' }, { $set: { version: 99 } });
		expect(await refusal({ database })).toContain('is written in layout 99');
	});
});

describe('mongo: what a URL may not weaken', () => {
	test('[P12] majority, journal and primary stay, and no write is repeated by the driver', () => {
		const weak =
			'w=1&journal=false&readConcernLevel=local&readPreference=secondary&retryWrites=true';
		const url = `mongodb://127.0.0.1/?${weak}`;
		const client = createClient(url, { timeoutMs: 1, silenceMaxMs: 1, log: SILENT });
		const { writeConcern, readConcern, readPreference } = databaseOf(client, 'any', 1);
		expect(writeConcern).toMatchObject({ w: 'majority', journal: true });
		expect([readConcern?.level, readPreference?.mode]).toEqual(['majority', 'primary']);
		expect(client.options.retryWrites).toBe(false);
	});
});

describe('mongo: counters', () => {
	test('[P20] a number is given out once, whoever asks and however often nodes start', async () => {
		const one = await open({});
		const two = await open({ database: one.database });
		const name = newActor();
		const asked = Array.from({ length: 100 }, (_, n) => (n % 2 ? one : two).counters.next(name));
		const numbers = await Promise.all(asked);
		expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, n) => n + 1));
		const later = await open({ database: one.database });
		expect(await later.counters.next(name)).toBe(101);
		expect(await later.counters.next(newActor())).toBe(1);
	});
});

describe('mongo: lifetimes', () => {
	const collections = [REVOKED, KEPT];
	const indexOf = async ({ client, database }: Awaited<ReturnType<typeof open>>) => {
		const indexes = await client.db(database).collection('views.revoked').indexes();
		return indexes.find(({ name }) => name === 'lifetime');
	};

	test('documents are dated by the field that their collection names, also old ones', async () => {
		const before = await open({ collections: [{ name: 'revoked', key: KEY }, KEPT] });
		const { database, client } = before;
		await before.store.put('revoked', ['old'], { forgetAt: 1_000 });
		const { store } = await open({ database, collections, lifetimes: { revoked: 1 } });
		await store.put('revoked', ['new'], { forgetAt: 2_000 });
		await store.put('revoked', ['undated'], { forgetAt: 'never' });
		const found = await client.db(database).collection('views.revoked').find().toArray();
		const dates = found.map(({ _id, dated }) => [(_id as unknown as { id: string }).id, dated]);
		expect(Object.fromEntries(dates)).toEqual({
			old: new Date(1_000),
			new: new Date(2_000),
			undated: undefined,
		});
	});

	test('a lifetime is set, changed and taken away again', async () => {
		const first = await open({ collections, lifetimes: { revoked: 1 } });
		const { database } = first;
		expect((await indexOf(first))?.expireAfterSeconds).toBe(86_400);
		await open({ database, collections, lifetimes: { revoked: 0.5 } });
		expect((await indexOf(first))?.expireAfterSeconds).toBe(43_200);
		await open({ database, collections });
		expect(await indexOf(first)).toBeUndefined();
	});

	test.each([
		['what is kept for ever', { kept: 1 }, 'lifetime of kept: it is kept for ever'],
		['what is not there', { none: 1 }, 'lifetime of none: there is no such collection'],
		['no time', { revoked: 0 }, 'give a number of days above 0'],
	])('is refused for %s', async (_, lifetimes, line) => {
		await expect(openTestMongo({ collections, lifetimes })).rejects.toThrow(line);
	});

	test('a wake row whose commit never came is removed after 24 h', async () => {
		const now = 1_700_000_000_000;
		const runtime: Runtime = { ...nodeRuntime, now: () => now };
		const { journal, client, database } = await open({ runtime });
		const wakes = client.db(database).collection<{ _id: string }>('wakes');
		const [orphan, young, owned] = [newActor(), newActor(), newActor()];
		const row = (_id: string, due: number) => ({ _id, due, epoch: 1, announced: 1 });
		await wakes.insertMany([row(orphan, now - DAY_MS - 1), row(young, now - DAY_MS + 1)]);
		const wake = { due: now - 2 * DAY_MS, epoch: 1 };
		await journal.append([{ record: recordOf(owned, 1), wake }]);
		// At the start of an only node all rows are asked for: that makes none of them older.
		const due = await journal.wakes(Number.MAX_SAFE_INTEGER, 100);
		expect(due.map(({ actor }) => actor)).toEqual([owned, young]);
		expect(await wakes.countDocuments({ _id: orphan })).toBe(0);
		expect(await wakes.countDocuments()).toBe(2);
	});

	test('[P12] but not one whose commit is announced while it is looked for', async () => {
		const { client, database } = await open({});
		const wakes = client.db(database).collection<WakeDocument>('wakes');
		const rows = new WakeRows(wakes);
		const record = recordOf(newActor(), 1);
		const announce = () => rows.announce([{ record, wake: { due: 5, epoch: 1 } }]);
		await announce();
		const nobody = async () => {
			await announce();
			return new Set<ActorKey>();
		};
		await rows.withJournal(await rows.due(5, 10), 5 + 2 * DAY_MS, nobody);
		expect(await wakes.countDocuments({ _id: record.actor })).toBe(1);
	});
});
