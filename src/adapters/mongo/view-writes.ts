import type { AnyBulkWriteOperation, Collection, Filter } from 'mongodb';
import type { Doc, RowWrite } from '../../core/store.ts';
import { pack, unpack } from '../../protocol/codec.ts';
import { NewestMap } from './newest-map.ts';
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

/** A row, and what it makes of its document; `undefined`: it is gone. */
interface Change extends PositionedRow {
	readonly doc: Doc | undefined;
}

/** By name. */
type Documents = ReadonlyMap<string, Standing>;

/** A write, and which of the rows it is the last of. */
interface Planned {
	readonly name: string;
	readonly operation: Operation;
	readonly rowIndex: number;
	/** What it leaves; absent: nothing, or what is hardly written again. */
	readonly leaves: Standing | undefined;
}

/** What is taken to stand: read from the store, or left there by us. */
interface Look {
	readonly read: Documents;
	readonly left: Documents;
}

/** Rounds in which other projectors write the same documents. */
const ATTEMPTS_MAX = 5;
/** Documents that are remembered as they were left, and the bytes of one. */
const LEFT_MAX = 100;
const LEFT_BYTES_MAX = 16_384;
const NONE: Documents = new Map();

/**
 * Writes rows of one collection. Every write is guarded by `changed`, so that whoever repeats it, or
 * is late with it, changes nothing. So may a guess be: what is written again and again is not read
 * before, and what never was there not looked for; where the guess was wrong, the store is asked.
 */
export class ViewWrites {
	readonly #documents: Collection<ViewDocument>;
	readonly #shape: ViewShape;
	/** Small ones that were replaced here last, as they were left. */
	readonly #left = new NewestMap<string, Standing>(LEFT_MAX);
	/** None of the documents that were put lately was there before. */
	#takesForNew = false;

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
			const look = await (attempt === 0 ? this.#guess(waiting) : this.#look(waiting));
			const last = new Map(this.#plan(waiting, look).map((one) => [one.name, one]));
			// Another projector was there, too: looked at again, with what it left.
			const again = await this.#writeLast([...last.values()], look.left);
			if (again.size === 0) return;
			waiting = waiting.filter(({ row }) => again.has(nameOf(row)));
		}
	}

	/** Names of the documents that did not stand, or may not have, as they were taken to. */
	async #writeLast(planned: readonly Planned[], left: Documents): Promise<Set<string>> {
		const { met, replaced } = await this.#write(planned, false);
		const again = new Set(met.map((index) => (planned[index] as Planned).name));
		if (met.length > 0) this.#takesForNew = false;
		const replacing = planned.filter(({ operation }) => 'replaceOne' in operation);
		// Which of them it was, no server tells. What is done already does not change again.
		if (replaced < replacing.length) for (const name of left.keys()) again.add(name);
		for (const { name, leaves } of planned) {
			if (leaves === undefined || again.has(name)) this.#left.delete(name);
			else this.#left.set(name, leaves);
		}
		return again;
	}

	/** One after another, as each may take or free the values of a unique index. */
	async #applyInOrder(rows: readonly PositionedRow[]): Promise<void> {
		let waiting = rows;
		let again: PositionedRow | undefined;
		while (waiting.length > 0) {
			const planned = this.#plan(waiting, await this.#look(waiting));
			const [met] = (await this.#write(planned, true)).met;
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
	async #write(planned: readonly Planned[], ordered: boolean) {
		const operations = planned.map(({ operation }) => operation);
		if (operations.length === 0) return { met: [], replaced: 0 };
		try {
			return outcomeOf(await this.#documents.bulkWrite(operations, { ordered }), []);
		} catch (error) {
			if (hasOnlyDuplicates(error)) return outcomeOf(error.result, duplicatesOf(error));
			this.#left.clear();
			throw error;
		}
	}

	/** The writes of those rows that change something, given what stands now. */
	#plan(rows: readonly PositionedRow[], { read, left }: Look): Planned[] {
		const standing = new Map([...read, ...left]);
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
			const isThere = read.has(name) || (this.#shape.isUnique && guards.has(name));
			// Never below that of a write before it, whose document this one replaces.
			const guard = Math.max(guardOf(position, there), guards.get(name) ?? 0);
			guards.set(name, guard);
			const change = { row, position, doc };
			const before = left.get(name);
			const operation =
				before === undefined
					? this.#operation(change, isThere ? guard : undefined)
					: this.#goingOn(change, before);
			planned.push({ name, rowIndex, operation, leaves: leftBy(operation, change) });
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

	/** What stands as far as it was left by us or has to be read; a document that is put may be new. */
	async #guess(rows: readonly PositionedRow[]): Promise<Look> {
		const left = new Map<string, Standing>();
		const puts = new Map<string, PositionedRow>();
		const others = new Map<string, PositionedRow>();
		for (const each of rows) {
			const name = nameOf(each.row);
			if (left.has(name) || puts.has(name) || others.has(name)) continue;
			const known = this.#left.get(name);
			if (known !== undefined) left.set(name, known);
			else (each.row.op === 'put' ? puts : others).set(name, each);
		}
		const asked = this.#takesForNew ? [] : puts.values();
		const { read } = await this.#look([...others.values(), ...asked]);
		if (puts.size > 0) this.#takesForNew = ![...puts.keys()].some((name) => read.has(name));
		return { read, left };
	}

	async #look(rows: readonly PositionedRow[]): Promise<Look> {
		if (rows.length === 0) return { read: NONE, left: NONE };
		const ids = new Map(rows.map(({ row }) => [nameOf(row), toId(this.#shape, row.key)]));
		const those = { _id: { $in: [...ids.values()] } } as unknown as Filter<ViewDocument>;
		const found = await this.#documents.find(those).toArray();
		const read = new Map(
			found.map(({ _id, changed, doc, gone }) => [
				JSON.stringify(toKey(this.#shape, _id)),
				{ changed, doc: gone === undefined ? (unpack(doc) as Doc) : undefined },
			]),
		);
		return { read, left: NONE };
	}

	/** `guard` is absent where no document stands: inserts go together, ten times as fast. */
	#operation(change: Change, guard?: number): Operation {
		const { row, position, doc } = change;
		const older = { _id: toId(this.#shape, row.key), changed: { $lt: guard ?? position } };
		if (doc === undefined && !this.#shape.remembersDrops) return { deleteOne: { filter: older } };
		const document = this.#document(row, doc, position);
		// The driver's types know no ids that are documents of any shape.
		if (guard === undefined) return { insertOne: { document } } as unknown as Operation;
		const { _id, ...replacement } = document;
		return { replaceOne: { filter: older, replacement, upsert: true } };
	}

	/** Only where the document is still as it was left. */
	#goingOn(change: Change, { changed }: Standing): Operation {
		const operation = this.#operation(change, change.position);
		if (!('replaceOne' in operation)) return operation;
		const { filter, replacement } = operation.replaceOne;
		return { replaceOne: { filter: { ...filter, changed }, replacement } };
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

const outcomeOf = (
	{ matchedCount, upsertedCount }: { matchedCount: number; upsertedCount: number },
	met: readonly number[],
) => ({ met, replaced: matchedCount + upsertedCount });

/** What is inserted is hardly written again, but what was replaced once is. */
function leftBy(operation: Operation, { position, doc }: Change): Standing | undefined {
	if (!('replaceOne' in operation)) return undefined;
	const { length } = operation.replaceOne.replacement.doc;
	return length > LEFT_BYTES_MAX ? undefined : { changed: position, doc };
}

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
