import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, ServicesError } from './cache.ts';
import { run } from './run.ts';
import { say } from './say.ts';

const SUITE = 'forky';
const PACKAGES = ['postgresql-18-documentdb', 'nats-server', 'redis-server'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
const BUILD_MS = 6 * 60_000;
const GATEWAY_SOURCE = join(import.meta.dirname, 'ferretdb');
/** The first whose `go` fetches a newer tool chain by itself when a module asks for one. */
const GO_MINOR_MIN = 21;

/** What a machine needs so that the servers can be made on it; `undefined` when it has all of it. */
export function whatIsMissing(): string | undefined {
	if (process.platform !== 'linux') return 'a container engine (docker compose)';
	if (process.getuid?.() !== 0) return 'a container engine (docker compose), or root on Debian';
	if (!has('mmdebstrap') || !existsSync(KEYRING)) {
		return 'a container engine, or: apt-get install mmdebstrap debian-archive-keyring';
	}
	return hasGo() ? undefined : `a container engine, or Go 1.${GO_MINOR_MIN} (https://go.dev/dl)`;
}

const has = (command: string) => spawnSync('which', [command]).status === 0;

function hasGo(): boolean {
	const version = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout ?? '';
	return Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0) >= GO_MINOR_MIN;
}

export interface DebianParts {
	/** A Debian of its own, with PostgreSQL, NATS and Redis in it. */
	readonly root: string;
	/** The program that speaks MongoDB in front of PostgreSQL. */
	readonly gateway: string;
}

/** Makes both, at the same time, unless the cache has them. */
export async function debianParts(): Promise<DebianParts> {
	const missing = whatIsMissing();
	if (missing !== undefined) {
		throw new ServicesError(
			`needed for the servers: ${missing}; or set REDIS_URL, NATS_URL and MONGO_URL to servers of your own`,
		);
	}
	const [root, gateway] = await Promise.allSettled([debianRoot(), buildGateway()]);
	if (root.status === 'rejected') throw root.reason;
	if (gateway.status === 'rejected') throw gateway.reason;
	return { root: root.value, gateway: gateway.value };
}

const shortHash = (...texts: string[]) =>
	createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 12);

/** Makes a folder or file under another name first: what has the right name is whole. */
async function once(name: string, make: (path: string) => Promise<void>): Promise<string> {
	const path = join(cacheFolder('debian'), name);
	if (existsSync(path)) return path;
	const unfinished = `${path}.new`;
	rmSync(unfinished, { recursive: true, force: true });
	await make(unfinished);
	renameSync(unfinished, path);
	return path;
}

function debianRoot(): Promise<string> {
	return once(`root-${shortHash(SUITE, ...PACKAGES)}`, async (path) => {
		const mirror = machineMirror();
		say(`making a Debian with PostgreSQL, NATS and Redis from ${mirror} (once, about 1 minute)`);
		const options = [
			'--mode=root',
			'--variant=minbase',
			`--include=${PACKAGES.join(',')}`,
			`--keyring=${KEYRING}`,
			'--aptopt=Acquire::Check-Valid-Until "false"',
			'--aptopt=Apt::Install-Recommends "false"',
			'--dpkgopt=path-exclude=/usr/share/doc/*',
		];
		await run(['mmdebstrap', ...options, SUITE, path, mirror], {
			name: 'mmdebstrap',
			timeoutMs: BUILD_MS,
		});
	});
}

/** The mirror that the machine's own apt sources name. */
function machineMirror(): string {
	const format = [
		'indextargets',
		'--format',
		'$(REPO_URI)',
		'Identifier: Packages',
		'Origin: Debian',
	];
	const uris = execFileSync('apt-get', format, { encoding: 'utf8' }).split('\n');
	return uris.find((uri) => /\/debian\/?$/.test(uri)) ?? DEFAULT_MIRROR;
}

function buildGateway(): Promise<string> {
	const sources = readdirSync(GATEWAY_SOURCE).sort();
	const texts = sources.map((file) => readFileSync(join(GATEWAY_SOURCE, file), 'utf8'));
	return once(`ferretdb-${shortHash(...texts)}`, async (path) => {
		say('building FerretDB (once, about 1 minute)');
		await run(['go', 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-o', path, '.'], {
			name: 'go build',
			timeoutMs: BUILD_MS,
			cwd: GATEWAY_SOURCE,
			env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
		});
	});
}
