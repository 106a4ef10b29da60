import { type Column, fieldValue } from '../../core/columns.ts';
import type { Collection, Doc } from '../../core/store.ts';

export const INDEX_PREFIX = 'index__';

export interface IndexShape {
	/** Its name in the file, which tells its columns: another declaration is another index. */
	readonly sqlName: string;
	readonly fields: readonly string[];
	/** Fields, then the key: what pages go by. */
	readonly order: readonly string[];
	readonly unique: boolean;
}

/** How a collection lies in SQL: its table, and its columns under prefixes of their own. */
export interface CollectionShape {
	readonly name: string;
	readonly table: string;
	/** Key columns, `k_…`. */
	readonly key: readonly Column[];
	/** Columns copied from the document for indexes: `t_…` texts, `i_…` integers. */
	readonly fields: readonly Column[];
	readonly indexes: ReadonlyMap<string, IndexShape>;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

function checked(name: string): string {
	if (!NAME.test(name)) throw new Error(`"${name}" cannot name a collection, column or index`);
	return name;
}

/** Another type is another column, so that a changed declaration never reads the old one's values. */
const columnOf = ({ name, type }: Column) => (type === 'text' ? `t_${name}` : `i_${name}`);

/** Throws when a name cannot stand in SQL. */
export function shapeOf(collection: Collection): CollectionShape {
	const name = checked(collection.name);
	const key = collection.key.map((part) => ({ name: `k_${checked(part.name)}`, type: part.type }));
	const fields = new Map<string, Column>();
	const indexes = new Map<string, IndexShape>();
	for (const index of collection.indexes ?? []) {
		for (const field of index.fields) {
			checked(field.name);
			fields.set(columnOf(field), { name: columnOf(field), type: field.type });
		}
		const names = index.fields.map(columnOf);
		const unique = index.unique === true;
		indexes.set(checked(index.name), {
			sqlName: `${INDEX_PREFIX}${[name, index.name, ...names, unique ? 'unique' : 'many'].join('__')}`,
			fields: names,
			order: [...names, ...key.map((column) => column.name)],
			unique,
		});
	}
	return { name, table: `c_${name}`, key, fields: [...fields.values()], indexes };
}

export const SQL_TYPES: Readonly<Record<Column['type'], string>> = { text: 'text', int: 'integer' };

/** What the field columns hold for a document: null where it has no such field of the type. */
export function fieldValues({ fields }: CollectionShape, doc: Doc): (string | number | null)[] {
	return fields.map(({ name, type }) => fieldValue(doc, { name: name.slice(2), type }) ?? null);
}
