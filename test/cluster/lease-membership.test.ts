import { describe, expect, test } from 'vitest';
import { packBeat } from '../../src/cluster/node-beat.ts';
import { type TestNode, TestNodes } from './test-nodes.ts';

const LEASE_MS = 4_000;
const PAIR = 2;

async function pair() {
	const { world, nodes } = await TestNodes.settled(PAIR);
	return { world, nodes, one: nodes[0] as TestNode, two: nodes[1] as TestNode };
}

const served = (nodes: readonly TestNode[]) => nodes.map(({ membership }) => membership.mayServe());
const claiming = (nodes: readonly TestNode[]) =>
	nodes.map(({ membership }) => membership.mayClaim());
const losses = (nodes: readonly TestNode[]) => nodes.map((node) => node.losses);

describe('joining and leaving', () => {
	test('[P20] nodes find each other, and nobody claims until all could register', async () => {
		const world = new TestNodes();
		const one = world.node('1');
		expect(one.membership.mayServe()).toBe(false);
		await world.done(one.membership.join());
		expect(one.membership.mayServe()).toBe(true);
		expect(one.membership.mayClaim()).toBe(false);
		await world.pass(LEASE_MS - 100);
		expect(one.membership.mayClaim()).toBe(false);
		await world.pass(200);
		expect(one.membership.mayClaim()).toBe(true);

		const two = world.node('2');
		await world.done(two.membership.join());
		await world.pass(1_000);
		expect([...one.membership.nodes.keys()]).toEqual(['1', '2']);
		expect([...two.membership.nodes.keys()].sort()).toEqual(['1', '2']);
		expect(one.joined).toEqual(['1', '2']);
		// It came to a directory that was kept all the time; others may not have heard it yet.
		expect(two.membership.mayClaim()).toBe(false);
		await world.pass(2_100);
		expect(two.membership.mayClaim()).toBe(true);
	});

	test('load and state travel with the beats', async () => {
		const { world, one, two } = await pair();
		one.load = { sockets: 7, actors: 3, loopDelayMs: 12, overloaded: true };
		await world.pass(1_100);
		expect(two.membership.nodes.get('1')?.load).toEqual(one.load);
		one.membership.drain();
		await world.pass(10);
		expect(two.membership.nodes.get('1')?.state).toBe('draining');
	});

	test('[P21] a drained node serves on and claims nothing', async () => {
		const { one } = await pair();
		one.membership.drain();
		expect(one.membership.mayServe()).toBe(true);
		expect(one.membership.mayClaim()).toBe(false);
		expect(one.membership.standing()).toBe('handsOver');
	});

	test('[P20] a node that left is gone at the next heartbeat, and stays away', async () => {
		const { world, one, two } = await pair();
		await world.done(one.membership.leave());
		expect(one.membership.mayServe()).toBe(false);
		await world.pass(1_100);
		expect(two.gone).toEqual(['1']);
		await world.pass(10_000);
		expect([...two.membership.nodes.keys()]).toEqual(['2']);
		expect(two.losses).toBe(0);
	});

	test('[P20] a node that died is gone within five seconds', async () => {
		const { world, one, two } = await pair();
		one.runtime.pause();
		await world.pass(2_900);
		expect(two.gone).toEqual([]);
		await world.pass(2_200);
		expect(two.gone).toEqual(['1']);
		expect(two.membership.mayClaim()).toBe(true);
	});

	test('[P42] a node refuses the directory of another environment, and leaves it', async () => {
		const { world, one } = await pair();
		const stranger = world.node('9', 'production');
		await expect(world.done(stranger.membership.join())).rejects.toThrow(
			'the directory belongs to the environment test, this node to production',
		);
		await world.pass(1_100);
		expect([...one.membership.nodes.keys()]).toEqual(['1', '2']);
	});

	test('[P22] a node that starts waits for the directory, and not for ever', async () => {
		const world = new TestNodes();
		world.directory.isAway = true;
		const [early, late] = [world.node('1'), world.node('2')];
		const joining = early.membership.join();
		await world.pass(10_000);
		world.directory.isAway = false;
		await world.done(joining);
		expect(early.membership.mayServe()).toBe(true);

		world.directory.isAway = true;
		await expect(world.done(late.membership.join())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
	});

	test('what is no beat of this release is passed over', async () => {
		const { world, one } = await pair();
		const beat = {
			node: one.membership.self,
			state: 'up',
			load: one.load,
			directoryAway: false,
		} as const;
		const stranger = { ...one.membership.self, id: '7', environment: 'other' };
		one.relay.publish('test.nodes', new Uint8Array([0xc1, 1, 2]));
		one.relay.publish('test.nodes', packBeat({ ...beat, node: stranger }));
		one.relay.publish('test.nodes', packBeat({ ...beat, state: 'asleep' as 'up' }));
		await world.pass(1_000);
		expect([...one.membership.nodes.keys()]).toEqual(['1', '2']);
		expect(one.membership.nodes.get('1')?.state).toBe('up');
	});
});

describe('the directory away for all', () => {
	test('[P22] for 30 s: nobody flaps, nobody claims; then all claim again', async () => {
		const { world, nodes } = await TestNodes.settled(3);
		world.directory.isAway = true;
		for (let second = 0; second < 30; second++) {
			await world.pass(1_000);
			expect(served(nodes)).toEqual([true, true, true]);
			if (second >= LEASE_MS / 1_000) expect(claiming(nodes)).toEqual([false, false, false]);
		}
		world.directory.isAway = false;
		await world.pass(LEASE_MS - 500);
		expect(served(nodes)).toEqual([true, true, true]);
		expect(claiming(nodes)).toEqual([false, false, false]);
		await world.pass(2_000);
		expect(claiming(nodes)).toEqual([true, true, true]);
		expect(losses(nodes)).toEqual([0, 0, 0]);
		expect(nodes.flatMap(({ gone }) => gone)).toEqual([]);
	});

	test('[P22] one gets it back later than the others: it goes on', async () => {
		const { world, nodes, one } = await pair();
		world.directory.isAway = true;
		await world.pass(20_000);
		one.directory.isAway = true;
		world.directory.isAway = false;
		await world.pass(2_000);
		expect(served(nodes)).toEqual([true, true]);
		one.directory.isAway = false;
		await world.pass(2_000);
		expect(losses(nodes)).toEqual([0, 0]);
		expect(nodes.flatMap(({ gone }) => gone)).toEqual([]);
	});

	test('one does not get it back: it gives up before another may claim', async () => {
		const { world, one, two } = await pair();
		world.directory.isAway = true;
		await world.pass(20_000);
		one.directory.isAway = true;
		world.directory.isAway = false;
		while (!two.membership.mayClaim()) {
			await world.pass(20);
			if (two.membership.mayClaim()) expect(one.membership.mayServe()).toBe(false);
		}
		expect(one.losses).toBe(1);
		await world.pass(LEASE_MS);
		expect(two.gone).toEqual(['1']);
	});

	test('[P22] a single node goes on', async () => {
		const { world, nodes } = await TestNodes.settled(1);
		world.directory.isAway = true;
		await world.pass(60_000);
		expect(served(nodes)).toEqual([true]);
		expect(claiming(nodes)).toEqual([false]);
		world.directory.isAway = false;
		await world.pass(LEASE_MS + 1_100);
		expect(claiming(nodes)).toEqual([true]);
		expect(losses(nodes)).toEqual([0]);
	});

	test('[P22] a peer dies meanwhile: the others go on', async () => {
		const { world, one, two } = await pair();
		world.directory.isAway = true;
		await world.pass(10_000);
		two.runtime.pause();
		await world.pass(10_000);
		expect(one.membership.mayServe()).toBe(true);
		expect(one.losses).toBe(0);
	});

	test('and the relay too: a node with peers gives up', async () => {
		const { world, nodes } = await pair();
		world.directory.isAway = true;
		for (const { relay } of nodes) relay.setConnected(false);
		await world.pass(LEASE_MS + 100);
		expect(served(nodes)).toEqual([false, false]);
		expect(losses(nodes)).toEqual([1, 1]);
	});

	test('a failure that was told is out of date before that node claims', async () => {
		const { world, one, two } = await pair();
		two.directory.isAway = true;
		await world.pass(1_100);
		two.directory.isAway = false;
		one.directory.isAway = true;
		await world.pass(1_000);
		expect(two.membership.mayServe()).toBe(true);
		expect(two.membership.mayClaim()).toBe(false);
		await world.pass(LEASE_MS);
		expect(two.membership.mayClaim()).toBe(true);
		expect(one.membership.mayServe()).toBe(false);
	});
});

describe('the directory away for one', () => {
	test('[P22] it gives up when its lease ends, once, and comes back without a restart', async () => {
		const { world, one, two } = await pair();
		one.directory.isAway = true;
		await world.pass(LEASE_MS - 1_100);
		expect(one.membership.mayServe()).toBe(true);
		expect(one.losses).toBe(0);
		await world.pass(1_200);
		expect(one.membership.mayServe()).toBe(false);
		expect(one.losses).toBe(1);
		await world.pass(10_000);
		expect(one.losses).toBe(1);
		expect(two.gone).toEqual(['1']);
		expect(two.losses).toBe(0);

		one.directory.isAway = false;
		await world.pass(1_100);
		expect(one.membership.mayServe()).toBe(true);
		expect(one.membership.mayClaim()).toBe(false);
		await world.pass(LEASE_MS);
		expect(one.membership.mayClaim()).toBe(true);
		expect(two.joined.at(-1)).toBe('1');
	});

	test('it gives up before its lease has ended in the directory', async () => {
		const { world, one, two } = await pair();
		world.directory.delayMs = 600;
		await world.pass(3_000);
		one.directory.isAway = true;
		let lostAt = 0;
		one.membership.onLost(() => {
			lostAt = world.runtime.now();
		});
		while (!two.gone.includes('1')) await world.pass(10);
		expect(lostAt).toBeGreaterThan(0);
		expect(lostAt).toBeLessThan(world.runtime.now());
	});

	test('one slow answer is no loss', async () => {
		const { world, nodes } = await pair();
		world.directory.delayMs = 5_000;
		await world.pass(1_500);
		world.directory.delayMs = 0;
		await world.pass(10_000);
		expect(losses(nodes)).toEqual([0, 0]);
		expect(claiming(nodes)).toEqual([true, true]);
	});
});

describe('the directory flushed', () => {
	test('[P22] owners serve on; nobody claims until a lease later; nobody is taken for gone', async () => {
		const { world, nodes } = await TestNodes.settled(3);
		world.directory.flush();
		await world.pass(1_100);
		for (let ms = 0; ms < LEASE_MS - 1_200; ms += 100) {
			expect(served(nodes)).toEqual([true, true, true]);
			expect(claiming(nodes)).toEqual([false, false, false]);
			await world.pass(100);
		}
		await world.pass(2_500);
		expect(claiming(nodes)).toEqual([true, true, true]);
		expect(losses(nodes)).toEqual([0, 0, 0]);
		expect(nodes.flatMap(({ gone }) => gone)).toEqual([]);
	});

	test('a node that died with the flush is found gone later', async () => {
		const { world, one, two } = await pair();
		two.runtime.pause();
		world.directory.flush();
		await world.pass(LEASE_MS + 2_100);
		expect(one.gone).toEqual(['2']);
	});
});
