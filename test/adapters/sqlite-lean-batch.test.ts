import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { LeanBatch, type LeanCommit } from '../../src/adapters/sqlite/lean-batch.ts';
import type { ProjectedCommit, RowWrite, Store } from '../../src/core/store.ts';

const NOTES = { name: 'notes', key: [{ name: 'n', type: 'int' }] } as const;
const KEYS = [1, 2, 3];

const row = fc
	.record({
		op: fc.constantFrom('put', 'patch', 'drop'),
		key: fc.constantFrom(...KEYS),
		field: fc.constantFrom('a', 'b', 'c'),
		value: fc.nat(9),
	})
	.map(({ op, key, field, value }): RowWrite => {
		const place = { collection: NOTES.name, key: [key] };
		return op === 'drop'
			? { op: 'drop', ...place }
			: { op: op === 'put' ? 'put' : 'patch', ...place, doc: { [field]: value } };
	});

/** Commits of one actor: each event writes a document at most once, as kinds do. */
const commits = fc
	.array(fc.uniqueArray(row, { selector: ({ key }) => key[0], maxLength: 3 }), { maxLength: 20 })
	.map((events) =>
		events.map(
			(rows, index): ProjectedCommit => ({
				actor: 'note/one',
				position: index + 1,
				events: [{ position: index + 1, rows }],
			}),
		),
	);

const asCommit = ({ actor, position, rows }: LeanCommit): ProjectedCommit => ({
	actor,
	position,
	events: rows.map((placed) => ({ position: placed.position, rows: [placed.row] })),
});

const documents = async (store: Store) =>
	Promise.all(KEYS.map(async (key) => (await store.get(NOTES.name, [key]))?.doc));

test('[H18] one write per document ends in the same documents as all of them, however batched', async () => {
	await fc.assert(
		fc.asyncProperty(commits, fc.nat(20), async (all, cut) => {
			const plain = new MemoryStore([NOTES]);
			const lean = new MemoryStore([NOTES]);
			await plain.project(all);
			for (const batch of [all.slice(0, cut), all.slice(cut)]) {
				const leanBatch = new LeanBatch(() => true);
				for (const commit of batch) leanBatch.take(commit);
				const taken = [...leanBatch.commits()];
				expect(taken.map(({ position }) => position)).toEqual(
					batch.slice(-1).map(({ position }) => position),
				);
				const keys = taken.flatMap(({ rows }) => rows.map(({ row }) => row.key[0]));
				expect(new Set(keys).size).toBe(keys.length);
				await lean.project(taken.map(asCommit));
			}
			expect(await documents(lean)).toEqual(await documents(plain));
			expect(await lean.watermark('note/one')).toBe(await plain.watermark('note/one'));
		}),
		{ numRuns: 500 },
	);
});
