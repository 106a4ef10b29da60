import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CLOSE } from '../../src/protocol/errors.ts';
import { OP } from '../../src/protocol/frames.ts';
import { FrameClient } from '../support/frame-client.ts';
import { NaruProcess } from '../support/naru-process.ts';
import { rest, socketUrl, until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** Starts a process that is to end by itself. */
async function refused(env: Record<string, string>, port = 0, directory = world.directory()) {
	const started = new NaruProcess({ directory, port, env });
	world.later(() => started.kill());
	const { code, signal } = await started.ended;
	return { code, signal, output: started.output, errors: started.errors };
}

/** One line, said to the person who starts, and an exit code that a supervisor sees. */
function expectOneLine({ code, errors, output }: Awaited<ReturnType<typeof refused>>): string {
	expect(code).toBe(1);
	expect(output).not.toMatch(/ready/i);
	expect(errors).toMatch(/^naru: [^\n]+\n$/);
	return errors;
}

describe('a start that cannot be', () => {
	test.each([
		[{ LOG_LEVEL: 'loud' }, /LOG_LEVEL.*trace, debug/],
		[{ APP_ENV: 'production' }, /AUTH_SECRET/],
		[{ AUTH_SECRET: 'short-and-secret' }, /^(?!.*short-and-secret).*AUTH_SECRET/],
		// Institutions to call, and nothing to seal users' tokens with: others sign tokens of access.
		[
			{
				APP_ENV: 'production',
				AUTH_JWKS_URL: 'https://id.example/jwks',
				INSTITUTIONS_URL: 'http://127.0.0.1:9',
			},
			/TOKEN_KEYS is missing: set id:base64/,
		],
		[{ INSTITUTIONS_URL: 'http://127.0.0.1:9', TOKEN_KEYS: 'k1:c2hvcnQ=' }, /^(?!.*c2hv).*key 1/],
		[{ HOST: '192.0.2.1' }, /HOST/],
		[{ HOST: 'nowhere.invalid' }, /nowhere\.invalid is no address.*HOST/],
	])('[P42] with %o ends with one clear line and code 1', async (env, says) => {
		expect(expectOneLine(await refused(env))).toMatch(says);
	});

	test('a port in use ends it with one clear line', async () => {
		const other = createServer();
		await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
		world.later(() => other.close());
		const { port } = other.address() as { port: number };
		expect(expectOneLine(await refused({}, port))).toContain(`port ${port} is in use`);
	});

	test('a data directory in use by another process ends it, and the other goes on', async () => {
		const directory = world.directory();
		const first = await world.process({ directory });
		const line = expectOneLine(await refused({}, 0, directory));
		expect(line).toContain(directory);
		expect(line).toContain('in use');
		expect((await rest(first.url, '/readyz')).status).toBe(200);
		await first.kill();
		const next = await world.process({ directory });
		expect((await rest(next.url, '/readyz')).status).toBe(200);
	});

	test('a data directory that cannot be made ends it with one clear line', async () => {
		const file = join(world.directory(), 'file');
		writeFileSync(file, '');
		const line = expectOneLine(await refused({}, 0, join(file, 'data')));
		expect(line).toContain('data directory');
	});

	test('files that are no database end it with one clear line', async () => {
		const directory = world.directory();
		writeFileSync(join(directory, 'journal.db'), 'this is no database, but a text '.repeat(500));
		expectOneLine(await refused({}, 0, directory));
	});
});

describe('a start', () => {
	test('says `ready` last and once, with every log on, and not before it accepts sockets', async () => {
		const directory = world.directory();
		const started = await world.process({ directory, env: { LOG_LEVEL: 'trace' } });
		const device = world.device(started.url, 'ann');
		await device.whenStatus('online');
		const lines = started.output.split('\n');
		const first = lines.findIndex((line) => /ready/i.test(line));
		expect(lines[first]).toBe('ready');
		expect(lines.slice(0, first).filter((line) => line.includes(started.url)).length).toBe(3);
	});

	test('serves what an earlier process wrote right after `ready`', async () => {
		const directory = world.directory();
		const first = await world.process({ directory });
		const ann = world.device(first.url, 'ann');
		await ann.naru.channel('lobby').join();
		for (let n = 1; n <= 50; n++) await ann.naru.channel('lobby').send(`m${n}`);
		await first.kill();
		const second = await world.process({ directory, port: first.port });
		ann.mend();
		const { messages } = await ann.naru.channel('lobby').history({ limit: 200 });
		expect(messages.length).toBe(50);
		expect((await rest(second.url, '/readyz')).status).toBe(200);
	});
});

describe('SIGTERM', () => {
	test('[P21] while it starts ends it at once, whatever it waits for', async () => {
		const silent = createServer();
		await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
		world.later(() => silent.close());
		const asked = new Promise((resolve) => silent.once('connection', resolve));
		const { port } = silent.address() as { port: number };
		const started = new NaruProcess({
			directory: world.directory(),
			env: {
				AUTH_SECRET: 'a secret of thirty-two characters',
				MONGO_URL: `mongodb://127.0.0.1:${port}/naru`,
				NATS_URL: `nats://127.0.0.1:${port}`,
				REDIS_URL: `redis://127.0.0.1:${port}`,
			},
		});
		world.later(() => started.kill());
		await asked;
		// By itself: as the first process of a container it would not be ended by the signal.
		expect(await started.terminate()).toEqual({ code: 0, signal: null });
	});

	test('[P21] drains: clients are told to come back, nothing acknowledged is lost, exit code 0', async () => {
		const directory = world.directory();
		const first = await world.process({ directory });
		const ann = world.device(first.url, 'ann');
		const channel = ann.naru.channel('lobby');
		await channel.join();
		const raw = await world.frames(first.url, 'bob');
		const acknowledged: number[] = [];
		let stopped = false;
		const sending = (async () => {
			for (let n = 1; !stopped; n++) acknowledged.push((await channel.send(`m${n}`)).seq);
		})();
		await until(() => acknowledged.length > 20);
		const codes: (number | undefined)[] = [];
		ann.naru.on('status', ({ status, code }) => {
			if (status === 'reconnecting') codes.push(code);
		});
		const ended = await first.terminate();
		expect(ended).toEqual({ code: 0, signal: null });
		expect((await raw.closed).code).toBe(CLOSE.goingAway.code);
		expect(codes[0]).toBe(CLOSE.goingAway.code);
		expect(first.errors).toBe('');
		const told = acknowledged.length;
		stopped = true;
		await world.process({ directory, port: first.port });
		ann.mend();
		await sending;
		expect(acknowledged.length).toBeGreaterThanOrEqual(told);
		const { messages } = await channel.history({ after: 0, limit: 200 });
		const page = messages.map(({ seq }) => seq);
		expect(page).toEqual(acknowledged.slice(0, page.length));
	});

	test('[P41] while it drains it is alive but takes nobody, and ends when the last commit has landed', async () => {
		const server = await world.server();
		const { url } = server;
		const raw = await world.frames(url, 'ann');
		const join = { name: 'join', args: {}, requestId: 'j' };
		await raw.open(1, { kind: 'channel', id: 'lobby', with: join });
		const release = server.holdCommits();
		world.later(release);
		raw.send(1, OP.command, [1, 'send', { text: 'last words' }, 'r']);
		await until(async () => ((await server.journal.head('channel/lobby'))?.position ?? 0) > 2);
		let isEnded = false;
		const closing = server.close().then(() => {
			isEnded = true;
		});
		expect((await raw.closed).code).toBe(CLOSE.goingAway.code);
		expect((await rest(url, '/readyz')).status).toBe(503);
		expect((await rest(url, '/healthz')).status).toBe(200);
		const late = new FrameClient(socketUrl(url));
		// Told, or not even answered once its own sockets are closed: both are to be tried again.
		expect([CLOSE.drain.code, 1006]).toContain((await late.closed).code);
		expect(isEnded).toBe(false);
		release();
		await closing;
	});

	test('a second signal does not cut the drain short', async () => {
		const first = await world.process({ directory: world.directory() });
		const raw = await world.frames(first.url, 'ann');
		const ended = await Promise.all([first.terminate(), first.terminate('SIGINT')]);
		expect(ended).toEqual([
			{ code: 0, signal: null },
			{ code: 0, signal: null },
		]);
		expect(first.errors).toBe('');
		await raw.closed;
	});
});
