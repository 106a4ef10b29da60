import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { newActor } from '../journal/records.ts';
import { commitOf, docOf, drop, newName, patch, put } from './rows.ts';

export function projectContract(store: () => Store): void {
	describe('project', () => {
		test('a put is read with its key and the position that changed it', async () => {
			const [actor, channel] = [newActor(), newName()];
			const doc = { text: 'žluťoučký 👋', tags: ['a', { b: 1 }], at: 1_700_000_000_000 };
			await store().project([commitOf(actor, 7, [put('messages', [channel, 1], doc)])]);
			expect(await store().get('messages', [channel, 1])).toEqual({
				key: [channel, 1],
				changed: 7,
				doc,
			});
			expect(await store().get('messages', [channel, 2])).toBeUndefined();
		});

		test('a later put replaces, a patch merges top-level fields, a drop removes', async () => {
			const [actor, key] = [newActor(), [newName(), 1]];
			await store().project([
				commitOf(actor, 1, [put('messages', key, { text: 'a', old: true })]),
				commitOf(actor, 2, [put('messages', key, { text: 'b', by: { id: 1, x: 2 } })]),
				commitOf(actor, 3, [patch(key, { editedAt: 5, by: { id: 2 } })]),
			]);
			expect(await store().get('messages', key)).toEqual({
				key,
				changed: 3,
				doc: { text: 'b', by: { id: 2 }, editedAt: 5 },
			});
			await store().project([commitOf(actor, 4, [drop(key)])]);
			expect(await store().get('messages', key)).toBeUndefined();
		});

		test('a document that was dropped can be put again, also by the event that drops it', async () => {
			const [actor, channel] = [newActor(), newName()];
			const all = { collection: 'messages', prefix: [channel], limit: 10 };
			const key = [channel, 1];
			const life = (text: string) =>
				put('messages', key, { userId: channel, requestId: 'r', text });
			for (const [n, rows] of [[life('a')], [drop(key), life('b')]].entries()) {
				await store().project([commitOf(actor, n + 1, rows)]);
			}
			expect(await docOf(store(), key)).toMatchObject({ text: 'b' });
			await store().project([commitOf(actor, 3, [drop(key)])]);
			await store().project([commitOf(actor, 4, [patch(key, { text: 'c' })])]);
			expect(await store().page(all)).toEqual({ rows: [], more: false });
			await store().project([commitOf(actor, 7, [drop(key)], [drop(key)], [life('d')])]);
			expect(await store().get('messages', key)).toMatchObject({ changed: 7, doc: { text: 'd' } });
			await store().project([commitOf(actor, 8, [drop(key)])]);
			await store().put('messages', key, { text: 'of no actor' });
			expect(await docOf(store(), key)).toEqual({ text: 'of no actor' });
		});

		test('a patch or drop of a document that is not there does nothing', async () => {
			const [actor, key] = [newActor(), [newName(), 1]];
			await store().project([commitOf(actor, 2, [patch(key, { text: 'x' })], [drop(key)])]);
			expect(await store().get('messages', key)).toBeUndefined();
			expect(await store().watermark(actor)).toBe(2);
		});

		test('a document changed at or behind a position is not changed by it', async () => {
			const [one, other, key] = [newActor(), newActor(), [newName(), 1]];
			await store().project([commitOf(one, 5, [put('messages', key, { text: 'five' })])]);
			for (const position of [4, 5]) {
				const row = put('messages', key, { text: `late ${position}` });
				await store().project([commitOf(other, position, [row])]);
			}
			expect(await docOf(store(), key)).toEqual({ text: 'five' });
			await store().project([commitOf(newActor(), 4, [patch(key, { more: 1 })])]);
			await store().project([commitOf(newActor(), 5, [drop(key)])]);
			expect(await docOf(store(), key)).toEqual({ text: 'five' });
			await store().project([commitOf(other, 6, [patch(key, { more: 1 })])]);
			expect(await docOf(store(), key)).toEqual({ text: 'five', more: 1 });
		});

		test('[P13] the watermark moves with the rows, forward only', async () => {
			const [actor, channel] = [newActor(), newName()];
			expect(await store().watermark(actor)).toBe(0);
			const commits = [
				commitOf(actor, 2, [put('messages', [channel, 1], {})], []),
				commitOf(actor, 5, [], [], []),
			];
			await store().project(commits);
			expect(await store().watermark(actor)).toBe(5);
			await store().project(commits.slice(0, 1));
			expect(await store().watermark(actor)).toBe(5);
		});

		test('[P13] projecting commits again changes nothing, not even what was dropped since', async () => {
			const [actor, channel] = [newActor(), newName()];
			const commits = [
				commitOf(actor, 1, [put('messages', [channel, 1], { text: 'a' })]),
				commitOf(actor, 2, [put('messages', [channel, 2], { text: 'b' })]),
				commitOf(actor, 3, [patch([channel, 2], { text: 'c' })]),
				commitOf(actor, 4, [drop([channel, 1])]),
			];
			await store().project(commits);
			const all = { collection: 'messages', prefix: [channel], limit: 10 };
			const before = await store().page(all);
			expect(before.rows.map(({ doc }) => doc)).toEqual([{ text: 'c' }]);
			for (const again of [commits, commits.slice(0, 1), commits.slice(1, 3)]) {
				await store().project(again);
				expect(await store().page(all)).toEqual(before);
			}
			expect(await store().watermark(actor)).toBe(4);
		});

		test('[P13] a batch with a commit that cannot be leaves neither rows nor watermark of it', async () => {
			const [actor, channel] = [newActor(), newName()];
			const broken = commitOf(actor, 1, [
				put('messages', [channel, 1], { text: 'a' }),
				put('no such collection', [channel], {}),
			]);
			await expect(store().project([broken])).rejects.toThrow(/no collection/);
			expect(await store().get('messages', [channel, 1])).toBeUndefined();
			expect(await store().watermark(actor)).toBe(0);
		});

		test('what the caller changes later does not change the store', async () => {
			const [actor, key] = [newActor(), [newName(), 1]];
			const doc = { text: 'as written' };
			await store().project([commitOf(actor, 1, [put('messages', key, doc)])]);
			doc.text = 'changed';
			((await docOf(store(), key)) as { text: string }).text = 'changed too';
			expect(await docOf(store(), key)).toEqual({ text: 'as written' });
		});
	});

	describe('put', () => {
		test('writes a document that belongs to no actor, again and again', async () => {
			const key = [newName(), 1];
			await store().put('messages', key, { text: 'a', gone: 1 });
			await store().put('messages', key, { text: 'b' });
			expect(await store().get('messages', key)).toEqual({ key, changed: 0, doc: { text: 'b' } });
		});

		test('a key that does not fit the declaration is refused', async () => {
			for (const key of [['a'], ['a', 'b'], [1, 1], ['a', 1.5], ['a', 1, 2]]) {
				await expect(store().put('messages', key, {})).rejects.toThrow(/not a key of messages/);
				await expect(store().get('messages', key)).rejects.toThrow(/not a key of messages/);
			}
		});
	});
}
