/** What a batch's outcomes are, whatever the server answers: also what no server here can be made to say. */
import {
	type BulkWriteResult,
	type Collection,
	MongoBulkWriteError,
	MongoNetworkError,
} from 'mongodb';
import { describe, expect, test } from 'vitest';
import type { CommitDocument } from '../../src/adapters/mongo/commit-document.ts';
import { insertCommits } from '../../src/adapters/mongo/journal-appends.ts';
import { newActor, recordOf } from '../contract/journal/records.ts';

const writes = [1, 2, 3, 4].map(() => ({ record: recordOf(newActor(), 1, { writer: 'mine' }) }));

interface Answer {
	readonly inserted: number;
	readonly errors?: Readonly<Record<number, number>>;
	readonly writeConcern?: boolean;
	/** Who holds the numbers that the look-up finds, by place in the batch. */
	readonly found?: Readonly<Record<number, string>>;
	readonly cause?: Error;
}

/** A collection that answers as told. */
function collectionOf({ inserted, errors = {}, writeConcern, found, cause }: Answer) {
	const writeErrors = Object.entries(errors).map(([index, code]) => ({
		index: Number(index),
		code,
	}));
	const result = {
		insertedCount: inserted,
		matchedCount: 0,
		upsertedCount: 0,
		deletedCount: 0,
		getWriteErrors: () => writeErrors,
		getWriteErrorCount: () => writeErrors.length,
		getWriteConcernError: () => (writeConcern ? { code: 64 } : undefined),
	} as unknown as BulkWriteResult;
	const error = new MongoBulkWriteError(cause ?? { message: '', code: 11_000 }, result);
	const documents = Object.entries(found ?? {}).map(([index, writer]) => ({
		_id: { actor: writes[Number(index)]?.record.actor, commit: 1 },
		writer,
	}));
	const toArray =
		found === undefined
			? () => Promise.reject(new MongoNetworkError('gone'))
			: () => Promise.resolve(documents);
	return {
		insertMany: () => Promise.reject(error),
		find: () => ({ toArray }),
	} as unknown as Collection<CommitDocument>;
}

describe('mongo: outcomes of a batch', () => {
	test.each<[string, Answer, string[]]>([
		[
			'[P12] the duplicates are looked up: mine, another one, not readable yet',
			{ inserted: 1, errors: { 0: 11_000, 1: 11_000, 3: 11_000 }, found: { 0: 'mine', 1: 'two' } },
			['landed', 'fenced', 'landed', 'unknown'],
		],
		[
			'[P12] a look-up that fails leaves the duplicates unknown',
			{ inserted: 3, errors: { 2: 11_000 } },
			['landed', 'landed', 'unknown', 'landed'],
		],
		[
			'[P12] another error than a duplicate is no definite answer',
			{ inserted: 3, errors: { 2: 50 }, found: {} },
			['landed', 'landed', 'unknown', 'landed'],
		],
		[
			'[P12] a write concern that was not met leaves all unknown that is not a duplicate',
			{ inserted: 3, errors: { 1: 11_000 }, writeConcern: true, found: { 1: 'two' } },
			['unknown', 'fenced', 'unknown', 'unknown'],
		],
		[
			'[P12] an answer for a part of the batch is an answer for those it names',
			{ inserted: 1, errors: { 0: 11_000 }, found: { 0: 'two' }, cause: new MongoNetworkError('') },
			['fenced', 'unknown', 'unknown', 'unknown'],
		],
	])('%s', async (_, answer, outcomes) => {
		expect(await insertCommits(collectionOf(answer), writes)).toEqual(outcomes);
	});

	test('[P12] no answer at all is a rejection', async () => {
		const answer = { inserted: 0, cause: new MongoNetworkError('gone') };
		await expect(insertCommits(collectionOf(answer), writes)).rejects.toThrow();
	});
});
