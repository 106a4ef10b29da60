import { DirectoryError } from '../../cluster/directory-error.ts';

/** The driver's own error holds what was sent; only the kind of it is kept. */
const kindOf = (error: Error): string => /^[A-Z]{3,20}\b/.exec(error.message)?.[0] ?? error.name;

export const isTimeout = (error: unknown): boolean =>
	error instanceof Error && error.message === 'Command timed out';

/** What a failed call of the driver becomes. */
export function asDirectoryError(error: unknown, call: string): unknown {
	if (!(error instanceof Error) || error instanceof DirectoryError) return error;
	if (isTimeout(error))
		return new DirectoryError(`${call}: Redis gave no answer in time`, 'TIMEOUT');
	return new DirectoryError(`${call}: Redis is not there, or refused it (${kindOf(error)})`);
}
