import { describe, expect, test } from 'vitest';
import { MemoryJournal } from '../../src/adapters/memory/memory-journal.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { Journal } from '../../src/core/journal.ts';
import { ShardedJournal } from '../../src/core/sharded-journal.ts';
import { ShardedStore } from '../../src/core/sharded-store.ts';
import {
	type Collection,
	type Key,
	type PageQuery,
	REQUESTS,
	type Store,
} from '../../src/core/store.ts';
import { evenShards, type StoreShards } from '../../src/core/store-shards.ts';
import { newActor, recordOf } from '../contract/journal/records.ts';
import { journalContract } from '../contract/journal-contract.ts';
import { commitOf, keysOf, newName, put, STORE_COLLECTIONS } from '../contract/store/rows.ts';
import { storeContract } from '../contract/store-contract.ts';
import { type Hooks, hooked } from '../support/hooked.ts';

const close = async () => {};
const SHARDS = 3;
const SPREAD = evenShards(SHARDS);
/** The rows of the suite by their first key column: wherever that falls, not where their actor is. */
const BY_COLUMN: readonly Collection[] = STORE_COLLECTIONS.map((one) => ({
	...one,
	actor: { kind: 'channel', column: one.key[0]?.name ?? '' },
}));

const partsOf = (stores: readonly Store[]) => stores.map((store) => ({ store }));

function openStores(collections: readonly Collection[], shards: StoreShards = SPREAD) {
	const stores = Array.from({ length: SHARDS }, () => new MemoryStore(collections));
	return { stores, store: new ShardedStore(partsOf(stores), shards, collections) };
}

storeContract('sharded, rows of no actor', async () => ({
	...openStores(STORE_COLLECTIONS),
	close,
}));
storeContract('sharded, rows by actor', async () => ({ ...openStores(BY_COLUMN), close }));
journalContract('sharded', async () => {
	const journals = Array.from({ length: SHARDS }, () => ({ journal: new MemoryJournal() }));
	return { journal: new ShardedJournal(journals, SPREAD), close };
});

/** The keys of all pages, one after another. */
async function walk(store: Store, query: PageQuery): Promise<Key[]> {
	const walked: Key[] = [];
	for (;;) {
		const last = walked.at(-1);
		const behind = query.descending ? { before: last } : { after: last };
		const { keys, more } = await keysOf(store, {
			...query,
			...(last === undefined ? {} : behind),
		} as PageQuery);
		expect(keys.length).toBeGreaterThan(0);
		walked.push(...keys);
		if (!more) return walked;
	}
}

describe('sharded store', () => {
	test('[C24] rows are with the actor that their collection names', async () => {
		const { store, stores } = openStores([...BY_COLUMN, REQUESTS]);
		const channel = newName();
		const actor = `channel/${channel}` as const;
		const request = put(REQUESTS.name, [actor, 'ann', 'r1'], { reply: 1 });
		await store.project([commitOf(actor, 1, [put('messages', [channel, 1], {}), request])]);
		const own = stores[SPREAD.of(actor)] as MemoryStore;
		expect(await own.get('messages', [channel, 1])).toBeDefined();
		expect(await own.get(REQUESTS.name, [actor, 'ann', 'r1'])).toBeDefined();
		expect(await own.watermark(actor)).toBe(1);
	});

	test('what belongs to no actor is in the first, and stays there', async () => {
		const { store, stores } = openStores(STORE_COLLECTIONS);
		const keys = Array.from({ length: 20 }, (): Key => [newName(), 1]);
		for (const key of keys) await store.put('messages', key, {});
		for (const key of keys) expect(await stores[0]?.get('messages', key)).toBeDefined();
	});

	test('[C6] pages over all shards, walked in any size and direction, hold every row once', async () => {
		const { store } = openStores(BY_COLUMN);
		const author = newName();
		const channels = Array.from({ length: 12 }, newName).sort();
		for (const channel of channels) {
			const rows = [1, 2, 3].map((seq) =>
				put('messages', [channel, seq], { userId: author, text: 'x'.repeat(30 * seq) }),
			);
			await store.project([commitOf(newActor(), 1, rows)]);
		}
		const all = channels.flatMap((channel) => [1, 2, 3].map((seq): Key => [channel, seq]));
		const query = { collection: 'messages', index: 'byAuthor', prefix: [author] };
		for (const size of [{ limit: 1 }, { limit: 5 }, { limit: 100 }, { limit: 9, bytesMax: 150 }]) {
			expect(await walk(store, { ...query, ...size })).toEqual(all);
			const descending = await walk(store, { ...query, ...size, descending: true });
			expect(descending).toEqual(all.toReversed());
		}
	});

	test('a page that a shard does not answer for is no page', async () => {
		const { stores } = openStores(BY_COLUMN);
		const failing = hooked(stores[1] as MemoryStore, {
			page: () => Promise.reject(new Error('away')),
		});
		const store = new ShardedStore(partsOf(stores.with(1, failing)), SPREAD, BY_COLUMN);
		const query = { collection: 'messages', index: 'byAuthor', prefix: ['ann'], limit: 9 };
		await expect(store.page(query)).rejects.toThrow('away');
	});

	test('a row of another shard that was written is not written again by who repeats the commit', async () => {
		const { store } = openStores(BY_COLUMN);
		const [actor, channel] = [newActor(), newName()];
		const first = commitOf(actor, 1, [put('messages', [channel, 1], {})]);
		await store.project([first]);
		await store.project([
			commitOf(actor, 2, [{ op: 'drop', collection: 'messages', key: [channel, 1] }]),
		]);
		await store.project([first]);
		expect(await store.get('messages', [channel, 1])).toBeUndefined();
	});

	test('a collection that names no column of its key is refused', () => {
		const wrong = { ...REQUESTS, actor: { column: 'owner' } };
		expect(() => openStores([wrong])).toThrow('requests names its actor by owner');
	});
});

describe('sharded journal', () => {
	function openJournals() {
		const shards = { count: 2, of: (key: string) => (key.endsWith('away') ? 1 : 0) };
		const hooks: Hooks<Journal> = {};
		const away = { journal: hooked<Journal>(new MemoryJournal(), hooks) };
		const here = { journal: new MemoryJournal() };
		return { hooks, journal: new ShardedJournal([here, away], shards) };
	}

	test('[C24] a shard without an answer leaves only its own records unknown', async () => {
		const { hooks, journal } = openJournals();
		hooks.append = () => Promise.reject(new Error('away'));
		const writes = ['channel/away', 'channel/here'] as const;
		const records = writes.map((actor) => ({ record: recordOf(actor, 1) }));
		expect(await journal.append(records)).toEqual(['unknown', 'landed']);
		await expect(journal.append(records.slice(0, 1))).rejects.toThrow('away');
	});

	test('[C24] due work of the shards that answer is taken up', async () => {
		const { hooks, journal } = openJournals();
		const wake = { due: 1, epoch: 1 };
		await journal.append([{ record: recordOf('channel/here', 1), wake }]);
		await journal.append([{ record: recordOf('channel/away', 1), wake }]);
		expect(await journal.wakes(1, 9)).toHaveLength(2);
		hooks.wakes = () => Promise.reject(new Error('away'));
		expect(await journal.wakes(1, 9)).toMatchObject([{ actor: 'channel/here' }]);
	});
});
