import { expect, test } from 'vitest';
import type { Log } from '../../src/core/log.ts';
import { gatherComplaints } from '../../src/ops/gathered-log.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

type Line = readonly [level: string, fields: object, message: string];

function setUp() {
	const runtime = new VirtualRuntime();
	const lines: Line[] = [];
	const take = (level: string) => (fields: object, message: string) =>
		void lines.push([level, fields, message]);
	const plain: Log = {
		debug: take('debug'),
		info: take('info'),
		warn: take('warn'),
		error: take('error'),
	};
	return { runtime, lines, log: gatherComplaints(plain, runtime) };
}

test('[P41] the first complaint is written at once, those behind it as one line a second that counts them', async () => {
	const { runtime, lines, log } = setUp();
	for (let n = 0; n < 1_000; n++) log.error({ actor: `channel/c${n}` }, 'an actor stopped');
	expect(lines).toEqual([['error', { actor: 'channel/c0' }, 'an actor stopped']]);
	await runtime.advance(1_000);
	const gathered = { actor: 'channel/c999', times: 999 };
	expect(lines.slice(1)).toEqual([['error', gathered, 'an actor stopped']]);
});

test('[P41] an outage of a minute is a line a second, and a late complaint is written at once again', async () => {
	const { runtime, lines, log } = setUp();
	for (let n = 0; n < 600; n++) {
		log.warn({ n }, 'a read failed');
		await runtime.advance(100);
	}
	expect(lines.length).toBeLessThanOrEqual(61);
	const counted = lines.map(([, fields]) => (fields as { times?: number }).times ?? 1);
	await runtime.advance(2_000);
	const late = lines.slice(counted.length);
	const times = [...counted, ...late.map(([, fields]) => (fields as { times: number }).times)];
	expect(times.reduce((sum, one) => sum + one, 0)).toBe(600);
	log.warn({ n: 'late' }, 'a read failed');
	expect(lines.at(-1)).toEqual(['warn', { n: 'late' }, 'a read failed']);
});

test('kinds do not hide each other, by level, message, reason and code', () => {
	const { lines, log } = setUp();
	const away = Object.assign(new Error('away'), { code: 'UNAVAILABLE' });
	const late = Object.assign(new Error('late'), { code: 'TIMEOUT' });
	for (let n = 0; n < 2; n++) {
		log.warn({}, 'one');
		log.error({}, 'one');
		log.error({ reason: 'fenced' }, 'one');
		log.error({ err: away }, 'one');
		log.error({ err: late }, 'one');
		log.error({ err: new TypeError('a bug') }, 'one');
	}
	expect(lines).toHaveLength(6);
});

test('[P40] what is no complaint is never gathered: an operator acts twice, and both are written', () => {
	const { lines, log } = setUp();
	for (const target of ['node/1', 'node/2']) log.info({ target }, 'an operator acts');
	log.debug({}, 'x');
	log.debug({}, 'x');
	expect(lines).toHaveLength(4);
});

test('at the end nothing that was held is lost', async () => {
	const { runtime, lines, log } = setUp();
	for (let n = 0; n < 5; n++) log.warn({ n }, 'again');
	log.flush();
	expect(lines.at(-1)).toEqual(['warn', { n: 4, times: 4 }, 'again']);
	await runtime.advance(5_000);
	expect(lines).toHaveLength(2);
});
