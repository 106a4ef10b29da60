import { expect, test } from 'vitest';
import { Breaker, type BreakerState } from '../../src/core/breaker.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

function setUp() {
	const runtime = new VirtualRuntime();
	const states: BreakerState[] = [];
	const breaker = new Breaker({
		runtime,
		failuresMax: 3,
		backOff: { firstMs: 100, maxMs: 400 },
		onChange: (state) => states.push(state),
	});
	const fail = (times: number) => {
		for (let n = 0; n < times; n++) {
			expect(breaker.enter()).toBe(true);
			breaker.report('unanswered');
		}
	};
	/** Advances until a probe may go; answers how long that took. */
	const pauseMs = async () => {
		const began = runtime.now();
		await runtime.until(() => !breaker.refuses);
		return runtime.now() - began;
	};
	return { runtime, breaker, states, fail, pauseMs };
}

test('[C24] opens after failures in a row, not after failures in between', () => {
	const { breaker, fail } = setUp();
	fail(2);
	expect(breaker.enter()).toBe(true);
	breaker.report('answered');
	fail(2);
	expect(breaker.enter()).toBe(true);
	breaker.report('unanswered');
	expect([breaker.state, breaker.enter()]).toEqual(['open', false]);
});

test('[C24] lets a single call find out whether the other side is back', async () => {
	const { breaker, states, fail, pauseMs } = setUp();
	fail(3);
	await pauseMs();
	expect([breaker.enter(), breaker.enter()]).toEqual([true, false]);
	breaker.report('answered');
	expect([breaker.enter(), breaker.enter()]).toEqual([true, true]);
	expect(states).toEqual(['open', 'probing', 'closed']);
});

test('[C24] waits longer from probe to probe, up to a bound, by chance a little more', async () => {
	const { breaker, fail, pauseMs } = setUp();
	fail(3);
	for (const ms of [100, 200, 400, 400]) {
		const waited = await pauseMs();
		expect(waited).toBeGreaterThanOrEqual(ms);
		expect(waited).toBeLessThanOrEqual(1.5 * ms + 5);
		fail(1);
	}
	await pauseMs();
	expect(breaker.enter()).toBe(true);
	breaker.report('answered');
	fail(3);
	expect(await pauseMs()).toBeLessThanOrEqual(155);
});

test('a late answer of a call from before closes it; a late failure changes nothing', async () => {
	const { breaker, fail, pauseMs } = setUp();
	for (let n = 0; n < 2; n++) expect(breaker.enter()).toBe(true);
	fail(3);
	breaker.report('unanswered');
	expect(await pauseMs()).toBeLessThanOrEqual(155);
	expect(breaker.enter()).toBe(true);
	breaker.report('answered');
	expect(breaker.state).toBe('closed');
});

test('a probe that was never sent leaves the next one its place', async () => {
	const { breaker, fail, pauseMs } = setUp();
	fail(3);
	await pauseMs();
	expect(breaker.enter()).toBe(true);
	breaker.report('unsent');
	expect(breaker.enter()).toBe(true);
});
