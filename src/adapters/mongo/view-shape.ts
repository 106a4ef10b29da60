import type { Db, Collection as Documents, IndexDescription } from 'mongodb';
import { type Column, checkKey, fieldValue } from '../../core/columns.ts';
import type { Collection, Doc, Key, KeyPart } from '../../core/store.ts';
import type { Id } from './id-range.ts';

/** A row of a collection. */
export interface ViewDocument {
	/** The key, its columns in declared order. */
	readonly _id: Id;
	readonly changed: number;
	/** Packed, so that nothing in a document can be refused or read as an operator by the server. */
	readonly doc: Uint8Array;
	/** Fields that indexes are over, under names that tell their type. */
	readonly fields?: Readonly<Record<string, KeyPart>>;
	/** From when its lifetime counts. */
	readonly dated?: Date;
	/**
	 * Since when it is dropped: then it is nothing but its `changed`, which keeps a late write of what
	 * was dropped out. No index of the declaration has it.
	 */
	readonly gone?: Date;
}

export interface IndexShape {
	/** Its name on the server, which tells all of it: another declaration is another index. */
	readonly name: string;
	/** Paths in {@link ViewDocument}. */
	readonly paths: readonly string[];
	readonly unique: boolean;
}

export interface ViewShape {
	readonly name: string;
	readonly key: readonly Column[];
	readonly indexes: ReadonlyMap<string, IndexShape>;
	readonly fields: readonly (Column & { readonly path: string })[];
	readonly isUnique: boolean;
	readonly datedBy: string | undefined;
	/**
	 * What is dropped leaves its `changed` behind for a day. Not where documents are dropped for their
	 * age: there are many of them, and one that comes late is dropped for its age again.
	 */
	readonly remembersDrops: boolean;
}

const fieldName = ({ name, type }: Column) => `${name}_${type}`;

export function shapeOf({ name, key, indexes = [], datedBy }: Collection): ViewShape {
	const fields = new Map<string, ViewShape['fields'][number]>();
	const shapes = new Map<string, IndexShape>();
	for (const index of indexes) {
		for (const field of index.fields) {
			fields.set(fieldName(field), { path: fieldName(field), ...field });
		}
		const names = index.fields.map(fieldName);
		const unique = index.unique === true;
		shapes.set(index.name, {
			name: [index.name, ...names, unique ? 'unique' : 'many'].join('-'),
			paths: names.map((one) => `fields.${one}`),
			unique,
		});
	}
	const isUnique = [...shapes.values()].some(({ unique }) => unique);
	const remembersDrops = datedBy === undefined;
	return {
		name,
		key,
		indexes: shapes,
		fields: [...fields.values()],
		isUnique,
		datedBy,
		remembersDrops,
	};
}

/** Where the rows are. */
export const viewOf = (db: Db, { name }: ViewShape): Documents<ViewDocument> =>
	db.collection(`views.${name}`);

/** Only documents that have all fields are in an index; behind the fields comes the key. */
export function indexDescriptions({ indexes }: ViewShape): IndexDescription[] {
	return [...indexes.values()].map(({ name, paths, unique }) => ({
		name,
		unique,
		key: new Map<string, 1>([...paths, ...(unique ? [] : ['_id'])].map((path) => [path, 1])),
		partialFilterExpression: Object.fromEntries(paths.map((path) => [path, { $exists: true }])),
	}));
}

/** What the server has to see of a document beside its bytes. */
export function seenOf(shape: ViewShape, doc: Doc): Pick<ViewDocument, 'fields' | 'dated'> {
	const fields = fieldsOf(shape, doc);
	const { datedBy } = shape;
	const at = datedBy && fieldValue(doc, { name: datedBy, type: 'int' });
	return {
		...(fields === undefined ? {} : { fields }),
		...(typeof at === 'number' ? { dated: new Date(at) } : {}),
	};
}

/** What indexes are over: nothing where the document has no such field of the type. */
function fieldsOf({ fields }: ViewShape, doc: Doc): ViewDocument['fields'] {
	const found: Record<string, KeyPart> = {};
	for (const field of fields) {
		const value = fieldValue(doc, field);
		if (value !== undefined) found[field.path] = value;
	}
	return Object.keys(found).length === 0 ? undefined : found;
}

/** Throws when the key does not fit the declaration: a bug of the caller. */
export function toId(shape: ViewShape, key: Key): Id {
	checkKey(shape, key);
	return startOf(shape, key);
}

/** The beginning of an id that has the first parts of a key. */
export const startOf = ({ key }: ViewShape, parts: Key): Id =>
	Object.fromEntries(parts.map((part, n) => [key[n]?.name, part]));

export const toKey = ({ key }: ViewShape, id: Id): Key =>
	key.map(({ name }) => id[name] as KeyPart);
