import { openMongoShards } from '../../../src/adapters/mongo/open-mongo-shards.ts';
import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import type { CommitRecord, Journal } from '../../../src/core/journal.ts';
import { type ActorKey, actorKey } from '../../../src/protocol/ids.ts';
import type { Stores } from './stores.ts';
import { readOff, type Written } from './written.ts';

const PAGE_BYTES_MAX = 1024 * 1024;

async function recordsOf(journal: Journal, actor: ActorKey): Promise<readonly CommitRecord[]> {
	const all: CommitRecord[] = [];
	for (;;) {
		const from = { commit: all.at(-1)?.commit ?? 0 };
		const { records, more } = await journal.read(actor, from, { bytesMax: PAGE_BYTES_MAX });
		all.push(...records);
		if (!more) return all;
	}
}

/** Reads channels off the journal itself. */
export async function writtenTo(
	stores: Stores,
	channels: readonly string[],
): Promise<ReadonlyMap<string, Written>> {
	const { journal, close } = await openMongoShards({
		urls: [stores.mongoUrl],
		environment: stores.environment,
		collections: [],
		runtime: nodeRuntime,
	});
	const found = new Map<string, Written>();
	for (const id of channels)
		found.set(id, readOff(await recordsOf(journal, actorKey('channel', id))));
	await close();
	return found;
}
