import { describe, expect, test } from 'vitest';
import { MemoryEventFeed } from '../../src/adapters/memory/memory-event-feed.ts';
import { MemoryJournal, MemoryJournalState } from '../../src/adapters/memory/memory-journal.ts';
import { MemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { nodeRuntime } from '../../src/adapters/node/node-runtime.ts';
import { eventFeedContract } from '../contract/event-feed-contract.ts';
import { newActor, recordOf } from '../contract/journal/records.ts';
import { journalContract } from '../contract/journal-contract.ts';
import { STORE_COLLECTIONS } from '../contract/store/rows.ts';
import { storeContract } from '../contract/store-contract.ts';

const close = async () => {};

journalContract('memory', async () => ({ journal: new MemoryJournal(), close }));
storeContract('memory', async () => ({ store: new MemoryStore(STORE_COLLECTIONS), close }));
eventFeedContract('memory', async () => {
	const feed = new MemoryEventFeed({ runtime: nodeRuntime });
	return { open: async () => feed, close };
});

describe('memory journal', () => {
	test('[P12] two clients of one state are two owners: one is fenced', async () => {
		const state = new MemoryJournalState();
		const [one, two] = [new MemoryJournal(state), new MemoryJournal(state)];
		const actor = newActor();
		expect(await one.append([{ record: recordOf(actor, 1, { writer: 'one' }) }])).toEqual([
			'landed',
		]);
		expect(await two.append([{ record: recordOf(actor, 1, { writer: 'two' }) }])).toEqual([
			'fenced',
		]);
		expect((await two.head(actor))?.writer).toBe('one');
	});
});
