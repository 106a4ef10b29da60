import { describe, expect, test } from 'vitest';
import { channelKind } from '../../actors/channel/channel-kind.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { Unprojected } from '../../src/core/unprojected.ts';
import { CoreBench } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';

async function add(bench: CoreBench, count: number): Promise<void> {
	const answers = Array.from({ length: count }, (_, n) => bench.post(KEY, ['add', { by: n }]));
	await bench.runtime.until(() => answers.every(({ length }) => length > 0));
}

const look = (bench: CoreBench, at: number) => bench.send(KEY, ['look', { at }]);

describe('projections', () => {
	test('[P11] [H18] while the store takes nothing every row comes from memory, without a gap', async () => {
		const bench = new CoreBench();
		await add(bench, 10);
		await bench.runtime.advance(1_000);
		bench.storeHooks.project = () => Promise.reject(new Error('away'));
		await add(bench, 10);
		await bench.runtime.advance(30_000);
		expect(await bench.store.watermark(KEY)).toBe(10);
		for (let at = 1; at <= 20; at++) {
			expect(await look(bench, at)).toMatchObject({ reply: { by: (at - 1) % 10 } });
		}
		delete bench.storeHooks.project;
		await bench.runtime.advance(10_000);
		expect(await bench.store.watermark(KEY)).toBe(20);
		for (let at = 1; at <= 20; at++) {
			expect((await bench.store.get('additions', ['one', at]))?.doc).toEqual({ by: (at - 1) % 10 });
		}
	});

	test('[P13] [H18] what a crash left unprojected is served and projected by the next owner', async () => {
		const first = new CoreBench();
		first.storeHooks.project = () => Promise.reject(new Error('away'));
		await add(first, 20);
		const second = first.restart();
		const gate = new Gate();
		second.storeHooks.project = (run) => gate.pass(run);
		expect(await look(second, 20)).toMatchObject({ reply: { by: 19 } });
		expect(await second.store.watermark(KEY)).toBe(0);
		gate.open();
		await second.runtime.advance(1_000);
		expect(await second.store.watermark(KEY)).toBe(20);
	});

	test('[H18] a read that began before an event was projected still sees it', async () => {
		const bench = new CoreBench();
		await add(bench, 1);
		await bench.runtime.advance(100);
		const answered = new Gate();
		bench.storeHooks.get = async (run) => {
			const row = await run();
			return answered.pass(async () => row);
		};
		const late = bench.post(KEY, ['look', { at: 2 }]);
		await bench.runtime.advance(5);
		await add(bench, 1);
		await bench.runtime.advance(1_000);
		expect(await bench.store.watermark(KEY)).toBe(2);
		answered.open();
		await bench.runtime.advance(5);
		expect(late).toMatchObject([{ reply: { by: 0 } }]);
	});

	test('[H18] commands decided in the turn that creates see the rows of that turn', async () => {
		const bench = new CoreBench();
		bench.post(KEY, ['add', { by: 7 }]);
		const seen = bench.post(KEY, ['look', { at: 1 }]);
		await bench.runtime.advance(50);
		expect(seen).toMatchObject([{ reply: { by: 7 } }]);
	});

	test('[H18] reads that overlap for ever do not keep events for ever', () => {
		const unprojected = new Unprojected();
		let release = unprojected.pin();
		for (let position = 1; position <= 1_000; position++) {
			unprojected.push({ position, rows: [{ op: 'drop', collection: 'c', key: [position] }] });
			unprojected.projected(position);
			const next = unprojected.pin();
			release();
			release = next;
			expect(unprojected.length).toBeLessThan(3);
		}
		release();
		expect(unprojected.length).toBe(0);
	});

	test('[C8] rows of a busy actor go once a second; a quiet one waits 0.2 s, and takes them along', async () => {
		const bench = new CoreBench();
		let batches = 0;
		bench.storeHooks.project = (run) => {
			batches++;
			return run();
		};
		const busyFor = async (ms: number) => {
			for (let passed = 0; passed < ms; passed += 50) {
				bench.post(KEY, ['add', { by: 1 }]);
				await bench.runtime.advance(50);
			}
		};
		await busyFor(300);
		expect(batches).toBe(1);
		await busyFor(5_000);
		expect(batches).toBe(6);
		expect(await bench.store.watermark(KEY)).toBeLessThan(106);
		bench.post('counter/quiet', ['add', { by: 2 }]);
		await bench.runtime.advance(250);
		expect(batches).toBe(7);
		expect(await bench.store.watermark('counter/quiet')).toBe(1);
		expect(await bench.store.watermark(KEY)).toBe(106);
		await bench.runtime.advance(10_000);
		await add(bench, 1);
		await bench.runtime.advance(250);
		expect(await bench.store.watermark(KEY)).toBe(107);
		await add(bench, 1_100);
		await bench.runtime.advance(250);
		expect(await bench.store.watermark(KEY)).toBe(1_207);
	});

	test('[H4] with more than 100,000 events that the store lacks: BUSY, until it follows', async () => {
		const bench = new CoreBench();
		const gate = new Gate();
		bench.storeHooks.project = (run) => gate.pass(run);
		const send = () => bench.post(KEY, ['add', { by: 0 }]);
		const answers = [];
		for (let n = 0; n < 52; n++) {
			for (let i = 0; i < 2_000; i++) answers.push(send());
			await bench.runtime.advance(5);
		}
		expect(answers.flat().some(({ ok }) => !ok)).toBe(true);
		expect(bench.system.projector.backlog).toBeLessThan(110_000);
		expect(await bench.send('counter/two', ['add', { by: 0 }])).toMatchObject({ code: 'BUSY' });
		gate.open();
		await bench.runtime.advance(5_000);
		expect(await bench.send('counter/two', ['add', { by: 0 }])).toMatchObject({ ok: true });
	}, 60_000);

	test('[P13] [H18] rows that the store cannot take hold up their own actor only', async () => {
		const bench = new CoreBench();
		const bad = 'counter/bad';
		bench.storeHooks.project = (run, commits) =>
			commits.some(({ actor }) => actor === bad) ? Promise.reject(new Error('bad')) : run();
		const keys = ['counter/a', 'counter/b', 'counter/c'] as const;
		for (let n = 1; n <= 20; n++) {
			for (const key of [bad, ...keys] as const) bench.post(key, ['add', { by: n }]);
			await bench.runtime.advance(500);
		}
		await bench.runtime.advance(2_000);
		for (const key of keys) expect(await bench.store.watermark(key)).toBe(20);
		expect(await bench.store.watermark(bad)).toBe(0);
		expect(bench.system.projector.backlog).toBe(20);
		delete bench.storeHooks.project;
		await bench.runtime.advance(10_000);
		expect(await bench.store.watermark(bad)).toBe(20);
	});

	test('[P11] [H18] history pages through a channel of which the store has nothing', async () => {
		const kinds = [channelKind as unknown as ActorKind];
		const bench = new CoreBench({ kinds });
		bench.storeHooks.project = () => Promise.reject(new Error('away'));
		const channel = 'channel/general';
		await bench.send(channel, ['join', {}]);
		for (let n = 1; n <= 120; n++) bench.post(channel, ['send', { text: `text ${n}` }]);
		await bench.send(channel, ['edit', { seq: 60, text: 'edited' }]);
		const texts: string[] = [];
		for (let before = 121; before > 1; before -= 50) {
			const answer = await bench.send(channel, ['history', { before, limit: 50 }]);
			const { messages } = (answer as { reply: { messages: { text: string }[] } }).reply;
			texts.unshift(...messages.map(({ text }) => text));
		}
		const wanted = Array.from({ length: 120 }, (_, n) => (n === 59 ? 'edited' : `text ${n + 1}`));
		expect(texts).toEqual(wanted);
		const view = (await bench.open(channel, { args: { last: 10 } })).answer;
		expect(view).toMatchObject({ view: { lastSeq: 120, messages: { length: 10 } } });
	});
});
