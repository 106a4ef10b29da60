import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { commitOf, docOf, keysOf, newName, put } from './rows.ts';

export function dropsContract(store: () => Store): void {
	describe('dropBelow', () => {
		const written = async (docs: readonly object[]) => {
			const league = newName();
			for (const [n, doc] of docs.entries()) {
				await store().put('ranks', ['x', n, league], { league, ...doc });
			}
			return league;
		};
		const seasons = async (league: string) => {
			const query = { collection: 'ranks', index: 'byScore', prefix: [league], limit: 100 };
			return (await keysOf(store(), query)).keys.map((key) => key[1]);
		};
		/** Leagues of other tests begin with `n`, which is above all bounds here. */
		const drop = (below: string, limit: number) =>
			store().dropBelow({ collection: 'ranks', index: 'byScore', below, limit });

		test('removes nothing that is not below, nor what is not in the index', async () => {
			const league = await written([{ score: 1 }, { score: 2 }]);
			await store().put('ranks', ['x', 9, league], { league: '0' });
			expect(await drop('0', 10)).toBe(0);
			expect(await drop('1', 10)).toBe(0);
			expect(await seasons(league)).toEqual([0, 1]);
			expect(await store().get('ranks', ['x', 9, league])).toBeDefined();
		});

		test('removes the lowest first, and no more than asked for', async () => {
			const kept = await written([{ score: 1 }]);
			const docs = [3, 1, 2].map((score) => ({ score, league: '00' }));
			await written(docs);
			const low = async () =>
				(await keysOf(store(), { collection: 'ranks', index: 'byScore', prefix: ['00'], limit: 9 }))
					.keys;
			expect(await low()).toHaveLength(3);
			expect(await drop('01', 2)).toBe(2);
			expect((await low()).map((key) => key[1])).toEqual([0]);
			expect(await drop('00', 2)).toBe(0);
			expect(await drop('01', 2)).toBe(1);
			expect(await drop('01', 2)).toBe(0);
			expect([await low(), await seasons(kept)]).toEqual([[], [0]]);
		});

		test('an index that is not declared is refused', async () => {
			const query = { collection: 'ranks', index: 'byNothing', below: 1, limit: 1 };
			await expect(store().dropBelow(query)).rejects.toThrow('byNothing');
		});
	});

	describe('drop', () => {
		test('removes rows as they were read, also from an index; the others stay', async () => {
			const name = newName();
			const rows = [1, 2, 3].map((n) => [put('messages', [name, n], { userId: name, n })]);
			await store().project([commitOf(`a/${name}`, 3, ...rows)]);
			const query = { collection: 'messages', index: 'byAuthor', prefix: [name, name], limit: 2 };
			const page = await store().page(query);
			expect(page.rows.map(({ key }) => key[1])).toEqual([1, 2]);
			await store().drop('messages', page.rows);
			await store().drop('messages', page.rows);
			await store().drop('messages', []);
			const left = await store().page({ ...query, prefix: [name] });
			expect(left.rows.map(({ key, doc }) => [key[1], doc.n])).toEqual([[3, 3]]);
		});

		test('a row that was changed since stays', async () => {
			const name = newName();
			const write = (position: number) => {
				const row = put('messages', [name, 1], { position });
				return store().project([commitOf(`a/${name}`, position, [row])]);
			};
			await write(1);
			const { rows } = await store().page({ collection: 'messages', prefix: [name], limit: 1 });
			await write(2);
			await store().drop('messages', rows);
			expect(await docOf(store(), [name, 1])).toEqual({ position: 2 });
		});

		test('[P30] what was removed does not come back with a projection that is late', async () => {
			const name = newName();
			const commit = commitOf(`a/${name}`, 1, [put('messages', [name, 1], { userId: name })]);
			await store().project([commit]);
			await store().drop('messages', [{ key: [name, 1], changed: 1 }]);
			await store().project([commit]);
			expect(await docOf(store(), [name, 1])).toBeUndefined();
		});
	});
}
