import { pack } from '../protocol/codec.ts';
import { compareKeys } from './compare-keys.ts';
import type { Key, Page, PageQuery, Row } from './store.ts';

interface Cursor {
	readonly page: Page;
	readonly keys: readonly Key[];
	next: number;
}

/**
 * One page of the pages that several stores answered to the same query. `keyOf` says by what rows are
 * in order. Ends where a page ends that had more: what follows there is not known.
 */
export function mergePages(
	query: Pick<PageQuery, 'descending' | 'limit' | 'bytesMax'>,
	pages: readonly Page[],
	keyOf: (row: Row) => Key,
): Page {
	const { descending, limit, bytesMax = Infinity } = query;
	const direction = descending === true ? -1 : 1;
	const cursors = pages.map((page): Cursor => ({ page, keys: page.rows.map(keyOf), next: 0 }));
	const rows: Row[] = [];
	let bytes = 0;
	while (cursors.every(isKnown)) {
		const first = firstOf(cursors, direction);
		const row = first?.page.rows[first.next];
		if (first === undefined || row === undefined) return { rows, more: false };
		bytes += bytesMax === Infinity ? 0 : pack(row.doc).length;
		const isFull = rows.length === limit || (rows.length > 0 && bytes > bytesMax);
		if (isFull) return { rows, more: true };
		rows.push(row);
		first.next++;
	}
	return { rows, more: true };
}

const isKnown = ({ page, next }: Cursor) => next < page.rows.length || !page.more;

/** The one whose next row comes first. */
function firstOf(cursors: readonly Cursor[], direction: number): Cursor | undefined {
	let first: Cursor | undefined;
	for (const cursor of cursors) {
		const key = cursor.keys[cursor.next];
		const best = first?.keys[first.next];
		if (key === undefined) continue;
		if (best === undefined || compareKeys(key, best) * direction < 0) first = cursor;
	}
	return first;
}
