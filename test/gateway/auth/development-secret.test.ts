import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureDevelopmentSecret } from '../../../src/gateway/auth/development-secret.ts';

let directory: string;
let path: string;

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), 'naru-secret-'));
	path = join(directory, 'auth-secret');
});

afterEach(() => rm(directory, { recursive: true }));

describe('development secret', () => {
	test('[P42] is made once, of 32 random bytes, for the owner only', async () => {
		const secret = await ensureDevelopmentSecret(directory);
		expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
		expect((await stat(path)).mode & 0o777).toBe(0o600);
		expect(await ensureDevelopmentSecret(directory)).toBe(secret);
		expect(await readdir(directory)).toEqual(['auth-secret']);
	});

	test('makes the data directory', async () => {
		const inside = join(directory, 'new', 'data');
		const secret = await ensureDevelopmentSecret(inside);
		expect((await readFile(join(inside, 'auth-secret'), 'utf8')).trim()).toBe(secret);
	});

	test('several first starts at once agree on one', async () => {
		const secrets = await Promise.all(
			Array.from({ length: 10 }, () => ensureDevelopmentSecret(directory)),
		);
		expect(new Set(secrets).size).toBe(1);
		expect(await readdir(directory)).toEqual(['auth-secret']);
	});

	test.each([0o640, 0o604, 0o660])('[P42] a file with mode %o is refused', async (mode) => {
		const secret = await ensureDevelopmentSecret(directory);
		await chmod(path, mode);
		const refused = ensureDevelopmentSecret(directory);
		await expect(refused).rejects.toThrow(/can be read by others: delete it, or chmod 600 it/);
		await expect(refused).rejects.not.toThrow(secret);
	});

	test.each(['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}!`])(
		'[P42] a file that holds %j is refused',
		async (content) => {
			await writeFile(path, content, { mode: 0o600 });
			await expect(ensureDevelopmentSecret(directory)).rejects.toThrow(/holds no secret/);
		},
	);
});
