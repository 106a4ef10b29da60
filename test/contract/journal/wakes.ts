import { describe, expect, test } from 'vitest';
import type { Journal, WakePlace } from '../../../src/core/journal.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import { appendOne, newActor, recordOf } from './records.ts';

export function wakesContract(journal: () => Journal): void {
	describe('wake rows', () => {
		const due = async (actor: ActorKey, dueMax = Number.MAX_SAFE_INTEGER) =>
			(await journal().wakes(dueMax, 100_000)).filter((row) => row.actor === actor);

		test('[P13] stands with its commit, from its due time on', async () => {
			const actor = newActor();
			await appendOne(journal(), recordOf(actor, 1), { due: 500, epoch: 1 });
			expect(await due(actor, 499)).toEqual([]);
			expect(await due(actor, 500)).toEqual([{ actor, due: 500, epoch: 1 }]);
		});

		test('a commit carries the row as it shall stand: later, earlier, or under a new epoch', async () => {
			const actor = newActor();
			await appendOne(journal(), recordOf(actor, 1), { due: 500, epoch: 1 });
			await appendOne(journal(), recordOf(actor, 2), { due: 900, epoch: 1 });
			expect(await due(actor)).toEqual([{ actor, due: 900, epoch: 1 }]);
			await appendOne(journal(), recordOf(actor, 3), { due: 100, epoch: 3 });
			await appendOne(journal(), recordOf(actor, 4));
			expect(await due(actor)).toEqual([{ actor, due: 100, epoch: 3 }]);
		});

		test('[P12] an owner of an earlier epoch neither raises nor removes it', async () => {
			const actor = newActor();
			await appendOne(journal(), recordOf(actor, 1), { due: 500, epoch: 4 });
			await journal().setWake(actor, 900, 3);
			await journal().setWake(actor, undefined, 3);
			expect(await due(actor)).toEqual([{ actor, due: 500, epoch: 4 }]);
			await journal().setWake(actor, 900, 4);
			expect(await due(actor)).toEqual([{ actor, due: 900, epoch: 4 }]);
			await journal().setWake(actor, undefined, 5);
			expect(await due(actor)).toEqual([]);
		});

		test('come by due time, then key, and no more than asked for', async () => {
			const keys = [newActor(), newActor(), newActor()].sort();
			const [first, second, third] = keys as [ActorKey, ActorKey, ActorKey];
			await appendOne(journal(), recordOf(third, 1), { due: -2, epoch: 1 });
			await appendOne(journal(), recordOf(second, 1), { due: -2, epoch: 1 });
			await appendOne(journal(), recordOf(first, 1), { due: -1, epoch: 1 });
			const order = async (limit: number) =>
				(await journal().wakes(-1, limit)).map(({ actor }) => actor);
			expect(await order(10)).toEqual([second, third, first]);
			expect(await order(2)).toEqual([second, third]);
			const behind = async (place: WakePlace) =>
				(await journal().wakes(-1, 10, place)).map(({ actor }) => actor);
			expect(await behind({ due: -2, actor: second })).toEqual([third, first]);
			expect(await behind({ due: -2, actor: third })).toEqual([first]);
			expect(await behind({ due: -1, actor: first })).toEqual([]);
		});
	});
}
