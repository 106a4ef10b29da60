import { describe, expect, test } from 'vitest';
import { fairShare } from '../../actors/institution/fair-shares.ts';
import { outcome } from '../support/channel-actor.ts';
import { BankWorld, OPS, RULES, TEN } from '../support/institution-actor.ts';
import { person } from '../support/pure-actor.ts';
import { seeded } from '../support/seeded.ts';

const bank = (ratePerSecond = 20) => new BankWorld().begin({ ...RULES, ratePerSecond });

const out = ({ actor }: BankWorld) =>
	[...actor.state.holders.values()].reduce((sum, { bound }) => sum + bound, 0);

/** Nodes that ask as it comes; processes end, owners change, answers are lost. */
class Crowd {
	readonly #world: BankWorld;
	readonly #random: () => number;
	readonly #holds = new Map<string, number>();
	readonly #ticks: number[] = [];

	constructor(world: BankWorld, random: () => number) {
		this.#world = world;
		this.#random = random;
	}

	async turn(): Promise<void> {
		const name = TEN[this.#below(10)] as string;
		const node = this.#world.node(name);
		if (this.#isSo(0.02)) {
			node.restart();
			this.#holds.delete(name);
		}
		if (this.#isSo(0.01)) this.#world.actor.restart();
		const holds = this.#holds.get(name) ?? 0;
		const past = this.#isSo(0.1) ? (this.#ticks.at(-30) ?? 0) : 0;
		const again = this.#isSo(0.05);
		const { share, tick } = await node.permits({ want: this.#below(40), holds, past, again });
		this.#ticks.push(tick);
		// An answer may be lost: the node keeps to what it had.
		if (share < holds || this.#isSo(0.9)) this.#holds.set(name, share);
	}

	#below(max: number): number {
		return Math.floor(this.#random() * max);
	}

	#isSo(part: number): boolean {
		return this.#random() < part;
	}
}

describe('[I22] shares', () => {
	test('[I22] sum to at most 95 % of the contract, fair to all', async () => {
		const world = await bank(100);
		const first = await world.node('1').permits({ want: 1_000 });
		expect(first).toMatchObject({ share: 95, intervalMs: 1_000 });
		expect(await world.node('2').permits({ want: 10 })).toMatchObject({ share: 0 });
		const less = await world.node('1').permits({ want: 1_000, holds: 95 });
		expect(less.share).toBe(85);
		// The node has not said yet that it keeps to less.
		expect(await world.node('2').permits({ want: 10 })).toMatchObject({ share: 0 });
		await world.node('1').permits({ want: 1_000, holds: 85 });
		expect(await world.node('2').permits({ want: 10 })).toMatchObject({ share: 10 });
		expect(out(world)).toBe(95);
	});

	test('[I22] move when given back', async () => {
		const world = await bank();
		await world.node('1').permits({ want: 100 });
		await world.node('1').permits({ want: 0, holds: 0 });
		expect(await world.node('2').permits({ want: 100 })).toMatchObject({ share: 19 });
	});

	test('[I22] are over only for who had a later answer long enough, never by a clock', async () => {
		const world = await bank();
		const { tick } = await world.node('1').permits({ want: 100 });
		world.pass(3_600_000);
		expect(await world.node('2').permits({ want: 100 })).toMatchObject({ share: 0 });
		const before = await world.node('2').permits({ want: 100, past: tick - 1 });
		expect(before.share).toBe(0);
		expect(await world.node('2').permits({ want: 100, past: tick })).toMatchObject({ share: 19 });
		expect(out(world)).toBe(19);
	});

	test('[I22] a request that comes late or twice has no effect', async () => {
		const world = await bank();
		await world.node('1').permits({ n: 5, want: 100 });
		const late = { incarnation: '1-1', n: 4, holds: 0, want: 0, past: 0 };
		const node = person('1', { roles: ['system'] });
		expect(outcome(await world.actor.command(node, 'permits', late))).toBe('CONFLICT');
		expect(out(world)).toBe(19);
	});

	test('[I22] another process of the node waits until the share of the one before is over', async () => {
		const world = await bank();
		const { tick } = await world.node('1').permits({ want: 100 });
		world.node('1').restart();
		expect(await world.node('1').permits({ want: 100 })).toMatchObject({ share: 0 });
		expect(await world.node('1').permits({ want: 100, past: tick })).toMatchObject({ share: 19 });
	});

	test('[I22] behind a change of the owner they are first renewed as they are', async () => {
		const world = await bank();
		await world.node('1').permits({ want: 19 });
		world.actor.restart();
		expect(await world.node('1').permits({ want: 1, holds: 19, again: true })).toMatchObject({
			share: 19,
		});
		expect(await world.node('2').permits({ want: 9, again: true })).toMatchObject({ share: 0 });
	});

	test('[I22] with less than one for each node, they go round', async () => {
		const world = await bank(1.1);
		const had = new Set<string>();
		const holds = new Map<string, number>();
		for (let round = 0; round < 60; round++) {
			for (const name of TEN) {
				const { share } = await world.node(name).permits({ want: 1, holds: holds.get(name) ?? 0 });
				holds.set(name, share);
				if (share > 0) had.add(name);
				expect(out(world)).toBeLessThanOrEqual(1);
			}
		}
		expect(had.size).toBe(10);
	});

	test('[I22] a rate below one a second is one call in a longer time', async () => {
		const world = await bank(0.5);
		expect(await world.node('1').permits({ want: 5 })).toMatchObject({
			share: 1,
			intervalMs: 2_106,
		});
	});

	test('[I22] a rate that is lowered while it runs takes from all, and is never passed again', async () => {
		const world = await bank(100);
		const holds = new Map<string, number>();
		const renew = async () => {
			for (const name of TEN) {
				const held = holds.get(name) ?? 0;
				const { share } = await world.node(name).permits({ want: 50, holds: held });
				holds.set(name, share);
			}
		};
		for (let round = 0; round < 5; round++) await renew();
		expect([...holds.values()].every((share) => share >= 9)).toBe(true);
		expect(out(world)).toBe(95);
		await world.actor.command(OPS, 'rate', { perSecond: 20 });
		await renew();
		await renew();
		expect(out(world)).toBeLessThanOrEqual(19);
		await world.actor.command(OPS, 'rate', { perSecond: 40 });
		for (let round = 0; round < 5; round++) await renew();
		expect(out(world)).toBe(38);
		expect([...holds.values()].every((share) => share >= 3)).toBe(true);
	});

	test('[I22] whatever nodes ask, the sum of what may be in use stays within the rate', async () => {
		const world = await bank(60);
		const crowd = new Crowd(world, seeded(7));
		for (let turn = 0; turn < 2_000; turn++) {
			await crowd.turn();
			expect(out(world)).toBeLessThanOrEqual(57);
		}
	});
});

describe('fair shares', () => {
	test('nobody gets more than it wants, nor less than a part of what there is', () => {
		const random = seeded(3);
		for (let round = 0; round < 500; round++) {
			const count = Math.floor(random() * 100);
			const claims = Array.from({ length: 1 + Math.floor(random() * 12) }, (_, turn) => ({
				want: Math.floor(random() * 40),
				turn,
			}));
			const shares = claims.map((claim) => fairShare(count, claims, claim));
			const wanted = claims.reduce((sum, { want }) => sum + want, 0);
			expect(shares.reduce((sum, share) => sum + share, 0)).toBe(Math.min(count, wanted));
			for (const [index, share] of shares.entries()) {
				const { want } = claims[index] as { want: number };
				expect(share).toBeLessThanOrEqual(want);
				expect(share).toBeGreaterThanOrEqual(Math.min(want, Math.floor(count / claims.length)));
			}
		}
	});
});
