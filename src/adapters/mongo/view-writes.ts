import type { AnyBulkWriteOperation, Collection, Filter } from 'mongodb';
import type { Doc, RowWrite } from '../../core/store.ts';
import { pack, unpack } from '../../protocol/codec.ts';
import { duplicatesOf, hasOnlyDuplicates, isDuplicate, StorageError } from './storage-error.ts';
import { seenOf, toId, toKey, type ViewDocument, type ViewShape } from './view-shape.ts';

/** A row of an event, with the event's position. */
export interface PositionedRow {
	readonly row: RowWrite;
	readonly position: number;
}

type Operation = AnyBulkWriteOperation<ViewDocument>;

/** A document as it stands, or will when the operations before have been done. */
interface Standing {
	readonly changed: number;
	/** Absent: it is dropped, and only its `changed` is kept. */
	readonly doc: Doc | undefined;
}

/** A write, and which of the rows it is the last of. */
interface Planned {
	readonly name: string;
	readonly operation: Operation;
	readonly rowIndex: number;
}

/** Rounds in which other projectors write the same documents. */
const ATTEMPTS_MAX = 5;

/**
 * Writes rows of one collection. Every write is guarded by `changed`, so that whoever repeats it, or
 * is late with it, changes nothing.
 */
export class ViewWrites {
	readonly #documents: Collection<ViewDocument>;
	readonly #shape: ViewShape;

	constructor(documents: Collection<ViewDocument>, shape: ViewShape) {
		this.#documents = documents;
		this.#shape = shape;
	}

	async apply(rows: readonly PositionedRow[]): Promise<void> {
		if (this.#shape.isUnique) await this.#applyInOrder(rows);
		else await this.#applyLast(rows);
	}

	/** Writes whatever stands there, unless a unique index has another with its values. */
	async put(row: RowWrite & { readonly op: 'put' }): Promise<void> {
		const { _id, ...replacement } = this.#document(row, row.doc, 0);
		for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
			try {
				await this.#documents.replaceOne({ _id }, replacement, { upsert: true });
				return;
			} catch (error) {
				if (!isDuplicate(error)) throw error;
				// Inserted beside us, if it stands: then it is replaced. Otherwise its values are taken.
				if ((await this.#documents.findOne({ _id })) === null) return;
			}
		}
	}

	/** Only what each document comes to be is written; the order over documents does not matter. */
	async #applyLast(rows: readonly PositionedRow[]): Promise<void> {
		let waiting = rows;
		for (let attempt = 0; waiting.length > 0; attempt++) {
			if (attempt === ATTEMPTS_MAX) throw busy();
			const planned = [
				...new Map((await this.#plan(waiting)).map((one) => [one.name, one])).values(),
			];
			const met = await this.#write(planned, false);
			// Inserted beside us by another projector: looked at again, with what it left.
			const again = new Set(met.map((index) => planned[index]?.name));
			waiting = waiting.filter(({ row }) => again.has(nameOf(row)));
		}
	}

	/** One after another, as each may take or free the values of a unique index. */
	async #applyInOrder(rows: readonly PositionedRow[]): Promise<void> {
		let waiting = rows;
		let again: PositionedRow | undefined;
		while (waiting.length > 0) {
			const planned = await this.#plan(waiting);
			const [met] = await this.#write(planned, true);
			if (met === undefined) return;
			const { rowIndex } = planned[met] as Planned;
			const row = waiting[rowIndex] as PositionedRow;
			// Met once, it may be a document that another projector inserted beside us; met twice, its
			// values are taken, and the row is ignored.
			waiting = waiting.slice(row === again ? rowIndex + 1 : rowIndex);
			again = row;
		}
	}

	/** Positions of the writes that met another document; in order, those behind it were not done. */
	async #write(planned: readonly Planned[], ordered: boolean): Promise<number[]> {
		if (planned.length === 0) return [];
		try {
			await this.#documents.bulkWrite(
				planned.map(({ operation }) => operation),
				{ ordered },
			);
			return [];
		} catch (error) {
			if (!hasOnlyDuplicates(error)) throw error;
			return duplicatesOf(error);
		}
	}

	/** The writes of those rows that change something, given what stands now. */
	async #plan(rows: readonly PositionedRow[]): Promise<Planned[]> {
		const found = await this.#standing(rows);
		const standing = new Map(found);
		const guards = new Map<string, number>();
		const planned: Planned[] = [];
		for (const [rowIndex, { row, position }] of rows.entries()) {
			const name = nameOf(row);
			const there = standing.get(name);
			if (!this.#changes(row, position, there)) continue;
			const doc = docBehind(row, there?.doc);
			if (doc !== undefined || this.#shape.remembersDrops) {
				standing.set(name, { changed: position, doc });
			} else standing.delete(name);
			const isThere = found.has(name) || (this.#shape.isUnique && guards.has(name));
			// Never below that of a write before it, whose document this one replaces.
			const guard = Math.max(guardOf(position, there), guards.get(name) ?? 0);
			guards.set(name, guard);
			const operation = this.#operation({ row, position }, doc, isThere ? guard : undefined);
			planned.push({ name, rowIndex, operation });
		}
		return planned;
	}

	/** Whether a row changes what stands there, in this or in an earlier life. */
	#changes({ op }: RowWrite, position: number, there: Standing | undefined): boolean {
		if (there === undefined) {
			// Also what was never there is remembered as dropped: its put may still be on the way.
			return op === 'put' || (op === 'drop' && this.#shape.remembersDrops);
		}
		if (there.doc !== undefined) return there.changed < position;
		// What one event drops and puts is there behind it.
		return op === 'put' ? there.changed <= position : op === 'drop' && there.changed < position;
	}

	async #standing(rows: readonly PositionedRow[]): Promise<Map<string, Standing>> {
		const ids = new Map(rows.map(({ row }) => [nameOf(row), toId(this.#shape, row.key)]));
		const those = { _id: { $in: [...ids.values()] } } as unknown as Filter<ViewDocument>;
		const found = await this.#documents.find(those).toArray();
		return new Map(
			found.map(({ _id, changed, doc, gone }) => [
				JSON.stringify(toKey(this.#shape, _id)),
				{ changed, doc: gone === undefined ? (unpack(doc) as Doc) : undefined },
			]),
		);
	}

	/** `guard` is absent where no document stands: inserts go together, ten times as fast. */
	#operation({ row, position }: PositionedRow, doc: Doc | undefined, guard?: number): Operation {
		const older = { _id: toId(this.#shape, row.key), changed: { $lt: guard ?? position } };
		if (doc === undefined && !this.#shape.remembersDrops) return { deleteOne: { filter: older } };
		const document = this.#document(row, doc, position);
		// The driver's types know no ids that are documents of any shape.
		if (guard === undefined) return { insertOne: { document } } as unknown as Operation;
		const { _id, ...replacement } = document;
		return { replaceOne: { filter: older, replacement, upsert: true } };
	}

	#document({ key }: RowWrite, doc: Doc | undefined, changed: number): ViewDocument {
		if (doc === undefined) {
			return { _id: toId(this.#shape, key), changed, doc: NOTHING, gone: new Date() };
		}
		const bytes = pack(doc);
		// What is indexed is what a reader will unpack.
		const seen = seenOf(this.#shape, unpack(bytes) as Doc);
		return { _id: toId(this.#shape, key), changed, doc: bytes, ...seen };
	}
}

const NOTHING = pack({});

/** What has to be below: its own position, unless it was dropped at that. */
const guardOf = (position: number, there: Standing | undefined) =>
	there?.doc === undefined && there?.changed === position ? position + 1 : position;

const nameOf = ({ key }: RowWrite) => JSON.stringify(key);

/** What a row makes of a document; `undefined`: none is there behind it. */
function docBehind(row: RowWrite, doc: Doc | undefined): Doc | undefined {
	if (row.op === 'drop') return undefined;
	if (row.op === 'put') return row.doc;
	return doc && { ...doc, ...row.doc };
}

const busy = () => new StorageError('project: others keep writing the same documents', 'BUSY');
