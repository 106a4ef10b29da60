import { describe, expect, test } from 'vitest';
import { MemoryEventFeed } from '../../src/adapters/memory/memory-event-feed.ts';
import type { ActorSystemOptions } from '../../src/core/actor-system.ts';
import type { EventFeed } from '../../src/core/event-feed.ts';
import { OUTBOX } from '../../src/core/outbox-rows.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { CoreBench } from '../support/core-bench.ts';
import { counterKind } from '../support/counter-kind.ts';
import { Gate, type Hooks, hooked } from '../support/hooked.ts';
import { tellingKind, UNSPEAKABLE } from '../support/telling-kind.ts';

const KEY = 'counter/one';

/** A node whose counters tell. */
function makeBench(options: Partial<ActorSystemOptions> & { readonly shared?: CoreBench } = {}) {
	return new CoreBench({ kinds: [tellingKind], ...options });
}

/** A feed, with `hooks` between it and the nodes that are opened on it. */
function telling() {
	const hooks: Hooks<EventFeed> = {};
	let bench: CoreBench | undefined;
	const clock = { monotonic: () => bench?.runtime.monotonic() ?? 0 };
	const feed = new MemoryEventFeed({ runtime: clock });
	const events = hooked<EventFeed>(feed, hooks);
	return {
		hooks,
		feed,
		events,
		open: (more: Partial<ActorSystemOptions> & { readonly shared?: CoreBench } = {}) => {
			bench = makeBench({ events, ...more });
			return bench;
		},
	};
}

const add = (bench: CoreBench, by: number, key: ActorKey = KEY) => bench.send(key, ['add', { by }]);

const numbers = (feed: MemoryEventFeed, key: ActorKey = KEY) =>
	feed.events.filter(({ actor }) => actor === key).map(({ data }) => data.by);

const rowsOf = async (bench: CoreBench, key: ActorKey = KEY) =>
	(await bench.store.page({ collection: OUTBOX.name, prefix: [key], limit: 1_000 })).rows;

describe('outbox', () => {
	test('[P30] what a commit leads to leaves once, in order, with an id and the state of its time', async () => {
		const { feed, open } = telling();
		const bench = open();
		const at = bench.runtime.now();
		for (const by of [5, 0, 7]) await add(bench, by);
		await bench.runtime.advance(1_000);
		expect(feed.events).toMatchObject([
			{ id: `${KEY}:1:0`, actor: KEY, position: 1, type: 'counter.added', version: 2 },
			{ id: `${KEY}:3:0`, actor: KEY, position: 3, index: 0 },
		]);
		expect(feed.events.map(({ data }) => data)).toEqual([
			{ by: 5, twice: 10 },
			{ by: 7, twice: 14 },
		]);
		expect(feed.events[0]?.at).toBeGreaterThanOrEqual(at);
		expect(await rowsOf(bench)).toEqual([]);
	});

	test('[P11] [P30] nothing leaves that the journal does not have', async () => {
		const { feed, open } = telling();
		const bench = open();
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(5_000);
		expect(feed.events).toEqual([]);
		gate.open();
		await bench.runtime.advance(1_000);
		expect(numbers(feed)).toEqual([1]);
	});

	test('[A10] [P30] data platform down: commands go on, the rows wait, delivered once up again', async () => {
		const { feed, hooks, open } = telling();
		const bench = open();
		await add(bench, 1);
		await bench.runtime.advance(1_000);
		let tries = 0;
		hooks.publish = async () => {
			tries++;
			throw new Error('away');
		};
		for (let by = 2; by <= 500; by++) expect(await add(bench, by)).toMatchObject({ ok: true });
		await bench.runtime.advance(3_600_000);
		expect(await rowsOf(bench)).toHaveLength(499);
		expect(numbers(feed)).toEqual([1]);
		// Once every five seconds at least, and hardly more often.
		expect(tries).toBeGreaterThan(400);
		expect(tries).toBeLessThan(1_000);
		expect(await add(bench, 501)).toMatchObject({ ok: true });
		delete hooks.publish;
		await bench.runtime.advance(10_000);
		expect(numbers(feed)).toEqual(Array.from({ length: 501 }, (_, n) => n + 1));
		expect(await rowsOf(bench)).toEqual([]);
	});

	test('[P31] the age of the oldest event that has not left is known, and who waits', async () => {
		const { hooks, open } = telling();
		const bench = open();
		const { publisher } = bench.system;
		expect([publisher?.oldestAt, publisher?.waiting]).toEqual([undefined, 0]);
		hooks.publish = () => Promise.reject(new Error('away'));
		await add(bench, 1);
		const first = (await bench.records(KEY)).at(-1)?.at;
		await bench.runtime.advance(60_000);
		await add(bench, 2);
		await add(bench, 2, 'counter/two');
		await add(bench, 0, 'counter/three');
		await bench.runtime.advance(60_000);
		expect([publisher?.oldestAt, publisher?.waiting]).toEqual([first, 2]);
		// The next owner finds it in the store.
		const next = bench.restart({
			events: hooked<EventFeed>(telling().feed, hooks),
			kinds: [tellingKind],
		});
		void next.system.wakeDue(Number.MAX_SAFE_INTEGER);
		await next.runtime.advance(1_000);
		expect(next.system.publisher?.oldestAt).toBe(first);
		delete hooks.publish;
		await next.runtime.advance(20_000);
		expect([next.system.publisher?.oldestAt, next.system.publisher?.waiting]).toEqual([
			undefined,
			0,
		]);
	});

	test.each([
		['before the rows are written', 'project'],
		['before they are sent', 'publish'],
		['before they are dropped', 'drop'],
	] as const)(
		'[A11] [P13] [P30] killed %s: the events still go out, though nobody comes',
		async (_, where) => {
			const { feed, hooks, events, open } = telling();
			const bench = open();
			await add(bench, 1);
			await bench.runtime.advance(1_000);
			const never = () => new Promise<never>(() => {});
			if (where === 'publish') hooks.publish = never;
			else bench.storeHooks[where] = never;
			await add(bench, 2);
			await add(bench, 3);
			await bench.runtime.advance(1_000);
			expect(numbers(feed)).toEqual(where === 'drop' ? [1, 2, 3] : [1]);
			delete hooks.publish;
			const next = bench.restart({ events, kinds: [tellingKind] });
			// The row of the dead owner is due within 15 s; it is swept every 5 s.
			await next.runtime.advance(25_000);
			expect(numbers(feed)).toEqual([1, 2, 3]);
			expect(await rowsOf(next)).toEqual([]);
			// Work is done: nobody is woken for it any more.
			await next.runtime.advance(60_000);
			expect(await next.journal.wakes(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
		},
	);

	test('[P13] [P30] an actor with something to send is not put away, and its wake row stays', async () => {
		const { hooks, open } = telling();
		const bench = open({ idleMs: 10_000 });
		hooks.publish = () => Promise.reject(new Error('away'));
		await add(bench, 1);
		await bench.runtime.advance(600_000);
		expect(bench.system.hosts.has(KEY)).toBe(true);
		expect(await bench.journal.wakes(Number.MAX_SAFE_INTEGER, 10)).toMatchObject([{ actor: KEY }]);
		delete hooks.publish;
		await bench.runtime.advance(60_000);
		expect(bench.system.hosts.has(KEY)).toBe(false);
		expect(await bench.journal.wakes(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
	});

	test('[P30] an event that can never leave holds up its own actor only, and nothing before it', async () => {
		const { feed, open } = telling();
		const bench = open();
		for (const by of [1, 2, UNSPEAKABLE, 4]) await add(bench, by);
		for (const by of [1, 2]) await add(bench, by, 'counter/two');
		await bench.runtime.advance(600_000);
		for (const by of [3, 4]) await add(bench, by, 'counter/two');
		await bench.runtime.advance(1_000);
		expect(numbers(feed)).toEqual([1, 2]);
		expect(numbers(feed, 'counter/two')).toEqual([1, 2, 3, 4]);
		expect(await rowsOf(bench)).toHaveLength(2);
		expect(await add(bench, 5)).toMatchObject({ ok: true });
	});

	test('[P30] an actor that cannot send rests, however much it has to tell meanwhile', async () => {
		const { open } = telling();
		const bench = open();
		let reads = 0;
		bench.storeHooks.page = async (run) => {
			reads++;
			await new Promise<void>((resolve) => void bench.runtime.after(300, resolve));
			return run();
		};
		await add(bench, UNSPEAKABLE);
		for (let n = 0; n < 600; n++) {
			await add(bench, 1);
			await bench.runtime.advance(100);
		}
		// Doubled from a fifth of a second: nine rests fill a minute.
		expect(reads).toBeLessThan(12);
		await bench.runtime.advance(1_000);
		expect(await rowsOf(bench)).toHaveLength(601);
	});

	test('[P30] the order of an actor stays over a change of owner, also when the old one goes on', async () => {
		const { feed, hooks, open } = telling();
		const bench = open();
		await add(bench, 1);
		await bench.runtime.advance(1_000);
		const gate = new Gate();
		hooks.publish = (run) => gate.pass(run);
		for (const by of [2, 3, 4]) await add(bench, by);
		await bench.runtime.advance(1_000);
		// The owner stands still in the middle of sending; another takes the actor over.
		expect(gate.waited).toBe(1);
		const next = makeBench({ shared: bench, events: feed });
		for (const by of [5, 6]) await add(next, by);
		await next.runtime.advance(1_000);
		expect(numbers(feed)).toEqual([1, 2, 3, 4, 5, 6]);
		gate.open();
		await bench.runtime.advance(10_000);
		bench.post(KEY, ['add', { by: 99 }]);
		await bench.runtime.advance(30_000);
		await add(next, 7);
		await next.runtime.advance(30_000);
		expect(numbers(feed)).toEqual([1, 2, 3, 4, 5, 6, 7]);
		expect(new Set(feed.events.map(({ id }) => id)).size).toBe(feed.events.length);
	});

	test('[P30] behind an outage, thousands of actors do not try all at once', async () => {
		const { feed, hooks, open } = telling();
		const bench = open();
		let [under, most] = [0, 0];
		const hang = async (run: () => Promise<void>) => {
			most = Math.max(most, ++under);
			await new Promise<void>((resolve) => void bench.runtime.after(20, resolve));
			under--;
			return run();
		};
		hooks.publish = () => Promise.reject(new Error('away'));
		const keys = Array.from({ length: 2_000 }, (_, n) => `counter/n${n}` as const);
		for (const key of keys) bench.post(key, ['add', { by: 1 }]);
		await bench.runtime.advance(60_000);
		expect(bench.system.publisher?.waiting).toBe(2_000);
		hooks.publish = hang;
		await bench.runtime.advance(30_000);
		expect(feed.events).toHaveLength(2_000);
		expect(most).toBeLessThanOrEqual(32);
	});

	test('[C24] [P30] what one shard of the store holds up leaves from the others', async () => {
		const { feed, open } = telling();
		const of = (key: ActorKey) => (key === KEY ? 0 : 1);
		const bench = open({ shards: { count: 2, of } });
		bench.storeHooks.page = (run, { prefix }) =>
			prefix[0] === KEY ? new Promise<never>(() => {}) : run();
		for (const key of [KEY, 'counter/two'] as const) await add(bench, 1, key);
		await bench.runtime.advance(1_000);
		for (let by = 2; by <= 40; by++) await add(bench, by, 'counter/two');
		await bench.runtime.advance(1_000);
		expect([numbers(feed).length, numbers(feed, 'counter/two').length]).toEqual([0, 40]);
	});

	test('an orderly end sends what can be sent', async () => {
		const { feed, open } = telling();
		const bench = open();
		await add(bench, 1);
		await bench.close();
		expect(numbers(feed)).toEqual([1]);
		expect(await bench.journal.wakes(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
	});

	test('[H28] [P30] an orderly end without the feed is not held up, and leaves the work to the next', async () => {
		const { feed, hooks, events, open } = telling();
		const bench = open();
		hooks.publish = () => new Promise<never>(() => {});
		await add(bench, 1);
		await bench.runtime.advance(1_000);
		await bench.close();
		expect(await bench.journal.wakes(Number.MAX_SAFE_INTEGER, 10)).toMatchObject([{ actor: KEY }]);
		delete hooks.publish;
		const next = makeBench({ shared: bench, events });
		void next.system.wakeDue(Number.MAX_SAFE_INTEGER);
		await next.runtime.advance(1_000);
		expect(numbers(feed)).toEqual([1]);
	});

	test('a kind that publishes nothing costs no row and no read; nor does one where there is no feed', async () => {
		for (const options of [{ kinds: [counterKind as never], events: telling().feed }, {}]) {
			const bench = makeBench(options);
			let reads = 0;
			bench.storeHooks.page = (run) => {
				reads++;
				return run();
			};
			for (const by of [1, 2]) await add(bench, by);
			await bench.runtime.advance(1_000);
			expect(await rowsOf(bench)).toEqual([]);
			expect(reads).toBe(0);
			await bench.close();
		}
	});
});
