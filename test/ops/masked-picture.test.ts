import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initialChannel } from '../../actors/channel/channel-state.ts';
import { fieldNatures } from '../../src/ops/field-natures.ts';
import { maskedPicture } from '../../src/ops/masked-picture.ts';
import { maskedKey, pseudonym } from '../../src/ops/pseudonym.ts';
import { channelContract } from '../../src/protocol/channel.ts';
import { userContract } from '../../src/protocol/user.ts';

const natures = fieldNatures(channelContract);
const names = new Set(Object.keys(initialChannel('')));
const masked = (state: unknown) => maskedPicture(state, natures, names);

const MEMBER = { userId: 'ann', name: 'Ann Smith', role: 'owner', joinedAt: 5, marker: 2 };

describe('[P40] a masked picture', () => {
	test('of a channel keeps structure, numbers and words of the protocol', () => {
		const state = initialChannel('lobby');
		state.kind = 'group';
		state.name = 'Surprise party';
		state.members.set('ann', MEMBER as never);
		state.banned.add('eve');
		state.lastMessage = { seq: 9, at: 7, userId: 'ann', name: 'Ann Smith', text: 'psst' };
		expect(masked(state)).toMatchObject({
			id: '••• 5',
			kind: 'group',
			name: '••• 14',
			lastAt: 0,
			members: {
				[pseudonym('ann')]: {
					userId: pseudonym('ann'),
					name: '••• 9',
					role: 'owner',
					joinedAt: 5,
					marker: 2,
				},
			},
			banned: [pseudonym('eve')],
			lastMessage: { seq: 9, text: '••• 4' },
		});
	});

	test('shows nothing of what an application keeps as it likes, not even numbers', () => {
		const data = { phone: 15_551_234, name: 'x' };
		expect(maskedPicture({ data }, fieldNatures(userContract))).toEqual({ data: '•••' });
	});

	test('shows a word of the protocol only in its own field', () => {
		expect(masked({ role: 'owner', name: 'owner', text: 'group' })).toEqual({
			role: 'owner',
			name: '••• 5',
			text: '••• 5',
		});
	});

	test('shows no text and no key of anything, whatever it is', () => {
		// Longer than a pseudonym, which is drawn and may be anything.
		const secret = fc.stringMatching(/^zq[a-z]{7,12}$/);
		const anything = fc.anything({
			key: fc.oneof(secret, fc.constantFrom('members', 'name', 'data', 'text', 'role')),
			values: [secret, fc.integer(), fc.boolean(), fc.constant(null)],
			maxDepth: 5,
			withMap: true,
			withSet: true,
			withDate: true,
			withBigInt: true,
			withTypedArray: true,
			withNullPrototype: true,
			withObjectString: true,
		});
		fc.assert(
			fc.property(anything, (state) => {
				expect(JSON.stringify(masked(state)) ?? '').not.toMatch(/zq[a-z]{7}/);
			}),
		);
	});

	test('is bounded, whatever the state', () => {
		const members = new Map(
			Array.from({ length: 20_000 }, (_, n) => [`user${n}`, { ...MEMBER, userId: `user${n}` }]),
		);
		const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key${n}`, members]));
		let deep: unknown = 1;
		for (let depth = 0; depth < 10_000; depth++) deep = [deep];
		const picture = masked({ members, deleted: [wide, deep, Array(100_000).fill('x')] });
		expect(JSON.stringify(picture).length).toBeLessThan(200_000);
		expect(picture).toMatchObject({ members: { '…': 19_980 } });
	});
});

describe('[P40] keys of actors on a socket', () => {
	test.each([
		['channel/lobby', false, 'channel/lobby'],
		['channel/@ann@bob', false, `channel/@${pseudonym('ann')}@${pseudonym('bob')}`],
		['user/ann', true, `user/${pseudonym('ann')}`],
	])('%s', (key, isOwn, shown) => {
		expect(maskedKey(key, isOwn)).toBe(shown);
	});

	test('a pseudonym is the same everywhere, and another for another id', () => {
		expect(pseudonym('ann')).toBe(pseudonym('ann'));
		expect(pseudonym('ann')).not.toBe(pseudonym('bob'));
		expect(pseudonym('ann')).not.toContain('ann');
	});
});
