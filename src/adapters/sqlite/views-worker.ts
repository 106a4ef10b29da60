import { workerData } from 'node:worker_threads';
import type { SnapshotPart } from '../../core/journal.ts';
import type { Collection } from '../../core/store.ts';
import { unpack } from '../../protocol/codec.ts';
import { shapeOf } from './collection-shape.ts';
import { prepareCollections } from './collection-tables.ts';
import { type Durability, openWriter, WAL_AGE_MAX_MS, WalKeeper } from './database.ts';
import { type EventBounds, EventWrites, type PackedEvent, prepareEvents } from './event-tables.ts';
import { checkVersion } from './journal-schema.ts';
import { serveThread } from './serve-thread.ts';
import { SNAPSHOT_TABLES, SnapshotWrites } from './snapshot-tables.ts';
import {
	type PackedCommit,
	type PackedDropQuery,
	type PackedRow,
	ViewWrites,
} from './view-writes.ts';

export interface ViewsThreadData {
	readonly path: string;
	/** Where domain events wait for their readers: no part of what is derived from the journal. */
	readonly eventsPath: string;
	readonly eventBounds: EventBounds;
	readonly durability: Durability;
	readonly collections: readonly Collection[];
}

/** Rows that change all the time are written to the file once in 16 MB of changes; nobody waits. */
const CHECKPOINT_PAGES = 4_000;
/** Whoever holds the file of the events (a backup) must not hold up the read side. */
const EVENTS_LOCK_MS = 100;
const PRUNE_MS = 10_000;
/** Version of the tables in `views.db` that no declaration describes. */
const VERSION = 1;
const WATERMARKS = `
	create table if not exists watermarks (
		actor text primary key, position integer not null
	) without rowid;
`;

const { path, eventsPath, eventBounds, durability, collections } = workerData as ViewsThreadData;
const db = openWriter(path, durability);
checkVersion(db, VERSION);
db.exec(`${SNAPSHOT_TABLES} ${WATERMARKS} pragma user_version = ${VERSION}`);
const shapes = collections.map(shapeOf);
prepareCollections(db, shapes);
const views = new ViewWrites(db, shapes);
const snapshots = new SnapshotWrites(db);
const wal = new WalKeeper(db, CHECKPOINT_PAGES);
const eventsDb = openWriter(eventsPath, durability, EVENTS_LOCK_MS);
prepareEvents(eventsDb);
const events = new EventWrites(eventsDb, eventBounds);
const eventsWal = new WalKeeper(eventsDb);
setInterval(() => {
	wal.empty();
	eventsWal.empty();
}, WAL_AGE_MAX_MS).unref();
setInterval(() => {
	try {
		events.prune(Date.now());
	} catch {
		// The file is locked, or its disk is full: the next round prunes it.
	}
}, PRUNE_MS).unref();

const ops = {
	/** Takes packed {@link PackedCommit}s, in one transaction. */
	project(packed: readonly Uint8Array[]): void {
		views.project(packed.map((commit) => unpack(commit) as PackedCommit));
	},
	put(row: { collection: number; key: readonly (string | number)[]; doc: Uint8Array }): void {
		views.put(row.collection, row.key, row.doc);
	},
	drop: (rows: readonly PackedRow[]): void => views.drop(rows),
	dropBelow: (query: PackedDropQuery): number => views.dropBelow(query),
	publishEvents: (packed: readonly PackedEvent[]): void => events.publish(packed, Date.now()),
	ackEvents: ({ name, seq }: { name: string; seq: number }): void => events.ack(name, seq),
	putSnapshotPart(part: SnapshotPart): void {
		snapshots.putPart(part);
	},
	sealSnapshot({ actor, commit, parts }: { actor: string; commit: number; parts: number }): void {
		snapshots.seal(actor, commit, parts);
	},
};
export type ViewsOps = typeof ops;

serveThread(ops, {
	afterAnswers() {
		wal.tend();
		eventsWal.tend();
	},
	close() {
		db.close();
		eventsDb.close();
	},
});
