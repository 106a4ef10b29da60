import type { CommitRecord, Journal, JournalWrite, Outcome } from '../../../src/core/journal.ts';
import type { ActorKey } from '../../../src/protocol/ids.ts';

/** What a journal leaves open. */
export interface JournalPromises {
	/**
	 * `fenced`: a commit that would leave a gap is a bug of its writer, which is stopped like one that
	 * lost its actor. `unchecked`: the store knows no heads and leaves that to the host.
	 */
	readonly gaps: 'fenced' | 'unchecked';
}

export const ALL = { bytesMax: Number.MAX_SAFE_INTEGER };

let actors = 0;
/** A key that no other test has used. */
export const newActor = (): ActorKey => `channel/c${++actors}`;

interface Shape {
	readonly writer?: string;
	/** Position after the commit; it holds `events` events up to there. */
	readonly position?: number;
	readonly events?: number;
	readonly text?: string;
}

/** A record of `events` events (1 unless told) that ends at `position` (the commit unless told). */
export function recordOf(actor: ActorKey, commit: number, shape: Shape = {}): CommitRecord {
	const { writer = 'one', position = commit, events = 1, text = 'hello' } = shape;
	return {
		actor,
		commit,
		position,
		events: Array.from({ length: events }, (_, n) => ({
			type: 'sent',
			version: 1,
			data: { seq: position - events + n + 1, text },
			by: 'ann',
		})),
		requests: [{ userId: 'ann', requestId: `r${commit}`, reply: { seq: position } }],
		at: 1_700_000_000_000 + commit,
		writer,
	};
}

/** Appends one record alone. */
export async function appendOne(
	journal: Journal,
	record: CommitRecord,
	wake?: JournalWrite['wake'],
): Promise<Outcome> {
	const [outcome] = await journal.append([wake ? { record, wake } : { record }]);
	if (outcome === undefined) throw new Error('no outcome for a record');
	return outcome;
}

/** All records of the actor. */
export const recordsOf = async (journal: Journal, actor: ActorKey) =>
	(await journal.read(actor, { commit: 0 }, ALL)).records;

export const commitsOf = async (journal: Journal, actor: ActorKey) =>
	(await recordsOf(journal, actor)).map(({ commit }) => commit);
