import { describe, expect, test } from 'vitest';
import { ActorClock } from '../../src/institutions/actor-clock.ts';
import { type Circuit, Circuits } from '../../src/institutions/circuit-gate.ts';
import type { Gate } from '../../src/protocol/institution-nodes.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const GATE: Gate = {
	generation: 1,
	version: 1,
	circuit: 'closed',
	percent: 100,
	canaries: [],
	badNodes: [],
	route: 0,
	probeMs: 5_000,
	permits: 95,
};

function gates() {
	const runtime = new VirtualRuntime();
	const circuits = new Circuits(['bank-a'], runtime);
	const circuit = circuits.of('bank-a') as Circuit;
	let version = 0;
	const take = (gate: Partial<Gate>) =>
		circuit.take({ ...GATE, version: ++version, ...gate }, '3', runtime.monotonic());
	const admit = () => circuits.admit('bank-a');
	return { runtime, circuits, circuit, take, admit };
}

describe('[I12] the circuit as a node knows it', () => {
	test('[I12] what is open is refused here, with the time to come', async () => {
		const { admit, take, runtime } = gates();
		expect(admit()).toEqual({ ok: true });
		take({ circuit: 'open', percent: 0, expectedInMs: 60_000 });
		expect(admit()).toMatchObject({ ok: false, code: 'MAINTENANCE', retryAfterMs: 60_000 });
		await runtime.advance(59_500);
		expect(admit()).toMatchObject({ retryAfterMs: 1_000 });
		await runtime.advance(1_000);
		expect(admit()).toMatchObject({ retryAfterMs: 10_000 });
	});

	test('[I13] a canary tries once in a while, others never', async () => {
		const { admit, take, runtime } = gates();
		take({ circuit: 'open', canaries: ['1', '9'] });
		expect(admit().ok).toBe(false);
		take({ circuit: 'open', canaries: ['1', '3'] });
		// A call that waits for its permit asks a second time.
		expect([admit().ok, admit().ok, admit().ok]).toEqual([true, true, false]);
		await runtime.advance(5_000);
		expect([admit().ok, admit().ok, admit().ok]).toEqual([true, true, false]);
		take({ circuit: 'forced-open', canaries: ['1', '3'] });
		await runtime.advance(60_000);
		expect(admit().ok).toBe(false);
	});

	test('[I13] on the way back a part of the calls goes', () => {
		const { admit, take } = gates();
		for (const percent of [1, 5, 25]) {
			take({ circuit: 'recovering', percent });
			const went = Array.from({ length: 10_000 }, () => admit().ok).filter(Boolean).length;
			expect(went / 100).toBeGreaterThan(percent * 0.8);
			expect(went / 100).toBeLessThan(percent * 1.2);
		}
	});

	test('[I12] the higher version holds, in whatever order they come', () => {
		const { circuit, take } = gates();
		expect(take({ version: 5, circuit: 'open' })).toBe(true);
		expect(take({ version: 4, circuit: 'closed' })).toBe(false);
		expect(circuit.gate.circuit).toBe('open');
	});

	test('[I10] a call counts under the generation in which it began', async () => {
		const { circuits, circuit, take, runtime } = gates();
		take({ generation: 4 });
		await runtime.advance(10_000);
		take({ generation: 5, circuit: 'open' });
		await runtime.advance(1_000);
		circuits.report('bank-a', { class: 'failed', ageMs: 3_000 });
		circuits.report('bank-a', { class: 'ok', ageMs: 500 });
		const [cells] = circuit.tally.news(runtime.monotonic());
		expect(cells.map(([generation, , , ...counts]) => [generation, ...counts])).toEqual([
			[4, 0, 1, 0, 0],
			[5, 1, 0, 0, 0],
		]);
	});

	test('[I10] totals are told until they have arrived, and forgotten when they are old', async () => {
		const { circuits, circuit, runtime } = gates();
		const news = () => circuit.tally.news(runtime.monotonic());
		circuits.report('bank-a', { class: 'slow', ageMs: 0 });
		expect(news()[0]).toHaveLength(1);
		const [cells, arrived] = news();
		expect(cells[0]?.slice(3)).toEqual([0, 0, 1, 0]);
		circuits.report('bank-a', { class: 'denied', ageMs: 0 });
		arrived();
		expect(news()[0][0]?.slice(3)).toEqual([1, 0, 1, 0]);
		news()[1]();
		expect(news()[0]).toEqual([]);
		circuits.report('bank-a', { class: 'throttled', ageMs: 0 });
		await runtime.advance(200_000);
		expect(news()[0]).toEqual([]);
	});

	test('[I15] the route is the operators’', () => {
		const { circuits, take } = gates();
		expect(circuits.route('bank-a')).toBe(0);
		take({ route: 1 });
		expect(circuits.route('bank-a')).toBe(1);
		expect(circuits.route('bank-z')).toBe(0);
	});
});

describe('[I10] the actor’s time at a node', () => {
	test('[I10] is never ahead of the actor’s own, and does not fall behind it more and more', () => {
		const clock = new ActorClock();
		expect(clock.at(5)).toBeUndefined();
		clock.hear(1_000, 50_000);
		expect(clock.at(50_400)).toBe(1_400);
		// The answer was long under way: what was known before is nearer to the truth.
		clock.hear(1_500, 51_000);
		expect(clock.at(51_000)).toBe(2_000);
		clock.hear(4_000, 51_000);
		expect(clock.at(52_000)).toBe(5_000);
	});
});
