import { describe, expect, test } from 'vitest';
import { userIdOf } from '../../src/demo/account.ts';
import { otherOf } from '../../src/demo/channels/channel-title.ts';

describe('user ids by name', () => {
	test.each([
		['Ann', 'ann'],
		[' Mary  Jane ', 'mary-jane'],
		['bob_2', 'bob_2'],
	])('%o is %s', (name, userId) => {
		expect(userIdOf(name)).toBe(userId);
	});

	test('names in any script have valid ids, the same each time, and others than other names', () => {
		const names = ['민수', '서연', 'Zoë', '李雷', 'O’Neill', 'x'.repeat(100)];
		const ids = names.map(userIdOf);
		for (const id of ids) expect(id).toMatch(/^[a-z0-9_-]{1,64}$/);
		expect(new Set(ids).size).toBe(names.length);
		expect(names.map(userIdOf)).toEqual(ids);
		// Composed or not, the same name.
		expect(userIdOf('민수'.normalize('NFD'))).toBe(userIdOf('민수'));
	});
});

test.each([
	['@ann@bob', 'ann', 'bob'],
	['@ann@bob', 'bob', 'ann'],
	['@ann@ann', 'ann', 'ann'],
])('the other person of %s for %s is %s', (id, self, other) => {
	expect(otherOf(id, self)).toBe(other);
});
