import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
	EventReads,
	EventWrites,
	type PackedEvent,
	prepareEvents,
} from '../../src/adapters/sqlite/event-tables.ts';
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import { eventOf } from '../contract/event-feed-contract.ts';

function directory(): string {
	const path = mkdtempSync(join(tmpdir(), 'naru-events-'));
	onTestFinished(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

const packed = (actor: string, n: number): PackedEvent => [actor, 1_000 + n, n, 0, `{"n":${n}}`];

describe('the queue of domain events in SQLite', () => {
	test('[P30] it is there after a restart, and so is where a reader had come to', async () => {
		const options = { directory: directory(), collections: [] };
		const first = await openSqlite(options);
		await first.events.publish([1, 2, 3].map((n) => eventOf('thing/one', n)));
		const reading = await first.events.consumer('books');
		await (await reading.next(2)).at(-1)?.ack();
		await first.close();
		const second = await openSqlite(options);
		onTestFinished(() => second.close());
		await second.events.publish([1, 2, 3, 4].map((n) => eventOf('thing/one', n)));
		const again = await second.events.consumer('books');
		expect((await again.next(10)).map(({ event }) => event.position)).toEqual([3, 4]);
	});

	test('it is bounded by number and by age, and numbers are never given out again', () => {
		const db = new DatabaseSync(':memory:');
		prepareEvents(db);
		const writes = new EventWrites(db, { eventsMax: 10, ageMaxMs: 1_000 });
		const reads = new EventReads(db);
		const numbers = () => reads.behind({ seq: 0, limit: 100 }).map(([seq]) => seq);
		for (let n = 1; n <= 15; n++) writes.publish([packed('thing/one', n)], 5_000);
		expect(numbers()).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
		writes.publish([packed('thing/two', 1)], 6_500);
		expect(numbers()).toEqual([16]);
		writes.prune(9_000);
		expect(numbers()).toEqual([]);
		writes.publish([packed('thing/one', 16)], 9_000);
		expect(numbers()).toEqual([17]);
	});

	test('a long queue goes in parts, so that nobody waits for it', () => {
		const db = new DatabaseSync(':memory:');
		prepareEvents(db);
		const writes = new EventWrites(db, { eventsMax: 1e9, ageMaxMs: 1_000 });
		writes.publish(
			Array.from({ length: 2_500 }, (_, n) => packed('thing/one', n + 1)),
			0,
		);
		const count = () => new EventReads(db).behind({ seq: 0, limit: 1e6 }).length;
		const counts = [1, 2, 3].map(() => {
			writes.prune(5_000);
			return count();
		});
		expect(counts).toEqual([1_500, 500, 0]);
	});
});
