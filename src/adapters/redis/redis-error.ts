import { DirectoryError } from '../../cluster/directory-error.ts';

/** The driver's own error holds what was sent; only the kind of it is kept. */
const kindOf = (error: NodeJS.ErrnoException): string =>
	/^[A-Z]{3,20}\b/.exec(error.message)?.[0] ?? error.code ?? error.name;

/** User or password are wrong, or missing: trying again does not help. */
const UNAUTHORIZED: readonly string[] = ['WRONGPASS', 'NOAUTH', 'NOPERM'];

export const isTimeout = (error: unknown): boolean =>
	error instanceof Error && error.message === 'Command timed out';

/** What a failed call of the driver becomes. `trouble`: why there is no connection, if that is known. */
export function asDirectoryError(error: unknown, call: string, trouble?: Error): unknown {
	if (!(error instanceof Error) || error instanceof DirectoryError) return error;
	if (isTimeout(error))
		return new DirectoryError(`${call}: Redis gave no answer in time`, 'TIMEOUT');
	const kind = kindOf(trouble ?? error);
	const code = UNAUTHORIZED.includes(kind) ? 'UNAUTHORIZED' : 'UNAVAILABLE';
	return new DirectoryError(`${call}: Redis is not there, or refused it (${kind})`, code);
}
