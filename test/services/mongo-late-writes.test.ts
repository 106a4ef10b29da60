import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Doc, RowWrite } from '../../src/core/store.ts';
import { newActor } from '../contract/journal/records.ts';
import { commitOf, drop, newName, put } from '../contract/store/rows.ts';
import { guardOfTest, openTestMongo, storeOn, type TestMongo } from './open-test-mongo.ts';
import { serviceUrls } from './urls.ts';

let mongo: TestMongo;
let client: MongoClient;

beforeAll(async () => {
	mongo = await openTestMongo();
	client = new MongoClient(serviceUrls().MONGO_URL, { promoteBuffers: true });
});
afterAll(async () => {
	await client.close();
	await mongo.close();
});

/** A store that is held up once, behind its look at what stands and before it writes. */
function pausedStore() {
	const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>();
	const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
	const real = client.db(mongo.database);
	const db = {
		collection: (name: string) => {
			const documents = real.collection(name);
			if (!name.startsWith('views.')) return documents;
			const bulkWrite = documents.bulkWrite.bind(documents);
			documents.bulkWrite = async (...args) => {
				held();
				await goesOn;
				return await bulkWrite(...args);
			};
			return documents;
		},
	} as unknown as Db;
	return { store: storeOn(db, guardOfTest(60_000)), isHeld, goOn };
}

const rank = (board: string, doc: Doc = { league: board, score: 1 }) =>
	put('ranks', [board, 1, 'ann'], doc);
const dropRank = (board: string): RowWrite => ({
	op: 'drop',
	collection: 'ranks',
	key: [board, 1, 'ann'],
});
const message = (channel: string, requestId = 'r') =>
	put('messages', [channel, 1], { userId: channel, requestId });

describe('mongo: a projector that is paused in mid-write', () => {
	test.each<[string, (name: string) => { row: RowWrite; gone: RowWrite }]>([
		['', (name) => ({ row: rank(name), gone: dropRank(name) })],
		[' under a unique index', (name) => ({ row: message(name), gone: drop([name, 1]) })],
	])('[P13] does not bring back what was dropped meanwhile%s', async (_, rows) => {
		for (const stood of [false, true]) {
			const [actor, name] = [newActor(), newName()];
			const { row, gone } = rows(name);
			const { collection, key } = row;
			if (stood) await mongo.store.project([commitOf(actor, 1, [row])]);
			const old = pausedStore();
			const late = old.store.project([commitOf(actor, 2, [row])]);
			await old.isHeld;
			await mongo.store.project([commitOf(actor, 2, [row]), commitOf(actor, 3, [gone])]);
			old.goOn();
			await late;
			expect(await mongo.store.get(collection, key)).toBeUndefined();
			expect((await mongo.store.page({ collection, prefix: [name], limit: 9 })).rows).toEqual([]);
			await mongo.store.project([commitOf(actor, 4, [row])]);
			expect((await mongo.store.get(collection, key))?.changed).toBe(4);
		}
	});

	test('[P13] also when the drop found nothing, as the values were taken', async () => {
		const [actor, name] = [newActor(), newName()];
		const other = put('messages', [name, 2], { userId: name, requestId: 'r' });
		await mongo.store.project([commitOf(actor, 1, [other])]);
		const old = pausedStore();
		const late = old.store.project([commitOf(actor, 2, [message(name)])]);
		await old.isHeld;
		const commits = [[message(name)], [drop([name, 1])], [drop([name, 2])]];
		await mongo.store.project([commitOf(actor, 4, ...commits)]);
		old.goOn();
		await late;
		expect(await mongo.store.get('messages', [name, 1])).toBeUndefined();
	});

	test('what is kept of a dropped document is in no declared index, and goes after a day', async () => {
		const [actor, name] = [newActor(), newName()];
		await mongo.store.project([commitOf(actor, 1, [rank(name)])]);
		await mongo.store.project([commitOf(actor, 2, [dropRank(name)])]);
		const ranks = client.db(mongo.database).collection('views.ranks');
		const [kept] = await ranks.find({ '_id.board': name }).toArray();
		expect(Object.keys(kept ?? {}).sort()).toEqual(['_id', 'changed', 'doc', 'gone']);
		expect(Date.now() - kept?.gone.getTime()).toBeLessThan(60_000);
		const index = (await ranks.indexes()).find((one) => one.name === 'gone');
		expect(index).toMatchObject({ key: { gone: 1 }, expireAfterSeconds: 86_400 });
		const query = { collection: 'ranks', index: 'byScore', prefix: [name], limit: 9 };
		expect((await mongo.store.page(query)).rows).toEqual([]);
	});
});
