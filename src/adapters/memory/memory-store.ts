import { checkKey, fieldValue } from '../../core/columns.ts';
import type {
	Collection,
	Doc,
	DropQuery,
	EventRows,
	Key,
	Page,
	PageQuery,
	ProjectedCommit,
	Row,
	RowVersion,
	RowWrite,
	Store,
} from '../../core/store.ts';
import { pack, unpack } from '../../protocol/codec.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { OrderedRows } from './ordered-rows.ts';

/** A document as kept: packed, so that nobody's later change reaches it. */
interface Kept {
	readonly key: Key;
	readonly changed: number;
	readonly bytes: Uint8Array;
	/** Its key in each index that it is in, by the index's name. */
	readonly indexKeys: ReadonlyMap<string, Key>;
}

const unpackDoc = (bytes: Uint8Array) => unpack(bytes) as Doc;

/** One collection: rows by key, and by each index. */
class MemoryCollection {
	readonly #declared: Collection;
	readonly #byKey = new OrderedRows<Kept>();
	readonly #byIndex = new Map<string, OrderedRows<Kept>>();

	constructor(declared: Collection) {
		this.#declared = declared;
		for (const { name } of declared.indexes ?? []) this.#byIndex.set(name, new OrderedRows());
	}

	get(key: Key): Kept | undefined {
		this.check(key);
		return this.#byKey.get(key);
	}

	rows(index: string | undefined): OrderedRows<Kept> {
		const rows = index === undefined ? this.#byKey : this.#byIndex.get(index);
		if (rows === undefined) throw new Error(`${this.#declared.name} has no index ${index}`);
		return rows;
	}

	/** Writes the document unless a unique index has another one with its values. */
	put(key: Key, doc: Doc, changed: number): void {
		this.check(key);
		// What is kept is what a reader will unpack, also for the index.
		const bytes = pack(doc);
		const indexKeys = this.#indexKeys(key, unpackDoc(bytes));
		const old = this.#byKey.get(key);
		if (this.#collides(indexKeys, old)) return;
		if (old !== undefined) this.#remove(old);
		const kept = { key: [...key], changed, bytes, indexKeys };
		this.#byKey.set(kept.key, kept);
		for (const [name, indexKey] of indexKeys) this.#byIndex.get(name)?.set(indexKey, kept);
	}

	drop(key: Key): void {
		const old = this.get(key);
		if (old !== undefined) this.#remove(old);
	}

	#remove(old: Kept): void {
		this.#byKey.delete(old.key);
		for (const [name, indexKey] of old.indexKeys) this.#byIndex.get(name)?.delete(indexKey);
	}

	#indexKeys(key: Key, doc: Doc): Map<string, Key> {
		const found = new Map<string, Key>();
		for (const { name, fields } of this.#declared.indexes ?? []) {
			const values = fields.map((field) => fieldValue(doc, field));
			const has = values.every((value) => value !== undefined);
			if (has) found.set(name, [...values, ...key]);
		}
		return found;
	}

	#collides(indexKeys: ReadonlyMap<string, Key>, old: Kept | undefined): boolean {
		for (const { name, fields, unique } of this.#declared.indexes ?? []) {
			const indexKey = indexKeys.get(name);
			if (unique === undefined || indexKey === undefined) continue;
			const there = this.#byIndex.get(name)?.get(indexKey.slice(0, fields.length));
			if (there !== undefined && there !== old) return true;
		}
		return false;
	}

	check(key: Key): void {
		checkKey(this.#declared, key);
	}
}

const toRow = ({ key, changed, bytes }: Kept): Row => ({
	key: [...key],
	changed,
	doc: unpackDoc(bytes),
});

/** The read side in memory, with the semantics of the SQLite one, for tests and simulations. */
export class MemoryStore implements Store {
	readonly #collections = new Map<string, MemoryCollection>();
	readonly #watermarks = new Map<ActorKey, number>();

	constructor(collections: readonly Collection[]) {
		for (const one of collections) this.#collections.set(one.name, new MemoryCollection(one));
	}

	async get(collection: string, key: Key): Promise<Row | undefined> {
		const kept = this.#collection(collection).get(key);
		return kept && toRow(kept);
	}

	async page(query: PageQuery): Promise<Page> {
		const { prefix, after, before, limit, bytesMax = Infinity } = query;
		const rows = this.#collection(query.collection).rows(query.index);
		const start = after ? rows.firstBehind([...prefix, ...after]) : rows.firstFrom(prefix);
		const end = before ? rows.firstFrom([...prefix, ...before]) : rows.firstBehind(prefix);
		const taken: Row[] = [];
		const count = Math.max(0, end - start);
		let bytes = 0;
		while (taken.length < Math.min(count, limit)) {
			const index = query.descending ? end - 1 - taken.length : start + taken.length;
			const kept = rows.at(index) as Kept;
			bytes += kept.bytes.length;
			if (taken.length > 0 && bytes > bytesMax) break;
			taken.push(toRow(kept));
		}
		return { rows: taken, more: taken.length < count };
	}

	async project(commits: readonly ProjectedCommit[]): Promise<void> {
		for (const { events } of commits) this.#check(events);
		for (const { actor, position, events } of commits) {
			const watermark = this.#watermarks.get(actor) ?? 0;
			for (const event of events) {
				if (event.position <= watermark) continue;
				for (const row of event.rows) this.#apply(row, event.position);
			}
			this.#watermarks.set(actor, Math.max(watermark, position));
		}
	}

	async watermark(actor: ActorKey): Promise<number> {
		return this.#watermarks.get(actor) ?? 0;
	}

	async put(collection: string, key: Key, doc: Doc): Promise<void> {
		this.#collection(collection).put(key, doc, 0);
	}

	async dropBelow({ collection, index, below, limit }: DropQuery): Promise<number> {
		const found = this.#collection(collection);
		const rows = found.rows(index);
		const end = Math.min(rows.firstFrom([below]), limit);
		const keys = Array.from({ length: end }, (_, n) => (rows.at(n) as Kept).key);
		for (const key of keys) found.drop(key);
		return keys.length;
	}

	async drop(collection: string, rows: readonly RowVersion[]): Promise<void> {
		for (const { key, changed } of rows) {
			this.#apply({ op: 'drop', collection, key }, changed + 1);
		}
	}

	/** Throws before anything is written: a batch is applied whole or not at all. */
	#check(events: readonly EventRows[]): void {
		for (const { rows } of events) {
			for (const row of rows) this.#collection(row.collection).check(row.key);
		}
	}

	#apply(row: RowWrite, position: number): void {
		const collection = this.#collection(row.collection);
		const old = collection.get(row.key);
		if (old !== undefined && old.changed >= position) return;
		if (row.op === 'drop') collection.drop(row.key);
		else if (row.op === 'put') collection.put(row.key, row.doc, position);
		else if (old !== undefined) {
			collection.put(row.key, { ...unpackDoc(old.bytes), ...row.doc }, position);
		}
	}

	#collection(name: string): MemoryCollection {
		const found = this.#collections.get(name);
		if (found === undefined) throw new Error(`no collection is declared as ${name}`);
		return found;
	}
}
