import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { DataDirectoryInUseError } from '../../src/adapters/sqlite/data-directory.ts';
import { openReader, openWriter, WalKeeper } from '../../src/adapters/sqlite/database.ts';
import { JournalLog, type PackedWrite } from '../../src/adapters/sqlite/journal-log.ts';
import { prepareJournal } from '../../src/adapters/sqlite/journal-schema.ts';
import { LogWalk } from '../../src/adapters/sqlite/log-walk.ts';
import { openSqlite, type Sqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import { StorageError } from '../../src/adapters/sqlite/storage-error.ts';
import { StorageThread } from '../../src/adapters/sqlite/storage-thread.ts';
import type { Collection } from '../../src/core/store.ts';
import { eventFeedContract } from '../contract/event-feed-contract.ts';
import { commitsOf, newActor, recordOf, recordsOf } from '../contract/journal/records.ts';
import { journalContract } from '../contract/journal-contract.ts';
import { commitOf, newName, put, STORE_COLLECTIONS } from '../contract/store/rows.ts';
import { storeContract } from '../contract/store-contract.ts';
import type { FailingOps } from './failing-thread.ts';

const root = mkdtempSync(join(tmpdir(), 'naru-sqlite-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const newDirectory = () => join(root, String(++directories));
const open = (directory = newDirectory(), collections = STORE_COLLECTIONS) =>
	openSqlite({ directory, collections });
/** Opens for one test. */
async function opened(...args: Parameters<typeof open>): Promise<Sqlite> {
	const sqlite = await open(...args);
	onTestFinished(() => sqlite.close());
	return sqlite;
}

journalContract('sqlite', () => open());
storeContract('sqlite', () => open());
eventFeedContract('sqlite', async () => {
	const { events, close } = await open();
	return { open: async () => events, close };
});

describe('sqlite: a data directory', () => {
	test('holds everything after it was closed and opened again', async () => {
		const directory = newDirectory();
		const [actor, channel] = [newActor(), newName()];
		const first = await open(directory);
		const written = [1, 2, 3].map((commit) => recordOf(actor, commit));
		for (const record of written) {
			await first.journal.append([{ record, wake: { due: 5, epoch: 1 } }]);
		}
		await first.journal.putSnapshotPart({
			actor,
			commit: 2,
			part: 0,
			bytes: Uint8Array.from([1, 2]),
		});
		await first.journal.sealSnapshot(actor, 2, 1);
		await first.store.project([commitOf(actor, 3, [put('messages', [channel, 1], { a: 1 })])]);
		await first.close();

		const { journal, store } = await opened(directory);
		expect(await recordsOf(journal, actor)).toEqual(written);
		expect(await journal.wakes(5, 1)).toEqual([{ actor, due: 5, epoch: 1 }]);
		expect(await journal.snapshot(actor)).toMatchObject({ commit: 2 });
		expect(await store.get('messages', [channel, 1])).toMatchObject({ doc: { a: 1 }, changed: 3 });
		expect(await store.watermark(actor)).toBe(3);
		expect(await journal.append([{ record: recordOf(actor, 4) }])).toEqual(['landed']);
	});

	test('is refused to a second opening, and free again after the first is closed', async () => {
		const directory = newDirectory();
		const first = await open(directory);
		await expect(open(directory)).rejects.toThrow(DataDirectoryInUseError);
		await first.close();
		await (await open(directory)).close();
	});

	test('in memory only leaves no files where it was told not to', async () => {
		const directory = newDirectory();
		const sqlite = await openSqlite({ directory, collections: [], memoryOnly: true });
		const actor = newActor();
		await sqlite.journal.append([{ record: recordOf(actor, 1) }]);
		expect(await commitsOf(sqlite.journal, actor)).toEqual([1]);
		await sqlite.close();
		expect(statSync(directory, { throwIfNoEntry: false })).toBeUndefined();
	});
});

describe('sqlite: erasing', () => {
	test('[P46] what was redacted, replaced or dropped is in no file any more', async () => {
		const directory = newDirectory();
		const secret = 'a text that nobody shall find again';
		const { journal, store, close } = await open(directory);
		const [actor, channel] = [newActor(), newName()];
		await journal.append([{ record: recordOf(actor, 1, { text: secret }) }]);
		const long = secret.repeat(1_000);
		await journal.append([{ record: recordOf(actor, 2, { text: long }) }]);
		const rows = [secret, long, secret].map((text, seq) =>
			put('messages', [channel, seq], { text }),
		);
		await store.project([commitOf(actor, 1, rows)]);
		const found = () =>
			readdirSync(directory).filter((file) => readFileSync(join(directory, file)).includes(secret));
		expect(found()).not.toEqual([]);
		for (const position of [1, 2]) await journal.redact(actor, position, null);
		await store.project([
			commitOf(actor, 2, [
				put('messages', [channel, 0], { text: '' }),
				{ op: 'patch', collection: 'messages', key: [channel, 1], doc: { text: '' } },
				{ op: 'drop', collection: 'messages', key: [channel, 2] },
			]),
		]);
		await close();
		expect(found()).toEqual([]);
	});
});

describe('sqlite: the writing side of the log', () => {
	const write = (actor: string, commit: number, writer: string): PackedWrite =>
		[actor, commit, commit, 1, 1, writer, new Uint8Array()] as const;

	test('a batch that fails midway leaves nothing behind, also no actor in its memory', () => {
		const db = openWriter(`${newDirectory()}.db`, 'off');
		prepareJournal(db);
		const log = new JournalLog(db);
		const broken = [...write('b', 1, 'one').slice(0, 6), {}] as unknown as PackedWrite;
		expect(() => log.append([write('a', 1, 'one'), broken])).toThrow();
		// Had it kept the integer of "a", that integer would now be the one of "c" as well.
		expect(log.append([write('c', 1, 'one'), write('a', 1, 'one')])).toEqual(['landed', 'landed']);
		const walk = new LogWalk(db);
		expect(['a', 'c'].map((key) => walk.head(walk.actor(key) ?? 0)?.number)).toEqual([1, 1]);
		db.close();
	});

	test('[P12] two writers are fenced by the file itself, should the lock ever fail', () => {
		const path = `${newDirectory()}.db`;
		const databases = [openWriter(path, 'off'), openWriter(path, 'off')] as const;
		prepareJournal(databases[0]);
		const [one, two] = [new JournalLog(databases[0]), new JournalLog(databases[1])];
		expect(one.append([write('a', 1, 'one'), write('b', 1, 'one')])).toEqual(['landed', 'landed']);
		expect(two.append([write('a', 2, 'two'), write('c', 1, 'two')])).toEqual(['landed', 'landed']);
		expect(one.append([write('a', 2, 'one'), write('b', 2, 'one')])).toEqual(['fenced', 'landed']);
		expect(two.append([write('a', 3, 'two'), write('c', 1, 'one')])).toEqual(['landed', 'fenced']);
		for (const db of databases) db.close();
	});
});

describe('sqlite: kill -9', () => {
	test('[P11] in mid-append loses nothing acknowledged and leaves no gap', async () => {
		const directory = newDirectory();
		const script = fileURLToPath(new URL('./sqlite-child.ts', import.meta.url));
		const child = spawn(process.execPath, [script, directory], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const ended = new Promise((resolve) => child.once('close', resolve));
		const acknowledged = new Map<string, number>();
		let lines = 0;
		for await (const line of createInterface({ input: child.stdout })) {
			const [actor = '', commit] = line.split(' ');
			acknowledged.set(actor, Number(commit));
			lines++;
			// Another process has the directory for as long as it lives.
			if (lines === 1) await expect(open(directory)).rejects.toThrow(DataDirectoryInUseError);
			if (lines === 2_000) child.kill('SIGKILL');
		}
		await ended;
		expect(child.signalCode).toBe('SIGKILL');
		expect(acknowledged.size).toBe(40);

		const { journal } = await opened(directory);
		for (const [actor, commit] of acknowledged) {
			const commits = await commitsOf(journal, actor as `channel/${string}`);
			expect(commits.length).toBeGreaterThanOrEqual(commit);
			expect(commits).toEqual(commits.map((_, n) => n + 1));
		}
	});
});

describe('sqlite: threads', () => {
	test('[P11] a held commit is durable but unanswered until it is released', async () => {
		const { journal, hold } = await opened();
		const actor = newActor();
		const release = hold();
		let isAnswered = false;
		const append = journal.append([{ record: recordOf(actor, 1) }]).then((outcomes) => {
			isAnswered = true;
			return outcomes;
		});
		// Readers have a thread of their own: the held one does not stop them.
		while ((await journal.head(actor)) === undefined);
		expect(isAnswered).toBe(false);
		release();
		expect(await append).toEqual(['landed']);
	});

	test('closing answers what was called before, also what is held', async () => {
		const { journal, hold, close } = await open();
		hold();
		const append = journal.append([{ record: recordOf(newActor(), 1) }]);
		const head = journal.head(newActor());
		await close();
		expect(await append).toEqual(['landed']);
		expect(await head).toBeUndefined();
		await expect(journal.head(newActor())).rejects.toThrow(/closed/);
	});

	test('a thread that dies rejects what waits and what comes, and says so once', async () => {
		const failures: StorageError[] = [];
		const thread = await StorageThread.start<FailingOps>({
			name: 'failing',
			script: new URL('./failing-thread.ts', import.meta.url),
			data: undefined,
			gathers: true,
			onFailed: (error) => failures.push(error),
		});
		expect(await thread.call('echo', 'hello')).toBe('hello');
		await expect(thread.call('refuse', undefined)).rejects.toThrow(/failing.*the disk is full/);
		const died = thread.call('die', undefined);
		const waiting = expect(thread.call('echo', 'too late')).rejects.toThrow(StorageError);
		await expect(died).rejects.toThrow(/ended by itself/);
		await waiting;
		await expect(thread.call('echo', 'later')).rejects.toThrow(/ended by itself/);
		expect(failures).toHaveLength(1);
		expect(failures[0]).toMatchObject({ code: 'UNAVAILABLE', cause: { message: 'out of memory' } });
	});
});

describe('sqlite: declarations that changed between releases', () => {
	const key = [{ name: 'id', type: 'text' }] as const;
	const before: Collection = { name: 'people', key };
	const byTown: Collection = {
		name: 'people',
		key,
		indexes: [
			{
				name: 'byTown',
				fields: [
					{ name: 'town', type: 'text' },
					{ name: 'age', type: 'int' },
				],
			},
		],
	};
	const byAge: Collection = {
		name: 'people',
		key,
		indexes: [{ name: 'byTown', fields: [{ name: 'age', type: 'int' }], unique: true }],
	};
	const page = { collection: 'people', index: 'byTown', limit: 10 };
	const idsOf = async ({ store }: Sqlite, prefix: (string | number)[]) =>
		(await store.page({ ...page, prefix })).rows.map((row) => row.key[0]);
	const filled = async (directory: string, ages: readonly number[]) => {
		const { store, close } = await open(directory, [before]);
		for (const [n, age] of ages.entries()) {
			await store.put('people', [`p${n}`], { town: n % 2 ? 'Brno' : 'Oslo', age });
		}
		await store.put('people', ['nobody'], {});
		await close();
	};

	test('a new index holds the documents that were there, and another one takes its place', async () => {
		const directory = newDirectory();
		await filled(directory, [30, 20, 10, 40]);
		const second = await open(directory, [byTown]);
		expect(await idsOf(second, ['Oslo'])).toEqual(['p2', 'p0']);
		await second.close();
		const third = await opened(directory, [byAge]);
		expect(await idsOf(third, [])).toEqual(['p2', 'p1', 'p0', 'p3']);
	});

	test('an index that went and came back knows what was written meanwhile', async () => {
		const directory = newDirectory();
		await (await open(directory, [byTown])).close();
		await filled(directory, [30, 20]);
		const again = await opened(directory, [byTown]);
		expect(await idsOf(again, ['Oslo'])).toEqual(['p0']);
	});

	test('more documents than one step of the fill takes are all in a new index', async () => {
		const directory = newDirectory();
		const { store, close } = await open(directory, [before]);
		const rows = Array.from({ length: 2_500 }, (_, n) =>
			put('people', [`p${n}`], { town: 'Brno', age: n }),
		);
		await store.project([commitOf(newActor(), 1, rows)]);
		await close();
		const again = await opened(directory, [byTown]);
		const found = await again.store.page({ ...page, prefix: ['Brno'], limit: 5_000 });
		expect(found.rows.map(({ doc }) => doc.age)).toEqual(rows.map((_, n) => n));
	});

	test('a unique index over rows that share values is refused, and the data stays', async () => {
		const directory = newDirectory();
		await filled(directory, [30, 30]);
		await expect(open(directory, [byAge])).rejects.toThrow(/people cannot be made/);
		const { store } = await opened(directory, [before]);
		expect(await store.get('people', ['p1'])).toBeDefined();
	});

	test('another key is refused', async () => {
		const directory = newDirectory();
		await filled(directory, []);
		const changed: Collection = { name: 'people', key: [{ name: 'id', type: 'int' }] };
		await expect(open(directory, [changed])).rejects.toThrow(/key of people/);
	});
});

describe('sqlite: the write-ahead log', () => {
	const MEGABYTE = 1024 * 1024;

	test('starts again when it was checkpointed, and is cut when readers let it grow', () => {
		const path = `${newDirectory()}.db`;
		const db = openWriter(path, 'off');
		const wal = new WalKeeper(db);
		db.exec('create table filler (row integer primary key, bytes blob)');
		const insert = db.prepare('insert into filler (bytes) values (zeroblob(?))');
		const size = () => statSync(`${path}-wal`).size;
		for (let n = 0; n < 30; n++) {
			insert.run(MEGABYTE);
			wal.tend();
		}
		expect(size()).toBeLessThan(8 * MEGABYTE);

		const reader = openReader(path);
		reader.exec('begin');
		reader.prepare('select count(*) from filler').get();
		for (let n = 0; n < 20; n++) {
			insert.run(MEGABYTE);
			wal.tend();
		}
		expect(size()).toBeGreaterThan(16 * MEGABYTE);
		reader.exec('commit');
		for (let n = 0; n < 60; n++) {
			insert.run(MEGABYTE);
			wal.tend();
		}
		expect(size()).toBeLessThan(64 * MEGABYTE);
		wal.empty();
		expect(size()).toBe(0);
		reader.close();
		db.close();
	});
});
