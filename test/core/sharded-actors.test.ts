import { expect, test } from 'vitest';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const [STOPPED, FREE] = ['counter/stopped', 'counter/free'] as const;
const shards = { count: 2, of: (key: string) => (key === STOPPED ? 1 : 0) };
const done = (total: number) => ({ ok: true, reply: { total } });

test('[C24] a shard whose journal hangs holds up its own actors only', async () => {
	const bench = new CoreBench({ shards });
	await bench.send(STOPPED, ['add', { by: 1 }]);
	await bench.send(FREE, ['add', { by: 1 }]);
	const gate = new Gate();
	bench.journalHooks.append = (run, writes) =>
		writes.some(({ record }) => record.actor === STOPPED) ? gate.pass(run) : run();
	const held = bench.post(STOPPED, ['add', { by: 1 }]);
	await bench.runtime.advance(1);
	const began = bench.runtime.now();
	expect(await bench.send(FREE, ['add', { by: 1 }])).toEqual(done(2));
	expect(bench.runtime.now() - began).toBeLessThanOrEqual(5);
	expect([held, bench.system.journalWriter.pending]).toEqual([[], 0]);
	gate.open();
	await bench.runtime.advance(1);
	expect(held).toEqual([done(2)]);
});

test('[C24] a shard whose read side hangs holds up its own rows only', async () => {
	const bench = new CoreBench({ shards });
	const gate = new Gate();
	bench.storeHooks.project = (run, commits) =>
		commits.some(({ actor }) => actor === STOPPED) ? gate.pass(run) : run();
	const seen: number[] = [];
	bench.system.projector.onRows((rows) => seen.push(rows.length));
	await bench.send(STOPPED, ['add', { by: 1 }]);
	await bench.send(FREE, ['add', { by: 1 }]);
	await bench.runtime.advance(1_000);
	expect(await bench.store.watermark(STOPPED)).toBe(0);
	expect(await bench.store.watermark(FREE)).toBe(1);
	expect([bench.system.projector.backlog, seen.length]).toEqual([1, 1]);
	gate.open();
	await bench.system.projector.settle();
	expect(await bench.store.watermark(STOPPED)).toBe(1);
	expect(seen).toHaveLength(2);
});
