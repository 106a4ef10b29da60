import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PageQuery } from '../../core/store.ts';
import type { CollectionShape } from './collection-shape.ts';
import { firstRow, prepareRows } from './database.ts';

/** A document on its way from the views; still packed. */
export type PackedDoc = readonly [
	key: readonly (string | number)[],
	changed: number,
	doc: Uint8Array,
];
export interface PackedPage {
	readonly rows: readonly PackedDoc[];
	readonly more: boolean;
}

type Key = readonly (string | number)[];

/** `a > ?`, or `(a, b) > (?, ?)`, over as many columns as there are bounds. */
function bound(columns: readonly string[], operator: '<' | '>', bounds: Key | undefined): string[] {
	if (bounds === undefined || bounds.length === 0) return [];
	const named = columns.slice(0, bounds.length);
	return [`(${named}) ${operator} (${named.map(() => '?')})`];
}

/** The reading side of the store, on a connection of its own. */
export class ViewReads {
	readonly #db: DatabaseSync;
	readonly #shapes = new Map<string, CollectionShape>();
	/** As many as there are forms of queries in the code: few. */
	readonly #statements = new Map<string, StatementSync>();

	constructor(db: DatabaseSync, shapes: readonly CollectionShape[]) {
		this.#db = db;
		for (const shape of shapes) this.#shapes.set(shape.name, shape);
	}

	get(collection: string, key: Key): PackedDoc | undefined {
		const { table, key: columns } = this.#shape(collection);
		const where = columns.map(({ name }) => `${name} = ?`).join(' and ');
		const select = this.#prepare(`select changed, doc from ${table} where ${where}`);
		const found = firstRow<[number, Uint8Array]>(select, ...key);
		return found && [key, ...found];
	}

	watermark(actor: string): number {
		const select = this.#prepare('select position from watermarks where actor = ?');
		return firstRow<[number]>(select, actor)?.[0] ?? 0;
	}

	page(query: PageQuery): PackedPage {
		const { prefix, after = [], before = [], limit, bytesMax = Infinity } = query;
		const select = this.#prepare(this.#pageSql(query));
		const keyLength = this.#shape(query.collection).key.length;
		const rows: PackedDoc[] = [];
		let bytes = 0;
		// One row more than asked for tells whether there is more.
		for (const row of select.iterate(...prefix, ...after, ...before, limit + 1)) {
			const columns = row as unknown as (string | number | Uint8Array)[];
			const doc = columns[keyLength + 1] as Uint8Array;
			bytes += doc.length;
			if (rows.length === limit || (rows.length > 0 && bytes > bytesMax)) {
				return { rows, more: true };
			}
			rows.push([columns.slice(0, keyLength) as Key, columns[keyLength] as number, doc]);
		}
		return { rows, more: false };
	}

	#pageSql({ collection, index, prefix, after, before, descending }: PageQuery): string {
		const shape = this.#shape(collection);
		const key = shape.key.map(({ name }) => name);
		const found = index === undefined ? undefined : shape.indexes.get(index);
		if (index !== undefined && found === undefined) {
			throw new Error(`${collection} has no index ${index}`);
		}
		const order = found?.order ?? key;
		const rest = order.slice(prefix.length);
		const where = [
			...(found?.fields ?? []).map((name) => `${name} is not null`),
			...order.slice(0, prefix.length).map((name) => `${name} = ?`),
			...bound(rest, '>', after),
			...bound(rest, '<', before),
		];
		return `select ${key}, changed, doc from ${shape.table}
			${found === undefined ? '' : `indexed by ${found.sqlName}`}
			${where.length > 0 ? `where ${where.join(' and ')}` : ''}
			order by ${order.map((name) => `${name} ${descending ? 'desc' : 'asc'}`)} limit ?`;
	}

	#prepare(sql: string): StatementSync {
		const known = this.#statements.get(sql);
		if (known !== undefined) return known;
		const made = prepareRows(this.#db, sql);
		this.#statements.set(sql, made);
		return made;
	}

	#shape(collection: string): CollectionShape {
		const found = this.#shapes.get(collection);
		if (found === undefined) throw new Error(`no collection is declared as ${collection}`);
		return found;
	}
}
