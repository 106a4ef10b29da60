import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Doc } from '../../core/store.ts';
import { pack, unpack } from '../../protocol/codec.ts';
import { type CollectionShape, fieldValues } from './collection-shape.ts';
import { firstRow, prepareRows, transact } from './database.ts';

export const PUT = 0;
export const PATCH = 1;
export const DROP = 2;

type Values = readonly (string | number | null)[];

/**
 * A row on its way to the views' thread; `position`: of the event that writes it; `collection` counts in
 * the order of the declarations.
 */
export type PackedRow = readonly [
	position: number,
	collection: number,
	op: typeof PUT | typeof PATCH | typeof DROP,
	key: readonly (string | number)[],
	doc?: Uint8Array,
	/** For {@link PUT}: the field columns. */
	fields?: Values,
];
/** `position`: the actor's watermark behind it. */
export type PackedCommit = readonly [actor: string, position: number, rows: readonly PackedRow[]];

/** What to remove, see `DropQuery`; `collection` counts in the order of the declarations. */
export interface PackedDropQuery {
	readonly collection: number;
	readonly index: string;
	readonly below: string | number;
	readonly limit: number;
}

const SQLITE_CONSTRAINT_UNIQUE = 2067;

/** A second document with the values of a unique index is ignored. */
function unlessTaken(write: () => void): void {
	try {
		write();
	} catch (error) {
		const isTaken =
			error instanceof Error && 'errcode' in error && error.errcode === SQLITE_CONSTRAINT_UNIQUE;
		if (!isTaken) throw error;
	}
}

/** The statements that write one collection. */
class CollectionWrites {
	readonly #db: DatabaseSync;
	readonly #shape: CollectionShape;
	readonly #putNewer: StatementSync;
	readonly #putAlways: StatementSync;
	readonly #dropOlder: StatementSync;
	readonly #find: StatementSync;

	constructor(db: DatabaseSync, shape: CollectionShape) {
		const { table } = shape;
		const key = shape.key.map(({ name }) => name);
		const values = [...shape.fields.map(({ name }) => name), 'changed', 'doc'];
		const all = [...key, ...values];
		const put = `insert into ${table} (${all}) values (${all.map(() => '?')})
			on conflict (${key}) do update set ${values.map((name) => `${name} = excluded.${name}`)}`;
		const where = key.map((name) => `${name} = ?`).join(' and ');
		this.#db = db;
		this.#shape = shape;
		this.#putAlways = db.prepare(put);
		this.#putNewer = db.prepare(`${put} where ${table}.changed < excluded.changed`);
		this.#dropOlder = db.prepare(`delete from ${table} where ${where} and changed < ?`);
		this.#find = prepareRows(db, `select doc from ${table} where ${where} and changed < ?`);
	}

	apply([position, , op, key, doc, fields]: PackedRow): void {
		if (op === DROP) this.#dropOlder.run(...key, position);
		else if (doc === undefined) throw new Error('a put or patch without a document');
		else if (op === PATCH) this.#patch(key, doc, position);
		else unlessTaken(() => this.#putNewer.run(...key, ...(fields ?? []), position, doc));
	}

	/** Writes whatever stands there. */
	put(key: readonly (string | number)[], doc: Uint8Array): void {
		const fields = fieldValues(this.#shape, unpack(doc) as Doc);
		unlessTaken(() => this.#putAlways.run(...key, ...fields, 0, doc));
	}

	dropBelow({ index: name, below, limit }: Omit<PackedDropQuery, 'collection'>): number {
		const { indexes, key, name: collection, table } = this.#shape;
		const index = indexes.get(name);
		if (index === undefined) throw new Error(`${collection} has no index ${name}`);
		const first = index.fields[0] ?? '';
		// All fields: it says that the partial index has all that is asked for.
		const present = index.fields.map((field) => `${field} is not null`).join(' and ');
		const columns = key.map((column) => column.name);
		const { changes } = this.#db
			.prepare(
				`delete from ${table} where (${columns}) in (
					select ${columns} from ${table} where ${present} and ${first} < ?
					order by ${index.order} limit ?
				)`,
			)
			.run(below, limit);
		return Number(changes);
	}

	#patch(key: readonly (string | number)[], patch: Uint8Array, position: number): void {
		const old = firstRow<[Uint8Array]>(this.#find, ...key, position);
		if (old === undefined) return;
		const doc = { ...(unpack(old[0]) as Doc), ...(unpack(patch) as Doc) };
		const fields = fieldValues(this.#shape, doc);
		unlessTaken(() => this.#putNewer.run(...key, ...fields, position, pack(doc)));
	}
}

/** The writing side of the store: documents and watermarks. Synchronous, one per file. */
export class ViewWrites {
	readonly #db: DatabaseSync;
	readonly #collections: readonly CollectionWrites[];
	readonly #watermark: StatementSync;
	readonly #raise: StatementSync;

	constructor(db: DatabaseSync, shapes: readonly CollectionShape[]) {
		this.#db = db;
		this.#collections = shapes.map((shape) => new CollectionWrites(db, shape));
		this.#watermark = prepareRows(db, 'select position from watermarks where actor = ?');
		this.#raise = db.prepare(
			`insert into watermarks (actor, position) values (?, ?)
			on conflict (actor) do update set position = excluded.position
			where watermarks.position < excluded.position`,
		);
	}

	/** All commits in one transaction, each with its watermark. */
	project(commits: readonly PackedCommit[]): void {
		transact(this.#db, () => {
			for (const commit of commits) this.#project(commit);
		});
	}

	put(collection: number, key: readonly (string | number)[], doc: Uint8Array): void {
		this.#collection(collection).put(key, doc);
	}

	/** In one transaction. */
	drop(rows: readonly PackedRow[]): void {
		transact(this.#db, () => {
			for (const row of rows) this.#collection(row[1]).apply(row);
		});
	}

	/** Removes documents by an index, see `Store.dropBelow`. Throws when the index is not declared. */
	dropBelow({ collection, index, below, limit }: PackedDropQuery): number {
		return this.#collection(collection).dropBelow({ index, below, limit });
	}

	#project([actor, position, rows]: PackedCommit): void {
		const [done] = firstRow<[number]>(this.#watermark, actor) ?? [0];
		for (const row of rows) {
			const [at, collection] = row;
			// Applied before: what was dropped since must not come back.
			if (at > done) this.#collection(collection).apply(row);
		}
		this.#raise.run(actor, position);
	}

	#collection(index: number): CollectionWrites {
		const found = this.#collections[index];
		if (found === undefined) throw new Error(`there is no collection ${index}`);
		return found;
	}
}
