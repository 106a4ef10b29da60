import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CHANNEL_EVENT_VERSIONS } from '../../actors/channel/channel-events.ts';
import { channelKind } from '../../actors/channel/channel-kind.ts';
import type { StoredEvent } from '../../src/core/journal.ts';
import { pack } from '../../src/protocol/codec.ts';
import { channelActor, channelOf, outcome, say } from '../support/channel-actor.ts';
import { person } from '../support/pure-actor.ts';

/** What version 1 wrote. Never rewrite it: later versions must go on reading it. */
const STORED = JSON.parse(
	readFileSync(new URL('./fixtures/channel-v1.json', import.meta.url), 'utf8'),
) as { events: StoredEvent[]; snapshot: unknown[] };

/** Something of everything that the state keeps. */
async function busyChannel() {
	const channel = await channelOf(['ann', 'bob', 'cyd', 'dan', 'eve']);
	await say(channel, person('bob', { name: 'Bob' }), 'one');
	await say(channel, 'cyd', 'two');
	await channel.command('ann', 'setRole', { userId: 'bob', role: 'moderator' });
	await channel.command('ann', 'slowMode', { ms: 10_000 });
	await say(channel, 'cyd', 'three');
	await channel.command('ann', 'mute', { userId: 'dan', ms: 60_000 });
	await channel.command('ann', 'ban', { userId: 'eve' });
	await channel.command('cyd', 'delete', { seq: 2 });
	return channel;
}

describe('[P13] snapshots', () => {
	test('[P13] a restored channel is the one that was cut', async () => {
		const channel = await busyChannel();
		const before = channel.state;
		channel.restart();
		expect(channel.state).toEqual(before);
		expect(await channel.command('cyd', 'send', { text: 'x' })).toMatchObject({
			code: 'SLOW_MODE',
		});
		expect(outcome(await channel.command('dan', 'send', { text: 'x' }))).toBe('MUTED');
		expect(outcome(await channel.command('eve', 'join'))).toBe('FORBIDDEN');
		expect(await channel.open('ann')).toMatchObject({ unread: 2 });
	});

	test('[P13] nothing that comes after the cut gets into it', async () => {
		const channel = await busyChannel();
		const expected = [...channel.cut()].map((part) => pack(part));
		const cut = channel.cut();
		channel.now += 60_000;
		await say(channel, person('ann', { name: 'Ann' }), 'four');
		for (const seq of [1, 3]) await channel.command('ann', 'delete', { seq });
		await channel.command('ann', 'unban', { userId: 'eve' });
		await channel.command('bob', 'read', { seq: 4 });
		await channel.command('cyd', 'leave');
		expect([...cut].map((part) => pack(part))).toEqual(expected);
	});

	test('[P13] parts of a full channel stay far below 8 MB', () => {
		const { state } = channelActor();
		for (let index = 0; index < 20_000; index++) {
			const userId = `${index}`.padStart(64, 'u');
			const profile = { name: '한'.repeat(100), picture: 'p'.repeat(1_000) };
			const member = { userId, role: 'member', joinedAt: 1e12, marker: 1e9 } as const;
			state.members.set(userId, { ...member, ...profile });
		}
		const sizes = [...channelKind.cut(state)].map((part) => pack(part).length);
		expect(sizes).toHaveLength(11);
		expect(Math.max(...sizes)).toBeLessThan(4 * 1024 * 1024);
	});
});

describe('[P13] what version 1 stored', () => {
	test('[P13] has every type of event', () => {
		const types = new Set(STORED.events.map(({ type }) => type));
		expect([...types].toSorted()).toEqual(Object.keys(CHANNEL_EVENT_VERSIONS).toSorted());
	});

	test('[P13] is read, applied, shown and projected', async () => {
		const channel = channelActor();
		for (const event of STORED.events) channel.replay(event);
		await channel.catchUp();
		expect(channel.state).toEqual(channelKind.restore('general', STORED.snapshot));
		expect(await channel.query('ann', 'history')).toMatchObject({
			messages: [
				{ seq: 1, text: 'hello, edited', name: 'Bob', clientId: 'r-1', reactions: { '👍': 1 } },
				{ seq: 2, text: '', deletedBy: 'cyd' },
				{ seq: 3, text: 'three', replyTo: 1 },
			],
		});
		expect(channel.state).toMatchObject({ name: 'Renamed', slowModeMs: 10_000, lastSeq: 3 });
		expect([...channel.state.members.keys()]).toEqual(['ann', 'bob', 'cyd']);
	});

	test('[P13] another version is refused, not misread', () => {
		const channel = channelActor();
		const later = { type: 'message', version: 2, data: {} };
		expect(() => channel.replay(later)).toThrow('message of version 2');
		expect(() => channel.replay({ ...later, type: 'unheard' })).toThrow('unheard');
		const snapshot = [{ part: 'head', version: 2, head: {} }];
		expect(() => channelKind.restore('general', snapshot)).toThrow('version 2');
	});
});
