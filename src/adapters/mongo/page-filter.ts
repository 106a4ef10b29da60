import type { Filter, Sort } from 'mongodb';
import type { Key, KeyPart, PageQuery } from '../../core/store.ts';
import { behind } from './id-range.ts';
import { startOf, type ViewDocument, type ViewShape } from './view-shape.ts';

type Condition = Record<string, unknown>;

export interface PagePlan {
	readonly filter: Filter<ViewDocument>;
	readonly sort: Sort;
	/** The index to use; absent: that of `_id`. */
	readonly hint?: string;
}

/** The query of a page. Throws when its index is not declared. */
export function planPage(shape: ViewShape, query: PageQuery): PagePlan {
	const { index: name, prefix, after, before, descending } = query;
	const direction = descending ? -1 : 1;
	if (name === undefined) {
		const condition = idCondition(shape, { prefix, after, before });
		const isThere = shape.remembersDrops ? [{ gone: { $exists: false } }] : [];
		const filter = { $and: [condition, ...isThere] } as Filter<ViewDocument>;
		return { filter, sort: { _id: direction } };
	}
	const index = shape.indexes.get(name);
	if (index === undefined) throw new Error(`${shape.name} has no index ${name}`);
	const { paths } = index;
	const conditions = [
		// Says that the partial index has all that is asked for.
		...paths.map((path) => ({ [path]: { $exists: true } })),
		...prefixConditions(shape, paths, prefix),
		...boundConditions(shape, paths, { prefix, bound: after, operator: '$gt' }),
		...boundConditions(shape, paths, { prefix, bound: before, operator: '$lt' }),
	];
	const columns = index.unique ? paths : [...paths, '_id'];
	return {
		filter: { $and: conditions } as Filter<ViewDocument>,
		sort: Object.fromEntries(columns.map((path) => [path, direction])),
		hint: index.name,
	};
}

interface IdBounds {
	readonly prefix: Key;
	readonly after: Key | undefined;
	readonly before: Key | undefined;
}

/** What follows the bounds' parts in the key does not matter: it belongs to them. */
function idCondition(shape: ViewShape, { prefix, after = [], before = [] }: IdBounds): Condition {
	const range: Condition = {};
	const start = (parts: Key) => startOf(shape, parts);
	const last = (parts: Key) => behind(start(parts), shape.key[parts.length]?.name);
	if (after.length > 0) range.$gt = last([...prefix, ...after]);
	else if (prefix.length > 0) range.$gte = start(prefix);
	if (before.length > 0) range.$lt = start([...prefix, ...before]);
	else if (prefix.length > 0) range.$lte = last(prefix);
	return Object.keys(range).length === 0 ? {} : { _id: range };
}

function prefixConditions(shape: ViewShape, paths: readonly string[], prefix: Key): Condition[] {
	const equal = prefix.slice(0, paths.length).map((part, n) => ({ [paths[n] as string]: part }));
	const inKey = prefix.slice(paths.length);
	if (inKey.length === 0) return equal;
	return [...equal, idCondition(shape, { prefix: inKey, after: undefined, before: undefined })];
}

interface Bound {
	readonly prefix: Key;
	readonly bound: Key | undefined;
	readonly operator: '$gt' | '$lt';
}

/** `(a, b, …) > (x, y, …)` over what follows the prefix, in fields and then in the key. */
function boundConditions(
	shape: ViewShape,
	paths: readonly string[],
	{ prefix, bound = [], operator }: Bound,
): Condition[] {
	if (bound.length === 0) return [];
	const rest = paths.slice(prefix.length);
	const inKey = {
		prefix: prefix.slice(paths.length),
		after: operator === '$gt' ? bound.slice(rest.length) : undefined,
		before: operator === '$lt' ? bound.slice(rest.length) : undefined,
	};
	if (rest.length === 0) return [idCondition(shape, inKey)];
	const parts = bound.slice(0, rest.length) as KeyPart[];
	const equalUpTo = (count: number) =>
		Object.fromEntries(parts.slice(0, count).map((part, n) => [rest[n], part]));
	const branches: Condition[] = parts.map((part, n) => ({
		...equalUpTo(n),
		[rest[n] as string]: { [operator]: part },
	}));
	if (bound.length > rest.length) {
		branches.push({ ...equalUpTo(parts.length), ...idCondition(shape, inKey) });
	}
	// The first column alone says where in the index all of it lies.
	const outer = { [rest[0] as string]: { [`${operator}e`]: parts[0] } };
	return [outer, { $or: branches }];
}
