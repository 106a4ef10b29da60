import { describe, expect, test } from 'vitest';
import { channelKindWith } from '../../actors/channel/channel-kind.ts';
import { directId } from '../../src/protocol/ids.ts';
import { channelActor, channelOf, outcome, say } from '../support/channel-actor.ts';
import { PureActor, person } from '../support/pure-actor.ts';

const people = (count: number, prefix = 'user') =>
	Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('creating', () => {
	test('[C1] who creates a channel owns it; the others named are members', async () => {
		const channel = await channelOf(['ann', 'bob', 'cyd'], 'group');
		expect(await channel.query('bob', 'members')).toMatchObject({
			members: [
				{ userId: 'ann', role: 'owner', marker: 0 },
				{ userId: 'bob', role: 'member' },
				{ userId: 'cyd', role: 'member' },
			],
			hasMore: false,
		});
		expect(await channel.open('ann')).toMatchObject({ kind: 'group', memberCount: 3 });
	});

	test('[C1] an id is taken once', async () => {
		const channel = await channelOf(['ann']);
		expect(outcome(await channel.command('bob', 'create', { kind: 'open' }))).toBe('EXISTS');
	});

	test('[C1] a direct channel is one and the same whoever opens it', async () => {
		const channel = channelActor(directId('bob', 'ann'));
		const create = (by: string, members: string[]) =>
			channel.command(by, 'create', { kind: 'direct', members });
		expect(outcome(await create('bob', ['ann']))).toBe('OK');
		expect(outcome(await create('ann', ['bob', 'ann']))).toBe('OK-');
		expect(await channel.open('ann')).toMatchObject({
			kind: 'direct',
			memberCount: 2,
			me: { role: 'member' },
		});
		expect(outcome(await create('eve', ['ann']))).toBe('FORBIDDEN');
	});

	test.each([
		['general', 'ann', 'direct', ['bob'], 'INVALID'],
		['@ann@bob', 'ann', 'direct', ['cyd'], 'FORBIDDEN'],
		['@ann@bob', 'cyd', 'direct', ['ann'], 'FORBIDDEN'],
		['@ann@bob', 'ann', 'direct', [], 'INVALID'],
		['@ann@bob', 'ann', 'direct', ['bob', 'cyd'], 'INVALID'],
		['@ann@bob', 'ann', 'group', ['bob'], 'INVALID'],
		['@ann@bob', 'ann', 'open', [], 'INVALID'],
	])('[C1] %s created by %s as %s with %j: %s', async (...row) => {
		const [id, by, kind, members, code] = row;
		const channel = channelActor(id);
		expect(outcome(await channel.command(by, 'create', { kind, members }))).toBe(code);
		expect(channel.events).toEqual([]);
	});

	test('[C1] a group has at most 100 members, however they come', async () => {
		const create = { kind: 'group', members: people(100) };
		expect(outcome(await channelActor().command('ann', 'create', create))).toBe('MEMBER_LIMIT');
		const full = await channelOf(['ann', ...people(99)], 'group');
		expect(outcome(await full.command('ann', 'add', { users: ['zoe'] }))).toBe('MEMBER_LIMIT');
		expect(outcome(await full.command('ann', 'add', { users: ['user3'] }))).toBe('OK-');
	});

	test('[C1] an open channel has at most 20,000 members', async () => {
		const channel = await channelOf(['ann']);
		channel.lags = true;
		for (let index = 1; index < 20_000; index++) {
			const member = { userId: `m${index}`, role: 'member', joinedAt: 1, marker: 0 } as const;
			channel.state.members.set(member.userId, member);
		}
		expect(outcome(await channel.command('zoe', 'join'))).toBe('MEMBER_LIMIT');
		channel.state.members.delete('m7');
		expect(outcome(await channel.command('zoe', 'join'))).toBe('OK');
	});

	test('commands other than create and join find nothing', async () => {
		const channel = channelActor();
		expect(outcome(await channel.command('ann', 'send', { text: 'hi' }))).toBe('NOT_FOUND');
		expect(outcome(await channel.command('ann', 'leave'))).toBe('NOT_FOUND');
	});
});

describe('joining and leaving', () => {
	test('[C1] joining a free id makes a public channel of it; a setting turns that off', async () => {
		const channel = channelActor('tea');
		expect(outcome(await channel.command('ann', 'join'))).toBe('OK');
		expect(await channel.open('ann')).toMatchObject({
			kind: 'open',
			name: 'tea',
			me: { role: 'owner' },
		});
		const strict = new PureActor(channelKindWith({ joinCreates: false }), 'tea');
		expect(outcome(await strict.command('ann', 'join'))).toBe('NOT_FOUND');
		expect(outcome(await channelActor('@ann@bob').command('ann', 'join'))).toBe('NOT_FOUND');
	});

	test('[C1] anybody joins an open channel, nobody a private one', async () => {
		const open = await channelOf(['ann']);
		expect(outcome(await open.command('bob', 'join'))).toBe('OK');
		expect(outcome(await open.command('bob', 'join'))).toBe('OK-');
		const group = await channelOf(['ann'], 'group');
		expect(outcome(await group.command('bob', 'join'))).toBe('FORBIDDEN');
		const direct = channelActor('@ann@bob');
		await direct.command('ann', 'create', { kind: 'direct', members: ['bob'] });
		expect(outcome(await direct.command('cyd', 'join'))).toBe('FORBIDDEN');
		expect(outcome(await direct.command('ann', 'join'))).toBe('OK-');
		expect(outcome(await direct.command('ann', 'leave'))).toBe('FORBIDDEN');
	});

	test('[C1] leaving twice changes nothing more', async () => {
		const channel = await channelOf(['ann', 'bob']);
		expect(outcome(await channel.command('bob', 'leave'))).toBe('OK');
		expect(outcome(await channel.command('bob', 'leave'))).toBe('OK-');
		expect(channel.heard.at(-1)).toMatchObject({
			type: 'left',
			data: { userId: 'bob', how: 'left', memberCount: 1 },
		});
	});

	test('[C1] members add to groups, moderators to open channels, nobody to direct ones', async () => {
		const group = await channelOf(['ann', 'bob'], 'group');
		expect(outcome(await group.command('bob', 'add', { users: ['cyd', 'cyd'] }))).toBe('OK');
		expect(outcome(await group.command('eve', 'add', { users: ['dan'] }))).toBe('FORBIDDEN');
		const open = await channelOf(['ann', 'bob']);
		expect(outcome(await open.command('bob', 'add', { users: ['cyd'] }))).toBe('FORBIDDEN');
		expect(outcome(await open.command('ann', 'add', { users: ['cyd', 'dan'] }))).toBe('OK');
		expect(open.heard.slice(-2).map(({ data }) => data)).toMatchObject([
			{ userId: 'cyd', by: 'ann', memberCount: 3 },
			{ userId: 'dan', by: 'ann', memberCount: 4 },
		]);
		const direct = channelActor('@ann@bob');
		await direct.command('ann', 'create', { kind: 'direct', members: ['bob'] });
		expect(outcome(await direct.command('ann', 'add', { users: ['cyd'] }))).toBe('FORBIDDEN');
	});

	test('[C10] the last owner hands over: to the oldest moderator, else to the oldest member', async () => {
		const channel = await channelOf(['ann', 'cyd']);
		channel.now += 1;
		await channel.command('bob', 'join');
		await channel.command('dan', 'join');
		await channel.command('ann', 'setRole', { userId: 'dan', role: 'moderator' });
		const leave = async (userId: string) => {
			const from = channel.heard.length;
			await channel.command(userId, 'leave');
			return channel.heard.slice(from).map(({ type, data }) => [type, data]);
		};
		expect(await leave('ann')).toMatchObject([
			['roleSet', { userId: 'dan', role: 'owner' }],
			['left', { userId: 'ann' }],
		]);
		expect(await leave('dan')).toMatchObject([
			['roleSet', { userId: 'cyd' }],
			['left', {}],
		]);
		expect(await leave('cyd')).toMatchObject([
			['roleSet', { userId: 'bob' }],
			['left', {}],
		]);
		expect(await leave('bob')).toMatchObject([['left', { memberCount: 0 }]]);
		await channel.command('eve', 'join');
		expect(await channel.open('eve')).toMatchObject({ me: { role: 'owner' } });
	});

	test('[C1] name and picture come from the token, bounded, with members and messages', async () => {
		const channel = await channelOf(['ann', 'bob']);
		const cyd = person('cyd', { name: `${'c'.repeat(99)}🦊`, picture: 'p'.repeat(1_001) });
		await channel.command(cyd, 'join');
		expect(channel.heard.at(-1)?.data).toMatchObject({ member: { name: 'c'.repeat(99) } });
		expect(channel.heard.at(-1)?.data).not.toHaveProperty('member.picture');
		await say(channel, person('bob', { name: 'Bob', picture: 'https://x.test/b.png' }), 'hello');
		expect(channel.heard.at(-1)?.data).toMatchObject({ name: 'Bob', userId: 'bob' });
		await say(channel, 'bob', 'a token without a name');
		expect(channel.heard.at(-1)?.data).toMatchObject({ name: 'Bob' });
		expect(await channel.query('ann', 'members', { after: 'ann', limit: 1 })).toMatchObject({
			members: [{ userId: 'bob', name: 'Bob', picture: 'https://x.test/b.png' }],
			hasMore: true,
		});
	});

	test('[C23] the member count is kept, told, and projected', async () => {
		const channel = await channelOf(['ann', 'bob', 'cyd']);
		await channel.command('bob', 'leave');
		const row = await channel.store.get('channels', ['general']);
		expect(row?.doc).toMatchObject({ memberCount: 2, id: 'general', kind: 'open' });
		expect(await channel.store.get('members', ['general', 'bob'])).toBeUndefined();
	});
});
