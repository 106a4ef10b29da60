import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, ServicesError } from './cache.ts';
import { makeDebian, whatIsMissing } from './debian-root.ts';
import { buildFerretdb, FERRETDB_SOURCE } from './ferretdb-build.ts';
import { removeTree } from './run.ts';
import { say } from './say.ts';

const PACKAGES = ['postgresql-18-documentdb', 'nats-server', 'redis-server'];

export interface DebianParts {
	/** A Debian of its own, with PostgreSQL, NATS and Redis in it. */
	readonly root: string;
	/** The program that speaks MongoDB in front of that PostgreSQL. */
	readonly ferretdb: string;
}

/** Makes both, at the same time, unless the cache has them. */
export async function debianParts(): Promise<DebianParts> {
	const missing = whatIsMissing();
	if (missing !== undefined) {
		throw new ServicesError(
			`missing: ${missing}; or set REDIS_URL, NATS_URL and MONGO_URL to servers of your own`,
		);
	}
	const sources = readdirSync(FERRETDB_SOURCE).sort();
	const texts = sources.map((file) => readFileSync(join(FERRETDB_SOURCE, file), 'utf8'));
	const makeRoot = async (path: string) => {
		say('making a Debian with PostgreSQL, NATS and Redis (once, about 1 minute)');
		await makeDebian(path, PACKAGES);
	};
	const [root, ferretdb] = await Promise.allSettled([
		once(`root-${shortHash(PACKAGES)}`, makeRoot),
		once(`ferretdb-${shortHash(texts)}`, buildFerretdb),
	]);
	if (root.status === 'rejected') throw root.reason;
	if (ferretdb.status === 'rejected') throw ferretdb.reason;
	return { root: root.value, ferretdb: ferretdb.value };
}

const shortHash = (texts: readonly string[]) =>
	createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 12);

/** Makes a folder or file under another name first: what has the right name is whole. */
async function once(name: string, make: (path: string) => Promise<void>): Promise<string> {
	const path = join(cacheFolder('debian'), name);
	if (existsSync(path)) return path;
	const unfinished = `${path}.new`;
	await removeTree(unfinished);
	await make(unfinished);
	renameSync(unfinished, path);
	return path;
}
