import { describe, expect, test } from 'vitest';
import { RecentCommits } from '../../src/adapters/mongo/recent-commits.ts';
import type { CommitRecord } from '../../src/core/journal.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';

const KEY = 'ticket-event/concert' as ActorKey;

/** One of so many events, the last of them at that position. */
const commit = (number: number, position: number, events: number) =>
	({
		actor: KEY,
		commit: number,
		position,
		events: Array(events).fill({}),
	}) as unknown as CommitRecord;

describe('which commit has an event', () => {
	test('is known of what has landed here, and of nothing else', () => {
		const recent = new RecentCommits();
		recent.landed(commit(7, 20, 3));
		recent.landed(commit(8, 20, 0));
		recent.landed(commit(9, 21, 1));
		// Of another owner in between: commit 10, position 22.
		recent.landed(commit(11, 25, 3));
		const found = [16, 17, 18, 19, 20, 21, 22, 24, 25].map((at) => recent.behind(KEY, at));
		expect(found).toEqual([undefined, 7, 7, 7, 9, undefined, 11, 11, undefined]);
		expect(recent.behind('ticket-event/other' as ActorKey, 18)).toBeUndefined();
	});

	test('is kept of so many commits and actors only', () => {
		const recent = new RecentCommits();
		for (let n = 1; n <= 5_000; n++) recent.landed(commit(n, n, 1));
		expect([recent.behind(KEY, 100), recent.behind(KEY, 4_500)]).toEqual([undefined, 4_501]);
		for (let n = 0; n < 100; n++) {
			recent.landed({ ...commit(1, 1, 1), actor: `ticket-event/e${n}` as ActorKey });
		}
		expect(recent.behind(KEY, 4_500)).toBeUndefined();
	});
});
