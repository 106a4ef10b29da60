import { describe, expect, test } from 'vitest';
import type { ActorKind } from '../../src/core/actor-kind.ts';
import type { Publication, ReopenAnswer, ReopenRequest } from '../../src/core/actor-port.ts';
import type { Resume } from '../../src/protocol/wire.ts';
import { CoreBench, Ear } from '../support/core-bench.ts';
import { counterKind } from '../support/counter-kind.ts';
import { Gate } from '../support/hooked.ts';

const KEY = 'counter/one';

async function add(bench: CoreBench, count: number, by = 1): Promise<void> {
	const answers = Array.from({ length: count }, () => bench.post(KEY, ['add', { by }]));
	await bench.runtime.until(() => answers.every(({ length }) => length > 0));
}

const caller = (userId: string) => ({ userId, roles: ['user'] });

/** Asks as an edge does that was told up to `resume`; the answer is in the array when it is there. */
function ask(bench: CoreBench, resume: Resume, more: Partial<ReopenRequest> = {}) {
	const ear = new PublicationEar();
	const answers: ReopenAnswer[] = [];
	const request = { callers: [caller('ann')], resume, subscriber: ear, ...more };
	bench.system.reopen(KEY, request, (answer) => answers.push(answer));
	return { ear, answers };
}

async function reopen(bench: CoreBench, resume: Resume, more: Partial<ReopenRequest> = {}) {
	const asked = ask(bench, resume, more);
	await bench.runtime.until(() => asked.answers.length > 0);
	return { ear: asked.ear, answer: asked.answers[0] as ReopenAnswer };
}

class PublicationEar extends Ear {
	readonly publications: Publication[] = [];

	override committed(publication: Publication): void {
		super.committed(publication);
		this.publications.push(publication);
	}
}

function resumed(answer: ReopenAnswer) {
	if (!answer.ok || answer.how !== 'resumed') throw new Error(JSON.stringify(answer));
	return answer;
}

/** A node that has told an edge one event, and the pair of that edge. */
async function told(options: ConstructorParameters<typeof CoreBench>[0] = {}) {
	const bench = new CoreBench(options);
	await add(bench, 1);
	const { answer } = await bench.open(KEY);
	if (!answer.ok) throw new Error(answer.code);
	return { bench, resume: [answer.position, answer.writer] as Resume };
}

describe('an edge that comes back', () => {
	test('[P21] [H31] gets what was committed since, with audiences, and is told what follows', async () => {
		const { bench, resume } = await told();
		const { ear: other } = await bench.open(KEY);
		await add(bench, 3);
		const { ear, answer } = await reopen(bench, resume, { callers: ['ann', 'bob'].map(caller) });
		const { missed, position, refused } = resumed(answer);
		expect(missed.flatMap((one) => one.told)).toEqual(other.told);
		expect([missed.at(-1)?.position, position, refused]).toEqual([4, 4, []]);
		await add(bench, 2);
		expect(ear.told.map((one) => one.position)).toEqual([5, 6]);
	});

	test('[P21] [H31] at the next owner too, with the writers of what was missed', async () => {
		const { bench, resume } = await told();
		await add(bench, 1);
		const next = bench.restart();
		await add(next, 1);
		const { missed } = resumed((await reopen(next, resume)).answer);
		expect(missed.map((one) => one.position)).toEqual([2, 3]);
		expect(missed[0]?.writer).toBe(resume[1]);
		expect(missed[1]?.writer).toBe(next.system.hosts.get(KEY)?.writer);
		const { answer } = await reopen(next, [3, missed[1]?.writer ?? '']);
		expect(resumed(answer)).toMatchObject({ missed: [], position: 3 });
	});

	test('[H31] what memory does not hold comes from the journal; more than 4 MB is a reset', async () => {
		const { bench, resume } = await told();
		const { ear: other } = await bench.open(KEY);
		await add(bench, 2_600);
		const { answer, ear } = await reopen(bench, resume);
		expect(resumed(answer).missed.flatMap((one) => one.told)).toEqual(other.told);
		await add(bench, 1);
		expect(ear.told).toHaveLength(1);
		bench.journalHooks.read = async (run) => ({ ...(await run()), more: true });
		const late = await reopen(bench, resume);
		expect(late.answer).toEqual({ ok: true, how: 'reset' });
		await add(bench, 1);
		expect(late.ear.told).toEqual([]);
	});

	test('[H31] what is committed while the journal is read is in the answer', async () => {
		const { bench, resume } = await told();
		await add(bench, 2_600);
		const gate = new Gate();
		bench.journalHooks.read = (run) => gate.pass(run);
		const { ear, answers } = ask(bench, resume);
		await bench.runtime.advance(10);
		await add(bench, 5);
		expect([gate.waited, answers.length, ear.told.length]).toEqual([1, 0, 0]);
		gate.open();
		await bench.runtime.advance(10);
		const { missed, position } = resumed(answers[0] as ReopenAnswer);
		expect(missed.flatMap((one) => one.told).map((one) => one.position)).toEqual(
			Array.from({ length: 2_605 }, (_, index) => 2 + index),
		);
		expect(position).toBe(2_606);
	});

	test('[H31] another history, or a position ahead of it, is a reset and subscribes nobody', async () => {
		const { bench } = await told();
		for (const resume of [
			[1, 'another'],
			[9, 'another'],
		] as Resume[]) {
			const { answer, ear } = await reopen(bench, resume);
			expect(answer).toEqual({ ok: true, how: 'reset' });
			await add(bench, 1);
			expect(ear.told).toEqual([]);
		}
	});

	test('[H31] a key without a journal is NOT_FOUND, and nothing is written', async () => {
		const bench = new CoreBench();
		const { answer } = await reopen(bench, [1, 'w']);
		expect(answer).toMatchObject({ ok: false, code: 'NOT_FOUND' });
		expect(await bench.records(KEY)).toEqual([]);
	});

	test('[H31] says of each user whether they may hear; code that throws refuses its user alone', async () => {
		const { bench, resume } = await told();
		const callers = ['ann', 'mallory', 'trap', 'bob'].map(caller);
		const { answer } = await reopen(bench, resume, { callers });
		expect(resumed(answer).refused).toEqual([
			{ userId: 'mallory', code: 'FORBIDDEN' },
			{ userId: 'trap', code: 'INTERNAL' },
		]);
	});

	test('[H31] thousands of users are checked a slice at a time: others are served in between', async () => {
		const leaving: ActorKind = {
			...(counterKind as ActorKind),
			revokes: ({ data }) => ((data as { by: number }).by === 7 ? ['u0'] : []),
		};
		const { bench, resume } = await told({ kinds: [leaving] });
		const callers = Array.from({ length: 5_000 }, (_, n) => caller(`u${n}`));
		const { answers } = ask(bench, resume, { callers });
		const order: string[] = [];
		bench.runtime.defer(() => {
			const request = { caller: caller('bob'), name: 'add', args: { by: 7 } };
			bench.system.command(KEY, request, () => order.push(`added, ${answers.length} answered`));
		});
		await bench.runtime.until(() => answers.length > 0);
		expect(order).toEqual(['added, 0 answered']);
		const { missed, refused } = resumed(answers[0] as ReopenAnswer);
		// Let in by the first slice, thrown out while the others were checked.
		expect(refused).toEqual([]);
		expect(missed.flatMap((one) => one.told)).toMatchObject([{ position: 2, revoked: ['u0'] }]);
	});

	test('[H31] an owner that ends meanwhile says MOVED; a journal that is away UNAVAILABLE', async () => {
		const { bench, resume } = await told();
		await add(bench, 2_600);
		const gate = new Gate();
		bench.journalHooks.read = (run) => gate.pass(run);
		const moved = ask(bench, resume);
		await bench.runtime.advance(10);
		bench.system.stop(KEY);
		gate.open();
		await bench.runtime.advance(10);
		expect(moved.answers).toMatchObject([{ ok: false, code: 'MOVED' }]);
		await add(bench, 1);
		bench.journalHooks.read = () => Promise.reject(new Error('away'));
		expect((await reopen(bench, resume)).answer).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
		expect(bench.system.hosts.get(KEY)?.subscribers.size).toBe(0);
	});
});
