import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WaitingQueue } from '../../actors/ticket-event/waiting-queue.ts';
import { pack, unpack } from '../../src/protocol/codec.ts';

/** What a store gives back of a cut. */
const stored = (parts: Iterable<unknown>): unknown[] =>
	[...parts].map((part) => unpack(pack(part)));

/** The same told naively. */
class NaiveQueue {
	arrived = 0;
	waiting: { userId: string; number: number }[] = [];

	arrive(userId: string): void {
		this.waiting.push({ userId, number: this.arrived++ });
	}

	remove(userId: string): void {
		this.waiting = this.waiting.filter((one) => one.userId !== userId);
	}

	copy(): NaiveQueue {
		return Object.assign(new NaiveQueue(), { arrived: this.arrived, waiting: [...this.waiting] });
	}
}

const USERS = [
	'a',
	'b',
	'cc',
	'd-1',
	'd-2',
	'A_long_name-of-sixty-four-characters'.padEnd(64, 'x'),
];

function expectSame(queue: WaitingQueue, model: NaiveQueue, thorough = true): void {
	expect(queue.size).toBe(model.waiting.length);
	expect(queue.arrived).toBe(model.arrived);
	const ids = model.waiting.map(({ userId }) => userId);
	expect(queue.first(7)).toEqual(ids.slice(0, 7));
	const known = thorough ? ids : [...ids.slice(0, 20), ...ids.slice(-20)];
	if (thorough) expect(queue.first(Infinity)).toEqual(ids);
	for (const [at, { userId, number }] of model.waiting.entries()) {
		if (!known.includes(userId)) continue;
		expect(queue.place(userId)).toBe(at);
		expect(queue.numberOf(userId)).toBe(number);
	}
	for (const userId of [...USERS, 'nobody', '']) {
		if (ids.includes(userId)) continue;
		expect(queue.place(userId)).toBeUndefined();
		expect(queue.numberOf(userId)).toBeUndefined();
	}
}

const STEP = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({ step: fc.constant('toggle' as const), user: fc.constantFrom(...USERS) }),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			step: fc.constantFrom('crowd' as const, 'serve' as const, 'thin' as const),
			count: fc.constantFrom(1, 31, 33, 700, 1_100),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			step: fc.constantFrom('cut' as const, 'check' as const, 'restart' as const, 'clear' as const),
		}),
	},
);

/** A queue with its model, and the cuts that were taken while it went on changing. */
class Run {
	queue = new WaitingQueue();
	model = new NaiveQueue();
	readonly cuts: { parts: Iterable<unknown>; model: NaiveQueue }[] = [];
	#named = 0;

	arrive(userId: string): void {
		expect(this.queue.arrive(userId)).toBe(this.model.arrived);
		this.model.arrive(userId);
	}

	remove(userId: string): void {
		this.queue.remove(userId);
		this.model.remove(userId);
	}

	crowd(count: number): void {
		for (let n = 0; n < count; n++) this.arrive(`user-${++this.#named}`);
	}

	serve(count: number): void {
		const first = this.queue.first(count);
		expect(first).toEqual(this.model.waiting.slice(0, count).map(({ userId }) => userId));
		for (const userId of first) this.queue.remove(userId);
		this.model.waiting.splice(0, count);
	}

	/** All but every tenth leave, some hundred at most. */
	thin(count: number): void {
		const leaving = this.model.waiting.filter((_, at) => at % 10 !== 3).slice(0, count);
		const left = new Set(leaving);
		for (const { userId } of leaving) this.queue.remove(userId);
		this.model.waiting = this.model.waiting.filter((one) => !left.has(one));
	}

	take(step: { step: string; user?: string; count?: number }): void {
		const { user = '', count = 0 } = step;
		if (step.step === 'crowd') this.crowd(count);
		else if (step.step === 'serve') this.serve(count);
		else if (step.step === 'thin') this.thin(count);
		else if (step.step === 'check') expectSame(this.queue, this.model, false);
		else if (step.step === 'restart') this.queue = WaitingQueue.restore(stored(this.queue.cut()));
		else if (step.step === 'cut') {
			this.cuts.push({ parts: this.queue.cut(), model: this.model.copy() });
		} else if (step.step === 'clear') {
			this.queue.clear();
			this.model.waiting = [];
		} else if (this.queue.numberOf(user) === undefined) this.arrive(user);
		else this.remove(user);
	}
}

describe('the waiting queue', () => {
	test('[T2] [T14] does what a list does, also behind a restart; cuts keep what was', () => {
		fc.assert(
			fc.property(fc.array(STEP, { maxLength: 30 }), (steps) => {
				const run = new Run();
				for (const step of steps) run.take(step);
				expectSame(run.queue, run.model, false);
				for (const { parts, model } of run.cuts) {
					expectSame(WaitingQueue.restore(stored(parts)), model, false);
				}
			}),
			{ numRuns: 150 },
		);
	});

	test('[T2] [T14] the same with few users, each looked at after each step', () => {
		const one = fc.record({ step: fc.constant('toggle'), user: fc.constantFrom(...USERS) });
		fc.assert(
			fc.property(fc.array(one, { maxLength: 60 }), (steps) => {
				const run = new Run();
				for (const step of steps) {
					run.take(step);
					expectSame(run.queue, run.model);
				}
			}),
		);
	});

	test('[T2] removing who does not wait changes nothing', () => {
		const run = new Run();
		run.crowd(3);
		run.remove('nobody');
		expectSame(run.queue, run.model);
	});

	test('[T15] 200,000 who come, leave and come again keep their order', () => {
		const queue = new WaitingQueue();
		const id = (n: number) => `user-${String(n).padStart(12, '0')}`;
		for (let n = 0; n < 200_000; n++) queue.arrive(id(n));
		for (let n = 0; n < 200_000; n++) if (n % 16 !== 5) queue.remove(id(n));
		expect(queue.size).toBe(12_500);
		for (let n = 5; n < 200_000; n += 1_600) expect(queue.place(id(n))).toBe((n - 5) / 16);
		for (let n = 0; n < 5; n++) queue.arrive(id(n));
		expect(queue.place(id(4))).toBe(12_504);
		expect(queue.first(2)).toEqual([id(5), id(21)]);
		const again = WaitingQueue.restore(stored(queue.cut()));
		expect(again.first(Infinity)).toEqual(queue.first(Infinity));
	});

	test('[T14] a part of a cut stays below a megabyte, whatever the names', () => {
		const queue = new WaitingQueue();
		for (let n = 0; n < 40_000; n++) queue.arrive(String(n).padEnd(64, '_'));
		const sizes = [...queue.cut()].map((part) => pack(part).length);
		expect(sizes.length).toBeGreaterThan(2);
		expect(Math.max(...sizes)).toBeLessThan(1024 * 1024);
	});

	test('a name that is no id, a version of tomorrow and a damaged part are refused', () => {
		const queue = new WaitingQueue();
		for (const name of ['', 'é', 'x'.repeat(65)]) {
			expect(() => queue.arrive(name)).toThrow(RangeError);
		}
		expect(queue.arrived).toBe(0);
		expect(queue.arrive('ann')).toBe(0);
		expect(() => WaitingQueue.restore([{ version: 2, arrived: 0, slabs: [] }])).toThrow(
			'version 2',
		);
		const damaged = { version: 1, arrived: 1, slabs: [[0, Uint8Array.of(3), Uint8Array.of(1)]] };
		expect(() => WaitingQueue.restore([damaged])).toThrow('damaged');
	});
});
