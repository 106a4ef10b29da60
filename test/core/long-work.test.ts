import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aboutBytes } from '../../src/core/about-bytes.ts';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import type { Runtime } from '../../src/core/runtime.ts';
import { pack } from '../../src/protocol/codec.ts';
import { CoreBench } from '../support/core-bench.ts';
import { type CounterEvent, type CounterState, counterKind } from '../support/counter-kind.ts';
import type { VirtualRuntime } from '../support/virtual-runtime.ts';

const LARGE = 'counter/large';
const OTHER = 'counter/other';
const KILOBYTE = 1_024;

/** What happened in which order, with the load or snapshot of the large actor among it. */
type Seen = string[];

/** A kind whose snapshot has many parts; making and reading each is seen, of the large one. */
function inParts(
	seen: Seen,
	parts: number,
	partBytes: number,
): ActorKind<CounterState, CounterEvent> {
	return {
		...counterKind,
		cut(state) {
			const { additions, total } = structuredClone(state);
			return (function* () {
				yield { additions, total };
				for (let n = 1; n < parts; n++) {
					seen.push('part');
					yield new Uint8Array(partBytes);
				}
			})();
		},
		*restoring(id, given) {
			const state = counterKind.initial(id);
			for (const part of given) {
				if (!(part instanceof Uint8Array)) Object.assign(state, part);
				seen.push('part');
				yield;
			}
			return state;
		},
		restore: () => {
			throw new Error('there is a way in steps');
		},
	};
}

/** The same time for all, but each look at the clock shows that work takes a while. */
function tiring(runtime: VirtualRuntime): Runtime {
	let spentMs = 0;
	return {
		now: () => runtime.now(),
		monotonic: () => {
			spentMs += 2;
			return runtime.monotonic() + spentMs;
		},
		random: () => runtime.random(),
		randomId: () => runtime.randomId(),
		after: (ms, run) => runtime.after(ms, run),
		defer: (run) => runtime.defer(run),
	};
}

async function add(bench: CoreBench, key: `${string}/${string}`, count: number): Promise<void> {
	const answers = Array.from({ length: count }, () => bench.post(key, ['add', { by: 1 }]));
	await bench.runtime.until(() => answers.every(({ length }) => length > 0));
	await bench.runtime.advance(1_000);
}

/** Asks the other actor again and again, while it is wanted; its answers are seen. */
function keepAsking(bench: CoreBench, seen: Seen, times: number): void {
	if (times === 0) return;
	const caller = { userId: 'ann', roles: ['user'] };
	bench.system.command(OTHER, { caller, name: 'add', args: { by: 1 } }, ({ ok }) => {
		seen.push(ok ? 'other' : 'refused');
		bench.runtime.defer(() => keepAsking(bench, seen, times - 1));
	});
}

/** How often the other one was answered between two parts of the large one. */
const between = (seen: Seen) =>
	seen.slice(seen.indexOf('part'), seen.lastIndexOf('part')).filter((one) => one === 'other')
		.length;

describe('long work of one actor', () => {
	test('[T14] [H35] a snapshot is loaded in steps while others are served', async () => {
		const seen: Seen = [];
		const kinds = [inParts(seen, 40, KILOBYTE) as ActorKind];
		const bench = new CoreBench({ kinds });
		await add(bench, LARGE, 2_500);
		await add(bench, OTHER, 1);
		expect((await bench.journal.snapshot(LARGE))?.parts).toHaveLength(41);
		seen.length = 0;
		const next = bench.restart({ kinds, runtime: tiring(bench.runtime) });
		expect(await next.send(OTHER, ['total', {}])).toMatchObject({ ok: true });
		keepAsking(next, seen, 50);
		expect(await next.send(LARGE, ['total', {}])).toEqual({ ok: true, reply: { total: 2_500 } });
		expect(seen).not.toContain('refused');
		expect(between(seen)).toBeGreaterThan(3);
	});

	test('[T14] [H35] a journal without a snapshot is replayed in slices', async () => {
		const seen: Seen = [];
		const kind: ActorKind<CounterState, CounterEvent> = {
			...counterKind,
			evolve(state, event, meta) {
				if (meta.key === LARGE) seen.push('part');
				return counterKind.evolve(state, event, meta);
			},
		};
		const kinds = [kind as ActorKind];
		const bench = new CoreBench({ kinds });
		await add(bench, LARGE, 1_000);
		await add(bench, OTHER, 1);
		seen.length = 0;
		const next = bench.restart({ kinds, runtime: tiring(bench.runtime) });
		expect(await next.send(OTHER, ['total', {}])).toMatchObject({ ok: true });
		keepAsking(next, seen, 50);
		expect(await next.send(LARGE, ['total', {}])).toEqual({ ok: true, reply: { total: 1_000 } });
		expect(between(seen)).toBeGreaterThan(10);
	});

	test('[H33] [H35] a host that is stopped while it loads reads no further', async () => {
		const bench = new CoreBench();
		await add(bench, LARGE, 10);
		const next = bench.restart();
		let reads = 0;
		next.journalHooks.read = async (run) => {
			const read = await run();
			if (++reads === 5) next.system.kill();
			return { ...read, more: reads < 1_000 };
		};
		next.post(LARGE, ['total', {}]);
		await next.runtime.advance(1_000);
		expect(reads).toBe(5);
	});

	test('[T14] [H21] a snapshot is made in slices, between which the actor itself goes on', async () => {
		const seen: Seen = [];
		const kinds = [inParts(seen, 40, KILOBYTE) as ActorKind];
		const first = new CoreBench({ kinds });
		await add(first, LARGE, 1_900);
		await add(first, OTHER, 1);
		const bench = first.restart({ kinds, runtime: tiring(first.runtime) });
		expect(await bench.send(OTHER, ['total', {}])).toMatchObject({ ok: true });
		keepAsking(bench, seen, 500);
		await add(bench, LARGE, 150);
		await add(bench, LARGE, 1);
		await bench.runtime.advance(1_000);
		expect(await bench.journal.snapshot(LARGE)).toMatchObject({ parts: { length: 41 } });
		expect(between(seen)).toBeGreaterThan(3);
		expect(await bench.send(LARGE, ['total', {}])).toEqual({ ok: true, reply: { total: 2_051 } });
	});

	test('[T14] [H21] a large state is written anew behind as much more, also after a restart', async () => {
		const kinds = [inParts([], 9, 128 * KILOBYTE) as ActorKind];
		const bench = new CoreBench({ kinds });
		await add(bench, LARGE, 2_100);
		const first = await bench.journal.snapshot(LARGE);
		expect(first?.parts).toHaveLength(10);
		await add(bench, LARGE, 2_500);
		const next = bench.restart({ kinds });
		await add(next, LARGE, 1_000);
		expect((await next.journal.snapshot(LARGE))?.commit).toBe(first?.commit);
		await add(next, LARGE, 1_000);
		expect((await next.journal.snapshot(LARGE))?.commit).toBeGreaterThan(first?.commit ?? 0);
	});

	test('[T14] [H21] what was replayed counts: behind a crash the next snapshot does not wait', async () => {
		const bench = new CoreBench();
		bench.journalHooks.sealSnapshot = () => Promise.reject(new Error('away'));
		await add(bench, LARGE, 2_500);
		const next = bench.restart();
		await add(next, LARGE, 1);
		expect(await next.journal.snapshot(LARGE)).toBeDefined();
	});

	test('[T14] [H21] a part that no store would take is not written; the actor goes on', async () => {
		const warned: unknown[] = [];
		const kinds = [inParts([], 2, 9 * 1024 * KILOBYTE) as ActorKind];
		const log: Log = { ...SILENT, warn: (...args) => void warned.push(args) };
		const bench = new CoreBench({ kinds, log });
		await add(bench, LARGE, 2_500);
		expect(await bench.journal.snapshot(LARGE)).toBeUndefined();
		expect(JSON.stringify(warned)).toContain('snapshot not taken');
		expect(await bench.send(LARGE, ['total', {}])).toEqual({ ok: true, reply: { total: 2_500 } });
	});
});

test('[H4] what a value takes is told without packing it, and never far off', () => {
	const plain = fc.jsonValue({ maxDepth: 4, noUnicodeString: true });
	fc.assert(
		fc.property(plain, (value) => {
			const packed = pack(value).length;
			expect(aboutBytes(value)).toBeGreaterThanOrEqual(packed / 3);
			expect(aboutBytes(value)).toBeLessThanOrEqual(6 * packed + 6);
		}),
	);
	const users = Array.from({ length: 5_000 }, (_, n) => `user-${n}`);
	expect(aboutBytes({ users }) / pack({ users }).length).toBeGreaterThan(1);
	expect(aboutBytes({ users }) / pack({ users }).length).toBeLessThan(1.3);
	expect(aboutBytes(new Uint8Array(1_000))).toBeLessThan(1_010);
	expect(aboutBytes(undefined)).toBeGreaterThan(0);
});
