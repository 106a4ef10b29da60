import { describe, expect, test } from 'vitest';
import { type TestNode, TestNodes } from './test-nodes.ts';

const LEASE_MS = 4_000;

async function pair() {
	const { world, nodes } = await TestNodes.settled(2);
	return { world, nodes, one: nodes[0] as TestNode, two: nodes[1] as TestNode };
}

const served = (nodes: readonly TestNode[]) => nodes.map(({ membership }) => membership.mayServe());
const claiming = (nodes: readonly TestNode[]) =>
	nodes.map(({ membership }) => membership.mayClaim());
const losses = (nodes: readonly TestNode[]) => nodes.map((node) => node.losses);

describe('clocks', () => {
	test.each(['directory', 'relay'])(
		'[P22] after a pause nothing is served, and %s news excuse nothing',
		async (which) => {
			const { world, one, two } = await pair();
			one.runtime.pause();
			if (which === 'relay') world.directory.isAway = true;
			await world.pass(10_000);
			// Before anything of the process ran.
			expect(one.membership.mayServe()).toBe(false);
			one.runtime.resume();
			expect(one.membership.mayServe()).toBe(false);
			expect(one.losses).toBe(1);
			await world.pass(500);
			expect(one.losses).toBe(1);
			world.directory.isAway = false;
			await world.pass(LEASE_MS + 2_000);
			expect(one.membership.mayServe()).toBe(true);
			expect(one.membership.mayClaim()).toBe(true);
			expect(two.membership.mayClaim()).toBe(true);
		},
	);

	test('what waited in the sockets of a paused node brings no excuse back to life', async () => {
		let over = 0;
		for (let phaseMs = 0; phaseMs < 1_000; phaseMs += 100) {
			for (let pauseMs = 2_500; pauseMs < 3_100; pauseMs += 100) {
				const world = new TestNodes();
				const [one, two] = [world.node('1'), world.node('2')];
				await world.done(one.membership.join());
				await world.pass(300);
				await world.done(two.membership.join());
				await world.pass(6_000);
				world.directory.isAway = true;
				await world.pass(7_000 + phaseMs);
				one.runtime.pause();
				await world.pass(pauseMs);
				const mayServe = one.membership.mayServe();
				one.runtime.resume();
				expect(one.membership.mayServe()).toBe(mayServe);
				expect(one.losses).toBe(mayServe ? 0 : 1);
				over += one.losses;
			}
		}
		expect(over).toBeGreaterThan(0);
	});

	test('a pause shorter than the lease costs nothing', async () => {
		const { world, one } = await pair();
		one.runtime.pause();
		await world.pass(2_500);
		one.runtime.resume();
		expect(one.membership.mayServe()).toBe(true);
		await world.pass(10_000);
		expect(one.losses).toBe(0);
	});

	test('a jump of the wall clock forward counts as a pause', async () => {
		const { world, one } = await pair();
		one.runtime.jump(10_000);
		expect(one.membership.mayServe()).toBe(false);
		await world.pass(1_100);
		expect(one.losses).toBe(1);
		expect(one.membership.mayServe()).toBe(true);
		await world.pass(LEASE_MS + 1_000);
		// Ten seconds off the directory's clock: others have to take actors.
		expect(one.membership.standing()).toBe('handsOver');
		expect(one.warnings.filter((warning) => warning.includes('clock'))).toHaveLength(1);
		one.runtime.jump(-10_000);
		await world.pass(1_100);
		expect(one.membership.mayClaim()).toBe(true);
	});

	test('a jump back hides no time', async () => {
		const { world, one } = await pair();
		one.runtime.jump(-60_000);
		await world.pass(2_000);
		expect(one.membership.mayServe()).toBe(true);
		one.directory.isAway = true;
		await world.pass(LEASE_MS + 100);
		expect(one.membership.mayServe()).toBe(false);
	});
});

describe('the relay away', () => {
	test('[P22] nobody gives up, nobody takes actors; then all do again', async () => {
		const { world, nodes } = await pair();
		for (const { relay } of nodes) relay.setConnected(false);
		await world.pass(20_000);
		expect(served(nodes)).toEqual([true, true]);
		expect(claiming(nodes)).toEqual([false, false]);
		for (const { relay } of nodes) relay.setConnected(true);
		await world.pass(4_100);
		expect(claiming(nodes)).toEqual([true, true]);
		expect(losses(nodes)).toEqual([0, 0]);
	});

	test('a node that hears nobody does not take what others serve without the directory', async () => {
		const { world, nodes } = await TestNodes.settled(3);
		const [one, two, deaf] = nodes as [TestNode, TestNode, TestNode];
		deaf.relay.setConnected(false);
		await world.pass(5_000);
		one.directory.isAway = true;
		two.directory.isAway = true;
		await world.pass(20_000);
		// They cannot know that it has the directory; it cannot know that they serve.
		expect(served([one, two])).toEqual([true, true]);
		expect(deaf.membership.mayClaim()).toBe(false);
		deaf.relay.setConnected(true);
		while (!deaf.membership.mayClaim()) await world.pass(10);
		expect(served([one, two])).toEqual([false, false]);
	});
});
