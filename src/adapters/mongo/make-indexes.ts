import type { Collection as Documents, IndexDescription, IndexDescriptionInfo } from 'mongodb';
import { type AnyBulkWriteOperation, type Db, MongoServerError } from 'mongodb';
import type { Log } from '../../core/log.ts';
import type { Collection, Doc } from '../../core/store.ts';
import { unpack } from '../../protocol/codec.ts';
import {
	indexDescriptions,
	seenOf,
	shapeOf,
	type ViewDocument,
	type ViewShape,
	viewOf,
} from './view-shape.ts';

const BATCH_DOCUMENTS = 1_000;
const NAMESPACE_NOT_FOUND = 26;
const INDEX_NOT_FOUND = 27;
const DAY_SECONDS = 24 * 60 * 60;
/** Removes documents some time behind their date. */
const LIFETIME = 'lifetime';
/** Forgets dropped documents: no writer is held up in the middle of a write for a day. */
const GONE: IndexDescription = {
	name: 'gone',
	key: { gone: 1 },
	expireAfterSeconds: DAY_SECONDS,
	partialFilterExpression: { gone: { $exists: true } },
};

/** How many days the documents of a collection live behind their date, by its name. */
export type Lifetimes = Readonly<Record<string, number>>;

export interface IndexOptions {
	readonly collections: readonly Collection[];
	readonly lifetimes: Lifetimes;
	readonly log: Log;
}

/** Throws when a lifetime is given to what is kept for ever, or to what is not there. */
export function checkLifetimes(collections: readonly Collection[], lifetimes: Lifetimes): void {
	for (const [name, days] of Object.entries(lifetimes)) {
		const found = collections.find((one) => one.name === name);
		if (found === undefined) throw new Error(`lifetime of ${name}: there is no such collection`);
		if (found.datedBy === undefined) throw new Error(`lifetime of ${name}: it is kept for ever`);
		if (!(days > 0)) throw new Error(`lifetime of ${name}: give a number of days above 0`);
	}
}

/**
 * Makes the declared indexes that are not there, also over what was written before they were declared.
 * One that is no longer declared stays until somebody drops it: nodes of an older version may use it.
 */
export async function makeIndexes(db: Db, options: IndexOptions): Promise<void> {
	const { collections, lifetimes, log } = options;
	await db.collection('wakes').createIndex({ due: 1, _id: 1 }, { name: 'byDue' });
	for (const shape of collections.map(shapeOf)) {
		const documents = viewOf(db, shape);
		const there = await indexesOf(documents);
		const days = lifetimes[shape.name];
		const lifetime = days === undefined ? undefined : Math.round(days * DAY_SECONDS);
		await changeLifetime(documents, there.get(LIFETIME), lifetime);
		const missing = wantedOf(shape, lifetime).filter(({ name = '' }) => !there.has(name));
		if (missing.length === 0) continue;
		const hasNew = missing.some(({ name }) => name !== GONE.name);
		const filled = hasNew ? await fillSeen(documents, shape) : 0;
		await documents.createIndexes(missing);
		log.info({ collection: shape.name, indexes: missing.length, filled }, 'indexes were made');
	}
}

function wantedOf(shape: ViewShape, lifetime: number | undefined) {
	const own = [...indexDescriptions(shape), ...(shape.remembersDrops ? [GONE] : [])];
	if (lifetime === undefined) return own;
	return [...own, { name: LIFETIME, key: { dated: 1 }, expireAfterSeconds: lifetime }];
}

/** Brings the lifetime that is there in line with the one that is wanted, `undefined`: none. */
async function changeLifetime(
	documents: Documents<ViewDocument>,
	there: IndexDescriptionInfo | undefined,
	seconds: number | undefined,
): Promise<void> {
	if (there === undefined || there.expireAfterSeconds === seconds) return;
	if (seconds === undefined) await dropIndex(documents, LIFETIME);
	else {
		const index = { name: LIFETIME, expireAfterSeconds: seconds };
		await documents.db.command({ collMod: documents.collectionName, index });
	}
}

/** Another node that starts may have done it. */
async function dropIndex(documents: Documents<ViewDocument>, name: string): Promise<void> {
	try {
		await documents.dropIndex(name);
	} catch (error) {
		if (!(error instanceof MongoServerError && error.code === INDEX_NOT_FOUND)) throw error;
	}
}

async function indexesOf(
	documents: Documents<ViewDocument>,
): Promise<Map<string, IndexDescriptionInfo>> {
	try {
		return new Map((await documents.indexes()).map((index) => [index.name ?? '', index]));
	} catch (error) {
		// The first document or index will make the collection.
		const isNew = error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND;
		if (!isNew) throw error;
		return new Map();
	}
}

/** Gives documents what the declaration asks for now; answers how many it changed. */
async function fillSeen(documents: Documents<ViewDocument>, shape: ViewShape): Promise<number> {
	let filled = 0;
	let batch: AnyBulkWriteOperation<ViewDocument>[] = [];
	const write = async () => {
		if (batch.length > 0) await documents.bulkWrite(batch, { ordered: false });
		filled += batch.length;
		batch = [];
	};
	for await (const { _id, changed, doc, fields, dated } of documents.find()) {
		const wanted = seenOf(shape, unpack(doc) as Doc);
		if (JSON.stringify(wanted) === JSON.stringify({ fields, dated })) continue;
		const gone = {
			...(wanted.fields === undefined ? { fields: '' as const } : {}),
			...(wanted.dated === undefined ? { dated: '' as const } : {}),
		};
		const update = {
			...(Object.keys(wanted).length > 0 ? { $set: wanted } : {}),
			...(Object.keys(gone).length > 0 ? { $unset: gone } : {}),
		};
		// Whoever writes it meanwhile gives it its fields, too.
		batch.push({ updateOne: { filter: { _id, changed }, update } });
		if (batch.length === BATCH_DOCUMENTS) await write();
	}
	await write();
	return filled;
}
