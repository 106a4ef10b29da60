import type { CommitRecord } from '../../../src/core/journal.ts';

/** What the journal of one actor says about who wrote it. */
export interface Written {
	/** Hosts that wrote, one after another; each begins with an activation. */
	readonly writers: number;
	/** Commits of a host behind the first one of another, and numbers that are missing. */
	readonly wrong: number;
	/** Texts of all messages, in their order. */
	readonly texts: readonly string[];
}

type Read = Pick<CommitRecord, 'commit' | 'writer' | 'events'>;

/** Reads off the records of one actor, which are in their order. */
export function readOff(records: readonly Read[]): Written {
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
