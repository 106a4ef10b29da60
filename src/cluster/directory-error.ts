import type { ErrorCode } from '../protocol/errors.ts';

/**
 * The directory did not do what was asked, or not in time (`TIMEOUT`: it may still do it). Never names
 * actors.
 */
export class DirectoryError extends Error {
	override readonly name = 'DirectoryError';
	readonly code: ErrorCode;

	constructor(message: string, code: ErrorCode = 'UNAVAILABLE') {
		super(message);
		this.code = code;
	}
}
