import { workerData } from 'node:worker_threads';
import type { Head, WakeRow } from '../../core/journal.ts';
import type { Collection, Key, PageQuery } from '../../core/store.ts';
import { shapeOf } from './collection-shape.ts';
import { openReader } from './database.ts';
import { EventReads } from './event-tables.ts';
import { JournalReads, type ReadRequest, type WakesRequest } from './journal-reads.ts';
import { serveThread } from './serve-thread.ts';
import { SnapshotReads } from './snapshot-tables.ts';
import { packOwn } from './thread-protocol.ts';
import { type PackedDoc, ViewReads } from './view-reads.ts';

export interface ReadThreadData {
	readonly journalPath: string;
	readonly viewsPath: string;
	readonly eventsPath: string;
	readonly collections: readonly Collection[];
}

const { journalPath, viewsPath, eventsPath, collections } = workerData as ReadThreadData;
const journalDb = openReader(journalPath);
const viewsDb = openReader(viewsPath);
const eventsDb = openReader(eventsPath);
const journal = new JournalReads(journalDb);
const views = new ViewReads(viewsDb, collections.map(shapeOf));
const snapshots = new SnapshotReads(viewsDb);
const events = new EventReads(eventsDb);

const ops = {
	head: (actor: string): Head | undefined => journal.head(actor),
	/** Answers packed {@link PackedRecords}. */
	records: (request: ReadRequest): Uint8Array => packOwn(journal.read(request)),
	wakes: (request: WakesRequest): WakeRow[] => journal.wakes(request),
	/** Answers a packed snapshot: handed over whole, for a copy would stall whoever asks. */
	snapshot: (actor: string): Uint8Array | undefined => {
		const newest = snapshots.newest(actor);
		return newest && packOwn(newest);
	},
	get: ({ collection, key }: { collection: string; key: Key }): PackedDoc | undefined =>
		views.get(collection, key),
	/** Answers a packed {@link PackedPage}. */
	page: (query: PageQuery): Uint8Array => packOwn(views.page(query)),
	watermark: (actor: string): number => views.watermark(actor),
	eventsBehind: (place: { seq: number; limit: number }) => events.behind(place),
	eventsAcked: (name: string): number => events.acked(name),
};
export type ReadOps = typeof ops;

serveThread(ops, {
	close() {
		journalDb.close();
		viewsDb.close();
		eventsDb.close();
	},
});
