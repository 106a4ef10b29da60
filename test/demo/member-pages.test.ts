import { expect, test } from 'vitest';
import type { ChannelChange, Member } from '../../client-sdk/src/index.ts';
import { changedMembers } from '../../src/demo/chat/member-pages.ts';

const member = (userId: string, role: Member['role'] = 'member'): Member => ({
	userId,
	role,
	joinedAt: 0,
	marker: 0,
});

const joined = (userId: string): ChannelChange => ({
	type: 'joined',
	userId,
	by: userId,
	memberCount: 0,
	member: member(userId),
});

const left = (userId: string): ChannelChange => ({
	type: 'left',
	userId,
	by: userId,
	memberCount: 0,
	how: 'left',
});

const known = [member('ann', 'owner'), member('cleo')];

test.each([
	[joined('bob'), false, ['ann', 'bob', 'cleo']],
	[joined('bob'), true, ['ann', 'bob', 'cleo']],
	[joined('zoe'), false, ['ann', 'cleo', 'zoe']],
	// Behind the last page: the next one brings them.
	[joined('zoe'), true, ['ann', 'cleo']],
	[joined('cleo'), false, ['ann', 'cleo']],
	[left('ann'), false, ['cleo']],
	[left('nobody'), false, ['ann', 'cleo']],
] as const)('after %o (more pages: %s) the loaded members are %o', (change, hasMore, expected) => {
	const { members } = changedMembers({ members: known, hasMore }, change);
	expect(members.map(({ userId }) => userId)).toEqual(expected);
});

test('a new role is shown on the member', () => {
	const change: ChannelChange = { type: 'roleSet', userId: 'cleo', role: 'moderator' };
	const { members } = changedMembers({ members: known, hasMore: false }, change);
	expect(members.map(({ role }) => role)).toEqual(['owner', 'moderator']);
});
