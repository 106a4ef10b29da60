import fc from 'fast-check';
import type { Doc, Key, PageQuery } from '../../../src/core/store.ts';
import { pack } from '../../../src/protocol/codec.ts';

const text = fc.constantFrom('', 'a', 'ab', 'b', 'é', '\uE000', '\u{1F600}');
const number = fc.integer({ min: -3, max: 3 });
const board = fc.constantFrom('x', 'y');
const keyParts = fc.tuple(board, number, text);
const indexParts = fc.tuple(text, number, board, number, text);

const drawnRow = fc.record({
	key: keyParts,
	doc: fc.record(
		{ league: text, score: number, note: fc.string({ maxLength: 30 }) },
		{ requiredKeys: [] },
	),
});

/** Rows of `ranks` with distinct keys, some outside the index. */
export const drawnRows = fc.uniqueArray(drawnRow, {
	maxLength: 40,
	selector: ({ key }) => JSON.stringify(key),
});

const drawnQuery = fc.boolean().chain((index) => {
	const parts: fc.Arbitrary<Key> = index ? indexParts : keyParts;
	const edge = fc.option(fc.tuple(fc.integer({ min: 1, max: 4 }), parts));
	return fc.record({
		index: fc.constant(index),
		prefix: fc.tuple(fc.nat(3), parts),
		after: edge,
		before: edge,
		descending: fc.boolean(),
		limit: fc.integer({ min: 1, max: 12 }),
		bytesMax: fc.option(fc.integer({ min: 1, max: 200 })),
	});
});

export const drawnQueries = fc.array(drawnQuery, { minLength: 5, maxLength: 15 });

type DrawnRow = { readonly key: Key; readonly doc: Doc };

/** The rows under names of one run: its boards, and its leagues, as an index spans boards. */
export const scopedTo = (run: string, rows: readonly DrawnRow[]): DrawnRow[] =>
	rows.map(({ key, doc }) => ({
		key: key.map((part, n) => (n === 0 ? run + part : part)),
		doc: 'league' in doc ? { ...doc, league: run + doc.league } : doc,
	}));

interface ModelRow {
	readonly key: Key;
	readonly doc: Doc;
	/** What the page is ordered by: the key, or index fields and key. */
	readonly order: Key;
}

/** Bytes of UTF-8 decide, as in every database here. */
function compare(one: Key, other: Key): number {
	for (let n = 0; n < Math.min(one.length, other.length); n++) {
		const [a, b] = [one[n], other[n]];
		const difference =
			typeof a === 'number' && typeof b === 'number'
				? a - b
				: Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
		if (difference !== 0) return difference;
	}
	return 0;
}

/** What a page is, said in the simplest way. */
export function modelPage(rows: readonly ModelRow[], query: PageQuery) {
	const { prefix, after, before, descending, limit, bytesMax = Infinity } = query;
	const found = rows
		.filter(({ order }) => compare(order, prefix) === 0)
		.filter(({ order }) => after === undefined || compare(order.slice(prefix.length), after) > 0)
		.filter(({ order }) => before === undefined || compare(order.slice(prefix.length), before) < 0)
		.sort((one, other) => compare(one.order, other.order) * (descending ? -1 : 1));
	let bytes = 0;
	let count = 0;
	for (const { doc } of found.slice(0, limit)) {
		bytes += pack(doc).length;
		if (count > 0 && bytes > bytesMax) break;
		count++;
	}
	return { keys: found.slice(0, count).map(({ key }) => key), more: count < found.length };
}

interface DrawnQuery {
	readonly index: boolean;
	readonly prefix: readonly [number, Key];
	readonly after: readonly [number, Key] | null;
	readonly before: readonly [number, Key] | null;
	readonly descending: boolean;
	readonly limit: number;
	readonly bytesMax: number | null;
}

/** A query whose bounds follow its prefix in number and type. */
export function queryOf(drawn: DrawnQuery, run: string): PageQuery {
	const columns = drawn.prefix[1].length;
	// At least the first part, so that rows of other runs stay out; one part stays for the bounds.
	const length = Math.min(Math.max(1, drawn.prefix[0]), columns - 1);
	const scope = (parts: Key) => parts.map((part, n) => (n === 0 ? run + part : part));
	const bound = (edge: readonly [number, Key] | null) =>
		edge && scope(edge[1]).slice(length, length + edge[0]);
	const after = bound(drawn.after);
	const before = bound(drawn.before);
	return {
		collection: 'ranks',
		...(drawn.index ? { index: 'byScore' } : {}),
		prefix: scope(drawn.prefix[1]).slice(0, length),
		...(after ? { after } : {}),
		...(before ? { before } : {}),
		descending: drawn.descending,
		limit: drawn.limit,
		...(drawn.bytesMax === null ? {} : { bytesMax: drawn.bytesMax }),
	};
}

export function modelRows(rows: readonly { key: Key; doc: Doc }[], query: PageQuery): ModelRow[] {
	if (query.index === undefined) return rows.map((row) => ({ ...row, order: row.key }));
	return rows
		.filter(({ doc }) => 'league' in doc && 'score' in doc)
		.map((row) => ({
			...row,
			order: [row.doc.league as string, row.doc.score as number, ...row.key],
		}));
}
