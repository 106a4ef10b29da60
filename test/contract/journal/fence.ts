import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Journal } from '../../../src/core/journal.ts';
import {
	ALL,
	appendOne,
	commitsOf,
	type JournalPromises,
	newActor,
	recordOf,
	recordsOf,
} from './records.ts';

interface Step {
	readonly actor: number;
	/** From the newest commit to the one appended. */
	readonly ahead: number;
	readonly writer: string;
}

/** Takes the steps on three fresh actors, and compares with lists of who wrote which number. */
async function followModel(journal: Journal, steps: readonly Step[]): Promise<void> {
	const rows = [0, 1, 2].map(() => ({ actor: newActor(), writers: [] as string[] }));
	for (const { actor: n, ahead, writer } of steps) {
		const { actor, writers } = rows[n] as (typeof rows)[number];
		const commit = Math.max(1, writers.length + ahead);
		const outcome = await appendOne(journal, recordOf(actor, commit, { writer }));
		if (commit === writers.length + 1) writers.push(writer);
		expect(outcome).toBe(writers[commit - 1] === writer ? 'landed' : 'fenced');
	}
	for (const { actor, writers } of rows) {
		const records = await recordsOf(journal, actor);
		expect(records.map(({ writer }) => writer)).toEqual(writers);
		expect(records.map(({ commit }) => commit)).toEqual(records.map((_, n) => n + 1));
	}
}

export function fenceContract(journal: () => Journal, { gaps }: JournalPromises): void {
	describe('append and fence', () => {
		test('[P11] a record that landed is read as it was written', async () => {
			const actor = newActor();
			const record = { ...recordOf(actor, 1, { events: 3, position: 3 }), trace: 'trace-1' };
			expect(await appendOne(journal(), record)).toBe('landed');
			const { records, more } = await journal().read(actor, { commit: 0 }, ALL);
			expect(records).toEqual([record]);
			expect(more).toBe(false);
		});

		test('[P12] the number of another writer is fenced, and nothing of it is kept', async () => {
			const actor = newActor();
			const first = recordOf(actor, 1, { writer: 'one' });
			await appendOne(journal(), first);
			expect(await appendOne(journal(), recordOf(actor, 1, { writer: 'two', text: 'no' }))).toBe(
				'fenced',
			);
			expect((await journal().read(actor, { commit: 0 }, ALL)).records).toEqual([first]);
		});

		test('[P12] a second owner is fenced, alone: its neighbours in the batch land', async () => {
			const [before, contested, after] = [newActor(), newActor(), newActor()];
			await appendOne(journal(), recordOf(contested, 1, { writer: 'two' }));
			const outcomes = await journal().append([
				{ record: recordOf(before, 1) },
				{ record: recordOf(contested, 1) },
				{ record: recordOf(after, 1) },
			]);
			expect(outcomes).toEqual(['landed', 'fenced', 'landed']);
			expect(await commitsOf(journal(), before)).toEqual([1]);
			expect(await commitsOf(journal(), after)).toEqual([1]);
		});

		test('[P12] the same record sent again has landed, and is there once', async () => {
			const actor = newActor();
			await appendOne(journal(), recordOf(actor, 1));
			expect(await appendOne(journal(), recordOf(actor, 1))).toBe('landed');
			expect(await commitsOf(journal(), actor)).toEqual([1]);
		});

		test('[P12] an unknown outcome is settled by the writer, however far the head moved', async () => {
			const actor = newActor();
			const number = 3;
			for (const commit of [1, 2]) await appendOne(journal(), recordOf(actor, commit));
			await appendOne(journal(), recordOf(actor, number, { writer: 'mine' }));
			for (let commit = number + 1; commit <= 150; commit++) {
				await appendOne(journal(), recordOf(actor, commit, { writer: 'theirs' }));
			}
			expect(await appendOne(journal(), recordOf(actor, number, { writer: 'mine' }))).toBe(
				'landed',
			);
			expect(await appendOne(journal(), recordOf(actor, number + 1, { writer: 'mine' }))).toBe(
				'fenced',
			);
			expect(await appendOne(journal(), recordOf(actor, number, { writer: 'theirs' }))).toBe(
				'fenced',
			);
		});

		test('[P12] an activation of a new owner keeps the old one out from then on', async () => {
			const actor = newActor();
			await appendOne(journal(), recordOf(actor, 1, { writer: 'old' }));
			const activated = recordOf(actor, 2, { writer: 'new', events: 0, position: 1 });
			expect(await appendOne(journal(), activated)).toBe('landed');
			expect(await appendOne(journal(), recordOf(actor, 2, { writer: 'old' }))).toBe('fenced');
			expect(await journal().head(actor)).toMatchObject({ commit: 2, position: 1, writer: 'new' });
		});

		test.runIf(gaps === 'fenced')('[P12] a commit that leaves a gap never lands', async () => {
			const [empty, started] = [newActor(), newActor()];
			await appendOne(journal(), recordOf(started, 1));
			expect(await appendOne(journal(), recordOf(empty, 2))).toBe('fenced');
			expect(await appendOne(journal(), recordOf(started, 3))).toBe('fenced');
			expect(await journal().head(empty)).toBeUndefined();
			expect(await commitsOf(journal(), started)).toEqual([1]);
		});

		test('1,000 actors in one batch get their outcomes in order', async () => {
			const keys = Array.from({ length: 1_000 }, newActor);
			const taken = new Set(keys.filter((_, n) => n % 7 === 0));
			await journal().append(
				[...taken].map((actor) => ({ record: recordOf(actor, 1, { writer: 'two' }) })),
			);
			const outcomes = await journal().append(
				keys.map((actor) => ({ record: recordOf(actor, 1) })),
			);
			expect(outcomes).toEqual(keys.map((key) => (taken.has(key) ? 'fenced' : 'landed')));
		});

		test('an empty batch has no outcomes', async () => {
			expect(await journal().append([])).toEqual([]);
		});

		test('any text and a large body come back unchanged', async () => {
			const actor = newActor();
			const texts = ['', '\u0000', 'žluťoučký 你好 👩‍👩‍👧‍👦 \u{10FFFF}', 'x'.repeat(3_000_000)];
			for (const [n, text] of texts.entries())
				await appendOne(journal(), recordOf(actor, n + 1, { text }));
			const records = await recordsOf(journal(), actor);
			const read = records.map((record) => record.events[0]?.data as { text: string });
			expect(read.map(({ text }) => text)).toEqual(texts);
		});

		test('what the caller or a reader changes later does not change the journal', async () => {
			const actor = newActor();
			const data = { text: 'as written' };
			const record = {
				...recordOf(actor, 1),
				events: [{ type: 'sent', version: 1, data }],
			};
			await appendOne(journal(), record);
			data.text = 'changed by the writer';
			const first = await journal().read(actor, { commit: 0 }, ALL);
			(first.records[0]?.events[0]?.data as { text: string }).text = 'changed by a reader';
			const second = await journal().read(actor, { commit: 0 }, ALL);
			expect(second.records[0]?.events[0]?.data).toEqual({ text: 'as written' });
		});

		test('[P12] any interleaving of two writers leaves what a simple model leaves', async () => {
			const step = fc.record({
				actor: fc.nat(2),
				ahead: fc.integer({ min: -2, max: gaps === 'fenced' ? 2 : 1 }),
				writer: fc.constantFrom('one', 'two'),
			});
			const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) =>
				followModel(journal(), steps),
			);
			await fc.assert(property, { numRuns: 25 });
		});
	});
}
