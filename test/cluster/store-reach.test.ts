import { expect, test } from 'vitest';
import { StorageError } from '../../src/adapters/mongo/storage-error.ts';
import { Ownership } from '../../src/cluster/ownership.ts';
import { SILENT } from '../../src/core/log.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { CoreBench } from '../support/core-bench.ts';
import { type ActorNode, actorNodes } from './support/actor-world.ts';
import { STORES, type TestNode, TestNodes } from './test-nodes.ts';

const keysOf = (shard: number, kind = 'counter'): ActorKey[] =>
	Array.from({ length: 40 }, (_, n): ActorKey => `${kind}/c${n}`).filter(
		(key) => STORES.of(key) === shard,
	);
const [KEY = 'counter/none', OTHER = 'counter/none'] = keysOf(0);
const [ELSEWHERE = 'counter/none'] = keysOf(1);

/** The first node owns an actor in each store, and the other has asked for one of them. */
async function three() {
	const { world, nodes } = await actorNodes(3);
	const [owner, edge, third] = nodes as [ActorNode, ActorNode, ActorNode];
	for (const key of [KEY, ELSEWHERE]) owner.post(key, ['add', { by: 1 }]);
	await world.pass(500);
	const asked = edge.post(KEY, ['add', { by: 1 }]);
	await world.pass(500);
	expect(asked).toEqual([{ ok: true, reply: { total: 2 } }]);
	return { world, nodes, owner, edge, third };
}

const away = () => Promise.reject(new StorageError('no answer', 'UNAVAILABLE'));

/** The first store does not answer this node any more, or does again. */
function storeAnswers({ node, bench }: ActorNode, answers: boolean): void {
	node.storesAnswer(answers, [0]);
	const { journalHooks } = bench;
	delete journalHooks.append;
	delete journalHooks.head;
	if (answers) return;
	journalHooks.append = (run, writes) => {
		const isAway = writes.some(({ record }) => STORES.of(record.actor) === 0);
		return isAway ? away() : run();
	};
	journalHooks.head = (run, actor) => (STORES.of(actor) === 0 ? away() : run());
}

const owners = (nodes: readonly ActorNode[], key: ActorKey) =>
	nodes.filter(({ node }) => node.placement.owns(key)).map(({ node }) => node.id);

/** Asks until it is answered, as a client does, with one request id. */
async function ask(world: TestNodes, at: ActorNode, key: ActorKey) {
	const request = { requestId: `r ${key}`, resend: true };
	for (let tries = 0; tries < 60; tries++) {
		const answers = at.post(key, ['add', { by: 1 }], request);
		await world.pass(1_000);
		if (answers[0]?.ok === true) return { reply: answers[0].reply, tries };
	}
	throw new Error('was never answered');
}

test('[P22] [N31] a node whose store answers others only leaves its actors to them, and asks them', async () => {
	const { world, nodes, owner } = await three();
	storeAnswers(owner, false);
	const asked = owner.post(KEY, ['add', { by: 1 }]);
	await world.pass(5_500);
	expect([asked, owners(nodes, KEY)]).toEqual([[], ['1']]);
	await world.pass(4_000);
	expect(asked).toMatchObject([{ ok: false, code: 'MOVED' }]);
	expect(owners(nodes, KEY)).toEqual([]);
	expect(owner.bench.system.hosts.has(KEY)).toBe(false);
	// Nothing of it had reached the journal; the next owner goes on from there.
	expect((await ask(world, owner, KEY)).reply).toEqual({ total: 3 });
	expect(owners(nodes, KEY)).not.toContain('1');
	// Also one that was never owned, and has to be made.
	expect((await ask(world, owner, OTHER)).reply).toEqual({ total: 1 });
	expect(owners(nodes, OTHER)).not.toContain('1');
	// Other stores are none of this.
	expect(owners(nodes, ELSEWHERE)).toEqual(['1']);
});

test('[P22] [N31] an entry left by a claim whose answer never came is let go where it cannot be used', async () => {
	const { world, nodes, owner, edge } = await three();
	await world.done(owner.node.directory.claim('1', [OTHER]));
	expect(owners(nodes, OTHER)).toEqual([]);
	storeAnswers(owner, false);
	await world.pass(9_000);
	expect((await ask(world, edge, OTHER)).reply).toEqual({ total: 1 });
	expect(owners(nodes, OTHER)).not.toContain('1');
	expect(owners(nodes, OTHER)).toHaveLength(1);
});

test('[P22] [N31] a claim that has no actor yet is left to the others, too', async () => {
	const { world, nodes, owner, edge } = await three();
	storeAnswers(owner, false);
	await world.pass(5_500);
	expect(await world.done(owner.node.claim(OTHER))).toBe('1');
	await world.pass(4_000);
	expect(owners(nodes, OTHER)).toEqual([]);
	expect((await ask(world, edge, OTHER)).reply).toEqual({ total: 1 });
	expect(owners(nodes, OTHER)).toEqual(['2']);
});

test('[P22] a room needs no store: it stays where it is', async () => {
	const { world, nodes } = await TestNodes.settled(2);
	const [node] = nodes as [TestNode];
	const { membership, placement, reach, runtime } = node;
	const { system: actors } = new CoreBench({ runtime });
	const around = { membership, placement, reach, runtime, log: SILENT };
	new Ownership({ actors, ...around, kinds: new Set(['counter']) });
	const tables = keysOf(0, 'table').slice(0, 1);
	for (const key of [...tables, KEY]) expect(await world.done(node.claim(key))).toBe('1');
	node.storesAnswer(false, [0]);
	await world.pass(9_000);
	expect(reach.isCutOff).toBe(true);
	expect([...placement.owned()]).toEqual(tables);
});

test('[P22] it takes actors again when its store answers', async () => {
	const { world, nodes, owner } = await three();
	storeAnswers(owner, false);
	await world.pass(9_000);
	expect(owner.node.reach.isCutOff).toBe(true);
	storeAnswers(owner, true);
	await world.pass(1_000);
	expect(owner.node.reach.isCutOff).toBe(false);
	expect((await ask(world, owner, KEY)).reply).toEqual({ total: 3 });
	expect(owners(nodes, KEY)).toEqual(['1']);
});

test('[P22] [N31] while a store answers nobody, nobody gives anything up, also when it comes back to one after another', async () => {
	const { world, nodes, owner } = await three();
	for (const node of nodes) storeAnswers(node, false);
	await world.pass(60_000);
	for (const [n, node] of nodes.toReversed().entries()) {
		if (n > 0) await world.pass(2_000);
		storeAnswers(node, true);
	}
	await world.pass(10_000);
	expect(nodes.map(({ node }) => node.reach.isCutOff)).toEqual([false, false, false]);
	expect(owners(nodes, KEY)).toEqual(['1']);
	expect(owner.bench.system.hosts.has(KEY)).toBe(true);
});

test('[P22] calls that fail now and then move nothing', async () => {
	const { world, nodes, owner } = await three();
	for (let n = 0; n < 10; n++) {
		storeAnswers(owner, false);
		await world.pass(5_000);
		storeAnswers(owner, true);
		await world.pass(600);
	}
	expect(owners(nodes, KEY)).toEqual(['1']);
});

test('[P22] two nodes without their store ask the third', async () => {
	const { world, nodes, owner, edge } = await three();
	storeAnswers(owner, false);
	storeAnswers(edge, false);
	await world.pass(9_000);
	for (const from of [owner, edge]) await ask(world, from, KEY);
	expect(owners(nodes, KEY)).toEqual(['3']);
});

test('[P21] [N18] a node that does not speak of its stores, as older releases, is not trusted with them', async () => {
	const { world, owner, edge, third } = await three();
	for (const { node } of [edge, third]) node.unanswered.length = 0;
	await world.pass(1_000);
	storeAnswers(owner, false);
	await world.pass(20_000);
	// Nobody is known to be better off.
	expect(owner.node.reach.isCutOff).toBe(false);
});

test('[P21] [N18] a node that does not speak of its stores is not shut out: it is asked where nobody else can be', async () => {
	const { world, nodes, owner, edge, third } = await three();
	edge.node.unanswered.length = 0;
	await world.pass(1_000);
	storeAnswers(owner, false);
	await world.pass(9_000);
	expect(owner.node.reach.isCutOff).toBe(true);
	storeAnswers(third, false);
	await world.pass(1_000);
	expect((await ask(world, owner, KEY)).reply).toEqual({ total: 3 });
	expect(owners(nodes, KEY)).toEqual(['2']);
});
