import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import { pack } from '../../src/protocol/codec.ts';
import { CoreBench } from '../support/core-bench.ts';
import { type CounterEvent, type CounterState, counterKind } from '../support/counter-kind.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const done = (total: number) => ({ ok: true, reply: { total } });

async function add(bench: CoreBench, count: number): Promise<void> {
	const answers = Array.from({ length: count }, () => bench.post(KEY, ['add', { by: 1 }]));
	await bench.runtime.until(() => answers.every(({ length }) => length > 0));
	await bench.runtime.advance(200);
}

const stateOf = (bench: CoreBench) => {
	const looked: Promise<CounterState | undefined> = bench.system.inspect(KEY, (_, actor) =>
		structuredClone(actor.state as CounterState),
	);
	return bench.runtime.advance(1_000).then(() => looked);
};

/** The same data without its snapshots. */
function withoutSnapshots(bench: CoreBench): CoreBench {
	bench.state.of(KEY).snapshots.clear();
	return bench.restart();
}

describe('snapshots', () => {
	test('[P13] [H21] written in parts behind 2,000 events, found by the next owner', async () => {
		const kind: ActorKind<CounterState, CounterEvent> = {
			...counterKind,
			*cut(state) {
				const { total, ...others } = structuredClone(state);
				yield { total };
				yield others;
			},
			restore: (_, [one, other]) => ({ ...(one as object), ...(other as object) }) as CounterState,
		};
		const kinds = [kind as ActorKind];
		const bench = new CoreBench({ kinds });
		await add(bench, 2_500);
		const snapshot = await bench.journal.snapshot(KEY);
		expect(snapshot?.parts).toHaveLength(3);
		await add(bench, 10);
		const second = bench.restart({ kinds });
		const froms: unknown[] = [];
		second.journalHooks.read = (run, _, from) => {
			froms.push(from);
			return run();
		};
		expect(await second.send(KEY, ['total', {}])).toEqual(done(2_510));
		expect(froms[0]).toEqual({ commit: snapshot?.commit });
	});

	test('[P13] [H21] not sealed before the store has what it stands for', async () => {
		const bench = new CoreBench();
		bench.storeHooks.project = () => Promise.reject(new Error('away'));
		await add(bench, 2_500);
		expect(await bench.journal.snapshot(KEY)).toBeUndefined();
		delete bench.storeHooks.project;
		await bench.runtime.advance(10_000);
		expect(await bench.journal.snapshot(KEY)).toBeDefined();
	});

	test('[H21] a snapshot ahead of a restored store is passed over: nothing stays unprojected', async () => {
		const bench = new CoreBench();
		await add(bench, 2_500);
		expect(await bench.journal.snapshot(KEY)).toBeDefined();
		bench.system.kill();
		const restored = new CoreBench({ data: bench });
		expect(await restored.send(KEY, ['look', { at: 3 }])).toMatchObject({ reply: { by: 1 } });
		await restored.runtime.advance(1_000);
		expect(await restored.store.get('additions', ['one', 2_500])).toBeDefined();
	});

	test('[H21] the watermark is asked for behind the snapshot: one that is sealed meanwhile counts', async () => {
		const bench = new CoreBench();
		await add(bench, 2_500);
		bench.system.kill();
		const second = bench.restart();
		const order: string[] = [];
		second.journalHooks.snapshot = async (run) => {
			const snapshot = await run();
			order.push('snapshot is read');
			return snapshot;
		};
		second.storeHooks.watermark = (run) => {
			order.push('watermark is asked for');
			return run();
		};
		expect(await second.send(KEY, ['total', {}])).toEqual(done(2_500));
		expect(order).toEqual(['snapshot is read', 'watermark is asked for']);
	});

	test('[P13] [H21] a cut that throws or a journal that takes no parts stops nobody', async () => {
		const kind = {
			...counterKind,
			cut: () => {
				throw new Error('cut');
			},
		};
		const bench = new CoreBench({ kinds: [kind as unknown as ActorKind] });
		await add(bench, 2_500);
		const other = new CoreBench();
		other.journalHooks.putSnapshotPart = () => Promise.reject(new Error('full'));
		await add(other, 2_500);
		for (const one of [bench, other]) {
			expect(await one.send(KEY, ['total', {}])).toEqual(done(2_500));
			await one.close();
			expect(await one.journal.snapshot(KEY)).toBeUndefined();
		}
	});

	test('[P13] [H21] [H28] an orderly end in the middle of a commit cuts no state that the journal lacks', async () => {
		const bench = new CoreBench();
		await add(bench, 100);
		const gate = new Gate();
		let appends = 0;
		bench.journalHooks.append = (run) => {
			appends++;
			return gate.pass(run);
		};
		const projected = new Gate();
		bench.storeHooks.project = (run) => projected.pass(run);
		gate.open();
		bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(50);
		const late = new Gate();
		bench.journalHooks.append = (run) => late.pass(run);
		const closing = bench.system.close();
		await bench.runtime.advance(50);
		bench.system.hosts.get(KEY)?.door.tellSelf('add', { by: 1 });
		await bench.runtime.advance(5);
		projected.open();
		await bench.runtime.advance(50);
		late.open();
		await bench.runtime.advance(5_000);
		await closing;
		expect(appends).toBe(1);
		const second = new CoreBench({ shared: bench });
		const recovered = await stateOf(second);
		expect(recovered?.total).toBe((await second.events(KEY)).length);
		expect(await stateOf(withoutSnapshots(second))).toEqual(recovered);
	});

	test('[P13] [P14] [H21] recovery from any snapshot equals the replay of everything', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 40 }), async (steps) => {
				let bench = new CoreBench();
				await bench.send(KEY, ['add', { by: 0 }]);
				for (const step of steps) bench = await take(bench, step);
				// Every timer has fired, so that the state stands still between the two recoveries.
				await bench.runtime.advance(200_000);
				const recovered = await stateOf(bench.restart());
				expect(recovered).toEqual(await stateOf(withoutSnapshots(bench)));
			}),
			{ numRuns: 60 },
		);
	});
});

const STEP = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.tuple(fc.constant('add' as const), fc.integer({ min: -9, max: 9 })),
	},
	...(['remind', 'throwInEvolve', 'snapshot', 'restart'] as const).map((name) => ({
		weight: 1,
		arbitrary: fc.tuple(fc.constant(name), fc.constant(60_000)),
	})),
	{
		weight: 1,
		arbitrary: fc.tuple(fc.constant('wait' as const), fc.integer({ min: 1, max: 90_000 })),
	},
);

async function take(
	bench: CoreBench,
	[name, given]: readonly [
		'add' | 'remind' | 'throwInEvolve' | 'snapshot' | 'restart' | 'wait',
		number,
	],
): Promise<CoreBench> {
	if (name === 'restart') return bench.restart();
	if (name === 'snapshot') await snapshotNow(bench);
	else if (name === 'wait') await bench.runtime.advance(given);
	else bench.post(KEY, [name, { by: given, at: bench.runtime.now() + given }]);
	return bench;
}

/** Snapshots the actor as its host does, whatever its size. */
async function snapshotNow(bench: CoreBench): Promise<void> {
	await bench.runtime.advance(100);
	const cut = bench.system.inspect(KEY, (_, actor) => {
		const { commit, position, at, history } = actor;
		const envelope = { version: 1, commit, position, at, boundaries: [...history.boundaries] };
		return { commit, parts: [envelope, ...counterKind.cut(actor.state as CounterState)].map(pack) };
	});
	await bench.runtime.advance(1_000);
	const made = await cut;
	if (made === undefined) return;
	await Promise.all(
		made.parts.map((bytes, part) =>
			bench.journal.putSnapshotPart({ actor: KEY, commit: made.commit, part, bytes }),
		),
	);
	await bench.journal.sealSnapshot(KEY, made.commit, made.parts.length);
}
