import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { keysOf, newName } from './rows.ts';

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
}
