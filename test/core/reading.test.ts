import { describe, expect, test } from 'vitest';
import { type ActorKind, type EventMeta, ReadRefusedError } from '../../src/core/actor-kind.ts';
import type { OpenAnswer } from '../../src/core/actor-port.ts';
import type { Resume } from '../../src/protocol/wire.ts';
import { CoreBench, Ear } from '../support/core-bench.ts';
import { type CounterEvent, counterKind } from '../support/counter-kind.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';
const done = (total: number) => ({ ok: true, reply: { total } });
const NOT_FOUND = { ok: false, code: 'NOT_FOUND' };

const resumeOf = (answer: OpenAnswer): Resume => {
	expect(answer.ok).toBe(true);
	return answer.ok ? [answer.position, answer.writer] : [0, ''];
};

async function add(bench: CoreBench, count: number): Promise<void> {
	const answers = Array.from({ length: count }, () => bench.post(KEY, ['add', { by: 1 }]));
	await bench.runtime.until(() => answers.every(({ length }) => length > 0));
}

const added = (count: number) => Array(count).fill(['added', { by: 1 }]);

describe('openings', () => {
	test('[P11] [H13] a key without a journal is NOT_FOUND, and nobody is subscribed', async () => {
		const bench = new CoreBench();
		const { answer, ear } = await bench.open(KEY);
		expect(answer).toMatchObject(NOT_FOUND);
		await add(bench, 1);
		expect(ear.told).toEqual([]);
	});

	test('[H19] every event behind the answered position is told, none twice', async () => {
		const bench = new CoreBench();
		await add(bench, 1);
		const opened = [];
		for (let n = 0; n < 5; n++) {
			bench.post(KEY, ['add', { by: 1 }]);
			opened.push(bench.open(KEY));
			bench.post(KEY, ['add', { by: 1 }]);
			await bench.runtime.advance(1);
		}
		await bench.runtime.advance(100);
		for (const { answer, ear } of await Promise.all(opened)) {
			const [position] = resumeOf(answer);
			const told = ear.told.map((one) => one.position);
			expect(told).toEqual(Array.from({ length: 11 - position }, (_, n) => position + 1 + n));
		}
	});

	test('[H19] who may not open is refused and hears nothing', async () => {
		const bench = new CoreBench();
		await add(bench, 1);
		const mallory = await bench.open(KEY, { caller: { userId: 'mallory', roles: ['user'] } });
		expect(mallory.answer).toMatchObject({ ok: false, code: 'FORBIDDEN' });
		await add(bench, 1);
		expect(mallory.ear.told).toEqual([]);
		expect(bench.system.hosts.get(KEY)?.subscribers.size).toBe(0);
	});

	test('[H19] a refused opening of an edge takes nothing from its other openings', async () => {
		const bench = new CoreBench();
		await add(bench, 1);
		const { ear } = await bench.open(KEY);
		const caller = { userId: 'mallory', roles: ['user'] };
		const { answer } = await bench.open(KEY, { caller, subscriber: ear });
		expect(answer.ok).toBe(false);
		await add(bench, 1);
		expect(ear.told).toHaveLength(1);
		bench.system.unsubscribe(KEY, ear);
		await add(bench, 1);
		expect(ear.told).toHaveLength(1);
	});

	test('[H19] an opening whose answer is still being read when the host ends is MOVED', async () => {
		const bench = new CoreBench();
		await add(bench, 2_100);
		const { answer } = await bench.open(KEY);
		const [, writer] = resumeOf(answer);
		const gate = new Gate();
		bench.journalHooks.read = (run) => gate.pass(run);
		const late = bench.open(KEY, { resume: [1, writer] });
		await bench.runtime.advance(10);
		expect(gate.waited).toBe(1);
		bench.system.hosts.get(KEY)?.stop();
		gate.open();
		expect((await late).answer).toMatchObject({ ok: false, code: 'MOVED' });
	});

	test('[H2] [H18] queries and openings wait behind a commit in flight and see what it made', async () => {
		const bench = new CoreBench();
		await add(bench, 1);
		const gate = new Gate();
		bench.journalHooks.append = (run) => gate.pass(run);
		bench.post(KEY, ['add', { by: 1 }]);
		await bench.runtime.advance(10);
		const read = bench.post(KEY, ['total', {}]);
		const opened = bench.open(KEY);
		await bench.runtime.advance(1_000);
		expect(read).toEqual([]);
		gate.open();
		expect((await opened).answer).toMatchObject({ position: 2, view: { total: 2 } });
		expect(read).toEqual([done(2)]);
	});

	test('a read that finds in the store why the answer is no is refused with that', async () => {
		const no = { ok: false as const, code: 'NOT_FOUND' as const, message: 'nothing there' };
		const kind: ActorKind = {
			...(counterKind as ActorKind),
			query: () => ({
				ok: true,
				run: async (reads) => {
					await reads.get('additions', ['one', 99]);
					throw new ReadRefusedError(no);
				},
			}),
		};
		const bench = new CoreBench({ kinds: [kind] });
		await add(bench, 1);
		expect(await bench.send(KEY, ['total', {}])).toEqual(no);
	});

	test('an ephemeral is told at once and stored nowhere', async () => {
		const bench = new CoreBench();
		await add(bench, 1);
		const { ear } = await bench.open(KEY);
		bench.system.ephemeral(KEY, { userId: 'bob', roles: [] }, ['waved', {}]);
		await bench.runtime.advance(10);
		expect(ear.ephemerals).toEqual([['waved', { userId: 'bob' }]]);
		expect(await bench.events(KEY)).toHaveLength(1);
	});
});

describe('resume', () => {
	async function opened(bench: CoreBench): Promise<Resume> {
		await add(bench, 1);
		return resumeOf((await bench.open(KEY)).answer);
	}
	const resumed = async (bench: CoreBench, resume: Resume, more: object = {}) =>
		(await bench.open(KEY, { resume, ...more })).answer;

	test('[H20] from memory: exactly what was missed, and the events behind it follow', async () => {
		const bench = new CoreBench();
		const resume = await opened(bench);
		await add(bench, 5);
		const ear = new Ear();
		const answer = await resumed(bench, resume, { subscriber: ear });
		expect(answer).toMatchObject({ how: 'resumed', position: 6, events: added(5) });
		await add(bench, 1);
		expect(ear.told.map(({ position }) => position)).toEqual([7]);
		expect(await resumed(bench, resumeOf(answer))).toMatchObject({ events: added(1) });
	});

	test('[P13] [H20] over restarts, with and without commits of the owners between', async () => {
		let bench = new CoreBench();
		const resume = await opened(bench);
		for (let round = 1; round <= 3; round++) {
			await add(bench, 2);
			bench = bench.restart();
			await bench.open(KEY);
			bench = bench.restart();
		}
		expect(await resumed(bench, resume)).toMatchObject({ how: 'resumed', events: added(6) });
	});

	test('[H20] from the journal, when the memory does not go back so far', async () => {
		const bench = new CoreBench();
		const resume = await opened(bench);
		await add(bench, 3_000);
		let read = 0;
		bench.journalHooks.read = (run) => {
			read++;
			return run();
		};
		expect(await resumed(bench, resume)).toMatchObject({
			how: 'resumed',
			position: 3_001,
			events: added(3_000),
		});
		expect(read).toBe(1);
	});

	test('[H20] events that come while the journal is read are told, not answered twice', async () => {
		const bench = new CoreBench();
		const resume = await opened(bench);
		await add(bench, 3_000);
		const gate = new Gate();
		bench.journalHooks.read = (run) => gate.pass(run);
		const ear = new Ear();
		const answer = resumed(bench, resume, { subscriber: ear });
		await bench.runtime.advance(5);
		await add(bench, 2);
		expect(ear.told.map(({ position }) => position)).toEqual([3_002, 3_003]);
		gate.open();
		expect(await answer).toMatchObject({ position: 3_001, events: added(3_000) });
	});

	test('[H20] more than 4 MB, or a journal that does not answer: a fresh state instead', async () => {
		const bench = new CoreBench();
		const resume = await opened(bench);
		await add(bench, 3_000);
		bench.journalHooks.read = async (run) => ({ ...(await run()), more: true });
		const fresh = { how: 'reset', position: 3_001, view: { total: 3_001 } };
		expect(await resumed(bench, resume)).toMatchObject(fresh);
		bench.journalHooks.read = () => Promise.reject(new Error('away'));
		expect(await resumed(bench, resume)).toMatchObject(fresh);
	});

	test('[H20] another writer, or a position that was never reached: reset', async () => {
		const bench = new CoreBench();
		const [position, writer] = await opened(bench);
		expect(await resumed(bench, [position, 'nobody'])).toMatchObject({ how: 'reset' });
		expect(await resumed(bench, [position + 1, writer])).toMatchObject({ how: 'reset' });
		expect(await resumed(bench, [position, writer])).toMatchObject({ how: 'resumed' });
		expect(await resumed(bench, [0, ''])).toMatchObject({ how: 'resumed', events: added(1) });
	});

	test('[H20] a journal restored to an older state and written on: who saw the lost part gets a reset', async () => {
		const first = new CoreBench();
		await add(first, 1);
		await first.close();
		const backup = first.state.actors.get(KEY)?.kept.slice() ?? [];
		const second = new CoreBench({ shared: first });
		await add(second, 4);
		const lost = resumeOf((await second.open(KEY)).answer);
		const early: Resume = [1, resumeOf((await second.open(KEY, { resume: [0, ''] })).answer)[1]];
		second.system.kill();
		first.state.of(KEY).kept.splice(0, Infinity, ...backup);
		first.state.of(KEY).snapshots.clear();
		const third = new CoreBench({ data: first });
		await add(third, 4);
		expect(lost[0]).toBe(5);
		expect(await resumed(third, lost)).toMatchObject({ how: 'reset', view: { total: 5 } });
		expect(await resumed(third, early)).toMatchObject({ how: 'reset' });
		const writer = backup[0]?.writer ?? '';
		expect(await resumed(third, [1, writer])).toMatchObject({ how: 'resumed', events: added(4) });
	});

	test('[H20] after 64 writers the oldest are forgotten: reset instead of a guess', async () => {
		let bench = new CoreBench();
		const resume = await opened(bench);
		for (let n = 0; n < 70; n++) {
			bench = bench.restart();
			await add(bench, 1);
		}
		expect(await resumed(bench, resume)).toMatchObject({ how: 'reset', view: { total: 71 } });
	});

	test('[H20] a resume holds only what the caller may hear, from memory and from the journal', async () => {
		const kind = {
			...counterKind,
			show: (event: CounterEvent, { by }: EventMeta) => [{ ...event, audience: [by ?? ''] }],
		};
		const bench = new CoreBench({ kinds: [kind as unknown as ActorKind] });
		const resume = await opened(bench);
		const bob = { userId: 'bob', roles: ['user'] };
		for (let n = 0; n < 5; n++) {
			await bench.send(KEY, ['add', { by: 1 }]);
			await bench.send(KEY, ['add', { by: 2 }], { caller: bob });
		}
		const twice = Array(5).fill(['added', { by: 2 }]);
		const answers = async () => [
			await resumed(bench, resume),
			await resumed(bench, resume, { caller: bob }),
		];
		expect(await answers()).toMatchObject([{ events: added(5) }, { events: twice }]);
		await add(bench, 2_100);
		expect(await answers()).toMatchObject([{ events: added(2_105) }, { events: twice }]);
	});
});
