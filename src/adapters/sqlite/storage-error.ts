import type { ErrorCode } from '../../protocol/errors.ts';

/**
 * The storage did not do what was asked: a full disk, a broken file, a thread that ended. The outcome
 * of a write that rejects with it is unknown.
 */
export class StorageError extends Error {
	readonly code: ErrorCode = 'UNAVAILABLE';
	override readonly name = 'StorageError';
}
