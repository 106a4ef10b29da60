import { describe, expect, test } from 'vitest';
import { channelActor, channelOf, outcome, say } from '../support/channel-actor.ts';
import { person } from '../support/pure-actor.ts';

/** One of each role, and a message of each; `out` is no member. */
async function staffed() {
	const channel = await channelOf(['own', 'mod', 'mem', 'mod2', 'mem2']);
	for (const userId of ['mod', 'mod2']) {
		await channel.command('own', 'setRole', { userId, role: 'moderator' });
	}
	for (const userId of ['own', 'mod', 'mem']) await say(channel, userId, `from ${userId}`);
	return channel;
}

const NO = 'FORBIDDEN';

describe('[C10] who may do what', () => {
	// Against whom; then the outcome for an owner, a moderator, a member, and a visitor.
	test.each([
		['kick', { userId: 'mem2' }, 'OK', 'OK', NO, NO],
		['kick', { userId: 'mod2' }, 'OK', NO, NO, NO],
		['kick', { userId: 'own' }, NO, NO, NO, NO],
		['kick', { userId: 'nobody' }, 'OK-', 'OK-', NO, NO],
		['ban', { userId: 'mem2' }, 'OK', 'OK', NO, NO],
		['ban', { userId: 'mod2' }, 'OK', NO, NO, NO],
		['ban', { userId: 'own' }, NO, NO, NO, NO],
		['ban', { userId: 'nobody' }, 'OK', 'OK', NO, NO],
		['unban', { userId: 'nobody' }, 'OK-', 'OK-', NO, NO],
		['mute', { userId: 'mem2', ms: 1_000 }, 'OK', 'OK', NO, NO],
		['mute', { userId: 'mod2', ms: 1_000 }, 'OK', NO, NO, NO],
		['mute', { userId: 'own', ms: 1_000 }, NO, NO, NO, NO],
		['mute', { userId: 'nobody', ms: 1_000 }, 'NOT_FOUND', 'NOT_FOUND', NO, NO],
		['mute', { userId: 'mem2', ms: 0 }, 'OK-', 'OK-', NO, NO],
		['setRole', { userId: 'mem2', role: 'moderator' }, 'OK', NO, NO, NO],
		['setRole', { userId: 'mem2', role: 'owner' }, 'OK', NO, NO, NO],
		['setRole', { userId: 'mem2', role: 'member' }, 'OK-', NO, NO, NO],
		['setRole', { userId: 'mod2', role: 'member' }, 'OK', NO, NO, NO],
		['setRole', { userId: 'own', role: 'member' }, 'CONFLICT', NO, NO, NO],
		['setRole', { userId: 'nobody', role: 'member' }, 'NOT_FOUND', NO, NO, NO],
		['slowMode', { ms: 5_000 }, 'OK', 'OK', NO, NO],
		['slowMode', { ms: 0 }, 'OK-', 'OK-', NO, NO],
		['rename', { name: 'Other' }, 'OK', 'OK', NO, NO],
		['rename', { name: 'General' }, 'OK-', 'OK-', NO, NO],
		['add', { users: ['new'] }, 'OK', 'OK', NO, NO],
		['delete', { seq: 1 }, 'OK', 'OK', NO, NO],
		['delete', { seq: 3 }, 'OK', 'OK', 'OK', NO],
		['edit', { seq: 1, text: 'x' }, 'OK', NO, NO, NO],
		['send', { text: 'x' }, 'OK', 'OK', 'OK', NO],
		['react', { seq: 1, emoji: '👍', on: true }, 'OK', 'OK', 'OK', NO],
		['read', { seq: 3 }, 'OK', 'OK', 'OK-', NO],
	])('%s %j', async (name, args, ...expected) => {
		const found: string[] = [];
		for (const by of ['own', 'mod', 'mem', 'out']) {
			const channel = await staffed();
			found.push(outcome(await channel.command(by, name, args)));
		}
		expect(found).toEqual(expected);
	});

	test('[C10] an owner steps down only when there is another, whom nobody demotes', async () => {
		const channel = await staffed();
		await channel.command('own', 'setRole', { userId: 'mod', role: 'owner' });
		const demote = (by: string, userId: string) =>
			channel.command(by, 'setRole', { userId, role: 'member' });
		expect(outcome(await demote('own', 'mod'))).toBe('FORBIDDEN');
		expect(outcome(await demote('own', 'own'))).toBe('OK');
		expect(outcome(await demote('mod', 'mod'))).toBe('CONFLICT');
	});

	test('[C10] in a direct channel nobody moderates the other', async () => {
		const channel = channelActor('@ann@bob');
		await channel.command('ann', 'create', { kind: 'direct', members: ['bob'] });
		await say(channel, 'bob', 'hi');
		for (const [name, args] of [
			['kick', { userId: 'bob' }],
			['ban', { userId: 'bob' }],
			['mute', { userId: 'bob', ms: 9 }],
			['setRole', { userId: 'bob', role: 'owner' }],
			['slowMode', { ms: 9 }],
			['rename', { name: 'x' }],
			['delete', { seq: 1 }],
		] as const) {
			expect(outcome(await channel.command('ann', name, args))).toBe('FORBIDDEN');
		}
	});
});

describe('[C10] being kept out', () => {
	test('[C10] a non-member can neither read nor write a private channel', async () => {
		const channel = await channelOf(['ann', 'bob'], 'group');
		await say(channel, 'ann', 'hello');
		const refused = { ok: false, code: 'FORBIDDEN' };
		expect(await channel.open('eve')).toMatchObject(refused);
		expect(await channel.query('eve', 'history')).toMatchObject(refused);
		expect(await channel.query('eve', 'members')).toMatchObject(refused);
		expect(outcome(await channel.command('eve', 'send', { text: 'x' }))).toBe('FORBIDDEN');
		for (const role of ['ops', 'service']) {
			const official = person('eve', { roles: ['user', role] });
			expect(await channel.open(official)).toMatchObject({ lastSeq: 1, unread: 0 });
		}
	});

	test('[C1] anybody may read an open channel, and writes after joining', async () => {
		const channel = await channelOf(['ann']);
		await say(channel, 'ann', 'hello');
		const view = await channel.open('eve');
		expect(view).toMatchObject({ unread: 0, messages: [{ text: 'hello' }] });
		expect(view).not.toHaveProperty('me');
		expect(await channel.command('eve', 'send', { text: 'x' })).toMatchObject({
			code: 'FORBIDDEN',
			message: expect.stringContaining('join'),
		});
	});

	test('[C10] who is removed learns of it, and of nothing behind it', async () => {
		const channel = await channelOf(['ann', 'bob', 'cyd'], 'group');
		await channel.command('ann', 'kick', { userId: 'bob' });
		expect(channel.heard.at(-1)).toMatchObject({
			type: 'left',
			data: { userId: 'bob', by: 'ann', how: 'kicked', memberCount: 2 },
			audience: 'all',
		});
		await channel.command('ann', 'ban', { userId: 'cyd' });
		expect(channel.revoked).toEqual(['bob', 'cyd', 'cyd']);
		expect(await channel.open('bob')).toMatchObject({ code: 'FORBIDDEN' });
	});

	test('[C10] in an open channel the kicked may read and come back, the banned may not', async () => {
		const channel = await channelOf(['ann', 'bob']);
		await channel.command('ann', 'kick', { userId: 'bob' });
		expect(channel.revoked).toEqual([]);
		expect(outcome(await channel.command('bob', 'join'))).toBe('OK');
		for (const userId of ['bob', 'eve']) {
			expect(outcome(await channel.command('ann', 'ban', { userId }))).toBe('OK');
			expect(outcome(await channel.command('ann', 'ban', { userId }))).toBe('OK-');
			expect(channel.revoked).toContain(userId);
			expect(await channel.open(userId)).toMatchObject({ code: 'FORBIDDEN' });
			expect(outcome(await channel.command(userId, 'join'))).toBe('FORBIDDEN');
			const add = await channel.command('ann', 'add', { users: [userId] });
			expect(outcome(add)).toBe('FORBIDDEN');
			await channel.command('ann', 'unban', { userId });
			expect(outcome(await channel.command(userId, 'join'))).toBe('OK');
		}
	});

	test('[C10] a muted member reads but does not speak, also after leaving and joining', async () => {
		const channel = await channelOf(['ann', 'bob']);
		await say(channel, 'bob', 'before');
		await channel.command('ann', 'mute', { userId: 'bob', ms: 60_000 });
		const until = channel.now + 60_000;
		expect(channel.heard.at(-1)?.data).toEqual({ userId: 'bob', until });
		channel.now += 10_000;
		const muted = { code: 'MUTED', retryAfterMs: 50_000 };
		expect(await channel.command('bob', 'send', { text: 'x' })).toMatchObject(muted);
		expect(await channel.command('bob', 'edit', { seq: 1, text: 'x' })).toMatchObject(muted);
		await channel.command('bob', 'leave');
		await channel.command('bob', 'join');
		expect(channel.heard.at(-1)?.data).toMatchObject({ member: { mutedUntil: until } });
		expect(await channel.command('bob', 'send', { text: 'x' })).toMatchObject(muted);
		expect(await channel.open('bob')).toMatchObject({ me: { mutedUntil: until } });
		expect(await channel.query('ann', 'members')).toHaveProperty('members.1.mutedUntil', until);
		channel.now = until;
		expect(outcome(await channel.command('bob', 'send', { text: 'x' }))).toBe('OK');
		expect(await channel.open('bob')).not.toHaveProperty('me.mutedUntil');
		expect(await channel.query('ann', 'members')).not.toHaveProperty('members.1.mutedUntil');
		await channel.command('ann', 'mute', { userId: 'bob', ms: 60_000 });
		await channel.command('ann', 'mute', { userId: 'bob', ms: 0 });
		expect(outcome(await channel.command('bob', 'send', { text: 'x' }))).toBe('OK');
	});

	test('[C10] slow mode spaces a member’s messages, also after leaving and joining', async () => {
		const channel = await channelOf(['ann', 'bob', 'cyd']);
		await channel.command('ann', 'slowMode', { ms: 10_000 });
		await say(channel, 'bob', 'one');
		channel.now += 4_000;
		await say(channel, 'cyd', 'not held up by another');
		const slow = { code: 'SLOW_MODE', retryAfterMs: 6_000 };
		expect(await channel.command('bob', 'send', { text: 'x' })).toMatchObject(slow);
		await channel.command('bob', 'leave');
		await channel.command('bob', 'join');
		expect(await channel.command('bob', 'send', { text: 'x' })).toMatchObject(slow);
		await say(channel, 'ann', 'owners');
		await say(channel, 'ann', 'are free');
		channel.now += 6_000;
		await say(channel, 'bob', 'two');
		// Of those who have waited long enough nothing is kept.
		expect([...channel.state.sentAt.keys()]).toEqual(['cyd', 'ann', 'bob']);
		channel.now += 10_000;
		await say(channel, 'cyd', 'three');
		expect([...channel.state.sentAt.keys()]).toEqual(['cyd']);
		await channel.command('ann', 'slowMode', { ms: 0 });
		expect(channel.state.sentAt.size).toBe(0);
	});

	test('[C9] only members are seen typing', async () => {
		const channel = await channelOf(['ann']);
		expect(channel.ephemeral('ann', 'typing')).toMatchObject({
			type: 'typing',
			data: { userId: 'ann' },
		});
		expect(channel.ephemeral('eve', 'typing')).toBeUndefined();
	});
});
