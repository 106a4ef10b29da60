import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/core/journal.ts';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const done = (total: number) => ({ ok: true, reply: { total } });
const MOVED = { ok: false, code: 'MOVED' };

describe('fences', () => {
	test('[P12] [H11] a second owner fences the first alone: its neighbours of the same batch land', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 1 }]);
		await first.send('counter/two', ['add', { by: 1 }]);
		const { ear } = await first.open(KEY);
		const { ear: neighbour } = await first.open('counter/two');
		const second = new CoreBench({ shared: first });
		expect(await second.send(KEY, ['add', { by: 2 }])).toEqual(done(3));
		const lost = first.post(KEY, ['add', { by: 10 }]);
		const refused = first.post(KEY, ['refuse', { code: 'CONFLICT' }]);
		const read = first.post(KEY, ['total', {}]);
		const kept = first.post('counter/two', ['add', { by: 1 }]);
		await first.runtime.advance(50);
		expect([lost, refused, read].flat()).toMatchObject([MOVED, MOVED, MOVED]);
		expect(kept).toEqual([done(2)]);
		expect([ear.told.length, ear.closings]).toEqual([0, 1]);
		expect([neighbour.told.length, neighbour.closings]).toEqual([1, 0]);
		expect(first.system.hosts.has(KEY)).toBe(false);
	});

	test('[P12] [H12] an activation that another one overtakes is not served', async () => {
		const before = new CoreBench();
		await before.send(KEY, ['add', { by: 1 }]);
		await before.close();
		const first = new CoreBench({ shared: before });
		const reads = new Gate();
		first.journalHooks.read = (run) => reads.pass(run);
		const answers = first.post(KEY, ['total', {}]);
		await first.runtime.advance(50);
		const second = new CoreBench({ shared: before });
		expect(await second.send(KEY, ['add', { by: 1 }])).toEqual(done(2));
		reads.open();
		await first.runtime.advance(50);
		expect(answers).toMatchObject([MOVED]);
		expect(await second.send(KEY, ['add', { by: 1 }])).toEqual(done(3));
	});

	test('[P12] [H12] two that activate at once come one after the other', async () => {
		const before = new CoreBench();
		await before.send(KEY, ['add', { by: 1 }]);
		await before.close();
		const nodes = [1, 2, 3].map(() => new CoreBench({ shared: before }));
		const answers = nodes.map((node) => node.post(KEY, ['add', { by: 1 }]));
		await before.runtime.advance(100);
		const totals = answers.flat().filter(({ ok }) => ok);
		expect(totals.length).toBeGreaterThan(0);
		expect(await before.events(KEY)).toHaveLength(1 + totals.length);
		expect(new Set(totals.map((answer) => JSON.stringify(answer))).size).toBe(totals.length);
	});

	test('[P12] [H13] who creates second takes the commands again on what the first wrote', async () => {
		const first = new CoreBench();
		const second = new CoreBench({ shared: first });
		const gate = new Gate();
		first.journalHooks.append = (run) => gate.pass(run);
		const late = first.post(KEY, ['add', { by: 1 }], { requestId: 'late' });
		await first.runtime.advance(50);
		expect(await second.send(KEY, ['add', { by: 10 }])).toEqual(done(10));
		gate.open();
		await first.runtime.advance(50);
		expect(late).toEqual([done(11)]);
		expect((await first.records(KEY)).map(({ events }) => events.length)).toEqual([1, 0, 1]);
	});
});

test('[P12] [H13] what was loaded before another owner created the actor is loaded anew', async () => {
	const first = new CoreBench();
	const gate = new Gate();
	first.journalHooks.append = (run) => gate.pass(run);
	const look = { resend: true, requestId: 'look' };
	const lost = first.post(KEY, ['add', { by: 1 }]);
	const seen = first.post(KEY, ['look', { at: 2 }], look);
	await first.runtime.advance(50);
	const second = new CoreBench({ shared: first });
	for (const by of [5, 6, 7]) await second.send(KEY, ['add', { by }]);
	await first.runtime.advance(1_000);
	gate.open();
	await first.runtime.advance(100);
	expect(lost).toEqual([done(19)]);
	expect(seen).toMatchObject([{ ok: true, reply: { by: 6 } }]);
});

describe('unknown outcomes', () => {
	test.each(['written', 'lost'])(
		'[P11] [H14] a time-out of a record that was %s is settled by the same record',
		async (fate) => {
			const bench = new CoreBench();
			await bench.send(KEY, ['add', { by: 1 }]);
			const { ear } = await bench.open(KEY);
			let appends = 0;
			bench.journalHooks.append = async (run) => {
				appends++;
				if (appends > 3) return run();
				if (fate === 'written') await run();
				throw new Error('time-out');
			};
			const answer = bench.post(KEY, ['add', { by: 1 }]);
			await bench.runtime.advance(20);
			expect([answer, ear.told].flat()).toEqual([]);
			await bench.runtime.advance(2_000);
			expect(answer).toEqual([done(2)]);
			expect(ear.told).toHaveLength(1);
			expect(appends).toBe(4);
			expect((await bench.records(KEY)).map(({ position }) => position)).toEqual([1, 2]);
			expect(bench.system.journalWriter.pending).toBe(0);
		},
	);

	test('[P12] [H14] a record of unknown outcome whose number another has taken is a fence', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 1 }]);
		first.journalHooks.append = () => Promise.reject(new Error('time-out'));
		const lost = first.post(KEY, ['add', { by: 10 }]);
		await first.runtime.advance(100);
		const second = new CoreBench({ shared: first });
		expect(await second.send(KEY, ['add', { by: 1 }])).toEqual(done(2));
		delete first.journalHooks.append;
		await first.runtime.advance(5_000);
		expect(lost).toMatchObject([MOVED]);
		expect(await first.events(KEY)).toHaveLength(2);
	});

	test('[P13] [H14] a record that the journal cannot take holds up its own actor only', async () => {
		const bench = new CoreBench();
		const bad = 'counter/bad';
		bench.journalHooks.append = (run, writes) =>
			writes.some(({ record }) => record.actor === bad) ? Promise.reject(new Error('bad')) : run();
		const stuck = bench.post(bad, ['add', { by: 1 }]);
		const keys = ['counter/a', 'counter/b', 'counter/c'] as const;
		const answers = keys.map((key) => bench.post(key, ['add', { by: 1 }]));
		await bench.runtime.advance(10_000);
		expect(stuck).toEqual([]);
		expect(answers.flat()).toEqual([done(1), done(1), done(1)]);
		expect(await bench.send('counter/a', ['add', { by: 1 }])).toEqual(done(2));
		// And soon: once it is known which record it is, the others do not wait for it any more.
		const since = bench.runtime.now();
		for (let total = 3; total <= 100; total++) {
			expect(await bench.send('counter/a', ['add', { by: 1 }])).toEqual(done(total));
		}
		expect(bench.runtime.now() - since).toBeLessThan(2_000);
		delete bench.journalHooks.append;
		await bench.runtime.advance(5_000);
		expect(stuck).toEqual([done(1)]);
	});

	test('[H14] outcomes that are missing or unknown for one record leave the others settled', async () => {
		const bench = new CoreBench();
		let first = true;
		bench.journalHooks.append = async (run) => {
			if (!first) return run();
			first = false;
			const [, ...others] = await run();
			return ['unknown', ...others] satisfies Outcome[];
		};
		const answers = ['counter/a', 'counter/b'].map((key) =>
			bench.post(key as 'counter/a', ['add', { by: 1 }]),
		);
		await bench.runtime.advance(200);
		expect(answers.flat()).toEqual([done(1), done(1)]);
	});

	test('[P11] [H15] a host that stops with a commit in flight answers MOVED; the re-send learns what became of it', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 1 }]);
		const { ear } = await first.open(KEY);
		const gate = new Gate();
		first.journalHooks.append = (run) => gate.pass(run);
		const answer = first.post(KEY, ['add', { by: 1 }], { requestId: 'r' });
		await first.runtime.advance(10);
		first.system.hosts.get(KEY)?.stop();
		gate.open();
		await first.runtime.advance(10);
		expect(answer).toMatchObject([MOVED]);
		expect([ear.told.length, ear.closings]).toEqual([0, 1]);
		const second = first.restart();
		const resend = { requestId: 'r', resend: true };
		expect(await second.send(KEY, ['add', { by: 1 }], resend)).toEqual(done(2));
		expect(await second.send(KEY, ['total', {}])).toEqual(done(2));
	});
});
