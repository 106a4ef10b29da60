import type { Collection, Filter } from 'mongodb';
import type { DropQuery } from '../../core/store.ts';
import type { ViewDocument, ViewShape } from './view-shape.ts';

/** Removes documents by an index, see `Store.dropBelow`. Throws when the index is not declared. */
export async function dropBelow(
	documents: Collection<ViewDocument>,
	shape: ViewShape,
	{ index: name, below, limit }: DropQuery,
): Promise<number> {
	const index = shape.indexes.get(name);
	const [first] = index?.paths ?? [];
	if (index === undefined || first === undefined) throw new Error(`${shape.name} has no ${name}`);
	// All paths: it says that the partial index has all that is asked for.
	const isThere = index.paths.map((path) => ({ [path]: { $exists: true } }));
	const columns = index.unique ? index.paths : [...index.paths, '_id'];
	const filter = { $and: [...isThere, { [first]: { $lt: below } }] } as Filter<ViewDocument>;
	const found = await documents
		.find(filter, { hint: index.name, projection: { _id: 1 } })
		.sort(Object.fromEntries(columns.map((path) => [path, 1])))
		.limit(limit)
		.toArray();
	const those = { _id: { $in: found.map(({ _id }) => _id) } } as unknown as Filter<ViewDocument>;
	// What was written anew meanwhile is not below any more, and stays.
	const { deletedCount } = await documents.deleteMany({ $and: [those, filter] });
	return deletedCount;
}
