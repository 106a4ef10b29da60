import { type Collection, MongoBulkWriteError } from 'mongodb';
import type { JournalWrite, Outcome } from '../../core/journal.ts';
import { type CommitDocument, toDocument } from './commit-document.ts';
import { duplicatesOf, hasNoAnswer, isComplete } from './storage-error.ts';

type Writer = Pick<CommitDocument, '_id' | 'writer'>;

const nameOf = ({ actor, commit }: CommitDocument['_id']) => `${commit} ${actor}`;

/**
 * Writes a batch in one unordered insert. What is not certain is `unknown`: without an answer, or
 * with a write concern that was not met, a record may or may not be there, and may even go again.
 * Rejects when there is no answer for any of them.
 */
export async function insertCommits(
	commits: Collection<CommitDocument>,
	writes: readonly JournalWrite[],
): Promise<Outcome[]> {
	const documents = writes.map(({ record }) => toDocument(record));
	const outcomes = await insert(commits, documents.filter(fits));
	// Nobody writes such a one (commits are bounded); if somebody did, it must not spoil the batch.
	return documents.map((one) => (fits(one) ? (outcomes.shift() ?? 'unknown') : 'unknown'));
}

/** Documents of 16 MB and more are refused. */
const BODY_BYTES_MAX = 15 * 1024 * 1024;
const fits = ({ body }: CommitDocument) => body.length <= BODY_BYTES_MAX;

async function insert(
	commits: Collection<CommitDocument>,
	documents: readonly CommitDocument[],
): Promise<Outcome[]> {
	if (documents.length === 0) return [];
	try {
		await commits.insertMany(documents, { ordered: false });
		return documents.map(() => 'landed');
	} catch (error) {
		if (!(error instanceof MongoBulkWriteError) || hasNoAnswer(error)) throw error;
		return await settle(commits, documents, error);
	}
}

async function settle(
	commits: Collection<CommitDocument>,
	documents: readonly CommitDocument[],
	error: MongoBulkWriteError,
): Promise<Outcome[]> {
	// Of a batch that was answered in full, only the records named in the errors are not there.
	const unnamed: Outcome = isComplete(error, documents.length) ? 'landed' : 'unknown';
	const outcomes = documents.map((): Outcome => unnamed);
	for (const { index } of error.result.getWriteErrors()) outcomes[index] = 'unknown';
	const taken = duplicatesOf(error);
	const writers = await writersOf(
		commits,
		taken.map((index) => documents[index] as CommitDocument),
	);
	for (const index of taken) {
		const { _id, writer } = documents[index] as CommitDocument;
		const found = writers.get(nameOf(_id));
		// Not readable yet (not on a majority): it may still go again.
		if (found !== undefined) outcomes[index] = found === writer ? 'landed' : 'fenced';
	}
	return outcomes;
}

/** Who wrote the numbers that are taken: one read for all. What cannot be read stays unknown. */
async function writersOf(
	commits: Collection<CommitDocument>,
	documents: readonly CommitDocument[],
): Promise<Map<string, string>> {
	if (documents.length === 0) return new Map();
	const ids = documents.map(({ _id }) => _id);
	const find = commits.find<Writer>({ _id: { $in: ids } }, { projection: { writer: 1 } });
	const found = await find.toArray().catch(() => []);
	return new Map(found.map(({ _id, writer }) => [nameOf(_id), writer]));
}
