import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Another process (or another opening in this one) uses the data directory. */
export class DataDirectoryInUseError extends Error {
	override readonly name = 'DataDirectoryInUseError';

	constructor(directory: string) {
		super(
			`the data directory ${directory} is in use by another process: stop it, or set NARU_DATA_DIR`,
		);
	}
}

const SQLITE_BUSY = 5;
const isBusy = (error: unknown) =>
	error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;

/**
 * Makes the directory if needed and locks it until the answer is called; the kernel drops the lock
 * with the process, however it ends. Throws {@link DataDirectoryInUseError}.
 */
export function lockDataDirectory(directory: string): () => void {
	mkdirSync(directory, { recursive: true });
	const db = new DatabaseSync(join(directory, 'lock.db'), { timeout: 0 });
	try {
		db.exec('pragma locking_mode = exclusive; begin exclusive');
	} catch (error) {
		db.close();
		throw isBusy(error) ? new DataDirectoryInUseError(directory) : error;
	}
	return () => db.close();
}
