import type { AnyBulkWriteOperation, Db, Collection as Documents } from 'mongodb';
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
import { unpack } from '../../protocol/codec.ts';
import type { ActorKey } from '../../protocol/ids.ts';
import { dropBelow } from './drop-below.ts';
import { NewestMap } from './newest-map.ts';
import { planPage } from './page-filter.ts';
import { duplicatesOf, hasOnlyDuplicates } from './storage-error.ts';
import type { StoreGuard } from './store-guard.ts';
import { shapeOf, toId, toKey, type ViewDocument, type ViewShape, viewOf } from './view-shape.ts';
import { type PositionedRow, ViewWrites } from './view-writes.ts';

interface View {
	readonly shape: ViewShape;
	readonly documents: Documents<ViewDocument>;
	readonly writes: ViewWrites;
}

interface WatermarkDocument {
	readonly _id: ActorKey;
	readonly position: number;
}

/** Actors whose watermark is remembered as it was raised. */
const RAISED_MAX = 1_000;

const toRow = (shape: ViewShape, { _id, changed, doc }: ViewDocument): Row => ({
	key: toKey(shape, _id),
	changed,
	doc: unpack(doc) as Doc,
});

/**
 * The read side of all nodes in MongoDB. Rejects with `StorageError`, also when there is no answer in
 * time; throws on what is a bug.
 */
export class MongoStore implements Store {
	readonly #views = new Map<string, View>();
	readonly #watermarks: Documents<WatermarkDocument>;
	readonly #guard: StoreGuard;
	/** Of those that were raised here last: theirs is not read before they are raised again. */
	readonly #raised = new NewestMap<ActorKey, number>(RAISED_MAX);

	constructor(db: Db, collections: readonly Collection[], guard: StoreGuard) {
		this.#guard = guard;
		this.#watermarks = db.collection('watermarks');
		for (const shape of collections.map(shapeOf)) {
			const documents = viewOf(db, shape);
			this.#views.set(shape.name, { shape, documents, writes: new ViewWrites(documents, shape) });
		}
	}

	async get(collection: string, key: Key): Promise<Row | undefined> {
		const { shape, documents } = this.#view(collection);
		const _id = toId(shape, key);
		const found = await this.#guard.run('get', () => documents.findOne({ _id }));
		return found === null || found.gone !== undefined ? undefined : toRow(shape, found);
	}

	async page(query: PageQuery): Promise<Page> {
		return await this.#guard.run('page', () => this.#page(query));
	}

	/** Rows first, then the watermarks: what a crash leaves in between is done again. */
	async project(commits: readonly ProjectedCommit[]): Promise<void> {
		await this.#guard.run('project', () => this.#project(commits), 'own');
	}

	async watermark(actor: ActorKey): Promise<number> {
		const marks = await this.#guard.run('watermark', () => this.#marksOf([actor]));
		return marks.get(actor) ?? 0;
	}

	async put(collection: string, key: Key, doc: Doc): Promise<void> {
		const { writes } = this.#view(collection);
		await this.#guard.run('put', () => writes.put({ op: 'put', collection, key, doc }));
	}

	async dropBelow(query: DropQuery): Promise<number> {
		const { shape, documents } = this.#view(query.collection);
		return await this.#guard.run('dropBelow', () => dropBelow(documents, shape, query));
	}

	async drop(collection: string, rows: readonly RowVersion[]): Promise<void> {
		const { writes } = this.#view(collection);
		const drops = rows.map(({ key, changed }) => ({
			row: { op: 'drop' as const, collection, key },
			position: changed + 1,
		}));
		await this.#guard.run('drop', () => writes.apply(drops));
	}

	async #page(query: PageQuery): Promise<Page> {
		const { limit, bytesMax = Infinity } = query;
		const { shape, documents } = this.#view(query.collection);
		const { filter, sort, hint } = planPage(shape, query);
		// One row more than asked for tells whether there is more.
		const cursor = documents
			.find(filter, hint === undefined ? {} : { hint })
			.sort(sort)
			.limit(limit + 1);
		try {
			const rows: Row[] = [];
			let bytes = 0;
			for await (const found of cursor) {
				bytes += found.doc.length;
				const isFull = rows.length === limit || (rows.length > 0 && bytes > bytesMax);
				if (isFull) return { rows, more: true };
				rows.push(toRow(shape, found));
			}
			return { rows, more: false };
		} finally {
			await cursor.close();
		}
	}

	async #project(commits: readonly ProjectedCommit[]): Promise<void> {
		const byView = this.#rowsByView(commits, await this.#leastMarksOf(commits));
		await Promise.all([...byView].map(([{ writes }, rows]) => writes.apply(rows)));
		for (const [actor, position] of await this.#raise(commits)) this.#raised.set(actor, position);
	}

	/** Who has raised one last goes on from there: rows that somebody else has written stay as they are. */
	async #leastMarksOf(commits: readonly ProjectedCommit[]): Promise<Map<ActorKey, number>> {
		const marks = new Map<ActorKey, number>();
		const unknown = new Set<ActorKey>();
		for (const { actor } of commits) {
			const raised = this.#raised.get(actor);
			if (raised === undefined) unknown.add(actor);
			else marks.set(actor, raised);
		}
		if (unknown.size === 0) return marks;
		return new Map([...marks, ...(await this.#marksOf([...unknown]))]);
	}

	/** Rows by collection, in order. What is at or behind its actor's watermark was applied before. */
	#rowsByView(
		commits: readonly ProjectedCommit[],
		marks: ReadonlyMap<ActorKey, number>,
	): Map<View, PositionedRow[]> {
		const byView = new Map<View, PositionedRow[]>();
		for (const { actor, events } of commits) {
			for (const { position, rows } of events) {
				for (const row of rows) {
					const view = this.#view(row.collection);
					toId(view.shape, row.key);
					if (position <= (marks.get(actor) ?? 0)) continue;
					const found = byView.get(view) ?? [];
					byView.set(view, found);
					found.push({ row, position });
				}
			}
		}
		return byView;
	}

	async #marksOf(actors: readonly ActorKey[]): Promise<Map<ActorKey, number>> {
		const found = await this.#watermarks.find({ _id: { $in: [...actors] } }).toArray();
		return new Map(found.map(({ _id, position }) => [_id, position]));
	}

	async #raise(commits: readonly ProjectedCommit[]): Promise<ReadonlyMap<ActorKey, number>> {
		const highest = new Map<ActorKey, number>();
		for (const { actor, position } of commits) {
			highest.set(actor, Math.max(position, highest.get(actor) ?? 0));
		}
		const raise = [...highest].map(
			([_id, position]): AnyBulkWriteOperation<WatermarkDocument> => ({
				updateOne: { filter: { _id }, update: { $max: { position } }, upsert: true },
			}),
		);
		if (raise.length === 0) return highest;
		try {
			await this.#watermarks.bulkWrite(raise, { ordered: false });
		} catch (error) {
			if (!hasOnlyDuplicates(error)) throw error;
			// Inserted beside us by another projector: it is there now, and is raised.
			const met = duplicatesOf(error).map((index) => raise[index] as (typeof raise)[number]);
			await this.#watermarks.bulkWrite(met, { ordered: false });
		}
		return highest;
	}

	#view(collection: string): View {
		const found = this.#views.get(collection);
		if (found === undefined) throw new Error(`no collection is declared as ${collection}`);
		return found;
	}
}
