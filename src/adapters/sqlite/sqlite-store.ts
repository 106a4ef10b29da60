import { checkKey } from '../../core/columns.ts';
import type {
	Collection,
	Doc,
	DropQuery,
	Key,
	Page,
	PageQuery,
	ProjectedCommit,
	Row,
	RowVersion,
	Store,
} from '../../core/store.ts';
import { pack, unpack } from '../../protocol/codec.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { type CollectionShape, fieldValues, shapeOf } from './collection-shape.ts';
import { LeanBatch, type LeanCommit, type PlacedRow } from './lean-batch.ts';
import { Pace } from './pace.ts';
import type { StorageThreads } from './sqlite-journal.ts';
import { copyOwn, packOwn } from './thread-protocol.ts';
import type { PackedDoc, PackedPage } from './view-reads.ts';
import { DROP, PATCH, type PackedCommit, type PackedRow, PUT } from './view-writes.ts';

/** How long the preparation of a batch may hold the loop that serves sockets. */
const SLICE_MS_MAX = 2;
/** What one transaction of the read side holds, about: whole actors. */
const TRANSACTION_BYTES_MAX = 8 * 1024 * 1024;

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

	/** A large batch is prepared in slices, and written in one transaction or several of whole actors. */
	async project(commits: readonly ProjectedCommit[]): Promise<void> {
		const pace = new Pace(SLICE_MS_MAX);
		const lean = new LeanBatch((name) => !this.#entangled.has(name));
		for (const commit of commits) {
			lean.take(commit);
			if (pace.isOver) await pace.rest();
		}
		let parts: Uint8Array<ArrayBuffer>[] = [];
		let bytes = 0;
		for (const commit of lean.commits()) {
			const part = packOwn(await this.#packCommit(commit, pace));
			parts.push(part);
			bytes += part.length;
			if (bytes < TRANSACTION_BYTES_MAX) continue;
			await this.#write(parts);
			parts = [];
			bytes = 0;
		}
		if (parts.length > 0) await this.#write(parts);
	}

	watermark(actor: ActorKey): Promise<number> {
		return this.#threads.read.call('watermark', actor);
	}

	async put(collection: string, key: Key, doc: Doc): Promise<void> {
		const { index, shape } = this.#declared(collection);
		checkKey(shape, key);
		await this.#threads.views.call('put', { collection: index, key, doc: copyOwn(pack(doc)) });
	}

	async dropBelow({ collection, index, below, limit }: DropQuery): Promise<number> {
		const { index: number } = this.#declared(collection);
		return await this.#threads.views.call('dropBelow', { collection: number, index, below, limit });
	}

	async drop(collection: string, rows: readonly RowVersion[]): Promise<void> {
		const { index, shape } = this.#declared(collection);
		const drops = rows.map(({ key, changed }): PackedRow => {
			checkKey(shape, key);
			return [changed + 1, index, DROP, key];
		});
		await this.#threads.views.call('drop', drops);
	}

	#write(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
		const buffers = parts.map(({ buffer }) => buffer);
		return this.#threads.views.call('project', parts, buffers);
	}

	async #packCommit({ actor, position, rows }: LeanCommit, pace: Pace): Promise<PackedCommit> {
		const packed: PackedRow[] = [];
		for (const placed of rows) {
			packed.push(this.#packRow(placed));
			if (pace.isOver) await pace.rest();
		}
		return [actor, position, packed];
	}

	#packRow({ position, row }: PlacedRow): PackedRow {
		const { index, shape } = this.#declared(row.collection);
		checkKey(shape, row.key);
		if (row.op === 'drop') return [position, index, DROP, row.key];
		if (row.op === 'patch') return [position, index, PATCH, row.key, pack(row.doc)];
		return [position, index, PUT, row.key, pack(row.doc), fieldValues(shape, row.doc)];
	}

	#declared(collection: string): Declared {
		const found = this.#collections.get(collection);
		if (found === undefined) throw new Error(`no collection is declared as ${collection}`);
		return found;
	}
}
