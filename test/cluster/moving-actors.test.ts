import { describe, expect, test, vi } from 'vitest';
import { Ear } from '../support/core-bench.ts';
import { Gate } from '../support/hooked.ts';
import { type ActorNode, actorNodes } from './support/actor-world.ts';

const KEY = 'counter/one';

/** An actor on the first node that the second has asked before. */
async function pair() {
	const { world, nodes } = await actorNodes(2);
	const [owner, edge] = nodes as [ActorNode, ActorNode];
	const made = owner.post(KEY, ['add', { by: 1 }]);
	await world.pass(500);
	expect(made).toMatchObject([{ ok: true }]);
	const asked = edge.post(KEY, ['add', { by: 1 }]);
	await world.pass(500);
	expect(asked).toEqual([{ ok: true, reply: { total: 2 } }]);
	return { world, owner, edge };
}

describe('an owner that is drained', () => {
	test('[P21] sends whoever still takes it for the owner elsewhere', async () => {
		const { world, owner, edge } = await pair();
		owner.node.membership.drain();
		await world.done(owner.ownership.handOver());
		await world.pass(100);
		const first = edge.post(KEY, ['add', { by: 1 }]);
		await world.pass(100);
		expect(first).toMatchObject([{ ok: false, code: 'MOVED' }]);
		const second = edge.post(KEY, ['add', { by: 1 }]);
		await world.pass(100);
		expect(second).toEqual([{ ok: true, reply: { total: 3 } }]);
	});

	test('[P21] does not wait for ever for a journal that does not answer', async () => {
		const { world, owner, edge } = await pair();
		const gate = new Gate();
		owner.bench.journalHooks.append = (run) => gate.pass(run);
		const asked = owner.post(KEY, ['add', { by: 1 }]);
		await world.pass(10);
		owner.node.membership.drain();
		expect(await world.done(owner.ownership.handOver())).toBe(1);
		expect(asked).toMatchObject([{ ok: false, code: 'MOVED' }]);
		expect(owner.bench.system.hosts.size).toBe(0);
		gate.open();
		await world.pass(500);
		expect([...owner.node.placement.owned()]).toEqual([]);
		const moved = edge.post(KEY, ['total', {}]);
		await world.pass(500);
		const next = edge.post(KEY, ['total', {}]);
		await world.pass(500);
		expect(moved).toMatchObject([{ ok: false, code: 'MOVED' }]);
		// What had left for the journal has landed, as it may.
		expect(next).toEqual([{ ok: true, reply: { total: 3 } }]);
	});
});

describe('whoever listened from another node', () => {
	test('[N14] is not listened for any more when its session ended before its opening was granted', async () => {
		const { world, owner, edge } = await pair();
		const gate = new Gate();
		owner.bench.journalHooks.append = (run) => gate.pass(run);
		owner.post(KEY, ['add', { by: 1 }]);
		await world.pass(10);
		const opened = edge.open(KEY, new Ear());
		await world.pass(10);
		owner.links.forget(edge.node.id);
		gate.open();
		await world.pass(100);
		expect([opened.length, owner.listeners(KEY)]).toEqual([0, 0]);
	});

	test('is not listened for any more when it left before its opening was granted', async () => {
		const { world, owner, edge } = await pair();
		const gate = new Gate();
		owner.bench.journalHooks.append = (run) => gate.pass(run);
		owner.post(KEY, ['add', { by: 1 }]);
		await world.pass(10);
		const ear = new Ear();
		const opened = edge.open(KEY, ear);
		await world.pass(10);
		edge.everywhere.unsubscribe(KEY, ear);
		await world.pass(10);
		gate.open();
		await world.pass(100);
		expect(opened).toMatchObject([{ ok: true }]);
		expect(owner.listeners(KEY)).toBe(0);
	});

	test('is not listened for by the next host when it was told that the one before is gone', async () => {
		const { world, owner, edge } = await pair();
		const ear = new Ear();
		edge.open(KEY, ear);
		await world.pass(100);
		expect(owner.listeners(KEY)).toBe(1);
		// The end of the host is on its way to the edge, whose next opening is on its way to the owner.
		world.bus.faults = () => [20];
		owner.bench.system.stop(KEY);
		const opened = edge.open(KEY, ear);
		await world.pass(100);
		expect([ear.closings, opened.length]).toEqual([1, 1]);
		expect(opened).toMatchObject([{ ok: true }]);
		expect(owner.listeners(KEY)).toBe(0);
	});
});

test('an opening is closed where its commands went, also when the owner was forgotten meanwhile', async () => {
	const { world, owner, edge } = await pair();
	edge.post(KEY, ['add', { by: 1 }], { sender: { opening: 'o', n: 1 } });
	await world.pass(100);
	const close = vi.spyOn(owner.bench.system, 'closeOpening');
	edge.node.placement.forget(KEY, owner.node.id);
	edge.everywhere.closeOpening(KEY, 'o');
	await world.pass(100);
	expect(close.mock.calls).toEqual([[KEY, 'o']]);
	// Nor is it kept for the end of the session.
	owner.links.forget(edge.node.id);
	await world.pass(100);
	expect(close.mock.calls).toEqual([[KEY, 'o']]);
});
