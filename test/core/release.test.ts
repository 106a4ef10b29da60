import { describe, expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { CoreBench, Ear } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const OTHER = 'counter/two';
const done = (total: number) => ({ ok: true, reply: { total } });
const MOVED = { ok: false, code: 'MOVED' };
const from = (n: number, first = n) => ({ sender: { opening: 'o', n, first } });

async function counter(options: ConstructorParameters<typeof CoreBench>[0] = {}) {
	const bench = new CoreBench(options);
	await bench.send(KEY, ['add', { by: 1 }]);
	await bench.runtime.advance(500);
	return bench;
}

/** Whether a promise is fulfilled, without waiting for it. */
function watched(promise: Promise<void>): { isOver: boolean } {
	const watch = { isOver: false };
	void promise.then(() => {
		watch.isOver = true;
	});
	return watch;
}

describe('handing over', () => {
	test('[P21] [H32] the commit in flight is told and answered, everything else is MOVED, in order', async () => {
		const bench = await counter();
		const log: string[] = [];
		class LoggingEar extends Ear {
			override committed(): void {
				log.push('told');
			}
			override closed(): void {
				log.push('closed');
			}
		}
		await bench.open(KEY, { subscriber: new LoggingEar() });
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		const send = (n: number) => {
			const request = { caller: { userId: 'ann', roles: [] }, name: 'add', args: { by: n } };
			bench.system.command(KEY, { ...request, ...from(n, 1) }, (answer: CommandAnswer) =>
				log.push(`${n} ${answer.ok ? 'ok' : answer.code}`),
			);
		};
		send(1);
		await bench.runtime.advance(10);
		send(2);
		const released = watched(bench.system.release(KEY));
		await bench.runtime.advance(10);
		expect([log, released.isOver]).toEqual([[], false]);
		gate.open();
		await bench.runtime.advance(10);
		expect(log).toEqual(['1 ok', 'told', 'closed', '2 MOVED']);
		expect([released.isOver, bench.system.hosts.size]).toEqual([true, 0]);
	});

	test('[P21] [H32] what is asked meanwhile waits for the end, then is served by the next host', async () => {
		const bench = await counter();
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(10);
		const released = bench.system.release(KEY);
		await bench.runtime.advance(1);
		const meanwhile = [1, 2].map((n) => bench.post(KEY, ['add', { by: n }], from(n)));
		const opened = bench.open(KEY);
		await bench.runtime.advance(100);
		expect(meanwhile.flat()).toEqual([]);
		gate.open();
		await bench.runtime.advance(100);
		await released;
		expect(meanwhile.flat()).toEqual([done(3), done(5)]);
		expect((await opened).answer).toMatchObject({ ok: true, view: { total: 5 } });
	});

	test('[P21] [H32] a node that may not take it up again sends them elsewhere', async () => {
		let owns = true;
		const first = await counter({ mayActivate: () => owns });
		const gate = new Gate();
		first.journalHooks.append = (run) => gate.pass(run);
		const answered = first.post(KEY, ['add', { by: 1 }]);
		await first.runtime.advance(10);
		const released = first.system.release(KEY);
		await first.runtime.advance(1);
		owns = false;
		const meanwhile = first.post(KEY, ['add', { by: 10 }], from(1));
		gate.open();
		await first.runtime.advance(10);
		await released;
		expect([answered, meanwhile]).toMatchObject([[done(2)], [MOVED]]);
		const second = new CoreBench({ shared: first });
		expect(await second.send(KEY, ['add', { by: 10 }], from(1))).toEqual(done(12));
		await second.runtime.advance(20_000);
		expect(await first.send(KEY, ['total', {}])).toMatchObject(MOVED);
		expect(await second.send(KEY, ['add', { by: 1 }])).toEqual(done(13));
	});

	test('[H32] worth a snapshot, it is taken while the actor still serves', async () => {
		const bench = await counter();
		for (let n = 0; n < 60; n++) bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(500);
		const gate = new Gate();
		bench.journalHooks.putSnapshotPart = (run) => gate.pass(run);
		const released = watched(bench.system.release(KEY));
		await bench.runtime.advance(10);
		expect(gate.waited).toBe(1);
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(62));
		gate.open();
		await bench.runtime.advance(500);
		expect(released.isOver).toBe(true);
		expect(await bench.journal.snapshot(KEY)).toBeDefined();
	});

	test('[H32] a snapshot that does not come about holds nobody up for long', async () => {
		const bench = await counter();
		for (let n = 0; n < 60; n++) bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(500);
		bench.journalHooks.putSnapshotPart = () => new Promise(() => {});
		const released = watched(bench.system.release(KEY));
		await bench.runtime.advance(3_000);
		expect([released.isOver, bench.system.hosts.size]).toEqual([true, 0]);
	});

	test('[P13] [H32] work that is left has its wake row behind it', async () => {
		const bench = await counter();
		const at = bench.runtime.now() + 60_000;
		await bench.send(KEY, ['remind', { at }]);
		const released = bench.system.release(KEY);
		await bench.runtime.advance(10);
		await released;
		const [row] = await bench.journal.wakes(at, 10);
		expect(row?.actor).toBe(KEY);
	});

	test('[H32] an actor that is not here, or on its way out already, is released at once or with it', async () => {
		const bench = await counter();
		await bench.system.release(OTHER);
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(10);
		const both = [bench.system.release(KEY), bench.system.release(KEY)].map(watched);
		await bench.runtime.advance(10);
		expect(both).toEqual([{ isOver: false }, { isOver: false }]);
		gate.open();
		await bench.runtime.advance(10);
		expect(both).toEqual([{ isOver: true }, { isOver: true }]);
	});

	test('[H33] one that cannot end since the journal is away is stopped', async () => {
		const bench = await counter();
		bench.journalHooks.append = () => Promise.reject(new Error('away'));
		const answer = bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(10);
		const released = watched(bench.system.release(KEY));
		await bench.runtime.advance(5_000);
		expect([answer, released]).toEqual([[], { isOver: false }]);
		bench.system.stop(KEY);
		await bench.runtime.advance(10);
		expect([answer, released]).toMatchObject([[MOVED], { isOver: true }]);
	});
});

describe('stopping', () => {
	test('[P12] [H33] all is MOVED at once, the turn in flight first, and subscribers are closed', async () => {
		const bench = await counter();
		const { ear } = await bench.open(KEY);
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		const order: number[] = [];
		const send = (n: number) =>
			bench.system.command(
				KEY,
				{ caller: { userId: 'ann', roles: [] }, name: 'add', args: { by: n }, ...from(n, 1) },
				(answer) => order.push(answer.ok ? 0 : n),
			);
		for (const n of [1, 2]) send(n);
		await bench.runtime.advance(10);
		for (const n of [3, 4]) send(n);
		await bench.runtime.advance(10);
		bench.system.stop(KEY);
		expect([order, ear.closings]).toEqual([[1, 2, 3, 4], 1]);
		gate.open();
		await bench.runtime.advance(10);
		expect([order.length, ear.told]).toEqual([4, []]);
	});

	test('[P12] [H33] no host of the key is made here before the outcome of its commit is known', async () => {
		const bench = await counter();
		const gate = new Gate();
		let appends = 0;
		bench.journalHooks.append = (run) => {
			appends++;
			return gate.pass(run);
		};
		bench.post(KEY, ['add', { by: 1 }], { requestId: 'r' });
		await bench.runtime.advance(10);
		bench.system.stop(KEY);
		const again = bench.post(KEY, ['add', { by: 1 }], { requestId: 'r', resend: true });
		await bench.runtime.advance(1_000);
		expect([appends, again]).toEqual([1, []]);
		gate.open();
		await bench.runtime.advance(100);
		expect(again).toEqual([done(2)]);
		expect(await bench.send(KEY, ['total', {}])).toEqual(done(2));
	});

	test('[H33] a commit that has not left is taken back; one without an outcome is not sent again', async () => {
		const bench = await counter();
		await bench.send(OTHER, ['add', { by: 1 }]);
		const gate = new Gate();
		const sent: string[][] = [];
		bench.journalHooks.append = async (run, writes) => {
			sent.push(writes.map(({ record }) => record.actor));
			await gate.pass(() => Promise.resolve());
			return sent.length === 1 ? Promise.reject(new Error('lost')) : run();
		};
		bench.post(OTHER, ['add', { by: 1 }]);
		await bench.runtime.advance(10);
		bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(10);
		bench.system.stop(KEY);
		bench.system.stop(OTHER);
		gate.open();
		await bench.runtime.advance(5_000);
		expect(sent).toEqual([[OTHER]]);
		expect(bench.system.journalWriter.pending).toBe(0);
		expect(await bench.send(KEY, ['total', {}])).toEqual(done(1));
	});

	test('[P12] [H33] a host that is stopped while it loads deposes nobody', async () => {
		const before = await counter();
		await before.close();
		const first = new CoreBench({ shared: before });
		const gate = new Gate();
		first.journalHooks.head = (run) => gate.pass(run);
		const answer = first.post(KEY, ['total', {}]);
		await first.runtime.advance(10);
		first.system.stop(KEY);
		expect(answer).toMatchObject([MOVED]);
		const second = new CoreBench({ shared: before });
		expect(await second.send(KEY, ['add', { by: 1 }])).toEqual(done(2));
		const { length } = await second.records(KEY);
		gate.open();
		await first.runtime.advance(100);
		expect(await second.records(KEY)).toHaveLength(length);
		expect(await second.send(KEY, ['add', { by: 1 }])).toEqual(done(3));
	});

	test('[P22] [H33] all at once: nothing is answered from memory any more', async () => {
		const bench = await counter();
		await bench.send(OTHER, ['add', { by: 1 }]);
		const ears = await Promise.all([KEY, OTHER].map((key) => bench.open(key as never)));
		bench.system.stopAll();
		expect(ears.map(({ ear }) => ear.closings)).toEqual([1, 1]);
		expect(bench.system.hosts.size).toBe(0);
		await bench.runtime.advance(10);
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(2));
	});
});

describe('who may activate', () => {
	test('[P20] [H34] due work is taken up only where it may be', async () => {
		const bench = await counter();
		const at = bench.runtime.now() + 20_000;
		for (const key of [KEY, OTHER] as const) await bench.send(key, ['remind', { at }]);
		const asked: string[] = [];
		const second = bench.restart({
			mayWake: async (key) => {
				asked.push(key);
				return key === OTHER;
			},
		});
		await second.runtime.advance(40_000);
		expect([...second.system.hosts.keys()]).toEqual([OTHER]);
		expect(new Set(asked)).toEqual(new Set([KEY, OTHER]));
		expect(await second.events(OTHER)).toMatchObject([{}, { type: 'fired' }]);
	});

	test('[P13] [H34] tells go where the cluster says', async () => {
		const other = new CoreBench();
		const first = new CoreBench({ shared: other, actors: () => other.system });
		await first.send(KEY, ['pass', { to: OTHER, by: 3 }]);
		await first.runtime.advance(100);
		expect(await other.send(OTHER, ['total', {}])).toEqual(done(3));
		expect(first.system.hosts.has(OTHER)).toBe(false);
	});
});

describe('the order of one sender over owners', () => {
	test('[P10] [H8] an owner that has not seen an opening begins with what is unanswered', async () => {
		const bench = await counter();
		expect(await bench.send(KEY, ['add', { by: 4 }], from(4, 2))).toMatchObject({ code: 'AGAIN' });
		expect(await bench.send(KEY, ['add', { by: 2 }], from(2, 2))).toEqual(done(3));
		expect(await bench.send(KEY, ['add', { by: 3 }], from(3, 2))).toEqual(done(6));
		expect(await bench.send(KEY, ['add', { by: 4 }], from(4, 4))).toEqual(done(10));
	});

	test('[P10] [H8] what an earlier owner has answered after all is not waited for', async () => {
		const bench = await counter();
		expect(await bench.send(KEY, ['add', { by: 3 }], from(3, 1))).toMatchObject({ code: 'AGAIN' });
		expect(await bench.send(KEY, ['add', { by: 3 }], from(3, 3))).toEqual(done(4));
	});
});
