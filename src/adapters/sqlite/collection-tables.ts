import type { DatabaseSync } from 'node:sqlite';
import type { Column } from '../../core/columns.ts';
import type { Doc } from '../../core/store.ts';
import { unpack } from '../../protocol/codec.ts';
import {
	type CollectionShape,
	fieldValues,
	INDEX_PREFIX,
	type IndexShape,
	SQL_TYPES,
} from './collection-shape.ts';
import { transact } from './database.ts';

/** Rows that one step of a fill takes. */
const FILL_ROWS = 1_000;

/** Names of field columns. */
const FIELD = /^[ti]_/;

const names = (columns: readonly Column[]) => columns.map(({ name }) => name);
const nameOf = (row: Record<string, unknown>) => String(row.name);

/**
 * Brings the tables to the declarations: makes what is missing, fills columns that a new index needs,
 * and drops indexes and their columns that nobody declares any more. Throws when a key was declared
 * otherwise before.
 */
export function prepareCollections(db: DatabaseSync, shapes: readonly CollectionShape[]): void {
	transact(db, () => {
		for (const shape of shapes) {
			db.exec(createTable(shape));
			checkDeclaredKey(db, shape);
			dropIndexes(db, shape);
			prepareFields(db, shape);
			createIndexes(db, shape);
		}
	});
}

const columnsOf = (db: DatabaseSync, { table }: CollectionShape) =>
	db.prepare(`pragma table_info(${table})`).all();

function checkDeclaredKey(db: DatabaseSync, shape: CollectionShape): void {
	const key = columnsOf(db, shape)
		.filter(({ pk }) => Number(pk) > 0)
		.sort((one, other) => Number(one.pk) - Number(other.pk))
		.map((row) => `${nameOf(row)} ${row.type}`.toLowerCase());
	const declared = shape.key.map(({ name, type }) => `${name} ${SQL_TYPES[type]}`.toLowerCase());
	if (key.join() === declared.join()) return;
	throw new Error(`the key of ${shape.name} was (${key}), is declared (${declared}): name it anew`);
}

/** Brings the field columns to the declaration. An old one goes: nobody would keep it up to date. */
function prepareFields(db: DatabaseSync, shape: CollectionShape): void {
	const known = columnsOf(db, shape)
		.map(nameOf)
		.filter((name) => FIELD.test(name));
	for (const name of known) {
		if (shape.fields.some((field) => field.name === name)) continue;
		db.exec(`alter table ${shape.table} drop column ${name}`);
	}
	const added = shape.fields.filter(({ name }) => !known.includes(name));
	for (const { name, type } of added) {
		db.exec(`alter table ${shape.table} add column ${name} ${SQL_TYPES[type]}`);
	}
	if (added.length > 0) fillFields(db, shape);
}

// Clustered by the key: a page is neighbours on disk, at any depth.
function createTable({ table, key, fields }: CollectionShape): string {
	const columns = [
		...key.map(({ name, type }) => `${name} ${SQL_TYPES[type]} not null`),
		...fields.map(({ name, type }) => `${name} ${SQL_TYPES[type]}`),
		'changed integer not null',
		'doc blob not null',
		`primary key (${names(key)})`,
	];
	return `create table if not exists ${table} (${columns}) without rowid`;
}

const indexesOf = (db: DatabaseSync, { table }: CollectionShape) =>
	db
		.prepare(`select name from sqlite_schema where type = 'index' and tbl_name = ?`)
		.all(table)
		.map(nameOf)
		.filter((name) => name.startsWith(INDEX_PREFIX));

function dropIndexes(db: DatabaseSync, shape: CollectionShape): void {
	const declared = [...shape.indexes.values()].map(({ sqlName }) => sqlName);
	for (const name of indexesOf(db, shape)) {
		if (!declared.includes(name)) db.exec(`drop index ${name}`);
	}
}

function createIndexes(db: DatabaseSync, shape: CollectionShape): void {
	const present = indexesOf(db, shape);
	for (const index of shape.indexes.values()) {
		if (present.includes(index.sqlName)) continue;
		try {
			db.exec(createIndex(shape.table, index));
		} catch (cause) {
			throw new Error(
				`index ${index.sqlName} of ${shape.name} cannot be made: do rows share its values?`,
				{ cause },
			);
		}
	}
}

/** Only documents that have all fields are in the index. */
function createIndex(table: string, { sqlName, fields, order, unique }: IndexShape): string {
	const present = fields.map((field) => `${field} is not null`).join(' and ');
	return unique
		? `create unique index ${sqlName} on ${table} (${fields}) where ${present}`
		: `create index ${sqlName} on ${table} (${order}) where ${present}`;
}

/** Copies the fields of all documents into their columns, after a release that declares new ones. */
function fillFields(db: DatabaseSync, shape: CollectionShape): void {
	const key = names(shape.key);
	const row = `(${key}) > (${key.map(() => '?')})`;
	const select = `select ${key}, doc from ${shape.table}`;
	const first = db.prepare(`${select} order by ${key} limit ${FILL_ROWS}`);
	const next = db.prepare(`${select} where ${row} order by ${key} limit ${FILL_ROWS}`);
	const update = db.prepare(
		`update ${shape.table} set ${shape.fields.map(({ name }) => `${name} = ?`)}
		where ${key.map((name) => `${name} = ?`).join(' and ')}`,
	);
	let rows = first.all();
	while (rows.length > 0) {
		let last: (string | number)[] = [];
		for (const found of rows) {
			last = key.map((name) => found[name] as string | number);
			const doc = unpack(found.doc as Uint8Array) as Doc;
			update.run(...fieldValues(shape, doc), ...last);
		}
		rows = next.all(...last);
	}
}
