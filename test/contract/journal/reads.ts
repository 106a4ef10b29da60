import { describe, expect, test } from 'vitest';
import type { CommitRecord, Journal } from '../../../src/core/journal.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';
import { ALL, appendOne, newActor, recordOf } from './records.ts';

export function readsContract(journal: () => Journal): void {
	describe('head and read', () => {
		test('a key without a journal has no head, no records and no snapshot', async () => {
			const actor = newActor();
			expect(await journal().head(actor)).toBeUndefined();
			expect(await journal().read(actor, { position: 0 }, ALL)).toEqual({
				records: [],
				more: false,
			});
			expect(await journal().snapshot(actor)).toBeUndefined();
		});

		test('the head is the newest commit', async () => {
			const actor = newActor();
			await appendOne(journal(), recordOf(actor, 1, { events: 4, position: 4 }));
			await appendOne(journal(), recordOf(actor, 2, { events: 2, position: 6, writer: 'one' }));
			expect(await journal().head(actor)).toEqual({
				commit: 2,
				position: 6,
				writer: 'one',
				at: 1_700_000_000_002,
			});
		});

		/** Commits of none (activations, alone and in rows), one and several events. */
		async function mixed(actor: ActorKey, commits: number): Promise<CommitRecord[]> {
			const written: CommitRecord[] = [];
			let position = 0;
			for (let commit = 1; commit <= commits; commit++) {
				const events = commit % 10 < 3 ? 0 : commit % 4;
				position += events;
				written.push(recordOf(actor, commit, { events, position }));
			}
			for (const record of written) await appendOne(journal(), record);
			return written;
		}

		test('a read from any commit finds exactly what comes behind', async () => {
			const actor = newActor();
			const written = await mixed(actor, 200);
			for (let commit = 0; commit <= 200; commit += 7) {
				const { records, more } = await journal().read(actor, { commit }, ALL);
				expect(records).toEqual(written.slice(commit));
				expect(more).toBe(false);
			}
		});

		test('a read from any position finds exactly the records with events behind it', async () => {
			const actor = newActor();
			const withEvents = (await mixed(actor, 200)).filter(({ events }) => events.length > 0);
			const last = withEvents.at(-1)?.position ?? 0;
			for (let position = 0; position <= last; position += 5) {
				const { records } = await journal().read(actor, { position }, ALL);
				expect(records).toEqual(withEvents.filter((record) => record.position > position));
			}
		});

		test('a limit in bytes stops behind the record that passes it', async () => {
			const actor = newActor();
			for (let commit = 1; commit <= 5; commit++) {
				await appendOne(journal(), recordOf(actor, commit, { text: 'x'.repeat(10_000) }));
			}
			const read = async (bytesMax: number) => {
				const page = await journal().read(actor, { commit: 0 }, { bytesMax });
				return { count: page.records.length, more: page.more };
			};
			expect(await read(1)).toEqual({ count: 1, more: true });
			expect(await read(15_000)).toEqual({ count: 2, more: true });
			expect(await read(45_000)).toEqual({ count: 5, more: false });
			expect(await read(1_000_000)).toEqual({ count: 5, more: false });
		});

		test.each([1, 500, 5_000])(
			'pages of %i bytes put together are the whole log',
			async (bytesMax) => {
				const actor = newActor();
				const written = await mixed(actor, 140);
				let page = await journal().read(actor, { commit: 0 }, { bytesMax });
				const found = [...page.records];
				while (page.more) {
					page = await journal().read(actor, { commit: found.length }, { bytesMax });
					expect(page.records.length).toBeGreaterThan(0);
					found.push(...page.records);
				}
				expect(found).toEqual(written);
			},
		);

		test('activations behind the last event are not more to read by position', async () => {
			const actor = newActor();
			await appendOne(journal(), recordOf(actor, 1));
			await appendOne(journal(), recordOf(actor, 2, { events: 0, position: 1 }));
			const page = await journal().read(actor, { position: 0 }, { bytesMax: 1 });
			expect(page.records.map(({ commit }) => commit)).toEqual([1]);
			expect(page.more).toBe(false);
			expect(await journal().read(actor, { position: 1 }, ALL)).toEqual({
				records: [],
				more: false,
			});
		});
	});
}
