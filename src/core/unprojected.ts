import { pack } from '../protocol/codec.ts';
import { compareKeys } from './compare-keys.ts';
import type { Doc, EventRows, Key, Page, PageQuery, Reads, Row, RowWrite } from './store.ts';

/**
 * The rows of an actor's events that the store does not have yet, oldest first. Laid over what the
 * store answers, so that no reader ever sees a gap.
 */
export class Unprojected {
	#events: EventRows[] = [];
	#watermark = 0;
	/** Reads under way, oldest first, with the watermark at their start. */
	readonly #pins = new Set<{ readonly watermark: number }>();

	get length(): number {
		return this.#events.length;
	}

	/** The position up to which the store is known to have everything. */
	get watermark(): number {
		return this.#watermark;
	}

	push(event: EventRows): void {
		if (event.rows.length > 0) this.#events.push(event);
	}

	/** Takes back what was pushed behind `position`: its commit was not made. */
	rollback(position: number): void {
		while ((this.#events.at(-1)?.position ?? 0) > position) this.#events.pop();
	}

	projected(position: number): void {
		this.#watermark = Math.max(this.#watermark, position);
		this.#trim();
	}

	/** A read that is under way may miss what came behind this position: that must stay in memory. */
	get floor(): number {
		for (const { watermark } of this.#pins) return watermark;
		return this.#watermark;
	}

	/**
	 * Keeps the events that the store does not have now, while a read is under way whose answer they will
	 * be laid over. Reads that follow each other without a pause do not hold on to those before them.
	 */
	pin(): () => void {
		const pin = { watermark: this.#watermark };
		this.#pins.add(pin);
		return () => {
			this.#pins.delete(pin);
			this.#trim();
		};
	}

	/** `row` as it is after all events so far. */
	overlay(collection: string, key: Key, row: Row | undefined): Row | undefined {
		let current = row;
		for (const { position, rows } of this.#events) {
			for (const write of rows) {
				if (write.collection === collection && sameKey(write.key, key)) {
					current = applied(current, write, position);
				}
			}
		}
		return current;
	}

	/** The store's answers with the events up to now laid over, also after they were projected. */
	over(store: Reads): Reads {
		const events = [...this.#events];
		if (events.length === 0) return store;
		return {
			get: async (collection, key) => {
				const view = new Unprojected();
				view.#events = events;
				return view.overlay(collection, key, await store.get(collection, key));
			},
			page: async (query) =>
				query.index === undefined
					? overlaidPage(query, await store.page(query), events)
					: store.page(query),
		};
	}

	#trim(): void {
		const { floor } = this;
		let count = 0;
		while ((this.#events[count]?.position ?? Infinity) <= floor) count++;
		if (count > 0) this.#events.splice(0, count);
	}
}

const sameKey = (one: Key, other: Key) =>
	one.length === other.length && one.every((part, index) => part === other[index]);

function applied(row: Row | undefined, write: RowWrite, position: number): Row | undefined {
	if (row !== undefined && row.changed >= position) return row;
	if (write.op === 'drop') return undefined;
	if (write.op === 'put') return { key: write.key, changed: position, doc: write.doc };
	return row && { key: row.key, changed: position, doc: { ...row.doc, ...write.doc } };
}

function withinBounds(query: PageQuery, key: Key): boolean {
	const rest = key.slice(query.prefix.length);
	return (
		sameKey(key.slice(0, query.prefix.length), query.prefix) &&
		(query.after === undefined || compareKeys(rest, query.after) > 0) &&
		(query.before === undefined || compareKeys(rest, query.before) < 0)
	);
}

/** Behind the last row of a page that is not the end, the store may have rows in between. */
function touches(query: PageQuery, write: RowWrite, last: Key | undefined): boolean {
	if (write.collection !== query.collection || !withinBounds(query, write.key)) return false;
	const direction = query.descending === true ? -1 : 1;
	return last === undefined || compareKeys(write.key, last) * direction <= 0;
}

function overlaidPage(query: PageQuery, page: Page, events: readonly EventRows[]): Page {
	const rows = new Map<string, Row>(page.rows.map((row) => [JSON.stringify(row.key), row]));
	const direction = query.descending === true ? -1 : 1;
	const last = page.more ? page.rows.at(-1)?.key : undefined;
	for (const { position, rows: writes } of events) {
		for (const write of writes) {
			if (!touches(query, write, last)) continue;
			const name = JSON.stringify(write.key);
			const row = applied(rows.get(name), write, position);
			if (row === undefined) rows.delete(name);
			else rows.set(name, row);
		}
	}
	const sorted = [...rows.values()].sort((a, b) => compareKeys(a.key, b.key) * direction);
	return cut(query, sorted, page.more);
}

function cut(query: PageQuery, rows: readonly Row[], more: boolean): Page {
	let bytes = 0;
	let count = 0;
	for (const row of rows) {
		bytes += query.bytesMax === undefined ? 0 : packedLength(row.doc);
		if (count === query.limit || (count > 0 && bytes > (query.bytesMax ?? Infinity))) break;
		count++;
	}
	return { rows: rows.slice(0, count), more: more || count < rows.length };
}

const packedLength = (doc: Doc) => pack(doc).length;
