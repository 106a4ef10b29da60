import { describe, expect, test } from 'vitest';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const done = (total: number) => ({ ok: true, reply: { total } });
const rows = (bench: CoreBench) => bench.journal.wakes(Number.MAX_SAFE_INTEGER, 100);
const types = async (bench: CoreBench) => (await bench.events(KEY)).map(({ type }) => type);

describe('wake rows', () => {
	test('[P13] [H22] [H24] a timer fires after a crash although nobody opens the actor', async () => {
		const first = new CoreBench();
		const at = first.runtime.now() + 60_000;
		await first.send(KEY, ['remind', { at }]);
		const second = first.restart();
		await second.runtime.advance(50_000);
		expect(await types(second)).toEqual(['reminded']);
		await second.runtime.advance(20_000);
		expect(await types(second)).toEqual(['reminded', 'fired']);
		await second.runtime.advance(20_000);
		expect(await rows(second)).toEqual([]);
	});

	test('[P13] [H22] [H28] also when the node ended orderly or put the actor away', async () => {
		const first = new CoreBench({ idleMs: 5_000 });
		const at = first.runtime.now() + 120_000;
		await first.send(KEY, ['remind', { at }]);
		await first.runtime.advance(60_000);
		expect(first.system.hosts.size).toBe(0);
		expect(await rows(first)).toMatchObject([{ actor: KEY, due: at }]);
		await first.close();
		const second = new CoreBench({ shared: first });
		await second.runtime.advance(70_000);
		expect(await types(second)).toEqual(['reminded', 'fired']);
	});

	test('[P13] [H22] a row stands from the commit on until the work is done, no longer', async () => {
		const bench = new CoreBench();
		const gate = new Gate();
		bench.storeHooks.project = (run) => gate.pass(run);
		await bench.send(KEY, ['add', { by: 1 }]);
		expect(await rows(bench)).toHaveLength(1);
		await bench.runtime.advance(60_000);
		const [row] = await rows(bench);
		expect(row?.due).toBeGreaterThan(bench.runtime.now());
		gate.open();
		await bench.runtime.advance(10_000);
		expect(await rows(bench)).toEqual([]);
	});

	test('[H22] a busy actor writes its row now and then, not with each commit', async () => {
		const bench = new CoreBench();
		let written = 0;
		bench.journalHooks.append = (run, writes) => {
			written += writes.filter(({ wake }) => wake !== undefined).length;
			return run();
		};
		let set = 0;
		bench.journalHooks.setWake = (run) => {
			set++;
			return run();
		};
		for (let n = 0; n < 600; n++) {
			bench.post(KEY, ['add', { by: 1 }]);
			await bench.runtime.advance(100);
		}
		expect(written).toBeLessThan(30);
		expect(set).toBeLessThan(30);
	});

	test('[P13] [H23] a removal that arrives behind a later commit takes nothing away', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		const late = new Gate();
		bench.journalHooks.setWake = (run) => late.pass(run);
		await bench.runtime.advance(6_000);
		expect(late.waited).toBe(1);
		await bench.send(KEY, ['remind', { at: bench.runtime.now() + 30_000 }]);
		late.open();
		await bench.runtime.advance(10);
		const second = bench.restart();
		await second.runtime.advance(60_000);
		expect(await types(second)).toEqual(['added', 'reminded', 'fired']);
	});

	test('[P13] [H23] a deposed owner that comes back removes no row', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 1 }]);
		const late = new Gate();
		first.journalHooks.setWake = (run) => late.pass(run);
		await first.runtime.advance(6_000);
		const second = new CoreBench({ shared: first });
		await second.send(KEY, ['remind', { at: first.runtime.now() + 30_000 }]);
		late.open();
		await first.runtime.advance(10);
		second.system.kill();
		const third = first.restart();
		await third.runtime.advance(60_000);
		expect(await types(third)).toEqual(['added', 'reminded', 'fired']);
	});

	test('[H22] a row that could not be written is written again', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		bench.journalHooks.setWake = () => Promise.reject(new Error('away'));
		await bench.runtime.advance(20_000);
		expect(await rows(bench)).toHaveLength(1);
		delete bench.journalHooks.setWake;
		await bench.runtime.advance(10_000);
		expect(await rows(bench)).toEqual([]);
	});

	test('[P13] [H24] at the start of an only node every row is taken up', async () => {
		const first = new CoreBench();
		first.storeHooks.project = () => Promise.reject(new Error('away'));
		await first.send(KEY, ['add', { by: 1 }]);
		const second = first.restart();
		const woken = second.system.wakeDue(Number.MAX_SAFE_INTEGER);
		await second.runtime.advance(1_000);
		expect(await woken).toBe(1);
		expect(await second.store.watermark(KEY)).toBe(1);
	});

	test('[P13] [H24] 5,000 due rows that a crash left are worked off at once, a page at a time', async () => {
		const first = new CoreBench();
		const keys = Array.from({ length: 5_000 }, (_, n) => `counter/c${n}` as ActorKey);
		for (const key of keys) first.post(key, ['remind', { at: first.runtime.now() + 60_000 }]);
		await first.runtime.advance(1_000);
		expect(first.system.hosts.size).toBe(5_000);
		first.system.kill();
		await first.runtime.advance(120_000);

		const second = new CoreBench({ shared: first });
		let reading = 0;
		let readingMax = 0;
		second.journalHooks.snapshot = async (run) => {
			readingMax = Math.max(readingMax, ++reading);
			try {
				return await run();
			} finally {
				reading--;
			}
		};
		await second.runtime.advance(5_000 + 2_000);
		expect(readingMax).toBeLessThanOrEqual(500);
		for (const key of keys) expect(second.system.hosts.get(key)?.figures()).toBeDefined();
		const heads = await Promise.all(keys.map((key) => second.journal.head(key)));
		expect(heads.filter((head) => head?.position !== 2)).toEqual([]);
		expect((await first.journal.wakes(second.runtime.now(), 10)).length).toBe(0);
	});

	test('[P13] [H24] [C24] actors that cannot be loaded now hold up the others for a moment only', async () => {
		const first = new CoreBench();
		const at = first.runtime.now() + 60_000;
		const stuck = Array.from({ length: 600 }, (_, n) => `counter/a${n}` as ActorKey);
		for (const key of stuck) first.post(key, ['remind', { at }]);
		await first.runtime.advance(100);
		await first.send(KEY, ['remind', { at: at + 1 }]);
		first.system.kill();
		await first.runtime.advance(120_000);

		const second = new CoreBench({ shared: first });
		const gate = new Gate();
		second.journalHooks.head = (run, actor) => (actor === KEY ? run() : gate.pass(run));
		await second.runtime.advance(10_000);
		expect(await types(second)).toEqual(['reminded', 'fired']);
		gate.open();
		await second.runtime.advance(10_000);
		expect((await second.events(stuck[599] as ActorKey)).length).toBe(2);
	});
});

describe('intents', () => {
	/** A service outside that remembers which ids it has worked on. */
	function outside() {
		const calls: string[] = [];
		const state = { answers: true };
		const port = (id: string) => {
			calls.push(id);
			return state.answers ? Promise.resolve({ ok: id }) : new Promise<never>(() => {});
		};
		return { calls, state, intents: { outside: port } };
	}

	test('[P13] [H25] run after the commit, the result fed back once', async () => {
		const { calls, intents } = outside();
		const bench = new CoreBench({ intents });
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		bench.post(KEY, ['callOut', { id: 'c1' }]);
		await bench.runtime.advance(1_000);
		expect(calls).toEqual([]);
		gate.open();
		await bench.runtime.advance(1_000);
		expect(calls).toEqual(['c1']);
		expect((await bench.events(KEY)).map(({ type, data }) => [type, data])).toEqual([
			['called', { id: 'c1' }],
			['done', { id: 'c1', result: { ok: 'c1' } }],
		]);
	});

	test('[P13] [H25] after a crash unfinished ones are taken up with the same id, by nobody asking', async () => {
		const { calls, state, intents } = outside();
		state.answers = false;
		const first = new CoreBench({ intents });
		await first.send(KEY, ['callOut', { id: 'c1' }]);
		await first.runtime.advance(100);
		state.answers = true;
		const second = first.restart({ intents });
		await second.runtime.advance(30_000);
		expect(calls).toEqual(['c1', 'c1']);
		expect(await types(second)).toEqual(['called', 'done']);
	});

	test('[P13] [H25] [H28] an orderly end leaves a row for unfinished work', async () => {
		const { calls, state, intents } = outside();
		state.answers = false;
		const first = new CoreBench({ intents });
		await first.send(KEY, ['callOut', { id: 'c1' }]);
		await first.runtime.advance(20_000);
		await first.close();
		expect(await rows(first)).toHaveLength(1);
		state.answers = true;
		const second = new CoreBench({ shared: first, intents });
		await second.runtime.advance(30_000);
		expect(calls).toEqual(['c1', 'c1']);
		expect(await types(second)).toEqual(['called', 'done']);
	});

	test('[P13] [H25] a port that fails is asked again with the same id, with back-off', async () => {
		const calls: string[] = [];
		const intents = {
			outside: (id: string) => {
				calls.push(id);
				if (calls.length === 1) throw new Error('at once');
				return calls.length < 4 ? Promise.reject(new Error('away')) : Promise.resolve('done');
			},
		};
		const bench = new CoreBench({ intents });
		await bench.send(KEY, ['callOut', { id: 'c1' }]);
		await bench.send('counter/two', ['add', { by: 1 }]);
		await bench.runtime.advance(10_000);
		expect(calls).toEqual(['c1', 'c1', 'c1', 'c1']);
		expect(await types(bench)).toEqual(['called', 'done']);
	});

	test('[P13] [H25] a result that the actor does not take yet is told again, without new work', async () => {
		const { calls, intents } = outside();
		const { counterKind } = await import('../support/counter-kind.ts');
		let refusals = 3;
		const kind: typeof counterKind = {
			...counterKind,
			decide: (state, command, context) => {
				if (command.name === 'intentDone' && refusals-- > 0) throw new Error('not yet');
				return counterKind.decide(state, command, context);
			},
		};
		const bench = new CoreBench({ intents, kinds: [kind as never] });
		await bench.send(KEY, ['callOut', { id: 'c1' }]);
		await bench.runtime.advance(10_000);
		expect(calls).toEqual(['c1']);
		expect(await types(bench)).toEqual(['called', 'done']);
	});

	test('[P13] [H26] tells arrive in order and take effect once, whatever is lost', async () => {
		const other = 'counter/two';
		let bench = new CoreBench();
		await bench.send(other, ['add', { by: 0 }]);
		for (const by of [1, 2, 3, 4]) bench.post(KEY, ['pass', { to: other, by }]);
		await bench.runtime.advance(20);
		bench = bench.restart();
		let appends = 0;
		bench.journalHooks.append = async (run) => {
			appends++;
			const outcomes = await run();
			if (appends % 2 === 0) throw new Error('time-out');
			return outcomes;
		};
		for (const by of [5, 6]) bench.post(KEY, ['pass', { to: other, by }]);
		await bench.runtime.advance(60_000);
		const told = (await bench.events(other)).map(({ data }) => (data as { by: number }).by);
		expect(told).toEqual([0, 1, 2, 3, 4, 5, 6]);
		expect(await bench.send(other, ['total', {}])).toEqual(done(21));
	});
});
