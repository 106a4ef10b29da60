import { describe, expect, test } from 'vitest';
import { WakeTimer } from '../../src/core/wake-timer.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

describe('the timer of an actor', () => {
	test('[T1] a scheduler that is early by the clock delays nothing', async () => {
		const runtime = new VirtualRuntime();
		const fired: number[] = [];
		const start = runtime.now();
		const early = {
			now: () => runtime.now(),
			after: (ms: number, run: () => void) => runtime.after(ms > 1 ? ms - 0.5 : ms, run),
		};
		const timer = new WakeTimer(Object.assign(Object.create(runtime), early), () => {
			fired.push(runtime.now() - start);
			timer.set(runtime.now() + 200);
		});
		timer.set(start + 200);
		await runtime.advance(1_000);
		expect(fired).toHaveLength(4);
		for (const [n, at] of fired.entries()) expect(at - (n + 1) * 200).toBeLessThan(4);
	});

	test('work that does not move it on is asked for once a second', async () => {
		const runtime = new VirtualRuntime();
		let fired = 0;
		const timer = new WakeTimer(runtime, () => {
			fired++;
		});
		timer.set(runtime.now() + 100);
		await runtime.advance(3_500);
		expect(fired).toBe(4);
		timer.set(undefined);
		await runtime.advance(3_500);
		expect(fired).toBe(4);
	});
});
