import type { EventRows, ProjectedCommit, RowWrite } from '../../core/store.ts';
import type { ActorKey } from '../../protocol/ids.ts';

interface Place {
	readonly rows: (RowWrite | undefined)[];
	readonly index: number;
	readonly row: RowWrite;
}

interface LeanEvent {
	readonly position: number;
	/** Holes stand where a later event took a row's place. */
	readonly rows: (RowWrite | undefined)[];
}

/** What one actor has in the batch. */
interface LeanActor {
	position: number;
	readonly events: LeanEvent[];
	/** By collection and key: the one write of a document. */
	readonly places: Map<string, Map<string, Place>>;
}

/**
 * Commits as one per actor, with one write per document: what a later event of the batch replaces is
 * left out, patches are merged into what they change. A busy actor's summary is written once a batch,
 * and the rows of an actor lie together, as they do in the file. Only for a store that writes a batch
 * whole or not at all: a row moves behind the watermarks of the commits between. `mayMove`: whether the
 * order of writes to different documents does not matter there.
 */
export class LeanBatch {
	readonly #mayMove: (collection: string) => boolean;
	readonly #actors = new Map<ActorKey, LeanActor>();

	constructor(mayMove: (collection: string) => boolean) {
		this.#mayMove = mayMove;
	}

	/** Takes in a commit behind all others of its actor. */
	take({ actor, position, events }: ProjectedCommit): void {
		let lean = this.#actors.get(actor);
		if (lean === undefined) {
			lean = { position, events: [], places: new Map() };
			this.#actors.set(actor, lean);
		}
		lean.position = position;
		for (const event of events) {
			lean.events.push({ position: event.position, rows: this.#takeRows(event.rows, lean) });
		}
	}

	/** One commit per actor, up to its last position. */
	*commits(): Iterable<ProjectedCommit> {
		for (const [actor, { position, events }] of this.#actors) {
			yield { actor, position, events: events.map(dense).filter(({ rows }) => rows.length > 0) };
		}
	}

	#takeRows(rows: readonly RowWrite[], { places }: LeanActor): (RowWrite | undefined)[] {
		const kept: (RowWrite | undefined)[] = [];
		for (const row of rows) {
			if (!this.#mayMove(row.collection)) {
				kept.push(row);
				continue;
			}
			const documents = documentsOf(places, row.collection);
			const name = JSON.stringify(row.key);
			const earlier = documents.get(name);
			const merged = merge(earlier?.row, row);
			if (merged === undefined) continue;
			if (earlier !== undefined) earlier.rows[earlier.index] = undefined;
			documents.set(name, { rows: kept, index: kept.length, row: merged });
			kept.push(merged);
		}
		return kept;
	}
}

function documentsOf(places: LeanActor['places'], collection: string): Map<string, Place> {
	const known = places.get(collection);
	if (known !== undefined) return known;
	const fresh = new Map<string, Place>();
	places.set(collection, fresh);
	return fresh;
}

/** Both writes as one; `undefined` when the later one has nothing to change. */
function merge(earlier: RowWrite | undefined, row: RowWrite): RowWrite | undefined {
	if (earlier === undefined || row.op !== 'patch') return row;
	if (earlier.op === 'drop') return undefined;
	return { ...earlier, doc: { ...earlier.doc, ...row.doc } };
}

const dense = ({ position, rows }: LeanEvent): EventRows => ({
	position,
	rows: rows.filter((row) => row !== undefined),
});
