import type { AnyBulkWriteOperation, Db, Collection as Documents } from 'mongodb';
import { MongoServerError } from 'mongodb';
import type { Log } from '../../core/log.ts';
import type { Collection, Doc } from '../../core/store.ts';
import { unpack } from '../../protocol/codec.ts';
import {
	fieldsOf,
	indexDescriptions,
	shapeOf,
	type ViewDocument,
	type ViewShape,
	viewOf,
} from './view-shape.ts';

const BATCH_DOCUMENTS = 1_000;
const NAMESPACE_NOT_FOUND = 26;

/**
 * Makes the declared indexes that are not there, also over what was written before they were declared.
 * One that is no longer declared stays until somebody drops it: nodes of an older version may use it.
 */
export async function makeIndexes(
	db: Db,
	collections: readonly Collection[],
	log: Log,
): Promise<void> {
	await db.collection('wakes').createIndex({ due: 1, _id: 1 }, { name: 'byDue' });
	for (const shape of collections.map(shapeOf)) {
		const documents = viewOf(db, shape);
		const there = await indexNames(documents);
		const missing = indexDescriptions(shape).filter(({ name }) => !there.has(name));
		if (missing.length === 0) continue;
		const filled = await fillFields(documents, shape);
		await documents.createIndexes(missing);
		log.info({ collection: shape.name, indexes: missing.length, filled }, 'indexes were made');
	}
}

async function indexNames(documents: Documents<ViewDocument>): Promise<Set<string | undefined>> {
	try {
		return new Set((await documents.indexes()).map(({ name }) => name));
	} catch (error) {
		// The first document or index will make the collection.
		const isNew = error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND;
		if (!isNew) throw error;
		return new Set();
	}
}

/** Gives documents the fields that the declaration asks for now; answers how many it changed. */
async function fillFields(documents: Documents<ViewDocument>, shape: ViewShape): Promise<number> {
	let filled = 0;
	let batch: AnyBulkWriteOperation<ViewDocument>[] = [];
	const write = async () => {
		if (batch.length > 0) await documents.bulkWrite(batch, { ordered: false });
		filled += batch.length;
		batch = [];
	};
	for await (const { _id, changed, doc, fields } of documents.find()) {
		const wanted = fieldsOf(shape, unpack(doc) as Doc);
		if (JSON.stringify(wanted) === JSON.stringify(fields)) continue;
		const update = wanted ? { $set: { fields: wanted } } : { $unset: { fields: '' as const } };
		// Whoever writes it meanwhile gives it its fields, too.
		batch.push({ updateOne: { filter: { _id, changed }, update } });
		if (batch.length === BATCH_DOCUMENTS) await write();
	}
	await write();
	return filled;
}
