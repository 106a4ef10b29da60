import { checkKey } from '../../core/columns.ts';
import type {
	Collection,
	Doc,
	Key,
	Page,
	PageQuery,
	ProjectedCommit,
	Row,
	RowWrite,
	Store,
} from '../../core/store.ts';
import { pack, unpack } from '../../protocol/codec.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { coalesceRows } from './coalesce-rows.ts';
import { type CollectionShape, fieldValues, shapeOf } from './collection-shape.ts';
import type { StorageThreads } from './sqlite-journal.ts';
import { copyOwn, packOwn } from './thread-protocol.ts';
import type { PackedDoc, PackedPage } from './view-reads.ts';
import { DROP, PATCH, type PackedCommit, type PackedRow, PUT } from './view-writes.ts';

interface Declared {
	readonly index: number;
	readonly shape: CollectionShape;
}

const toRow = ([key, changed, doc]: PackedDoc): Row => ({ key, changed, doc: unpack(doc) as Doc });

/** The read side of one node in SQLite. Rejects with `StorageError`; throws on what is a bug. */
export class SqliteStore implements Store {
	readonly #threads: StorageThreads;
	readonly #collections = new Map<string, Declared>();
	/** Collections in which a write can depend on another document. */
	readonly #entangled = new Set<string>();

	constructor(threads: StorageThreads, collections: readonly Collection[]) {
		this.#threads = threads;
		for (const [index, collection] of collections.entries()) {
			this.#collections.set(collection.name, { index, shape: shapeOf(collection) });
			const hasUnique = collection.indexes?.some(({ unique }) => unique === true) ?? false;
			if (hasUnique) this.#entangled.add(collection.name);
		}
	}

	async get(collection: string, key: Key): Promise<Row | undefined> {
		checkKey(this.#declared(collection).shape, key);
		const found = await this.#threads.read.call('get', { collection, key });
		return found && toRow(found);
	}

	async page(query: PageQuery): Promise<Page> {
		this.#declared(query.collection);
		const packed = await this.#threads.read.call('page', query);
		const { rows, more } = unpack(packed) as PackedPage;
		return { rows: rows.map(toRow), more };
	}

	async project(commits: readonly ProjectedCommit[]): Promise<void> {
		const lean = coalesceRows(commits, (name) => !this.#entangled.has(name));
		const packed = packOwn(lean.map((commit) => this.#packCommit(commit)));
		await this.#threads.views.call('project', packed, [packed.buffer]);
	}

	watermark(actor: ActorKey): Promise<number> {
		return this.#threads.read.call('watermark', actor);
	}

	async put(collection: string, key: Key, doc: Doc): Promise<void> {
		const { index, shape } = this.#declared(collection);
		checkKey(shape, key);
		await this.#threads.views.call('put', { collection: index, key, doc: copyOwn(pack(doc)) });
	}

	#packCommit({ actor, position, events }: ProjectedCommit): PackedCommit {
		const packed = events.map(
			(event) => [event.position, event.rows.map((row) => this.#packRow(row))] as const,
		);
		return [actor, position, packed];
	}

	#packRow(row: RowWrite): PackedRow {
		const { index, shape } = this.#declared(row.collection);
		checkKey(shape, row.key);
		if (row.op === 'drop') return [index, DROP, row.key];
		if (row.op === 'patch') return [index, PATCH, row.key, pack(row.doc)];
		return [index, PUT, row.key, pack(row.doc), fieldValues(shape, row.doc)];
	}

	#declared(collection: string): Declared {
		const found = this.#collections.get(collection);
		if (found === undefined) throw new Error(`no collection is declared as ${collection}`);
		return found;
	}
}
