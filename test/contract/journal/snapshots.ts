import { describe, expect, test } from 'vitest';
import type { Journal } from '../../../src/core/journal.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import { newActor } from './records.ts';

export function snapshotsContract(journal: () => Journal): void {
	describe('snapshots', () => {
		const part = (n: number) => Uint8Array.from([n, n + 1, n + 2]);
		const write = async (actor: ActorKey, commit: number, parts = 2) => {
			for (let n = 0; n < parts; n++)
				await journal().putSnapshotPart({ actor, commit, part: n, bytes: part(n) });
			await journal().sealSnapshot(actor, commit, parts);
		};
		const plain = async (actor: ActorKey) => {
			const found = await journal().snapshot(actor);
			return found && { commit: found.commit, parts: found.parts.map((one) => [...one]) };
		};

		test('[P13] is invisible until sealed', async () => {
			const actor = newActor();
			await journal().putSnapshotPart({ actor, commit: 5, part: 0, bytes: part(0) });
			expect(await journal().snapshot(actor)).toBeUndefined();
			await journal().sealSnapshot(actor, 5, 1);
			expect(await plain(actor)).toEqual({ commit: 5, parts: [[0, 1, 2]] });
		});

		test('[P13] cannot be sealed while a part is missing', async () => {
			const actor = newActor();
			await journal().putSnapshotPart({ actor, commit: 5, part: 0, bytes: part(0) });
			await expect(journal().sealSnapshot(actor, 5, 2)).rejects.toThrow(/parts/);
			expect(await journal().snapshot(actor)).toBeUndefined();
		});

		test('[P13] the newest sealed one is read, its parts in order whatever order they came in', async () => {
			const actor = newActor();
			await write(actor, 5);
			for (const n of [11, 2, 0, 1, 10, 3, 4, 5, 6, 7, 8, 9]) {
				await journal().putSnapshotPart({ actor, commit: 9, part: n, bytes: part(n) });
			}
			expect((await plain(actor))?.commit).toBe(5);
			await journal().sealSnapshot(actor, 9, 12);
			const parts = Array.from({ length: 12 }, (_, n) => [...part(n)]);
			expect(await plain(actor)).toEqual({ commit: 9, parts });
		});

		test('[P13] only the newest two stay; writing and sealing again changes nothing', async () => {
			const actor = newActor();
			for (const commit of [3, 6, 9]) await write(actor, commit);
			await write(actor, 9);
			await write(actor, 3);
			expect((await plain(actor))?.commit).toBe(9);
			await journal().sealSnapshot(actor, 6, 2);
			await expect(journal().sealSnapshot(actor, 3, 2)).rejects.toThrow(/parts/);
		});

		test('parts that were never sealed go with the next seal', async () => {
			const actor = newActor();
			await journal().putSnapshotPart({ actor, commit: 4, part: 0, bytes: part(0) });
			await write(actor, 8);
			await expect(journal().sealSnapshot(actor, 4, 1)).rejects.toThrow(/parts/);
		});

		test('a part of 8 MB comes back unchanged, and the caller keeps its buffer', async () => {
			const actor = newActor();
			const bytes = new Uint8Array(8 * 1024 * 1024).fill(7);
			bytes[bytes.length - 1] = 9;
			await journal().putSnapshotPart({ actor, commit: 1, part: 0, bytes });
			await journal().sealSnapshot(actor, 1, 1);
			bytes.fill(0);
			const [found] = (await journal().snapshot(actor))?.parts ?? [];
			expect(found?.length).toBe(bytes.length);
			expect([found?.[0], found?.at(-1)]).toEqual([7, 9]);
		});
	});
}
