import fc from 'fast-check';
import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { Doc, ProjectedCommit, RowWrite } from '../../src/core/store.ts';
import { newActor } from '../contract/journal/records.ts';
import { commitOf, newName, put, STORE_COLLECTIONS } from '../contract/store/rows.ts';
import { openTestMongo, storeOn, type TestMongo } from './open-test-mongo.ts';
import { serviceUrls } from './urls.ts';

let mongo: TestMongo;
let client: MongoClient;

beforeAll(async () => {
	mongo = await openTestMongo();
	client = new MongoClient(serviceUrls().MONGO_URL, {
		monitorCommands: true,
		promoteBuffers: true,
	});
});
afterAll(async () => {
	await client.close();
	await mongo.close();
});

/** It remembers nothing yet. */
const newStore = () => storeOn(client.db(mongo.database));

const keyOf = (board: string, season = 1) => [board, season, 'ann'];
const rank = (board: string, doc: Doc, season = 1) => put('ranks', keyOf(board, season), doc);
const change = (board: string, doc: Doc): RowWrite => ({
	op: 'patch',
	collection: 'ranks',
	key: keyOf(board),
	doc,
});

/** What is sent to the server by a call. */
async function commandsOf(call: () => Promise<unknown>): Promise<string[]> {
	const sent: string[] = [];
	const listen = ({ commandName, command }: CommandStartedEvent) =>
		sent.push(`${commandName} ${command[commandName]}`);
	client.on('commandStarted', listen);
	await call();
	client.off('commandStarted', listen);
	return sent.sort();
}

/** A board of one row, which a store has written twice, and so remembers. */
async function remembered() {
	const [actor, board, store] = [newActor(), newName(), newStore()];
	await store.project([commitOf(actor, 1, [rank(board, { league: board, score: 1 })])]);
	await store.project([commitOf(actor, 2, [change(board, { score: 2 })])]);
	return { actor, board, store };
}

const scoreOf = async (board: string) => (await mongo.store.get('ranks', keyOf(board)))?.doc.score;

describe('mongo: what a projector remembers of its own writes', () => {
	test('a batch that goes on with what was left, and puts what is new, reads nothing', async () => {
		const { actor, board, store } = await remembered();
		const batch = (position: number) =>
			store.project([
				commitOf(actor, position, [
					change(board, { score: position }),
					rank(board, { league: board, score: 0 }, position),
				]),
			]);
		await batch(3);
		expect(await commandsOf(() => batch(4))).toEqual([
			'insert views.ranks',
			'update views.ranks',
			'update watermarks',
		]);
		expect(await scoreOf(board)).toBe(4);
		expect((await mongo.store.get('ranks', keyOf(board, 4)))?.doc.score).toBe(0);
		expect(await mongo.store.watermark(actor)).toBe(4);
	});

	test('[P13] goes on with what another projector has written since, not with what was left', async () => {
		const { actor, board, store } = await remembered();
		const other = [change(board, { score: 3, title: 'champion' })];
		await newStore().project([commitOf(actor, 3, other)]);
		await store.project([commitOf(actor, 4, other, [change(board, { score: 4 })])]);
		expect(await mongo.store.get('ranks', keyOf(board))).toEqual({
			key: keyOf(board),
			changed: 4,
			doc: { league: board, score: 4, title: 'champion' },
		});
	});

	test('[P13] is behind another projector: nothing is taken back', async () => {
		const { actor, board, store } = await remembered();
		const events = [[change(board, { score: 3 })], [change(board, { score: 4 })]];
		await newStore().project([commitOf(actor, 4, ...events)]);
		await store.project([commitOf(actor, 3, [change(board, { score: 3 })])]);
		expect(await scoreOf(board)).toBe(4);
		expect(await mongo.store.watermark(actor)).toBe(4);
	});

	test('[P13] does not bring back what was dropped since', async () => {
		const { actor, board, store } = await remembered();
		await newStore().drop('ranks', [{ key: keyOf(board), changed: 2 }]);
		await store.project([commitOf(actor, 4, [change(board, { score: 4 })])]);
		expect(await mongo.store.get('ranks', keyOf(board))).toBeUndefined();
		await store.project([commitOf(actor, 5, [rank(board, { league: board, score: 5 })])]);
		expect(await scoreOf(board)).toBe(5);
	});

	test('[P13] what is put where something was not looked for replaces it', async () => {
		const { actor, board, store } = await remembered();
		await mongo.store.project([commitOf(actor, 3, [rank(board, { score: 3 }, 2)])]);
		const both = [rank(board, { score: 4 }, 2), rank(board, { score: 4 }, 3)];
		await store.project([commitOf(actor, 4, both)]);
		for (const season of [2, 3]) {
			const row = await mongo.store.get('ranks', keyOf(board, season));
			expect(row).toMatchObject({ changed: 4, doc: { score: 4 } });
		}
	});

	test('[P13] two projectors over one course, in any batches and beside each other, leave what one would', async () => {
		const write = fc.record({
			op: fc.constantFrom('put', 'patch', 'patch', 'drop'),
			season: fc.nat({ max: 2 }),
			field: fc.constantFrom('a', 'b', 'c'),
		});
		const course = fc.array(fc.array(write, { minLength: 1, maxLength: 3 }), {
			minLength: 4,
			maxLength: 16,
		});
		const step = fc.record({ who: fc.nat({ max: 2 }), count: fc.integer({ min: 1, max: 5 }) });
		await fc.assert(
			fc.asyncProperty(course, fc.array(step, { maxLength: 12 }), async (events, steps) => {
				const [actor, board] = [newActor(), newName()];
				const commits = events.map((writes, n): ProjectedCommit => {
					const rows = writes.map(({ op, season, field }): RowWrite => {
						const key = keyOf(board, season);
						return op === 'drop'
							? { op, collection: 'ranks', key }
							: { op: op as 'put' | 'patch', collection: 'ranks', key, doc: { [field]: n } };
					});
					return commitOf(actor, n + 1, rows);
				});
				const one = new MemoryStore(STORE_COLLECTIONS);
				await one.project(commits);
				const stores = [newStore(), newStore()].map((store) => ({ store, done: 0 }));
				const go = async (each: (typeof stores)[number], count: number) => {
					const batch = commits.slice(each.done, each.done + count);
					each.done += batch.length;
					if (batch.length > 0) await each.store.project(batch);
				};
				for (const { who, count } of steps) {
					const goers = stores.filter((_, n) => who === 2 || who === n);
					await Promise.all(goers.map((each) => go(each, count)));
				}
				for (const each of stores) await go(each, commits.length);
				const query = { collection: 'ranks', prefix: [board], limit: 9 };
				expect(await mongo.store.page(query)).toEqual(await one.page(query));
			}),
			{ numRuns: 100 },
		);
	});
});
