import { describe, expect, test } from 'vitest';
import type { CommitRecord, Journal } from '../../../src/core/journal.ts';
import { ALL, appendOne, newActor, recordOf } from './records.ts';

export function redactContract(journal: () => Journal): void {
	describe('redact', () => {
		test('[P46] overwrites the data of that event; all else stays', async () => {
			const actor = newActor();
			const first = recordOf(actor, 1, { events: 3, position: 3 });
			const second = recordOf(actor, 2, { events: 2, position: 5 });
			const activated = recordOf(actor, 3, { events: 0, position: 5 });
			for (const record of [first, second, activated]) await appendOne(journal(), record);
			await journal().redact(actor, 2, { seq: 2, text: '' });
			await journal().redact(actor, 5, null);
			const { records } = await journal().read(actor, { commit: 0 }, ALL);
			const data = (record: CommitRecord | undefined) => record?.events.map((one) => one.data);
			expect(data(records[0])).toEqual([
				{ seq: 1, text: 'hello' },
				{ seq: 2, text: '' },
				{ seq: 3, text: 'hello' },
			]);
			expect(data(records[1])).toEqual([{ seq: 4, text: 'hello' }, null]);
			const withoutData = (record: CommitRecord) => ({
				...record,
				events: record.events.map((one) => ({ ...one, data: null })),
			});
			expect(records.map(withoutData)).toEqual([first, second, activated].map(withoutData));
		});

		test('[P46] a position that the actor does not have changes nothing', async () => {
			const actor = newActor();
			const record = recordOf(actor, 1);
			await appendOne(journal(), record);
			await journal().redact(actor, 2, null);
			await journal().redact(newActor(), 1, null);
			expect((await journal().read(actor, { commit: 0 }, ALL)).records).toEqual([record]);
		});
	});
}
