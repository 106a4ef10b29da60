import { describe, expect, test } from 'vitest';
import { evenShards, ONE_SHARD } from '../../src/core/store-shards.ts';
import { actorKey } from '../../src/protocol/ids.ts';

const KEYS = Array.from({ length: 20_000 }, (_, n) => actorKey('channel', `room-${n}`));

describe('shards of the store', () => {
	test('[C24] hold about as many keys each, also of names that hardly differ', () => {
		for (const count of [2, 3, 5, 16]) {
			const held = new Array<number>(count).fill(0);
			const shards = evenShards(count);
			for (const key of KEYS) (held[shards.of(key)] as number)++;
			for (const keys of held) {
				expect(keys).toBeGreaterThan((0.85 * KEYS.length) / count);
				expect(keys).toBeLessThan((1.15 * KEYS.length) / count);
			}
		}
	});

	test('are where stored data is: these never change', () => {
		const keys = ['channel/lobby', 'channel/@ann@bob', 'user/ann', 'ticket-event/e1'] as const;
		expect(keys.map((key) => evenShards(3).of(key))).toMatchInlineSnapshot(`
			[
			  1,
			  1,
			  1,
			  2,
			]
		`);
		expect(keys.map((key) => evenShards(7).of(key))).toMatchInlineSnapshot(`
			[
			  6,
			  5,
			  1,
			  3,
			]
		`);
	});

	test('one shard more takes keys from the others, and moves no other', () => {
		const [before, after] = [evenShards(4), evenShards(5)];
		const moved = KEYS.filter((key) => before.of(key) !== after.of(key));
		expect(moved.every((key) => after.of(key) === 4)).toBe(true);
		expect(moved.length).toBeLessThan((1.2 * KEYS.length) / 5);
	});

	test('one alone holds everything', () => {
		expect(evenShards(1)).toBe(ONE_SHARD);
	});
});
