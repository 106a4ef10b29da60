import { describe, expect, test } from 'vitest';
import { Ear } from '../support/core-bench.ts';
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
});
