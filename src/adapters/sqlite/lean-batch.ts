import type { ProjectedCommit, RowWrite } from '../../core/store.ts';
import type { ActorKey } from '../../protocol/ids.ts';

/** A row on its way, with the position of the event that writes it. */
export interface PlacedRow {
	readonly position: number;
	readonly row: RowWrite;
}

/** All that one actor writes in a batch, in order. */
export interface LeanCommit {
	readonly actor: ActorKey;
	/** The last position. */
	readonly position: number;
	readonly rows: readonly PlacedRow[];
}

/** A place in the order of writes; empty when a later event took the row over. */
interface Place {
	readonly position: number;
	row: RowWrite | undefined;
}

interface LeanActor {
	position: number;
	readonly places: Place[];
	/** By collection and key: where a document is written. */
	readonly documents: Map<string, Map<string, Place>>;
}

/**
 * Commits as one per actor, with one write per document: what a later event of the batch replaces is
 * left out, patches are merged into what they change. A busy actor's summary is written once a batch,
 * and the rows of an actor lie together, as they do in the file. Only for a store that writes an actor's
 * part whole or not at all: a row moves behind the watermarks of the commits between. `mayMove`: whether
 * the order of writes to different documents does not matter there.
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
			lean = { position, places: [], documents: new Map() };
			this.#actors.set(actor, lean);
		}
		lean.position = position;
		for (const event of events) {
			for (const row of event.rows) this.#takeRow(row, event.position, lean);
		}
	}

	/** One commit per actor, up to its last position. */
	*commits(): Iterable<LeanCommit> {
		for (const [actor, { position, places }] of this.#actors) {
			yield { actor, position, rows: places.filter(isTaken) };
		}
	}

	#takeRow(row: RowWrite, position: number, { places, documents }: LeanActor): void {
		if (!this.#mayMove(row.collection)) {
			places.push({ position, row });
			return;
		}
		const known = documentsOf(documents, row.collection);
		const name = JSON.stringify(row.key);
		const earlier = known.get(name);
		const merged = merge(earlier?.row, row);
		if (merged === undefined) return;
		if (earlier !== undefined) earlier.row = undefined;
		const place = { position, row: merged };
		known.set(name, place);
		places.push(place);
	}
}

function documentsOf(documents: LeanActor['documents'], collection: string): Map<string, Place> {
	const known = documents.get(collection);
	if (known !== undefined) return known;
	const fresh = new Map<string, Place>();
	documents.set(collection, fresh);
	return fresh;
}

/** Both writes as one; `undefined` when the later one has nothing to change. */
function merge(earlier: RowWrite | undefined, row: RowWrite): RowWrite | undefined {
	if (earlier === undefined || row.op !== 'patch') return row;
	if (earlier.op === 'drop') return undefined;
	return { ...earlier, doc: { ...earlier.doc, ...row.doc } };
}

const isTaken = (place: Place): place is PlacedRow => place.row !== undefined;
