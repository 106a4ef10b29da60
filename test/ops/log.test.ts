import { expect, test } from 'vitest';
import { createLog } from '../../src/ops/log.ts';

/** A log that writes into a list. */
async function recorded(level: string) {
	const lines: string[] = [];
	const destination = { write: (line: string) => void lines.push(line) };
	return { lines, log: await createLog({ level, destination }) };
}

test('[P41] a line is one JSON object with level, time and fields', async () => {
	const { log, lines } = await recorded('info');
	log.warn({ actor: 'channel/general', trace: 'abc' }, 'slow');
	expect(lines).toHaveLength(1);
	const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
	expect(line).toMatchObject({
		level: 'warn',
		actor: 'channel/general',
		trace: 'abc',
		msg: 'slow',
	});
	expect(Date.parse(String(line.time))).toBeGreaterThan(0);
});

test('[P41] tokens and texts never reach a line, also two levels down', async () => {
	const { log, lines } = await recorded('debug');
	const secret = 'do-not-write-me';
	log.error(
		{
			token: secret,
			text: secret,
			data: { any: secret },
			hello: { token: secret },
			message: { text: secret },
			request: { headers: { authorization: secret, cookie: secret } },
		},
		'failed',
	);
	expect(lines[0]).toContain('[hidden]');
	expect(lines[0]).not.toContain(secret);
});

test('an error is written with its stack', async () => {
	const { log, lines } = await recorded('info');
	log.error({ err: new TypeError('gone') }, 'failed');
	const { err } = JSON.parse(lines[0] ?? '') as { err: { type: string; stack: string } };
	expect(err.type).toBe('TypeError');
	expect(err.stack).toContain('log.test.ts');
});

test('what is below the level is not written', async () => {
	const { log, lines } = await recorded('warn');
	log.info({}, 'hello');
	const silent = await recorded('silent');
	silent.log.error({}, 'failed');
	expect([...lines, ...silent.lines]).toEqual([]);
});

test('is pretty when wanted', async () => {
	const log = await createLog({ level: 'silent', pretty: true });
	expect(() => log.info({}, 'not shown')).not.toThrow();
});
