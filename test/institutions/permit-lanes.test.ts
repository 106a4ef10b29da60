import { describe, expect, test } from 'vitest';
import { SILENT } from '../../src/core/log.ts';
import { Permissions } from '../../src/institutions/permit-gate.ts';
import type { Lane } from '../../src/institutions/ports.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

/** A node with a share of permits, and a loop that ticks. */
function node(share: number, intervalMs = 1_000) {
	const runtime = new VirtualRuntime();
	const permits = new Permissions({
		...{ institutions: ['bank-a'], incarnation: 'one', runtime, log: SILENT },
		ask: (_institution, _request, answer) => answer({ share, intervalMs, tick: 1 }),
	});
	const tickLater = () => {
		runtime.after(100, () => {
			permits.tick();
			tickLater();
		});
	};
	tickLater();
	const went: Record<Lane, number[]> = { online: [], batch: [] };
	const waited: number[] = [];
	const take = async (lane: Lane, waitMsMax = 600_000) => {
		const since = runtime.now();
		const { ok } = await permits.take('bank-a', lane, waitMsMax);
		if (!ok) return;
		went[lane].push(runtime.now());
		if (lane === 'online') waited.push(runtime.now() - since);
	};
	return { runtime, take, went, waited };
}

/** Users at an even pace, in the second half beside a backlog. */
async function users(one: ReturnType<typeof node>, perSecond: number) {
	for (let n = 0; n < 10 * perSecond; n++) {
		void one.take('online');
		await one.runtime.advance(1_000 / perSecond);
	}
}

const inSecond = (times: readonly number[], from: number) =>
	times.filter((at) => at >= from && at < from + 1_000).length;

describe('permits of both lanes', () => {
	test.each([5, 20, 50])('[I24] %i users a second wait for no batch call', async (perSecond) => {
		const one = node(100);
		await users(one, perSecond);
		one.waited.length = 0;
		for (let n = 0; n < 5_000; n++) void one.take('batch');
		await users(one, perSecond);
		expect(one.waited).toHaveLength(10 * perSecond);
		expect(Math.max(...one.waited)).toBe(0);
		// And the backlog gets most of what they leave.
		const left = Math.min(90, 100 - 1.5 * perSecond);
		expect(one.went.batch.length).toBeGreaterThan(8 * left);
	});

	test('[I22] [I24] both lanes together keep to the share', async () => {
		const one = node(40);
		for (let n = 0; n < 2_000; n++) void one.take('batch');
		await users(one, 30);
		const all = [...one.went.batch, ...one.went.online];
		for (const from of all) expect(inSecond(all, from)).toBeLessThanOrEqual(40);
	});

	test.each([1, 2, 3])('[I22] a share of %i leaves batch calls one of it', async (share) => {
		const one = node(share);
		for (let n = 0; n < 30; n++) void one.take('batch');
		await one.runtime.advance(10_000);
		expect(one.went.batch.length).toBeGreaterThanOrEqual(9);
		expect(one.went.batch.length).toBeLessThanOrEqual(10 * share + 1);
	});
});
