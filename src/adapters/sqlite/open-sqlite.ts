import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventFeed } from '../../core/event-feed.ts';
import type { Journal } from '../../core/journal.ts';
import type { Collection, Store } from '../../core/store.ts';
import { CommitGate } from './commit-gate.ts';
import { lockDataDirectory } from './data-directory.ts';
import type { EventBounds } from './event-tables.ts';
import type { JournalOps, JournalThreadData } from './journal-worker.ts';
import type { ReadOps, ReadThreadData } from './read-worker.ts';
import { SqliteEventFeed } from './sqlite-event-feed.ts';
import { SqliteJournal, type StorageThreads } from './sqlite-journal.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { StorageError } from './storage-error.ts';
import { StorageThread } from './storage-thread.ts';
import type { ViewsOps, ViewsThreadData } from './views-worker.ts';

export interface SqliteOptions {
	/** Made if it is not there. */
	readonly directory: string;
	/** All collections of all kinds. */
	readonly collections: readonly Collection[];
	/** What is kept of the events that left. */
	readonly eventBounds?: EventBounds;
	/** Waited after each commit and before its answer, as a slow disk would; for benches and tests. */
	readonly commitDelayMs?: number;
	/** Nothing is kept: no directory of the caller's is touched, and nothing waits for a disk. */
	readonly memoryOnly?: boolean;
	/** A storage thread ended by itself: every call rejects from now on, the node has to stop. */
	readonly onFailed?: (error: StorageError) => void;
}

/** A week, a million. */
const EVENT_BOUNDS: EventBounds = { eventsMax: 1_000_000, ageMaxMs: 7 * 86_400_000 };

export interface Sqlite {
	readonly journal: Journal;
	readonly store: Store;
	readonly events: EventFeed;
	/** Holds the answers of all commits, which are durable already, until the answer is called. */
	hold(): () => void;
	/** Answers what was called, then closes the files and gives the directory up. */
	close(): Promise<void>;
}

/**
 * Opens journal and store of one node in a directory, locked for this process. Rejects with
 * `DataDirectoryInUseError` when another one has it.
 */
export async function openSqlite(options: SqliteOptions): Promise<Sqlite> {
	const isKept = options.memoryOnly !== true;
	const directory = isKept ? options.directory : mkdtempSync(join(tmpdir(), 'naru-'));
	const unlock = lockDataDirectory(directory);
	const giveUp = () => {
		unlock();
		if (!isKept) rmSync(directory, { recursive: true, force: true });
	};
	const gate = new CommitGate();
	const running: Running = {};
	const close = async () => {
		gate.release();
		// The reader first: the last connection empties the WAL, and only a writer can.
		await running.read?.close();
		await Promise.all([running.journal?.close(), running.views?.close()]);
		giveUp();
	};
	try {
		const threads = await startThreads(running, { ...options, directory }, gate);
		return {
			journal: new SqliteJournal(threads),
			store: new SqliteStore(threads, options.collections),
			events: new SqliteEventFeed(threads),
			hold: () => gate.hold(),
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

/** The threads that have been started so far. */
type Running = { -readonly [Name in keyof StorageThreads]?: StorageThreads[Name] };

/** Starts the writers, then the reader, which needs their tables; all that runs is in `running`. */
async function startThreads(
	running: Running,
	options: SqliteOptions,
	gate: CommitGate,
): Promise<StorageThreads> {
	const { directory, collections, commitDelayMs = 0, onFailed = () => {} } = options;
	const { eventBounds = EVENT_BOUNDS } = options;
	const durability = options.memoryOnly === true ? 'off' : 'full';
	const journalPath = join(directory, 'journal.db');
	const viewsPath = join(directory, 'views.db');
	const eventsPath = join(directory, 'events.db');
	const startJournal = async () => {
		const shared = { path: journalPath, durability, gate: gate.shared } as const;
		running.journal = await StorageThread.start<JournalOps>({
			name: 'journal',
			script: new URL('./journal-worker.ts', import.meta.url),
			data: { ...shared, commitDelayMs } satisfies JournalThreadData,
			// The host's writer has gathered already, and one batch is in flight: a turn only delays.
			gathers: false,
			onFailed,
		});
		return running.journal;
	};
	const startViews = async () => {
		running.views = await StorageThread.start<ViewsOps>({
			name: 'views',
			script: new URL('./views-worker.ts', import.meta.url),
			data: {
				...{ path: viewsPath, eventsPath, eventBounds, durability, collections },
			} satisfies ViewsThreadData,
			gathers: true,
			onFailed,
		});
		return running.views;
	};
	const [journal, views] = await both(startJournal(), startViews());
	running.read = await StorageThread.start<ReadOps>({
		name: 'read',
		script: new URL('./read-worker.ts', import.meta.url),
		data: { journalPath, viewsPath, eventsPath, collections } satisfies ReadThreadData,
		gathers: true,
		onFailed,
	});
	return { journal, views, read: running.read };
}

/** Like `Promise.all`, but rejects only when neither goes on, so that nothing is left running. */
async function both<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
	await Promise.allSettled([one, other]);
	return [await one, await other];
}
