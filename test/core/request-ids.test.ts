import { describe, expect, test } from 'vitest';
import { RequestMemory } from '../../src/core/request-memory.ts';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const done = (total: number) => ({ ok: true, reply: { total } });
const resend = (requestId: string) => ({ requestId, resend: true });

/** Sends `count` commands with ids of their own, a thousand at a time, as fast as the store follows. */
async function many(bench: CoreBench, count: number, prefix = 'other'): Promise<void> {
	for (let sent = 0; sent < count; sent += 1_000) {
		const answers = Array.from({ length: Math.min(1_000, count - sent) }, (_, n) =>
			bench.post(KEY, ['add', { by: 0 }], { requestId: `${prefix}${sent + n}` }),
		);
		await bench.runtime.advance(100);
		expect(answers.flat().filter(({ ok }) => ok)).toHaveLength(answers.length);
	}
}

describe('request ids', () => {
	test('[H16] the same id in one turn, later, and of another user', async () => {
		const bench = new CoreBench();
		const post = (by: number, more: object) => bench.post(KEY, ['add', { by }], more);
		const answers = [post(1, { requestId: 'r' }), post(1, { requestId: 'r' })];
		await bench.runtime.advance(50);
		answers.push(post(1, { requestId: 'r' }));
		answers.push(post(1, { requestId: 'r', caller: { userId: 'bob', roles: [] } }));
		await bench.runtime.advance(50);
		expect(answers.flat()).toEqual([done(1), done(1), done(1), done(2)]);
	});

	test('[H16] after a crash the unprojected ones are in memory, the others are looked up', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 1 }], { requestId: 'old' });
		await first.runtime.advance(1_000);
		first.storeHooks.project = () => Promise.reject(new Error('away'));
		await first.send(KEY, ['add', { by: 1 }], { requestId: 'new' });
		const second = first.restart();
		second.storeHooks.project = () => Promise.reject(new Error('away'));
		expect(await second.send(KEY, ['add', { by: 1 }], resend('old'))).toEqual(done(1));
		expect(await second.send(KEY, ['add', { by: 1 }], resend('new'))).toEqual(done(2));
		expect(await second.send(KEY, ['add', { by: 1 }], { requestId: 'new' })).toEqual(done(2));
		expect(await second.send(KEY, ['total', {}])).toEqual(done(2));
	});

	test('[H16] [H17] after thousands of later commands a re-send is answered from the store', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }], { requestId: 'r' });
		await many(bench, 6_000);
		let looked = 0;
		bench.storeHooks.get = (run) => {
			looked++;
			return run();
		};
		expect(await bench.send(KEY, ['add', { by: 1 }], resend('r'))).toEqual(done(1));
		expect(looked).toBe(1);
		expect(await bench.send(KEY, ['add', { by: 1 }], resend('other5999'))).toEqual(done(1));
		expect(looked).toBe(1);
		// Who does not say that it is a re-send gets no look-up: the contract of the port.
		expect(await bench.send(KEY, ['add', { by: 1 }], { requestId: 'r' })).toEqual(done(2));
	});

	test('[H17] of 100,000 ids the memory keeps those that the store lacks, and the last thousand', () => {
		const memory = new RequestMemory();
		for (let n = 1; n <= 100_000; n++) {
			memory.keep({ userId: 'u', requestId: `${n}`, reply: n }, n);
			if (n % 100 === 0) memory.trim(n - 500);
		}
		expect(memory.full).toBe(false);
		expect(memory.find('u', '99000')).toBeUndefined();
		expect(memory.find('u', '99001')).toMatchObject({ reply: 99_001 });
	});

	test('[H16] thousands of re-sends at once, while the memory forgets, change nothing', async () => {
		const bench = new CoreBench();
		await many(bench, 5_000, 'r');
		await many(bench, 2_000);
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		const one = bench.post(KEY, ['add', { by: 1 }], { requestId: 'one' });
		const answers = Array.from({ length: 5_000 }, (_, n) =>
			bench.post(KEY, ['add', { by: 1 }], resend(`r${n}`)),
		);
		await bench.runtime.advance(50);
		gate.open();
		await bench.runtime.advance(2_000);
		expect(one).toEqual([done(1)]);
		expect(answers.flat().filter(({ ok }) => ok)).toHaveLength(5_000);
		expect(await bench.send(KEY, ['total', {}])).toEqual(done(1));
	});

	test('[H16] 20,000 re-sends of what the store has do not make an idle actor BUSY', async () => {
		const bench = new CoreBench();
		await many(bench, 22_000, 'r');
		for (let n = 0; n < 22_000; n += 2_000) {
			for (let i = 0; i < 2_000; i++) bench.post(KEY, ['add', { by: 1 }], resend(`r${n + i}`));
			await bench.runtime.advance(100);
		}
		expect(await bench.send(KEY, ['add', { by: 1 }])).toEqual(done(1));
	}, 60_000);

	test('[H17] an id that took effect while its re-send was looked up is found, however many came since', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 0 }]);
		await bench.runtime.advance(100);
		const answered = new Gate();
		bench.storeHooks.get = async (run) => {
			const row = await run();
			return answered.pass(async () => row);
		};
		const again = bench.post(KEY, ['add', { by: 1 }], resend('r'));
		await bench.runtime.advance(10);
		expect(await bench.send(KEY, ['add', { by: 1 }], { requestId: 'r' })).toEqual(done(1));
		await many(bench, 3_000);
		answered.open();
		await bench.runtime.advance(50);
		expect(again).toEqual([done(1)]);
		expect(await bench.send(KEY, ['total', {}])).toEqual(done(1));
		// And the look-up holds on to nothing behind its answer, or the memory would be full here.
		await many(bench, 21_000, 'later');
	});

	test('[H6] [H16] ids of an undone turn are free again, those before it stay', async () => {
		const bench = new CoreBench();
		await bench.send(KEY, ['add', { by: 1 }], { requestId: 'before' });
		const kept = bench.post(KEY, ['add', { by: 1 }], { requestId: 'kept' });
		const bad = bench.post(KEY, ['throwInEvolve', {}], { requestId: 'bad' });
		const twice = bench.post(KEY, ['add', { by: 1 }], { requestId: 'kept' });
		const known = bench.post(KEY, ['add', { by: 1 }], { requestId: 'before' });
		await bench.runtime.advance(50);
		expect([kept, bad, twice, known].flat()).toMatchObject([
			done(2),
			{ code: 'INTERNAL' },
			done(2),
			done(1),
		]);
		expect(await bench.send(KEY, ['add', { by: 1 }], { requestId: 'bad' })).toEqual(done(3));
		const requests = (await bench.records(KEY)).flatMap((record) => record.requests);
		expect(requests.map(({ requestId }) => requestId)).toEqual(['before', 'kept', 'bad']);
	});

	test('[H17] with too many ids that the store does not have: BUSY, until it has them', async () => {
		const memory = new RequestMemory();
		for (let n = 1; n <= 20_000; n++) memory.keep({ userId: 'u', requestId: `${n}`, reply: n }, n);
		expect(memory.full).toBe(true);
		memory.trim(10_000);
		expect(memory.full).toBe(false);
		expect(memory.find('u', '10000')).toBeUndefined();
		expect(memory.find('u', '10001')).toMatchObject({ reply: 10_001 });
		memory.trim(20_000);
		expect(memory.find('u', '19000')).toBeUndefined();
		expect(memory.find('u', '19001')).toMatchObject({ reply: 19_001 });
	});

	test('[H16] a crash between commit and projection loses no id: the store gets it from the journal', async () => {
		const first = new CoreBench();
		first.storeHooks.project = () => Promise.reject(new Error('away'));
		await first.send(KEY, ['add', { by: 1 }], { requestId: 'r' });
		const second = first.restart();
		await second.send(KEY, ['total', {}]);
		await second.runtime.advance(1_000);
		const third = second.restart();
		expect(await third.send(KEY, ['add', { by: 1 }], resend('r'))).toEqual(done(1));
		expect(await third.send(KEY, ['total', {}])).toEqual(done(1));
	});

	test('[P12] [H17] a first copy that waited at a node which becomes the owner later changes nothing', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 0 }]);
		const second = new CoreBench({ shared: first });
		const gate = new Gate();
		second.journalHooks.head = (run) => gate.pass(run);
		const stray = second.post(KEY, ['add', { by: 1 }], { requestId: 'r' });
		await first.runtime.advance(10);
		expect(await first.send(KEY, ['add', { by: 1 }], resend('r'))).toEqual(done(1));
		await first.runtime.advance(1_000);
		first.system.kill();
		gate.open();
		await second.runtime.advance(100);
		expect(stray).toEqual([done(1)]);
		expect(await second.send(KEY, ['total', {}])).toEqual(done(1));
	});

	test('[H17] when a snapshot stands for what an earlier owner did lately, every id is looked up', async () => {
		const first = new CoreBench();
		await first.send(KEY, ['add', { by: 1 }], { requestId: 'r' });
		await many(first, 2_500);
		await first.runtime.advance(1_000);
		expect(await first.journal.snapshot(KEY)).toBeDefined();
		const second = first.restart();
		expect(await second.send(KEY, ['add', { by: 1 }], { requestId: 'r' })).toEqual(done(1));
		await second.runtime.advance(61_000);
		let looked = 0;
		second.storeHooks.get = (run) => {
			looked++;
			return run();
		};
		expect(await second.send(KEY, ['add', { by: 1 }], { requestId: 'new' })).toEqual(done(2));
		expect(looked).toBe(0);
	});
});
