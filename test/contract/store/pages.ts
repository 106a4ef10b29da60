import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Key, Store } from '../../../src/core/store.ts';
import { pack } from '../../../src/protocol/codec.ts';
import { newActor } from '../journal/records.ts';
import { drawnQueries, drawnRows, modelPage, modelRows, queryOf, scopedTo } from './page-model.ts';
import { commitOf, keysOf, newName, put } from './rows.ts';

export function pagesContract(store: () => Store): void {
	describe('pages', () => {
		test('[C6] hold at least one row, then only what fits the bytes', async () => {
			const [actor, channel] = [newActor(), newName()];
			const doc = { text: 'x'.repeat(1_000) };
			const bytes = pack(doc).length;
			const rows = [1, 2, 3, 4].map((seq) => put('messages', [channel, seq], doc));
			await store().project([commitOf(actor, 1, rows)]);
			const count = async (bytesMax: number) => {
				const query = { collection: 'messages', prefix: [channel], limit: 10, bytesMax };
				const { rows: found, more } = await store().page(query);
				return [found.length, more];
			};
			expect(await count(1)).toEqual([1, true]);
			expect(await count(2 * bytes - 1)).toEqual([1, true]);
			expect(await count(2 * bytes)).toEqual([2, true]);
			expect(await count(4 * bytes)).toEqual([4, false]);
		});

		test('[C6] a limit reached exactly is not more', async () => {
			const [actor, channel] = [newActor(), newName()];
			const rows = [1, 2].map((seq) => put('messages', [channel, seq], {}));
			await store().project([commitOf(actor, 1, rows)]);
			const page = (limit: number) =>
				keysOf(store(), { collection: 'messages', prefix: [channel], limit });
			expect((await page(2)).more).toBe(false);
			expect((await page(1)).more).toBe(true);
		});

		test('[C6] any query of random data finds what a simple model finds', async () => {
			const property = fc.asyncProperty(drawnRows, drawnQueries, async (drawn, queries) => {
				const run = newName();
				const rows = scopedTo(run, drawn);
				const writes = rows.map(({ key, doc }) => put('ranks', key, doc));
				await store().project([commitOf(newActor(), 1, writes)]);
				for (const query of queries.map((one) => queryOf(one, run))) {
					expect(await keysOf(store(), query)).toEqual(modelPage(modelRows(rows, query), query));
				}
			});
			await fc.assert(property, { numRuns: 60 });
		});

		test('[C6] pages by either end, put together, are every row once', async () => {
			const [actor, channel] = [newActor(), newName()];
			const seqs = Array.from({ length: 100 }, (_, n) => n * 3);
			await store().project([
				commitOf(
					actor,
					1,
					seqs.map((seq) => put('messages', [channel, seq], { seq })),
				),
			]);
			const walk = async (descending: boolean) => {
				const query = { collection: 'messages', prefix: [channel], limit: 7, descending };
				let page = await keysOf(store(), query);
				const found = [...page.keys];
				while (page.more) {
					const last = (found.at(-1) as Key).slice(1);
					const edge = descending ? { before: last } : { after: last };
					page = await keysOf(store(), { ...query, ...edge });
					found.push(...page.keys);
				}
				return found.map((key) => key[1]);
			};
			expect(await walk(false)).toEqual(seqs);
			expect(await walk(true)).toEqual(seqs.toReversed());
		});
	});
}
