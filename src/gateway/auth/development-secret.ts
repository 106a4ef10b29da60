import { randomBytes } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const FILE_NAME = 'auth-secret';
const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const OTHERS = 0o077;

/**
 * The secret in `<directory>/auth-secret`, made there (mode 0600) when there is none. Rejects when
 * others may read the file or when it holds anything else; the message says what to do.
 */
export async function ensureDevelopmentSecret(directory: string): Promise<string> {
	await mkdir(directory, { recursive: true });
	const path = join(directory, FILE_NAME);
	return (await readSecret(path)) ?? (await makeSecret(path));
}

async function readSecret(path: string): Promise<string | undefined> {
	const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT') return undefined;
		throw error;
	});
	if (file === undefined) return undefined;
	try {
		// Windows has no such modes.
		const { mode } = await file.stat();
		if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
			throw new Error(`${path} can be read by others: delete it, or chmod 600 it`);
		}
		const secret = (await file.readFile('utf8')).trim();
		if (!SECRET.test(secret)) throw new Error(`${path} holds no secret: delete it`);
		return secret;
	} finally {
		await file.close();
	}
}

/** Writes aside, then links: the name appears with its whole content, for one of several starters. */
async function makeSecret(path: string): Promise<string> {
	const secret = randomBytes(SECRET_BYTES).toString('base64url');
	const aside = `${path}.${randomBytes(8).toString('hex')}`;
	try {
		const file = await open(aside, 'wx', 0o600);
		try {
			await file.writeFile(`${secret}\n`);
			await file.sync();
		} finally {
			await file.close();
		}
		await link(aside, path);
		return secret;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
		const other = await readSecret(path);
		if (other === undefined) throw error;
		return other;
	} finally {
		await unlink(aside).catch(() => {});
	}
}
