import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isRunning, startDaemon, stopDaemon } from './processes.ts';
import { serviceUrls } from './urls.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const NO_URLS = { REDIS_URL: '', NATS_URL: '', MONGO_URL: '' };

interface Ended {
	readonly code: number | null;
	readonly out: string;
	readonly err: string;
}

/** Runs the command as npm does. */
function services(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
	const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
	let [out, err] = ['', ''];
	child.stdout.on('data', (bytes) => {
		out += bytes;
	});
	child.stderr.on('data', (bytes) => {
		err += bytes;
	});
	return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), 'naru-services-'));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

describe('services: start, status, stop', () => {
	test('two starts at once change nothing of what runs, and say where it is', async () => {
		const urls = { ...serviceUrls() };
		const answers = await Promise.all([1, 2].map(() => services(['start', '--json'])));
		for (const { code, out } of answers) {
			expect(code).toBe(0);
			expect(JSON.parse(out)).toEqual(urls);
		}
		const status = await services(['status', '--json']);
		expect([status.code, JSON.parse(status.out)]).toEqual([0, urls]);
	});

	test('servers of your own are checked, used, and never started', async () => {
		const cache = temporaryFolder();
		const own = { ...serviceUrls() };
		for (const command of ['start', 'status']) {
			const { code, out } = await services([command, '--json'], { ...own, XDG_CACHE_HOME: cache });
			expect([code, JSON.parse(out)]).toEqual([0, own]);
		}
		const dead = { ...own, NATS_URL: `nats://127.0.0.1:${await deadPort()}` };
		for (const command of ['start', 'status']) {
			const { code, out, err } = await services([command], { ...dead, XDG_CACHE_HOME: cache });
			expect([code, out]).toEqual([1, '']);
			expect(err).toMatch(/NATS_URL.*ECONNREFUSED/);
		}
	});

	test('one of your own without the others is refused in one sentence', async () => {
		const env = { ...NO_URLS, REDIS_URL: serviceUrls().REDIS_URL };
		const { code, err } = await services(['start'], env);
		expect(code).toBe(1);
		expect(err.trim()).toBe(
			'services: set NATS_URL and MONGO_URL too, or none of REDIS_URL, NATS_URL, MONGO_URL',
		);
	});

	test('where nothing was started, status fails and stop is content', async () => {
		const env = { ...NO_URLS, XDG_CACHE_HOME: temporaryFolder() };
		const status = await services(['status', '--json'], env);
		expect([status.code, status.out]).toEqual([1, '']);
		expect(status.err).toContain('npm run services:start');
		expect((await services(['stop'], env)).code).toBe(0);
	});

	test('a machine that cannot have them says what is missing and what to set', async () => {
		const env = { ...NO_URLS, XDG_CACHE_HOME: temporaryFolder(), PATH: '/nowhere' };
		const { code, err } = await services(['start'], env);
		expect(code).toBe(1);
		expect(err).toMatch(/missing: .*docker compose.*REDIS_URL, NATS_URL and MONGO_URL/);
		expect(err).not.toContain('    at ');
	});
});

describe('services: processes', () => {
	test('only the process that was started is ended, not one that has its number now', async () => {
		const logFile = join(temporaryFolder(), 'sleep.log');
		const started = await startDaemon({ name: 'sleep', argv: ['sleep', '600'], logFile });
		const another = { ...started, startTime: '1' };
		expect([isRunning(started), isRunning(another)]).toEqual([true, false]);
		await stopDaemon(another);
		expect(isRunning(started)).toBe(true);
		await stopDaemon(started);
		expect(isRunning(started)).toBe(false);
	});
});
