import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { newActor } from '../journal/records.ts';
import { commitOf, docOf, drop, keysOf, newName, patch, put } from './rows.ts';

export function indexesContract(store: () => Store): void {
	describe('indexes', () => {
		test('hold the documents that have all fields, by fields and key', async () => {
			const [actor, channel, author] = [newActor(), newName(), newName()];
			const rows = [
				put('messages', [channel, 3], { userId: author }),
				put('messages', [channel, 1], { userId: author }),
				put('messages', [channel, 2], { text: 'no author' }),
				put('messages', [channel, 4], { userId: 17 }),
			];
			await store().project([commitOf(actor, 1, rows)]);
			const query = { collection: 'messages', index: 'byAuthor', prefix: [author], limit: 9 };
			expect((await keysOf(store(), query)).keys).toEqual([
				[channel, 1],
				[channel, 3],
			]);
		});

		test('follow put, patch and drop', async () => {
			const [actor, channel, one, other] = [newActor(), newName(), newName(), newName()];
			const seqsOf = async (author: string) =>
				(
					await keysOf(store(), {
						collection: 'messages',
						index: 'byAuthor',
						prefix: [author],
						limit: 9,
					})
				).keys.map((key) => key[1]);
			await store().project([
				commitOf(actor, 1, [put('messages', [channel, 1], { userId: one })]),
				commitOf(actor, 2, [put('messages', [channel, 2], { userId: one })]),
				commitOf(actor, 3, [patch([channel, 1], { userId: other })]),
			]);
			expect([await seqsOf(one), await seqsOf(other)]).toEqual([[2], [1]]);
			await store().project([
				commitOf(actor, 4, [put('messages', [channel, 1], { text: 'nobody' })]),
				commitOf(actor, 5, [drop([channel, 2])]),
			]);
			expect([await seqsOf(one), await seqsOf(other)]).toEqual([[], []]);
		});

		test('[C2] a second document with the values of a unique index is ignored', async () => {
			const [actor, channel, userId] = [newActor(), newName(), newName()];
			const doc = { userId, requestId: 'r1' };
			await store().project([
				commitOf(actor, 1, [put('messages', [channel, 1], { ...doc, text: 'first' })]),
				commitOf(actor, 2, [put('messages', [channel, 2], { ...doc, text: 'second' })]),
				commitOf(actor, 3, [put('messages', [channel, 3], { userId, requestId: 'r2' })]),
				commitOf(actor, 4, [patch([channel, 3], { requestId: 'r1' })]),
			]);
			await store().put('messages', [channel, 5], doc);
			expect(await docOf(store(), [channel, 1])).toEqual({ ...doc, text: 'first' });
			expect(await docOf(store(), [channel, 2])).toBeUndefined();
			expect(await docOf(store(), [channel, 3])).toEqual({ userId, requestId: 'r2' });
			expect(await docOf(store(), [channel, 5])).toBeUndefined();
			expect(await store().watermark(actor)).toBe(4);
		});

		test('[C2] the document itself may be written again, and its values are free once it goes', async () => {
			const [actor, channel, userId] = [newActor(), newName(), newName()];
			const doc = { userId, requestId: 'r1' };
			await store().project([
				commitOf(actor, 1, [put('messages', [channel, 1], doc)]),
				commitOf(actor, 2, [put('messages', [channel, 1], { ...doc, text: 'edited' })]),
				commitOf(actor, 3, [drop([channel, 1])]),
				commitOf(actor, 4, [put('messages', [channel, 2], doc)]),
			]);
			expect(await docOf(store(), [channel, 2])).toEqual(doc);
		});

		test('a query by an index that is not declared is refused', async () => {
			const query = { collection: 'messages', index: 'byMood', prefix: [], limit: 1 };
			await expect(store().page(query)).rejects.toThrow(/no index byMood/);
		});
	});
}
