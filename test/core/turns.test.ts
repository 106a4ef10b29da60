import { describe, expect, test } from 'vitest';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const INTERNAL = { ok: false, code: 'INTERNAL' };
const done = (total: number) => ({ ok: true, reply: { total } });

describe('turns', () => {
	test('[P10] [H1] all that waits becomes one record, events numbered without holes', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		for (const by of [2, 3, 4]) bench.post(KEY, ['add', { by }]);
		await bench.send(KEY, ['add', { by: 5 }]);
		const records = await bench.records(KEY);
		expect(records.map(({ commit, position }) => [commit, position])).toEqual([
			[1, 1],
			[2, 5],
		]);
		expect(records[1]?.events.map(({ data }) => data)).toEqual([2, 3, 4, 5].map((by) => ({ by })));
	});

	test('[P11] [H3] nobody learns of a turn before its commit: caller, refused caller, subscriber, reader', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		const { ear } = await bench.open(KEY);
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		const added = bench.post(KEY, ['add', { by: 2 }]);
		const refused = bench.post(KEY, ['refuse', { code: 'CONFLICT' }]);
		const inTurn = bench.post(KEY, ['total', {}]);
		await bench.runtime.advance(100);
		const behind = bench.post(KEY, ['total', {}]);
		const opened = bench.open(KEY);
		await bench.runtime.advance(10_000);
		expect([added, refused, inTurn, behind, ear.told].flat()).toEqual([]);
		gate.open();
		await bench.runtime.advance(100);
		expect([added, refused, inTurn, behind].flat()).toEqual([
			done(3),
			{ ok: false, code: 'CONFLICT' },
			done(3),
			done(3),
		]);
		expect(ear.told).toHaveLength(1);
		expect((await opened).answer).toMatchObject({ position: 2, view: { total: 3 } });
	});

	test('[P11] [H3] the sender is answered before subscribers are told', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		const { ear } = await bench.open(KEY);
		const order: string[] = [];
		const { committed } = ear;
		ear.committed = (publication) => {
			order.push('told');
			committed.call(ear, publication);
		};
		const caller = { userId: 'ann', roles: ['user'] };
		bench.system.command(KEY, { caller, name: 'add', args: { by: 1 } }, () =>
			order.push('answered'),
		);
		await bench.runtime.advance(100);
		expect(order).toEqual(['answered', 'told']);
	});

	test('[P10] [H4] beyond the bound of the mailbox: BUSY with retry-after, in entries and in bytes', async () => {
		const limits = { mailboxLengthMax: 3, mailboxBytesMax: 1_000 };
		const bench = new CoreBench({ limits });
		const answers = [1, 2, 3, 4].map((by) => bench.post(KEY, ['add', { by }]));
		expect(answers[3]).toEqual([
			{ ok: false, code: 'BUSY', message: expect.any(String), retryAfterMs: expect.any(Number) },
		]);
		const { answer } = await bench.open(KEY);
		expect(answer).toMatchObject({ ok: false, code: 'BUSY' });
		await bench.runtime.advance(100);
		expect(answers.slice(0, 3).flat()).toEqual([done(1), done(3), done(6)]);
		bench.post(KEY, ['add', { by: 1 }], { bytes: 1_000 });
		const busy = bench.post(KEY, ['add', { by: 1 }]);
		expect(busy).toMatchObject([{ code: 'BUSY' }]);
		await bench.runtime.advance(100);
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(8));
	});

	test('[H4] a command from within a node, whose size nobody names, counts by its arguments', async () => {
		const bench = new CoreBench({ limits: { mailboxBytesMax: 1_000 } });
		const users = Array.from({ length: 100 }, (_, n) => `user-${n}-of-a-crowd`);
		bench.post(KEY, ['add', { by: 1, users }]);
		expect(bench.post(KEY, ['add', { by: 1 }])).toMatchObject([{ code: 'BUSY' }]);
		await bench.runtime.advance(100);
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(2));
	});

	test('[H4] what loads or is gathered counts towards the bound of the mailbox', async () => {
		const bench = new CoreBench({ limits: { mailboxLengthMax: 2 } });
		await bench.send(KEY, ['add', { by: 1 }]);
		const gate = new Gate();
		bench.storeHooks.get = (run) => gate.pass(run);
		const looks = [1, 1].map((at) => bench.post(KEY, ['look', { at }]));
		await bench.runtime.advance(10);
		expect(bench.post(KEY, ['add', { by: 1 }])).toMatchObject([{ code: 'BUSY' }]);
		gate.open();
		await bench.runtime.advance(10);
		expect(looks.flat()).toMatchObject([{ reply: { by: 1 } }, { reply: { by: 1 } }]);
		expect(await bench.send(KEY, ['mark', { n: 1 }])).toMatchObject({ ok: true });
		const marks = [2, 3].map((n) => bench.post(KEY, ['mark', { n }]));
		await bench.runtime.advance(10);
		expect(bench.post(KEY, ['add', { by: 1 }])).toMatchObject([{ code: 'BUSY' }]);
		await bench.runtime.advance(1_000);
		expect(marks.flat()).toHaveLength(2);
	});

	test('[P10] [H4] a turn is bounded, and what is left over comes with the next', async () => {
		const bench = new CoreBench({ limits: { turnCommandsMax: 10 } });
		const answers = Array.from({ length: 25 }, () => bench.post(KEY, ['add', { by: 1 }]));
		await bench.runtime.advance(100);
		expect(answers.flat().at(-1)).toEqual(done(25));
		const records = await bench.records(KEY);
		expect(records.map(({ events }) => events.length)).toEqual([10, 10, 5]);
	});
});

describe('code that throws', () => {
	test.each([
		['decide', ['throwInDecide', {}]],
		['needs', ['throwIn', { where: 'needs' }]],
	] as const)(
		'[P13] [H5] a throw in %s fails that command alone, again and again',
		async (_, bad) => {
			const bench = new CoreBench();
			await bench.send(KEY, ['add', { by: 1 }]);
			const { ear } = await bench.open(KEY);
			for (let round = 0; round < 10; round++) {
				const before = bench.post(KEY, ['add', { by: 1 }]);
				const failed = bench.post(KEY, bad);
				const after = bench.post(KEY, ['add', { by: 1 }]);
				await bench.runtime.advance(50);
				expect([before, failed, after].flat()).toEqual([
					done(2 + round * 2),
					INTERNAL,
					done(3 + round * 2),
				]);
			}
			expect(ear.closings).toBe(0);
			expect(ear.told).toHaveLength(20);
		},
	);

	test.each([
		['evolve', ['throwInEvolve', {}]],
		['show', ['throwIn', { where: 'show' }]],
		['project', ['throwIn', { where: 'project' }]],
		['nextWakeAt', ['throwIn', { where: 'nextWakeAt' }]],
		['intents', ['throwIn', { where: 'intents' }]],
	] as const)(
		'[P13] [H6] a throw in %s undoes the turn, the culprit gets INTERNAL, the journal stays clean',
		async (_, bad) => {
			const bench = new CoreBench();
			await bench.send(KEY, ['add', { by: 1 }]);
			const { ear } = await bench.open(KEY);
			for (let round = 0; round < 10; round++) {
				const before = bench.post(KEY, ['add', { by: 1 }], { requestId: `a${round}` });
				const failed = bench.post(KEY, bad, { requestId: `b${round}` });
				const read = bench.post(KEY, ['total', {}]);
				const after = bench.post(KEY, ['add', { by: 1 }], { requestId: `c${round}` });
				await bench.runtime.advance(50);
				const total = 2 + round * 2;
				expect([before, failed, after].flat()).toEqual([done(total), INTERNAL, done(total + 1)]);
				expect(read).toMatchObject([{ ok: true }]);
			}
			expect(ear.closings).toBe(0);
			expect(ear.told.map(({ position }) => position)).toEqual(
				[...Array(20).keys()].map((n) => n + 2),
			);
			expect((await bench.events(KEY)).map(({ type }) => type)).toEqual(Array(21).fill('added'));
			const second = bench.restart();
			expect(await second.send(KEY, ['total', {}])).toEqual(done(21));
		},
	);

	test('[P13] [H6] a throw in evolve before the actor exists leaves nothing behind', async () => {
		const bench = new CoreBench();
		const created = bench.post(KEY, ['add', { by: 1 }], { requestId: 'a' });
		const failed = bench.post(KEY, ['throwInEvolve', {}]);
		const again = bench.post(KEY, ['add', { by: 1 }], { requestId: 'a' });
		await bench.runtime.advance(50);
		expect([created, failed, again].flat()).toEqual([done(1), INTERNAL, done(1)]);
		expect(await bench.records(KEY)).toHaveLength(1);
	});

	test('[H6] [H8] commands that were loading come behind those of the undone turn', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 7 }]);
		await bench.runtime.advance(100);
		const reads = new Gate();
		bench.journalHooks.read = (run) => reads.pass(run);
		const sender = (n: number) => ({ sender: { opening: 'o', n } });
		const first = bench.post(KEY, ['add', { by: 1 }], sender(1));
		const look = bench.post(KEY, ['look', { at: 2 }], sender(2));
		const last = bench.post(KEY, ['add', { by: 1 }], sender(3));
		bench.post(KEY, ['throwInEvolve', {}]);
		await bench.runtime.advance(50);
		expect(reads.waited).toBe(1);
		reads.open();
		await bench.runtime.advance(50);
		expect([first, look, last].flat()).toEqual([
			done(8),
			{ ok: true, reply: { by: 1, additions: 2 } },
			done(9),
		]);
	});

	test('[H6] [H8] commands that still load when the turn is taken again wait behind it', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 7 }]);
		await bench.runtime.advance(100);
		const loads = new Gate();
		bench.storeHooks.get = (run) => loads.pass(run);
		const sender = (n: number) => ({ requestId: `r${n}`, sender: { opening: 'o', n } });
		const first = bench.post(KEY, ['add', { by: 1 }], sender(1));
		const second = bench.post(KEY, ['add', { by: 1 }], { ...sender(2), resend: true });
		bench.post(KEY, ['throwInEvolve', {}]);
		await bench.runtime.advance(50);
		expect(second).toEqual([]);
		loads.open();
		await bench.runtime.advance(50);
		expect([first, second].flat()).toEqual([done(8), done(9)]);
	});

	test('[P13] [H7] a throw in grant, in a listener or in a look stays with who asked', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		const { ear } = await bench.open(KEY);
		const bad = await bench.open(KEY);
		bad.ear.committed = () => {
			throw new Error('ear');
		};
		const badGrant = await bench.open(KEY, { caller: { userId: 'trap', roles: [] } });
		expect(badGrant.answer).toMatchObject(INTERNAL);
		const looked = bench.system.inspect(KEY, () => {
			throw new Error('look');
		});
		const neighbour = bench.post('counter/two', ['add', { by: 1 }]);
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(2));
		await bench.runtime.advance(50);
		expect(await looked).toBeUndefined();
		expect(neighbour).toEqual([done(1)]);
		expect(ear.told).toHaveLength(1);
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(3));
	});
});
