import { expect, test } from 'vitest';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const ADD = ['add', { by: 1 }] as const;

/** An actor with one event that its node could not project. */
async function unprojected() {
	const bench = new CoreBench();
	const gate = new Gate();
	bench.storeHooks.project = (run) => gate.pass(run);
	expect(await bench.send(KEY, ADD)).toMatchObject({ ok: true });
	await bench.runtime.advance(1_000);
	return { bench, gate };
}

test('[P21] a stop waits for the store, and has nothing left then', async () => {
	const { bench, gate } = await unprojected();
	const closing = bench.system.close(new Promise(() => {}));
	let isClosed = false;
	void closing.then(() => {
		isClosed = true;
	});
	await bench.runtime.advance(60_000);
	expect(isClosed).toBe(false);
	gate.open();
	await bench.runtime.until(() => isClosed);
	expect(await closing).toEqual({ actors: 0, events: 0 });
});

test('[P21] [P22] a stop that gives the store up says what is left; the next owner goes on with it', async () => {
	const { bench } = await unprojected();
	const journal = new Gate();
	bench.journalHooks.append = (run) => journal.pass(run);
	const unheard = bench.post(KEY, ADD);
	await bench.runtime.advance(10);
	expect(await bench.system.close(Promise.resolve())).toEqual({ actors: 1, events: 1 });
	expect(unheard).toMatchObject([{ ok: false, code: 'MOVED' }]);
	const next = bench.restart();
	expect(await next.send(KEY, ['total', {}])).toEqual({ ok: true, reply: { total: 1 } });
	await next.runtime.advance(1_000);
	expect(await next.store.watermark(KEY)).toBe(1);
});

test('a store that is given up behind the stop changes nothing', async () => {
	const { bench, gate } = await unprojected();
	gate.open();
	const gaveUp = Promise.withResolvers<void>();
	const closing = bench.system.close(gaveUp.promise);
	await bench.runtime.advance(1_000);
	expect(await closing).toEqual({ actors: 0, events: 0 });
	gaveUp.resolve();
	await bench.runtime.advance(10);
	expect(bench.system.hosts.size).toBe(0);
});
