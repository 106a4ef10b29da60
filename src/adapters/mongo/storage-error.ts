import {
	MongoAPIError,
	MongoBulkWriteError,
	MongoError,
	MongoNetworkError,
	MongoServerError,
	MongoServerSelectionError,
	MongoWriteConcernError,
} from 'mongodb';
import type { CallSign } from '../../core/breaker.ts';
import type { ErrorCode } from '../../protocol/errors.ts';

/**
 * The store did not do what was asked, or not in time. The outcome of a write that rejects with it is
 * unknown. It never holds what was to be written: the driver's own errors do, and are not kept.
 */
export class StorageError extends Error {
	override readonly name = 'StorageError';
	readonly code: ErrorCode;
	/** What it says of the server. */
	readonly sign: CallSign;

	constructor(message: string, code: ErrorCode = 'UNAVAILABLE', sign: CallSign = 'answered') {
		super(message);
		this.code = code;
		this.sign = sign;
	}
}

const AUTHENTICATION_FAILED = 18;

/** Tells addresses, names and numbers, but nothing of documents. */
function describe(error: unknown): string {
	if (!(error instanceof MongoError)) return 'an unexpected error';
	// These speak of addresses only; others quote keys and values.
	const speaksOfNetwork =
		error instanceof MongoNetworkError || error instanceof MongoServerSelectionError;
	if (speaksOfNetwork) return `${error.name}: ${error.message}`;
	if (error.code === AUTHENTICATION_FAILED) return 'user or password are refused';
	return error.code === undefined ? error.name : `${error.name} ${error.code}`;
}

/** What a failed call of the driver becomes; bugs of ours stay what they are. */
export function asStorageError(error: unknown, call: string): unknown {
	if (error instanceof StorageError || !(error instanceof MongoError)) return error;
	return new StorageError(`${call}: ${describe(error)}`, 'UNAVAILABLE', signOf(error));
}

/** Without a majority behind it, an answer is none. */
function signOf(error: MongoError): CallSign {
	if (error instanceof MongoBulkWriteError) {
		const isAnswer = !hasNoAnswer(error) && error.result.getWriteConcernError() === undefined;
		return isAnswer ? 'answered' : 'unanswered';
	}
	if (error instanceof MongoWriteConcernError) return 'unanswered';
	if (error instanceof MongoServerError) return 'answered';
	return error instanceof MongoAPIError ? 'unsent' : 'unanswered';
}

/** The driver wraps what happened on the way, too: then there is an answer for no write of the batch. */
export const hasNoAnswer = ({ result }: MongoBulkWriteError): boolean =>
	result.insertedCount + result.matchedCount + result.upsertedCount + result.deletedCount === 0 &&
	result.getWriteErrorCount() === 0;

const DUPLICATE_KEY = 11_000;

/** Positions in the batch of the writes that met another document with their key. */
export const duplicatesOf = (error: MongoBulkWriteError): number[] =>
	error.result
		.getWriteErrors()
		.filter(({ code }) => code === DUPLICATE_KEY)
		.map(({ index }) => index);

export const isDuplicate = (error: unknown): boolean =>
	error instanceof MongoError && error.code === DUPLICATE_KEY;

/** Whether every write of the batch was answered, and durably where it was done. */
export function isComplete({ result }: MongoBulkWriteError, writes: number): boolean {
	const { insertedCount } = result;
	return (
		result.getWriteConcernError() === undefined &&
		insertedCount + result.getWriteErrorCount() === writes
	);
}

/** Failed only because some of its writes met other documents: they were all tried. */
export const hasOnlyDuplicates = (error: unknown): error is MongoBulkWriteError =>
	error instanceof MongoBulkWriteError &&
	error.result.getWriteConcernError() === undefined &&
	error.result.getWriteErrorCount() > 0 &&
	error.result.getWriteErrorCount() === duplicatesOf(error).length;
