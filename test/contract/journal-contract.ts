/**
 * What every journal promises, whatever stores it. Only the port is used. An adapter's test calls
 * `journalContract` with a factory that opens an empty journal.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Journal } from '../../src/core/journal.ts';
import { fenceContract } from './journal/fence.ts';
import { readsContract } from './journal/reads.ts';
import type { JournalPromises } from './journal/records.ts';
import { redactContract } from './journal/redact.ts';
import { snapshotsContract } from './journal/snapshots.ts';
import { wakesContract } from './journal/wakes.ts';

export interface OpenJournal {
	readonly journal: Journal;
	close(): Promise<void>;
}

/** Runs the suite. `open` is called once; every test uses actors of its own. */
export function journalContract(
	name: string,
	open: () => Promise<OpenJournal>,
	promises: JournalPromises = { gaps: 'fenced' },
): void {
	describe(`journal: ${name}`, () => {
		let opened: OpenJournal;
		beforeAll(async () => {
			opened = await open();
		});
		afterAll(() => opened.close());
		const journal = () => opened.journal;

		fenceContract(journal, promises);
		readsContract(journal);
		snapshotsContract(journal);
		wakesContract(journal);
		redactContract(journal);
	});
}
