import type { DatabaseSync } from 'node:sqlite';
import type { Doc } from '../../core/store.ts';
import { unpack } from '../../protocol/codec.ts';
import {
	type CollectionShape,
	type Column,
	fieldValues,
	type IndexShape,
	SQL_TYPES,
} from './collection-shape.ts';
import { transact } from './database.ts';

/** Rows that one step of a fill takes. */
const FILL_ROWS = 1_000;

const names = (columns: readonly Column[]) => columns.map(({ name }) => name);
const nameOf = (row: Record<string, unknown>) => String(row.name);

/**
 * Brings the tables to the declarations: makes what is missing, fills columns that a new index needs,
 * and drops indexes that nobody declares any more. Throws when a key was declared otherwise before.
 */
export function prepareCollections(db: DatabaseSync, shapes: readonly CollectionShape[]): void {
	transact(db, () => {
		for (const shape of shapes) prepareCollection(db, shape);
	});
}

function prepareCollection(db: DatabaseSync, shape: CollectionShape): void {
	db.exec(createTable(shape));
	const present = db.prepare(`pragma table_info(${shape.table})`).all();
	const key = present
		.filter(({ pk }) => Number(pk) > 0)
		.sort((one, other) => Number(one.pk) - Number(other.pk))
		.map((row) => `${nameOf(row)} ${row.type}`.toLowerCase());
	const declared = shape.key.map(({ name, type }) => `${name} ${SQL_TYPES[type]}`.toLowerCase());
	if (key.join() !== declared.join()) {
		throw new Error(
			`the key of ${shape.name} was (${key}), is declared (${declared}): name it anew`,
		);
	}
	const known = present.map(nameOf);
	const added = shape.fields.filter(({ name }) => !known.includes(name));
	for (const { name, type } of added) {
		db.exec(`alter table ${shape.table} add column ${name} ${SQL_TYPES[type]}`);
	}
	if (added.length > 0) fillFields(db, shape);
	prepareIndexes(db, shape);
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

function prepareIndexes(db: DatabaseSync, { name, table, indexes }: CollectionShape): void {
	const declared = [...indexes.values()];
	const present = db
		.prepare(`select name from sqlite_schema where type = 'index' and tbl_name = ?`)
		.all(table)
		.map(nameOf)
		.filter((one) => one.startsWith('i__'));
	for (const old of present) {
		if (!declared.some(({ sqlName }) => sqlName === old)) db.exec(`drop index ${old}`);
	}
	for (const index of declared) {
		if (present.includes(index.sqlName)) continue;
		try {
			db.exec(createIndex(table, index));
		} catch (cause) {
			const message = `index ${index.sqlName} of ${name} cannot be made: do rows share its values?`;
			throw new Error(message, { cause });
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
