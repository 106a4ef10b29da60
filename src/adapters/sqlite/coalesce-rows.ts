import type { EventRows, ProjectedCommit, RowWrite } from '../../core/store.ts';

interface Place {
	readonly rows: RowWrite[];
	readonly index: number;
	readonly row: RowWrite;
}

interface Batch {
	readonly actor: string;
	readonly places: Map<string, Place>;
	readonly mayMove: (collection: string) => boolean;
}

/**
 * The same commits with one write per document and actor: what a later event of the batch replaces is
 * left out, patches are merged into what they change. A busy actor's summary is written once a batch.
 * Only for a store that writes a batch whole or not at all: a row moves behind the watermarks of the
 * commits between. `mayMove`: whether the order of writes to different documents does not matter there.
 */
export function coalesceRows(
	commits: readonly ProjectedCommit[],
	mayMove: (collection: string) => boolean,
): ProjectedCommit[] {
	const places = new Map<string, Place>();
	const keep = (rows: readonly RowWrite[], actor: string) =>
		takeIn(rows, { actor, places, mayMove });
	const kept = commits.map((commit) => ({
		...commit,
		events: commit.events.map(({ position, rows }) => ({
			position,
			rows: keep(rows, commit.actor),
		})),
	}));
	return kept.map((commit) => ({ ...commit, events: commit.events.filter(hasRows).map(dense) }));
}

/** Takes the rows of one event in; holes stand where a later one took a row's place. */
function takeIn(rows: readonly RowWrite[], { actor, places, mayMove }: Batch): RowWrite[] {
	const kept: RowWrite[] = [];
	for (const row of rows) {
		if (!mayMove(row.collection)) {
			kept.push(row);
			continue;
		}
		const name = JSON.stringify([actor, row.collection, row.key]);
		const earlier = places.get(name);
		const merged = merge(earlier?.row, row);
		if (merged === undefined) continue;
		if (earlier !== undefined) delete earlier.rows[earlier.index];
		places.set(name, { rows: kept, index: kept.length, row: merged });
		kept.push(merged);
	}
	return kept;
}

/** Both writes as one; `undefined` when the later one has nothing to change. */
function merge(earlier: RowWrite | undefined, row: RowWrite): RowWrite | undefined {
	if (earlier === undefined || row.op !== 'patch') return row;
	if (earlier.op === 'drop') return undefined;
	return { ...earlier, doc: { ...earlier.doc, ...row.doc } };
}

const hasRows = ({ rows }: { readonly rows: RowWrite[] }) => rows.some(() => true);
const dense = ({ position, rows }: { readonly position: number; readonly rows: RowWrite[] }) =>
	({ position, rows: rows.filter(() => true) }) satisfies EventRows;
