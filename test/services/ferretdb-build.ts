import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeDebian } from './debian-root.ts';
import { answerOf, removeTree, run } from './run.ts';
import { say } from './say.ts';

export const FERRETDB_SOURCE = join(import.meta.dirname, 'ferretdb');

const BUILD = ['go', 'build', '-mod=readonly', '-trimpath', '-buildvcs=false'];
const BUILD_MS = 6 * 60_000;
/** The first whose `go` fetches a newer tool chain by itself when a module asks for one. */
const GO_MINOR_MIN = 21;

function hasGo(): boolean {
	const version = answerOf(['go', 'env', 'GOVERSION']) ?? '';
	return Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0) >= GO_MINOR_MIN;
}

/** Builds the program that speaks MongoDB in front of PostgreSQL; it needs nothing beside it. */
export async function buildFerretdb(path: string): Promise<void> {
	say('building FerretDB (once, about 1 minute)');
	if (!hasGo()) return await buildInDebian(path);
	await run([...BUILD, '-o', path, '.'], {
		name: 'go build',
		timeoutMs: BUILD_MS,
		cwd: FERRETDB_SOURCE,
		env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
	});
}

/** What the machine knows of the network: names of servers, and whose certificates it trusts. */
const NETWORK_FILES = ['/etc/resolv.conf', '/etc/hosts', '/etc/ssl/certs/ca-certificates.crt'];

/** On a machine without Go: in a Debian that has it, which is not needed afterwards. */
async function buildInDebian(path: string): Promise<void> {
	const root = `${path}.go`;
	await removeTree(root);
	try {
		await makeDebian(root, ['golang-go', 'ca-certificates']);
		for (const file of NETWORK_FILES.filter((one) => existsSync(one))) {
			cpSync(file, join(root, file), { dereference: true });
		}
		cpSync(FERRETDB_SOURCE, join(root, 'build'), { recursive: true });
		// There is no /proc in which it could find itself.
		const env = ['GOROOT=/usr/lib/go', 'HOME=/root', 'CGO_ENABLED=0', 'PATH=/usr/bin:/bin'];
		const build = ['env', '-C', '/build', ...env, ...BUILD, '-o', '/build/ferretdb', '.'];
		await run(['chroot', root, ...build], { name: 'go build', timeoutMs: BUILD_MS });
		cpSync(join(root, 'build/ferretdb'), path);
	} finally {
		await removeTree(root);
	}
}
