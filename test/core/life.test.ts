import { describe, expect, test } from 'vitest';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const done = (total: number) => ({ ok: true, reply: { total } });

/** An actor whose journal no version of its code can replay. */
async function broken(bench: CoreBench, key: `${string}/${string}` = KEY): Promise<void> {
	const event = { type: 'broken', version: 1, data: {} };
	const base = { requests: [], at: 0, writer: 'w' };
	const record = { actor: key, commit: 1, position: 1, events: [event], ...base };
	await bench.journal.append([{ record, wake: { due: bench.runtime.now(), epoch: 1 } }]);
}

describe('putting away', () => {
	test('[P13] [H27] an idle actor is put away and comes back on demand as it was', async () => {
		const bench = new CoreBench({ idleMs: 10_000 });
		for (let n = 0; n < 60; n++) await bench.send(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(30_000);
		expect(bench.system.hosts.size).toBe(0);
		expect(await bench.journal.snapshot(KEY)).toBeDefined();
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(61));
	});

	test('[P13] [H27] not while somebody listens, or the store lacks something', async () => {
		const bench = new CoreBench({ idleMs: 10_000 });
		await bench.send(KEY, ['add', { by: 1 }]);
		const { ear } = await bench.open(KEY);
		bench.storeHooks.project = () => Promise.reject(new Error('away'));
		await bench.send('counter/two', ['add', { by: 1 }]);
		await bench.runtime.advance(60_000);
		expect([...bench.system.hosts.keys()]).toEqual([KEY, 'counter/two']);
		delete bench.storeHooks.project;
		bench.system.unsubscribe(KEY, ear);
		await bench.runtime.advance(60_000);
		expect([...bench.system.hosts.keys()]).toEqual([]);
	});

	test('[P10] [P13] [H27] what comes while it is put away is served in order, within a bound', async () => {
		const bench = new CoreBench({ idleMs: 5_000, limits: { mailboxLengthMax: 5 } });
		for (let n = 0; n < 60; n++) await bench.send(KEY, ['add', { by: 0 }]);
		const late = new Gate();
		bench.journalHooks.putSnapshotPart = (run) => late.pass(run);
		await bench.runtime.until(() => bench.system.hosts.size === 0);
		const sent = [1, 2, 3, 4, 5].map((n) =>
			bench.post(KEY, ['add', { by: n }], { sender: { opening: 'o', n } }),
		);
		expect(bench.post(KEY, ['add', { by: 6 }])).toMatchObject([{ code: 'BUSY' }]);
		await bench.runtime.advance(1_000);
		expect([late.waited, sent.flat().length]).toEqual([1, 0]);
		late.open();
		await bench.runtime.advance(100);
		expect(sent.flat()).toEqual([1, 3, 6, 10, 15].map(done));
	});

	test('[P13] [H27] under load an actor that is put away again and again loses nothing', async () => {
		const bench = new CoreBench({ idleMs: 0 });
		let sum = 0;
		for (let n = 1; n <= 200; n++) {
			bench.post(KEY, ['add', { by: n }]);
			sum += n;
			await bench.runtime.advance(n % 7 === 0 ? 5_001 : 3);
		}
		expect(await bench.send(KEY, ['total', {}])).toEqual(done(sum));
		const activations = (await bench.records(KEY)).filter(({ events }) => events.length === 0);
		expect(activations.length).toBeGreaterThan(10);
	});

	test('[H28] an orderly end under load ends: new commands are MOVED, what was taken has landed', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		const taken = bench.post(KEY, ['add', { by: 1 }]);
		let closed = false;
		const closing = bench.system.close().then(() => {
			closed = true;
		});
		const late = [];
		while (!closed) {
			late.push(bench.post(KEY, ['add', { by: 100 }]));
			await bench.runtime.advance(5);
			expect(late.length).toBeLessThan(100);
		}
		await closing;
		expect(taken).toEqual([done(2)]);
		expect(late.flat().every((answer) => !answer.ok && answer.code === 'MOVED')).toBe(true);
		expect(await new CoreBench({ shared: bench }).send(KEY, ['total', {}])).toEqual(done(2));
	});

	test('[H30] hosts are bounded, those of keys without a journal go soon', async () => {
		const bench = new CoreBench({ hostsMax: 10 });
		for (let n = 0; n < 10; n++) bench.post(`counter/${n}`, ['total', {}]);
		expect(bench.post('counter/x', ['total', {}])).toMatchObject([{ code: 'BUSY' }]);
		await bench.runtime.advance(6_000);
		expect(bench.system.hosts.size).toBe(0);
		expect(await bench.send('counter/x', ['add', { by: 1 }])).toEqual(done(1));
	});
});

describe('crashes', () => {
	test('[P13] [H29] what cannot be replayed is restarted with back-off, then rests; neighbours go on', async () => {
		const bench = new CoreBench();
		await broken(bench);
		let activations = 0;
		bench.journalHooks.head = (run, actor) => {
			if (actor === KEY) activations++;
			return run();
		};
		for (let n = 0; n < 1_000; n++) {
			const answers = bench.post(KEY, ['total', {}]);
			await bench.runtime.advance(50);
			expect(answers).toMatchObject([{ ok: false }]);
		}
		expect(activations).toBe(5);
		const answer = await bench.send(KEY, ['total', {}]);
		expect(answer).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
		expect(await bench.send('counter/two', ['add', { by: 1 }])).toEqual(done(1));
		await bench.runtime.advance(30_000);
		const { length } = await bench.records(KEY);
		expect(length).toBeLessThan(10);
	});

	test('[P13] [H29] after the rest an actor whose code was mended serves again', async () => {
		const { counterKind } = await import('../support/counter-kind.ts');
		let mended = false;
		const kind: typeof counterKind = {
			...counterKind,
			evolve: (state, event, meta) =>
				event.type === 'broken' && mended ? state : counterKind.evolve(state, event, meta),
		};
		const bench = new CoreBench({ kinds: [kind as never] });
		await broken(bench);
		for (let n = 0; n < 200; n++) {
			bench.post(KEY, ['total', {}]);
			await bench.runtime.advance(50);
		}
		mended = true;
		await bench.runtime.advance(61_000);
		expect(await bench.send(KEY, ['total', {}])).toEqual(done(0));
	});

	test('[P13] [H29] an actor that crashes right behind its activation rests too', async () => {
		const { counterKind } = await import('../support/counter-kind.ts');
		const kind: typeof counterKind = {
			...counterKind,
			intents: () => {
				throw new Error('intents');
			},
		};
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }]);
		const second = bench.restart({ kinds: [kind as never] });
		for (let n = 0; n < 400; n++) {
			second.post(KEY, ['total', {}]);
			await second.runtime.advance(50);
		}
		const activations = (await second.records(KEY)).filter(({ events }) => events.length === 0);
		expect(activations.length).toBe(5);
	});

	test('[P13] [H29] a journal that is away for a minute does not lead to the rest', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 1 }]);
		const bench = first.restart();
		bench.journalHooks.head = () => Promise.reject(new Error('away'));
		for (let n = 0; n < 600; n++) {
			bench.post(KEY, ['total', {}]);
			await bench.runtime.advance(100);
		}
		delete bench.journalHooks.head;
		await bench.runtime.advance(2_500);
		expect(await bench.send(KEY, ['total', {}])).toEqual(done(1));
	});
});
