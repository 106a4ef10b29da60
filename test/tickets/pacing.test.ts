import { describe, expect, test } from 'vitest';
import { Slices } from '../../src/tickets/slices.ts';
import { StepTimer } from '../../src/tickets/step-timer.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

describe('[T4] steps', () => {
	test('come at an even pace, and end when stopped', async () => {
		const runtime = new VirtualRuntime();
		let steps = 0;
		const timer = new StepTimer(runtime, { everyMs: 100, step: () => steps++ });
		await runtime.advance(1_050);
		expect(steps).toBe(10);
		timer.stop();
		await runtime.advance(1_000);
		expect(steps).toBe(10);
	});

	test('that a stall left out are made up for, as far as bounded', () => {
		let now = 0;
		let fire = () => {};
		const runtime = {
			monotonic: () => now,
			after: (_: number, run: () => void) => {
				fire = run;
				return () => {};
			},
		};
		let steps = 0;
		new StepTimer(runtime, { everyMs: 100, step: () => steps++ });
		now = 350;
		fire();
		expect(steps).toBe(3);
		now = 400;
		fire();
		expect(steps).toBe(4);
		now = 60_000;
		fire();
		expect(steps).toBe(24);
	});

	test('may stop their timer themselves', async () => {
		const runtime = new VirtualRuntime();
		let steps = 0;
		const timer: StepTimer = new StepTimer(runtime, {
			everyMs: 100,
			step: () => {
				steps++;
				timer.stop();
			},
		});
		await runtime.advance(1_000);
		expect(steps).toBe(1);
	});
});

describe('[T12] slices', () => {
	test('go through all with a breath in between, and start over when begun again', async () => {
		const runtime = new VirtualRuntime();
		const taken: number[][] = [];
		const slices = new Slices<number>(runtime, {
			length: 2,
			take: (some) => {
				taken.push([...some]);
				if (taken.length === 2) slices.begin([7, 8, 9]);
			},
		});
		slices.begin([1, 2, 3, 4, 5]);
		expect(taken).toEqual([]);
		await runtime.advance(0);
		expect(taken).toEqual([[1, 2], [3, 4], [7, 8], [9]]);
		expect(slices.isUnderWay).toBe(false);
	});

	test('forget the rest when stopped, and may begin later', async () => {
		const runtime = new VirtualRuntime();
		const taken: number[] = [];
		const slices = new Slices<number>(runtime, {
			length: 1,
			take: ([one]) => {
				taken.push(one ?? 0);
				if (one === 1) slices.stop();
			},
		});
		slices.begin([1, 2, 3]);
		await runtime.advance(0);
		slices.begin([4]);
		await runtime.advance(0);
		slices.begin([]);
		await runtime.advance(0);
		expect(taken).toEqual([1, 4]);
		expect(slices.isUnderWay).toBe(false);
	});
});
