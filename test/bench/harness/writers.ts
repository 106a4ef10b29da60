import { openMongoShards } from '../../../src/adapters/mongo/open-mongo-shards.ts';
import { nodeRuntime } from '../../../src/adapters/node/node-runtime.ts';
import type { CommitRecord, Journal } from '../../../src/core/journal.ts';
import { type ActorKey, actorKey } from '../../../src/protocol/ids.ts';
import type { Stores } from './stores.ts';

const PAGE_BYTES_MAX = 1024 * 1024;

/** What the journal of one actor says about who wrote it. */
export interface Written {
	/** Hosts that wrote, one after another; each begins with an activation. */
	readonly writers: number;
	/** Commits of a host behind the first one of another, and numbers that are missing. */
	readonly wrong: number;
	/** Texts of all messages, in their order. */
	readonly texts: readonly string[];
}

async function recordsOf(journal: Journal, actor: ActorKey): Promise<readonly CommitRecord[]> {
	const all: CommitRecord[] = [];
	for (;;) {
		const from = { commit: all.at(-1)?.commit ?? 0 };
		const { records, more } = await journal.read(actor, from, { bytesMax: PAGE_BYTES_MAX });
		all.push(...records);
		if (!more) return all;
	}
}

function readOff(records: readonly CommitRecord[]): Written {
	const writers: string[] = [];
	let wrong = 0;
	for (const [index, { commit, writer }] of records.entries()) {
		if (commit !== index + 1) wrong++;
		if (writers.at(-1) === writer) continue;
		if (writers.includes(writer)) wrong++;
		writers.push(writer);
	}
	const messages = records.flatMap(({ events }) => events.filter(({ type }) => type === 'message'));
	const texts = messages.map(({ data }) => String((data as { text?: unknown }).text));
	return { writers: writers.length, wrong, texts };
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
