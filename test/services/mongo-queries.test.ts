import { type CommandStartedEvent, type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MongoJournal } from '../../src/adapters/mongo/mongo-journal.ts';
import type { MongoStore } from '../../src/adapters/mongo/mongo-store.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { SILENT } from '../../src/core/log.ts';
import type { Collection } from '../../src/core/store.ts';
import { ALL, appendOne, newActor, recordOf } from '../contract/journal/records.ts';
import { commitOf, keysOf, newName, put, STORE_COLLECTIONS } from '../contract/store/rows.ts';
import { guardOfTest, openTestMongo, storeOn, type TestMongo } from './open-test-mongo.ts';
import { serviceUrls } from './urls.ts';

const COMMITS = 600;

let mongo: TestMongo;
/** A client that tells what is sent; the adapter's own code runs on it. */
let client: MongoClient;
let journal: MongoJournal;
let store: MongoStore;
const [actor, channel, author] = [newActor(), newName(), newName()];

beforeAll(async () => {
	mongo = await openTestMongo();
	client = new MongoClient(serviceUrls().MONGO_URL, {
		monitorCommands: true,
		promoteBuffers: true,
	});
	const db = client.db(mongo.database);
	const guard = guardOfTest();
	journal = new MongoJournal(db, { guard, runtime: nodeRuntime, log: SILENT });
	store = storeOn(db, guard);
	for (let commit = 1; commit <= COMMITS; commit++) {
		const neighbours = Array.from({ length: 4 }, () => ({
			record: recordOf(newActor(), 1),
			wake: { due: commit, epoch: 1 },
		}));
		await journal.append([{ record: recordOf(actor, commit) }, ...neighbours]);
	}
	const rows = Array.from({ length: COMMITS }, (_, n) => [
		put('messages', [channel, n], { userId: n % 2 ? author : newName(), requestId: `r${n}` }),
		put('messages', [newName(), n], { userId: newName(), requestId: `r${n}` }),
	]);
	await store.project([commitOf(actor, COMMITS, ...rows)]);
	await journal.putSnapshotPart({ actor, commit: 5, part: 0, bytes: new Uint8Array(10) });
	await journal.sealSnapshot(actor, 5, 1);
});

afterAll(async () => {
	await client.close();
	await mongo.close();
});

/** The plans of all that `call` looks for. */
async function plansOf(call: () => Promise<unknown>): Promise<string[]> {
	const finds: Document[] = [];
	const listen = ({ commandName, command }: CommandStartedEvent) => {
		if (commandName === 'find') finds.push(command);
	};
	client.on('commandStarted', listen);
	await call();
	client.off('commandStarted', listen);
	expect(finds.length).toBeGreaterThan(0);
	const explain = async ({ find, filter, sort, limit, hint, projection }: Document) => {
		const asked = { find, filter, sort, limit, hint, projection };
		const given = Object.entries(asked).filter(([, value]) => value !== undefined);
		const plan = await mongo.client
			.db(mongo.database)
			.command({ explain: Object.fromEntries(given), verbosity: 'queryPlanner' });
		// MongoDB keeps the plans that lost beside the one that won.
		return JSON.stringify(plan.queryPlanner.winningPlan ?? plan.queryPlanner);
	};
	return await Promise.all(finds.map(explain));
}

const FULL_SCAN = /COLLSCAN|Seq Scan/;
const INDEX_SCAN = /IXSCAN|IDHACK|Index Scan/;
const SORT = /"SORT"|"Sort"/;

describe('mongo: what is read often is found by an index', () => {
	const byIndex = { collection: 'messages', index: 'byAuthor', prefix: [author], limit: 20 };
	const byRequest = { ...byIndex, index: 'byRequest' };
	const byKey = { collection: 'messages', prefix: [channel], limit: 20 };
	test.each<[string, () => Promise<unknown>]>([
		['wakes', () => journal.wakes(20, 10)],
		['more wakes', () => journal.wakes(20, 10, { due: 9, actor: newActor() })],
		['wakes behind a place', () => journal.wakes(20, 10, { due: 5, actor })],
		['watermark', () => store.watermark(actor)],
		['get', () => store.get('messages', [channel, 7])],
		['a page by an index', () => store.page(byIndex)],
		['a page further in an index', () => store.page({ ...byIndex, after: [channel, 30] })],
		['a look-up by a unique index', () => store.page({ ...byRequest, prefix: [author, 'r9'] })],
		[
			'a batch of projections',
			() => store.project([commitOf(newActor(), 1, [put('messages', [channel, 8], {})])]),
		],
		['who wrote a number', () => appendOne(journal, recordOf(actor, 9, { writer: 'two' }))],
	])('%s', async (_, call) => {
		for (const plan of await plansOf(call)) {
			expect(plan).toMatch(INDEX_SCAN);
			expect(plan).not.toMatch(FULL_SCAN);
		}
	});

	test.each<[string, () => Promise<unknown>]>([
		['head', () => journal.head(actor)],
		['read by commit', () => journal.read(actor, { commit: 300 }, ALL)],
		['read by position', () => journal.read(actor, { position: 300 }, ALL)],
		['snapshot', () => journal.snapshot(actor)],
		['newest messages', () => store.page({ ...byKey, descending: true })],
		['older messages', () => store.page({ ...byKey, before: [300], descending: true })],
		['newer messages', () => store.page({ ...byKey, after: [300] })],
	])('%s, in its order', async (_, call) => {
		for (const plan of await plansOf(call)) {
			expect(plan).toMatch(INDEX_SCAN);
			expect(plan).not.toMatch(FULL_SCAN);
			expect(plan).not.toMatch(SORT);
		}
	});

	test('a position deep in the past is found in few steps', async () => {
		const near = await plansOf(() => journal.read(actor, { position: COMMITS - 3 }, ALL));
		expect(near.length).toBeLessThan(6);
		const deep = await plansOf(() => journal.read(actor, { position: 20 }, ALL));
		expect(deep.length).toBeLessThan(2 * Math.log2(COMMITS));
	});
});

describe('mongo: an index that is declared later', () => {
	test('holds what was written before', async () => {
		const [messages] = STORE_COLLECTIONS as [Collection];
		const { indexes: _, ...bare } = messages;
		const [one, key] = [newName(), [newName(), 1]];
		const before = await openTestMongo({ collections: [bare] });
		await before.store.project([commitOf(newActor(), 1, [put('messages', key, { userId: one })])]);
		const after = await openTestMongo({ collections: [messages], database: before.database });
		const query = { collection: 'messages', index: 'byAuthor', prefix: [one], limit: 9 };
		const found = await keysOf(after.store, query);
		await after.close();
		await before.close();
		expect(found.keys).toEqual([key]);
	});
});
