import { existsSync } from 'node:fs';
import { answerOf, run } from './run.ts';

const SUITE = 'forky';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
const MAKE_MS = 6 * 60_000;

/** What a machine lacks so that a Debian can be made on it; `undefined` when it has all of it. */
export function whatIsMissing(): string | undefined {
	if (process.platform !== 'linux') return 'a container engine with docker compose';
	if (process.getuid?.() !== 0) return 'a container engine with docker compose, or root on Debian';
	const hasAll = answerOf(['which', 'mmdebstrap']) !== undefined && existsSync(KEYRING);
	return hasAll
		? undefined
		: 'a container engine with docker compose, or on Debian `apt-get install mmdebstrap`';
}

/** Makes a Debian with these packages in a folder that is not there yet. */
export async function makeDebian(folder: string, packages: readonly string[]): Promise<void> {
	const options = [
		'--mode=root',
		'--variant=minbase',
		`--include=${packages.join(',')}`,
		`--keyring=${KEYRING}`,
		'--aptopt=Acquire::Check-Valid-Until "false"',
		'--aptopt=Apt::Install-Recommends "false"',
		'--dpkgopt=path-exclude=/usr/share/doc/*',
	];
	await run(['mmdebstrap', ...options, SUITE, folder, machineMirror()], {
		name: `mmdebstrap ${packages[0]}`,
		timeoutMs: MAKE_MS,
	});
}

/** The mirror that the machine's own apt sources name. */
function machineMirror(): string {
	const format = ['--format', '$(REPO_URI)', 'Identifier: Packages', 'Origin: Debian'];
	const uris = answerOf(['apt-get', 'indextargets', ...format])?.split('\n') ?? [];
	return uris.find((uri) => /\/debian\/?$/.test(uri)) ?? DEFAULT_MIRROR;
}
