import { describe, expect, test } from 'vitest';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { CoreBench } from '../support/core-bench.ts';
import { counterKind } from '../support/counter-kind.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const looked = (by: number) => ({ ok: true, reply: { by, additions: expect.any(Number) } });
const done = (total: number) => ({ ok: true, reply: { total } });
const AGAIN = { ok: false, code: 'AGAIN', message: expect.any(String) };
const from = (n: number, opening = 'o') => ({ sender: { opening, n } });

/** Its total takes a look at the store. */
const READS_STORE: ActorKind = {
	...(counterKind as unknown as ActorKind),
	query: (state) => ({
		ok: true,
		run: async (reads) => {
			await reads.get('additions', ['one', 1]);
			return { total: (state as { total: number }).total };
		},
	}),
};

async function counter(options: ConstructorParameters<typeof CoreBench>[0] = {}) {
	const bench = new CoreBench(options);
	await bench.send(KEY, ['add', { by: 0 }]);
	await bench.runtime.advance(100);
	return bench;
}

describe('the order of one sender', () => {
	test('[P10] [H8] a command that is ahead of the next one is told AGAIN', async () => {
		const bench = await counter();
		expect(await bench.send(KEY, ['add', { by: 1 }], from(1))).toEqual(done(1));
		expect(await bench.send(KEY, ['add', { by: 4 }], from(3))).toEqual(AGAIN);
		expect(await bench.send(KEY, ['add', { by: 2 }], from(2))).toEqual(done(3));
		expect(await bench.send(KEY, ['add', { by: 4 }], from(3))).toEqual(done(7));
	});

	test('[P10] [H8] BUSY at the door sends back all that is behind it, also when there is room again', async () => {
		const bench = await counter({ limits: { mailboxLengthMax: 1 } });
		const first = bench.post(KEY, ['add', { by: 1 }], from(1));
		const busy = bench.post(KEY, ['add', { by: 2 }], from(2));
		await bench.runtime.advance(10);
		const behind = bench.post(KEY, ['add', { by: 3 }], from(3));
		const other = bench.post(KEY, ['add', { by: 10 }], from(1, 'p'));
		await bench.runtime.advance(10);
		expect(first).toEqual([done(1)]);
		expect(busy).toMatchObject([{ code: 'BUSY' }]);
		expect(behind).toEqual([AGAIN]);
		expect(other).toEqual([done(11)]);
		expect(await bench.send(KEY, ['add', { by: 2 }], from(2))).toEqual(done(13));
		expect(await bench.send(KEY, ['add', { by: 3 }], from(3))).toEqual(done(16));
	});

	test.each(['BUSY', 'RETRY_LATER', 'UNAVAILABLE', 'RATE_LIMITED'])(
		'[P10] [H8] a decision of %s counts as unanswered: what is behind it comes back',
		async (code) => {
			const bench = await counter();
			const refused = bench.post(KEY, ['refuse', { code }], from(1));
			const behind = [2, 3].map((n) => bench.post(KEY, ['add', { by: n }], from(n)));
			await bench.runtime.advance(10);
			expect(refused).toEqual([{ ok: false, code }]);
			expect(behind.flat()).toEqual([AGAIN, AGAIN]);
			const again = [1, 2, 3].map((n) => bench.post(KEY, ['add', { by: n }], from(n)));
			await bench.runtime.advance(10);
			expect(again.flat()).toEqual([done(1), done(3), done(6)]);
		},
	);

	test('[P10] [H8] a final refusal lets the next one on', async () => {
		const bench = await counter();
		const answers = [
			bench.post(KEY, ['refuse', { code: 'CONFLICT' }], from(1)),
			bench.post(KEY, ['add', { by: 1 }], from(2)),
		];
		await bench.runtime.advance(10);
		expect(answers.flat()).toEqual([{ ok: false, code: 'CONFLICT' }, done(1)]);
	});

	test('[P10] [H9] behind a loading command its sender waits, others do not', async () => {
		const bench = await counter();
		const gate = new Gate();
		bench.storeHooks.get = (run) => gate.pass(run);
		const look = bench.post(KEY, ['look', { at: 1 }], from(1));
		const behind = bench.post(KEY, ['add', { by: 1 }], from(2));
		const read = bench.post(KEY, ['total', {}], from(3));
		const other = bench.post(KEY, ['add', { by: 10 }], from(1, 'p'));
		await bench.runtime.advance(1_000);
		expect([look, behind, read].flat()).toEqual([]);
		expect(other).toEqual([done(10)]);
		gate.open();
		await bench.runtime.advance(10);
		expect([look, behind, read].flat()).toEqual([looked(0), done(11), done(11)]);
	});

	test('[P10] [H9] a load that fails is UNAVAILABLE, and what waited behind it comes back', async () => {
		const bench = await counter();
		bench.storeHooks.get = () => Promise.reject(new Error('away'));
		const look = bench.post(KEY, ['look', { at: 1 }], from(1));
		const behind = bench.post(KEY, ['add', { by: 1 }], from(2));
		await bench.runtime.advance(10);
		expect(look).toMatchObject([{ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) }]);
		expect(behind).toEqual([AGAIN]);
		delete bench.storeHooks.get;
		const again = [
			bench.post(KEY, ['look', { at: 1 }], from(1)),
			bench.post(KEY, ['add', { by: 1 }], from(2)),
		];
		await bench.runtime.advance(10);
		expect(again.flat()).toEqual([looked(0), done(1)]);
	});

	test('[P10] [H8] numbers that come anew are kept in order, too: a query failed behind which all was taken', async () => {
		const bench = await counter({ kinds: [READS_STORE], limits: { mailboxLengthMax: 2 } });
		const gate = new Gate();
		bench.storeHooks.get = () => gate.pass(() => Promise.reject(new Error('away')));
		const read = bench.post(KEY, ['total', {}], from(1));
		const taken = [];
		for (const n of [2, 3]) taken.push(await bench.send(KEY, ['add', { by: n }], from(n)));
		expect(taken).toEqual([done(2), done(5)]);
		gate.open();
		await bench.runtime.advance(10);
		expect(read).toMatchObject([{ code: 'UNAVAILABLE' }]);
		delete bench.storeHooks.get;
		expect(await bench.send(KEY, ['total', {}], from(1))).toEqual(done(5));
		expect(await bench.send(KEY, ['add', { by: 10 }], from(3))).toEqual(AGAIN);
		const again = [
			bench.post(KEY, ['total', {}], from(1)),
			bench.post(KEY, ['total', {}], from(2)),
			bench.post(KEY, ['add', { by: 10 }], from(3)),
		];
		await bench.runtime.advance(10);
		expect(again.flat()).toMatchObject([done(5), done(5), { code: 'BUSY' }]);
		expect(await bench.send(KEY, ['add', { by: 20 }], from(4))).toEqual(AGAIN);
		expect(await bench.send(KEY, ['add', { by: 10 }], from(3))).toEqual(done(15));
		expect(await bench.send(KEY, ['add', { by: 20 }], from(4))).toEqual(done(35));
		// Once more, and the door is shut to the first of them.
		for (const n of [1, 2]) bench.post(KEY, ['add', { by: 0 }], from(n, 'p'));
		const refused = bench.post(KEY, ['total', {}], from(1));
		await bench.runtime.advance(10);
		expect(refused).toMatchObject([{ code: 'BUSY' }]);
		expect(await bench.send(KEY, ['add', { by: 10 }], from(2))).toEqual(AGAIN);
	});

	test('[P10] [H8] a closed opening keeps the order of what still waits', async () => {
		const bench = await counter();
		const gate = new Gate();
		let away = true;
		bench.storeHooks.get = (run) => gate.pass(away ? () => Promise.reject(new Error('away')) : run);
		const look = bench.post(KEY, ['look', { at: 1 }], from(1));
		const behind = bench.post(KEY, ['add', { by: 1 }], from(2));
		await bench.runtime.advance(10);
		bench.system.closeOpening(KEY, 'o');
		await bench.runtime.advance(4_000);
		gate.open();
		await bench.runtime.advance(10);
		expect(look).toMatchObject([{ code: 'UNAVAILABLE' }]);
		expect(behind).toEqual([AGAIN]);
		away = false;
		const again = [
			bench.post(KEY, ['look', { at: 1 }], from(1, 'p')),
			bench.post(KEY, ['add', { by: 1 }], from(2, 'p')),
		];
		await bench.runtime.advance(10);
		expect(again.flat()).toEqual([looked(0), done(1)]);
	});

	test('[P10] [H8] an opening that was given up with its edge, and goes on, keeps its order', async () => {
		const bench = await counter();
		await bench.send(KEY, ['add', { by: 1 }], from(1));
		bench.system.closeOpening(KEY, 'o');
		const gate = new Gate();
		bench.storeHooks.get = () => gate.pass(() => Promise.reject(new Error('away')));
		const look = bench.post(KEY, ['look', { at: 1 }], from(2));
		const behind = bench.post(KEY, ['add', { by: 1 }], from(3));
		await bench.runtime.advance(20_000);
		gate.open();
		await bench.runtime.advance(10);
		expect(look).toMatchObject([{ code: 'UNAVAILABLE' }]);
		expect(behind).toEqual([AGAIN]);
	});

	test('[H10] gathered commands: the first at once, the others one commit a second, answered with it', async () => {
		const bench = await counter();
		const { ear } = await bench.open(KEY);
		const mark = (n: number) => bench.post(KEY, ['mark', { n }], from(n));
		const first = mark(1);
		await bench.runtime.advance(10);
		expect(first).toEqual([{ ok: true, reply: { marks: 1 } }]);
		const later = [2, 3, 4].map(mark);
		const meanwhile = bench.post(KEY, ['add', { by: 1 }], from(5));
		await bench.runtime.advance(900);
		expect(later.flat()).toEqual([]);
		expect(meanwhile).toEqual([done(1)]);
		await bench.runtime.advance(150);
		expect(later.flat()).toEqual([2, 3, 4].map((marks) => ({ ok: true, reply: { marks } })));
		expect(ear.told.map(({ event }) => event[0])).toEqual([
			'marked',
			'added',
			'marked',
			'marked',
			'marked',
		]);
		const records = await bench.records(KEY);
		expect(records.map(({ events }) => events.length)).toEqual([1, 1, 1, 3]);
	});

	test('[C8] [H10] a crowd of markers is one commit a second, however many turns it takes', async () => {
		const bench = await counter({ limits: { turnMsMax: 0, turnCommandsMax: 10 } });
		const mark = (n: number) => bench.post(KEY, ['mark', { n }], from(1, `o${n}`));
		await bench.send(KEY, ['mark', { n: 0 }], from(1, 'first'));
		const crowd = Array.from({ length: 50 }, (_, n) => mark(n));
		await bench.runtime.advance(1_100);
		expect(crowd.flat()).toHaveLength(50);
		expect(crowd.flat().every(({ ok }) => ok)).toBe(true);
		const records = await bench.records(KEY);
		expect(records.map(({ events }) => events.length)).toEqual([1, 1, 50]);
	});

	test('[P11] [H10] a stop between two turns of a crowd answers MOVED, and nothing of it is written', async () => {
		const bench = await counter({ limits: { turnMsMax: 0 } });
		await bench.send(KEY, ['mark', { n: 0 }], from(1, 'first'));
		const crowd = [1, 2, 3].map((n) => bench.post(KEY, ['mark', { n }], from(1, `o${n}`)));
		const host = bench.system.hosts.get(KEY);
		const defer = bench.runtime.defer.bind(bench.runtime);
		bench.runtime.defer = (run) =>
			defer(() => {
				run();
				if (host?.phase === 'committing' && host.mailboxLength > 0) host.stop();
			});
		await bench.runtime.advance(1_500);
		const answers = crowd.flat();
		expect(answers).toHaveLength(3);
		expect(answers.every((answer) => !answer.ok && answer.code === 'MOVED')).toBe(true);
		expect((await bench.records(KEY)).map(({ events }) => events.length)).toEqual([1, 1]);
	});
});
