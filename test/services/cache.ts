import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a person can do something about: printed as it is, without a stack. */
export class ServicesError extends Error {
	override readonly name = 'ServicesError';
}

/** Where servers, their data and their logs are kept: outside the checkout, shared by all of them. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'naru-services');

/** A folder in the cache, made if it is not there. */
export function cacheFolder(...names: string[]): string {
	const folder = join(CACHE, ...names);
	mkdirSync(folder, { recursive: true });
	return folder;
}
