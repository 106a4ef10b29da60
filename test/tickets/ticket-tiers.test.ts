import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TIERS, TierWheel, type WheelMember } from '../../src/tickets/ticket-tiers.ts';

class Member implements WheelMember {
	tier = 0;
	slot = -1;
	index = 0;
	visits = 0;
}

const STEPS_PER_SECOND = 10;

describe('[T4] tiers', () => {
	test('the first 1,000 hear each second, up to 100,000 each 5 s, others each 20 s', () => {
		const wheel = new TierWheel<Member>(TIERS);
		const places = [0, 999, 1_000, 99_999, 100_000, 2_000_000];
		const members = places.map((place) => {
			const member = new Member();
			wheel.put(member, wheel.tierOf(place));
			return member;
		});
		for (let step = 0; step < 100 * STEPS_PER_SECOND; step++) {
			wheel.turn((member) => {
				member.visits++;
			});
		}
		expect(members.map(({ visits }) => visits)).toEqual([100, 100, 20, 20, 5, 5]);
	});

	test('a tier is spread over its interval', () => {
		const wheel = new TierWheel<Member>(TIERS);
		for (let at = 0; at < 20_000; at++) wheel.put(new Member(), 2);
		const counts = Array.from({ length: 200 }, () => {
			let count = 0;
			wheel.turn(() => {
				count++;
			});
			return count;
		});
		expect(new Set(counts)).toEqual(new Set([100]));
	});

	test('whoever stays in a tier is visited once per interval, whatever others do', () => {
		const step = fc.record({
			moves: fc.array(fc.tuple(fc.nat({ max: 29 }), fc.nat({ max: 2 })), { maxLength: 4 }),
			leaves: fc.array(fc.nat({ max: 29 }), { maxLength: 2 }),
		});
		fc.assert(
			fc.property(fc.array(step, { minLength: 60, maxLength: 60 }), (steps) => {
				const tiers = [
					{ places: 1, everyMs: 200 },
					{ places: 2, everyMs: 500 },
					{ places: 3, everyMs: 1_000 },
				];
				const wheel = new TierWheel<Member>(tiers);
				const movers = Array.from({ length: 30 }, () => new Member());
				const stayers = tiers.map((_, tier) => {
					const member = new Member();
					wheel.put(member, tier);
					return member;
				});
				for (const { moves, leaves } of steps) {
					for (const [at, tier] of moves) wheel.put(movers[at] as Member, tier);
					wheel.turn((member) => {
						member.visits++;
						// What is visited may go, and take others along.
						if (movers.includes(member)) {
							for (const at of leaves) wheel.remove(movers[at] as Member);
						}
					});
				}
				expect(stayers.map(({ visits }) => visits)).toEqual([30, 12, 6]);
			}),
			{ numRuns: 100 },
		);
	});
});
