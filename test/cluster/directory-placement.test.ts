import { describe, expect, test, vi } from 'vitest';
import { DirectoryPlacement } from '../../src/cluster/directory-placement.ts';
import { SILENT } from '../../src/core/log.ts';
import type { ActorKey } from '../../src/protocol/ids.ts';
import { type TestNode, TestNodes } from './test-nodes.ts';

const LEASE_MS = 4_000;
const key: ActorKey = 'channel/general';
const keysOf = (count: number): ActorKey[] =>
	Array.from({ length: count }, (_, n): ActorKey => `channel/c${n}`);

async function pair() {
	const { world, nodes } = await TestNodes.settled(2);
	return { world, nodes, one: nodes[0] as TestNode, two: nodes[1] as TestNode };
}

const owning = (nodes: readonly TestNode[], of = key) =>
	nodes.filter(({ placement }) => placement.owns(of)).map(({ id }) => id);

describe('claiming', () => {
	test('[P20] who first needs an actor owns it, and the others learn so', async () => {
		const { world, one, two } = await pair();
		expect(await world.done(one.placement.lookUp(key))).toBeUndefined();
		expect(await world.done(one.claim(key))).toBe('1');
		expect(one.placement.known(key)).toBe('1');
		expect(two.placement.known(key)).toBeUndefined();
		expect(await world.done(two.placement.lookUp(key))).toBe('1');
		expect(two.placement.known(key)).toBe('1');
		expect(await world.done(two.claim(key))).toBe('1');
		expect([...one.placement.owned()]).toEqual([key]);
	});

	test('two nodes race for a key, 1,000 times, with slow answers and pauses: one owner each', async () => {
		const { world, nodes } = await pair();
		let won = 0;
		for (const [at, raced] of keysOf(1_000).entries()) {
			const isHard = at % 20 === 0;
			world.directory.delayMs = world.runtime.random() * (isHard ? 1_500 : 300);
			const claims = Promise.all(nodes.map((node) => node.claim(raced)));
			if (isHard) {
				const sleeper = nodes[(at / 20) % 2] as TestNode;
				await world.pass(world.runtime.random() * world.directory.delayMs);
				sleeper.runtime.pause();
				await world.pass(world.runtime.random() * 2 * LEASE_MS);
				sleeper.runtime.resume();
			}
			const owners = (await world.done(claims)).filter((owner) => owner !== undefined);
			expect(new Set(owners).size).toBeLessThanOrEqual(1);
			expect(owning(nodes, raced).length).toBeLessThanOrEqual(1);
			for (const id of owning(nodes, raced)) expect(owners).toContain(id);
			won += owning(nodes, raced).length;
			world.directory.delayMs = 0;
			if (isHard) await world.pass(3 * LEASE_MS);
		}
		// It is not by refusing all that nobody was wrong.
		expect(won).toBeGreaterThan(900);
	});

	test('what is asked in one turn goes as one call, and no key twice', async () => {
		const { world, one } = await pair();
		const claim = vi.spyOn(one.directory, 'claim');
		const owners = vi.spyOn(one.directory, 'owners');
		const keys = keysOf(100);
		const asked = [...keys, ...keys].map((each) => one.placement.lookUp(each));
		expect(await world.done(Promise.all(asked))).toEqual(asked.map(() => undefined));
		expect(owners.mock.calls).toEqual([[keys]]);
		const claims = [...keys, ...keys].map((each) => one.claim(each));
		expect(await world.done(Promise.all(claims))).toEqual(claims.map(() => '1'));
		expect(claim.mock.calls).toEqual([['1', keys]]);
	});

	test('[P22] without the directory a claim waits, a look-up fails, and what is known stays known', async () => {
		const { world, one, two } = await pair();
		await world.done(one.claim(key));
		await world.done(two.placement.lookUp(key));
		world.directory.isAway = true;
		expect(await world.done(two.claim('channel/other'))).toBeUndefined();
		await expect(world.done(two.placement.lookUp('channel/other'))).rejects.toMatchObject({
			name: 'DirectoryError',
		});
		expect(two.placement.known(key)).toBe('1');
		await world.pass(30_000);
		expect(one.placement.owns(key)).toBe(true);
		expect(await world.done(one.claim(key))).toBe('1');
		world.directory.isAway = false;
		await world.pass(2 * LEASE_MS);
		expect(await world.done(two.claim(key))).toBe('1');
		expect(await world.done(two.claim('channel/other'))).toBe('2');
	});

	test('a wrong owner is forgotten, a right one is not', async () => {
		const { world, one, two } = await pair();
		await world.done(one.claim(key));
		await world.done(two.placement.lookUp(key));
		two.placement.forget(key, '7');
		expect(two.placement.known(key)).toBe('1');
		two.placement.forget(key, '1');
		expect(two.placement.known(key)).toBeUndefined();
	});
});

describe('letting go', () => {
	test('a released key is free for others', async () => {
		const { world, one, two } = await pair();
		await world.done(one.claim(key));
		one.placement.release(key);
		expect(one.placement.owns(key)).toBe(false);
		await world.pass(10);
		expect(await world.done(two.claim(key))).toBe('2');
	});

	test('a key claimed again while its release is under way stays claimed', async () => {
		const { world, one, two } = await pair();
		for (const delayMs of [0, 40, 200]) {
			world.directory.delayMs = delayMs;
			expect(await world.done(one.claim(key))).toBe('1');
			for (const waitMs of [0, delayMs / 4, delayMs / 2, delayMs * 0.75]) {
				one.placement.release(key);
				await world.pass(waitMs);
				expect(await world.done(one.claim(key))).toBe('1');
				await world.pass(1_000);
				expect(one.placement.owns(key)).toBe(true);
				expect(await world.done(two.placement.lookUp(key))).toBe('1');
			}
		}
		expect(one.foreign).toEqual([]);
	});

	test('a release that fails is done later, unless the key is claimed again', async () => {
		const { world, one, two } = await pair();
		const [gone, kept] = keysOf(2) as [ActorKey, ActorKey];
		await world.done(Promise.all([one.claim(gone), one.claim(kept)]));
		one.directory.isAway = true;
		one.placement.release(gone);
		one.placement.release(kept);
		await world.pass(100);
		one.directory.isAway = false;
		expect(await world.done(one.claim(kept))).toBe('1');
		await world.pass(1_100);
		expect(await world.done(two.placement.lookUp(kept))).toBe('1');
		expect(await world.done(two.placement.lookUp(gone))).toBeUndefined();
	});

	test('an entry left by a claim of unknown outcome counts as none, until it is claimed', async () => {
		const { world, one, two } = await pair();
		world.directory.delayMs = 1_500;
		expect(await world.done(one.claim(key))).toBeUndefined();
		world.directory.delayMs = 0;
		await world.pass(2 * LEASE_MS);
		expect(one.placement.owns(key)).toBe(false);
		expect(await world.done(one.placement.lookUp(key))).toBeUndefined();
		expect(await world.done(two.claim(key))).toBe('1');
		// So the other asks this one.
		expect(await world.done(one.claim(key, { handedOver: true }))).toBe('1');
		expect(one.placement.owns(key)).toBe(true);
	});
});

describe('owners that end', () => {
	test('[P20] the actors of a dead node are free when its lease is over', async () => {
		const { world, one, two } = await pair();
		await world.done(one.claim(key));
		await world.done(two.placement.lookUp(key));
		one.runtime.pause();
		await world.pass(2_500);
		expect(await world.done(two.claim(key))).toBe('1');
		await world.pass(2_600);
		expect(two.placement.known(key)).toBeUndefined();
		expect(await world.done(two.claim(key))).toBe('2');

		// It comes back: it has given up before it says anything.
		one.runtime.resume();
		expect(one.membership.mayServe()).toBe(false);
		expect(one.placement.owns(key)).toBe(false);
		await world.pass(2 * LEASE_MS);
		expect(await world.done(one.claim(key))).toBe('2');
		expect(two.foreign).toEqual([]);
	});

	test('what a lost node owned and nobody took does not come back to life', async () => {
		const { world, one, two } = await pair();
		await world.done(one.claim(key));
		one.directory.isAway = true;
		await world.pass(LEASE_MS + 100);
		expect(one.placement.owns(key)).toBe(false);
		one.directory.isAway = false;
		await world.pass(1_500);
		expect(await world.done(two.placement.lookUp(key))).toBeUndefined();
		expect(await world.done(two.claim(key))).toBe('2');
	});

	test('a claim answered after everything was lost does not count', async () => {
		const { world, one, two } = await pair();
		world.directory.delayMs = 200;
		const claiming = one.claim(key);
		await world.pass(150);
		one.runtime.pause();
		await world.pass(10_000);
		one.runtime.resume();
		expect(await world.done(claiming)).toBeUndefined();
		expect(one.placement.owns(key)).toBe(false);
		world.directory.delayMs = 0;
		await world.pass(2 * LEASE_MS);
		expect(await world.done(two.claim(key))).toBe('2');
	});

	test('[P22] after a flush owners register again before anybody claims', async () => {
		const { world, nodes, one, two } = await pair();
		const keys = keysOf(3_000);
		await world.done(Promise.all(keys.map((each) => one.claim(each))));
		world.directory.flush();
		for (let ms = 0; ms < 3 * LEASE_MS; ms += 100) {
			const owner = await world.done(two.claim(keys[ms % keys.length] as ActorKey));
			expect([undefined, '1']).toContain(owner);
			await world.pass(100);
		}
		expect(await world.done(two.claim(keys[2_999] as ActorKey))).toBe('1');
		expect(await world.done(two.claim('channel/new'))).toBe('2');
		expect(nodes.flatMap(({ foreign, losses }) => [...foreign, losses])).toEqual([0, 0]);
	});
});

describe('verifying', () => {
	test('a foreign entry is told within two heartbeats among 10,000, a missing one is set again', async () => {
		const { world, one, two } = await pair();
		const keys = keysOf(10_000);
		await world.done(Promise.all(keys.map((each) => one.claim(each))));
		const verify = vi.spyOn(one.directory, 'verify');
		await world.pass(2_100);
		expect(Math.max(...verify.mock.calls.map(([, slice]) => slice.length))).toBe(1_000);

		const [foreign, missing] = [keys[17] as ActorKey, keys[9_017] as ActorKey];
		for (const each of [foreign, missing]) world.directory.release('1', each);
		world.directory.claim('2', foreign);
		await world.pass(2_200 + 1_000);
		expect(one.foreign).toEqual([foreign]);
		expect(one.placement.owns(foreign)).toBe(false);
		expect(one.placement.owns(missing)).toBe(true);
		expect(await world.done(two.placement.lookUp(missing))).toBe('1');
	});

	test('after a gap nothing is claimed before every claim was compared', async () => {
		const { world, one } = await pair();
		await world.done(one.claim(key));
		const verify = vi.spyOn(one.directory, 'verify');
		verify.mockRejectedValue(new Error('no'));
		one.directory.isAway = true;
		await world.pass(1_500);
		one.directory.isAway = false;
		await world.pass(2 * LEASE_MS);
		expect(one.membership.mayClaim()).toBe(true);
		expect(await world.done(one.claim('channel/new'))).toBeUndefined();
		verify.mockRestore();
		await world.pass(1_100);
		expect(await world.done(one.claim('channel/new'))).toBe('1');
	});
});

describe('handing over', () => {
	const busy = { sockets: 0, actors: 0, loopDelayMs: 90, overloaded: true };

	test('an overloaded node names the peer with the fewest actors, which takes it when asked', async () => {
		const { world, nodes } = await TestNodes.settled(3);
		const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
		one.load = busy;
		two.load = { ...two.load, actors: 10 };
		three.load = { ...three.load, actors: 2 };
		await world.pass(1_100);
		expect(await world.done(one.claim(key))).toBe('3');
		expect(owning(nodes)).toEqual([]);
		expect(one.placement.known(key)).toBeUndefined();
		expect(await world.done(three.claim(key, { handedOver: true }))).toBe('3');
		expect(await world.done(one.claim(key))).toBe('3');
		expect(one.placement.known(key)).toBe('3');
	});

	test('suggestions count until the peer tells its load again', async () => {
		const { world, nodes } = await TestNodes.settled(3);
		const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
		one.load = busy;
		two.load = { ...two.load, actors: 3 };
		three.load = { ...three.load, actors: 2 };
		await world.pass(1_100);
		const named: (string | undefined)[] = [];
		for (const each of keysOf(5)) named.push(await world.done(one.claim(each)));
		expect(named).toEqual(['3', '2', '3', '2', '3']);
	});

	test('when all are overloaded each takes what it needs; who was asked never sends on', async () => {
		const { world, nodes, one, two } = await pair();
		one.load = busy;
		two.load = busy;
		await world.pass(1_100);
		const [first, second] = keysOf(2) as [ActorKey, ActorKey];
		expect(await world.done(one.claim(first))).toBe('1');
		two.load = { ...busy, overloaded: false };
		await world.pass(1_100);
		expect(await world.done(one.claim(second, { handedOver: true }))).toBe('1');
		expect(owning(nodes, second)).toEqual(['1']);
	});

	test('[P22] a node that may not claim yet, since its lease had a gap, names one that may', async () => {
		const { world, one, two } = await pair();
		one.directory.isAway = true;
		await world.pass(1.5 * LEASE_MS);
		one.directory.isAway = false;
		await world.pass(1_100);
		expect(one.membership.mayServe()).toBe(true);
		expect(one.membership.mayClaim()).toBe(false);
		expect(await world.done(one.claim(key))).toBe('2');
		expect(await world.done(one.claim(key, { handedOver: true }))).toBeUndefined();
		expect(await world.done(two.claim(key, { handedOver: true }))).toBe('2');
	});

	test('[P21] a drained node names others and takes nothing', async () => {
		const { world, one, two } = await pair();
		await world.done(one.claim('channel/old'));
		one.membership.drain();
		await world.pass(100);
		expect(await world.done(one.claim(key))).toBe('2');
		expect(await world.done(one.claim(key, { handedOver: true }))).toBeUndefined();
		expect(one.placement.owns('channel/old')).toBe(true);
		one.placement.release('channel/old');
		two.membership.drain();
		await world.pass(100);
		expect(await world.done(two.claim('channel/old'))).toBeUndefined();
	});

	test('[P21] a drained node lets go of an entry that it does not hold', async () => {
		const { world, one, two } = await pair();
		world.directory.delayMs = 1_500;
		expect(await world.done(one.claim(key))).toBeUndefined();
		world.directory.delayMs = 0;
		await world.pass(2 * LEASE_MS);
		one.membership.drain();
		expect(await world.done(one.claim(key, { handedOver: true }))).toBeUndefined();
		await world.pass(100);
		expect(await world.done(two.claim(key))).toBe('2');
	});

	test('[P22] an entry is not let go while it is claimed, although its store was away meanwhile', async () => {
		const { world, one, two } = await pair();
		let mayOwn = true;
		const { membership, directory, runtime } = one;
		const reach = { mayOwn: () => mayOwn, mayPeerOwn: () => true };
		const placement = new DirectoryPlacement({
			membership,
			directory,
			reach,
			runtime,
			log: SILENT,
		});
		await world.done(directory.claim('1', [key]));
		world.directory.delayMs = 400;
		const found = placement.lookUp(key);
		await world.pass(250);
		const claimed = placement.claim(key);
		mayOwn = false;
		expect(await world.done(found)).toBeUndefined();
		mayOwn = true;
		expect(await world.done(claimed)).toBe('1');
		await world.pass(400);
		expect(placement.owns(key)).toBe(true);
		expect(await world.done(two.placement.lookUp(key))).toBe('1');
	});
});
