import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);

let directory: string;

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), 'naru-token-'));
});

afterEach(() => rm(directory, { recursive: true }));

const token = (env: Record<string, string>) =>
	run(process.execPath, ['src/token.ts', 'ann', '--roles', 'user,ops'], {
		env: { NARU_DATA_DIR: directory, ...env },
	});

const subject = async (signed: string, secret: string) =>
	(await jwtVerify(signed.trim(), new TextEncoder().encode(secret))).payload.sub;

describe('npm run token, as a process', () => {
	test('[P42] in development it signs with the secret that the node finds', async () => {
		const { stdout, stderr } = await token({});
		const secret = (await readFile(join(directory, 'auth-secret'), 'utf8')).trim();
		expect(await subject(stdout, secret)).toBe('ann');
		expect(stderr).not.toContain(secret);
	});

	test('[P42] AUTH_SECRET comes first; outside development there is no other', async () => {
		const AUTH_SECRET = 'a secret for tests only, of 40 characters';
		const { stdout } = await token({ AUTH_SECRET, APP_ENV: 'production' });
		expect(await subject(stdout, AUTH_SECRET)).toBe('ann');
		await expect(
			token({ AUTH_JWKS_URL: 'https://id.example/keys', APP_ENV: 'production' }),
		).rejects.toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/AUTH_SECRET/) });
	});
});
