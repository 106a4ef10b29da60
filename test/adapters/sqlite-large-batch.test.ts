import { expect, test } from 'vitest';
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import type { ProjectedCommit } from '../../src/core/store.ts';

const FILES = {
	name: 'files',
	key: [
		{ name: 'owner', type: 'text' },
		{ name: 'n', type: 'int' },
	],
} as const;
const OWNERS = ['a', 'b', 'c'];
const PER_OWNER = 60;
const text = 'x'.repeat(100_000);

/** One commit per document, which a later commit of the batch changes. */
function commitsOf(owner: string): ProjectedCommit[] {
	return Array.from({ length: PER_OWNER * 2 }, (_, index): ProjectedCommit => {
		const position = index + 1;
		const place = { collection: FILES.name, key: [owner, index % PER_OWNER] };
		const row =
			index < PER_OWNER
				? ({ op: 'put', ...place, doc: { text, by: owner } } as const)
				: ({ op: 'patch', ...place, doc: { changedAt: position } } as const);
		return { actor: `file/${owner}`, position, events: [{ position, rows: [row] }] };
	});
}

test('[H18] a batch of more than one transaction is written whole, actor by actor', async () => {
	const sqlite = await openSqlite({ directory: '', collections: [FILES], memoryOnly: true });
	const all = OWNERS.map(commitsOf);
	// As they come: actors take turns.
	const commits = Array.from({ length: PER_OWNER * 2 }, (_, n) => all.map((own) => own[n])).flat();
	await sqlite.store.project(commits as ProjectedCommit[]);
	for (const owner of OWNERS) {
		expect(await sqlite.store.watermark(`file/${owner}`)).toBe(PER_OWNER * 2);
		const last = await sqlite.store.get(FILES.name, [owner, PER_OWNER - 1]);
		expect(last).toEqual({
			key: [owner, PER_OWNER - 1],
			changed: PER_OWNER * 2,
			doc: { text, by: owner, changedAt: PER_OWNER * 2 },
		});
		const { rows } = await sqlite.store.page({
			collection: FILES.name,
			prefix: [owner],
			limit: PER_OWNER + 1,
		});
		expect(rows).toHaveLength(PER_OWNER);
	}
	await sqlite.close();
});
