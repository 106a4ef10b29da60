import { setTimeout as sleep } from 'node:timers/promises';
import {
	DataDirectoryInUseError,
	lockDataDirectory,
} from '../../src/adapters/sqlite/data-directory.ts';
import { CACHE, ServicesError } from './cache.ts';
import { say } from './say.ts';

const POLL_MS = 200;
/** A first start beside this one may be downloading. */
const WAIT_MAX_MS = 8 * 60_000;

/** Runs `body` while no other start or stop does; the kernel gives the lock up with the process. */
export async function exclusively<T>(body: () => Promise<T>): Promise<T> {
	const until = Date.now() + WAIT_MAX_MS;
	let unlock = tryLock();
	if (unlock === undefined) say('another start or stop is running: waiting for it');
	while (unlock === undefined) {
		if (Date.now() > until) throw new ServicesError('another start or stop does not end');
		await sleep(POLL_MS);
		unlock = tryLock();
	}
	try {
		return await body();
	} finally {
		unlock();
	}
}

function tryLock(): (() => void) | undefined {
	try {
		return lockDataDirectory(CACHE);
	} catch (error) {
		if (error instanceof DataDirectoryInUseError) return undefined;
		throw error;
	}
}
