import { describe, expect, test } from 'vitest';
import { ChannelLog } from '../../client-sdk/src/channel-log.ts';
import type { ChannelTypes } from '../../client-sdk/src/generated/channel.ts';
import type { Message } from '../../client-sdk/src/generated/schemas.ts';

const message = (seq: number, userId = 'bob'): Message => ({
	seq,
	id: `m${seq}`,
	at: seq,
	userId,
	text: `text ${seq}`,
});

function logOf(view: Partial<ChannelTypes['view']> = {}): ChannelLog {
	const log = new ChannelLog(() => 'ann');
	const me = { userId: 'ann', role: 'member', joinedAt: 1, marker: 0 } as const;
	const head = { id: 'c', kind: 'open', name: 'c', memberCount: 2, slowModeMs: 0 } as const;
	log.reset({ ...head, lastSeq: 0, me, unread: 0, messages: [], hasMore: false, ...view });
	return log;
}

describe('channel log', () => {
	test('[C7] a message that comes twice is known, and counted once', () => {
		const log = logOf();
		expect([log.add(message(1)), log.add(message(1)), log.add(message(2))]).toEqual([
			true,
			false,
			true,
		]);
		expect(log.messages.map(({ seq }) => seq)).toEqual([1, 2]);
		expect(log.unread).toBe(2);
	});

	test('[C7] every change may be applied twice', () => {
		const log = logOf({ lastSeq: 2, unread: 2, messages: [message(1), message(2)] });
		for (let time = 0; time < 2; time++) {
			log.apply('edited', { seq: 1, text: 'new', at: 5 });
			log.apply('deleted', { seq: 2, at: 6, by: 'bob' });
			log.apply('reacted', { seq: 1, userId: 'ann', emoji: 'x', on: true, count: 3 });
		}
		expect(log.messages).toEqual([
			{ ...message(1), text: 'new', editedAt: 5, reactions: { x: 3 }, mine: ['x'] },
			{ ...message(2), text: '', deletedAt: 6, deletedBy: 'bob' },
		]);
		expect(log.unread).toBe(1);
	});

	test('[C8] unread is exact up to 999 and then 1,000', () => {
		const log = logOf({ lastSeq: 998, unread: 998 });
		const counts = [999, 1_000, 1_001].map((seq) => {
			log.add(message(seq));
			return log.unread;
		});
		expect(counts).toEqual([999, 1_000, 1_000]);
	});

	test('[C8] a marker of another device never goes back', () => {
		const log = logOf({ lastSeq: 5, unread: 5 });
		log.apply('read', { marker: 4, unread: 1 });
		log.apply('read', { marker: 2, unread: 3 });
		expect([log.me?.marker, log.unread]).toEqual([4, 1]);
	});

	test('[C10] the own role, mute and membership follow events; those of others do not', () => {
		const log = logOf();
		log.apply('roleSet', { userId: 'ann', role: 'moderator' });
		log.apply('muted', { userId: 'bob', until: 9 });
		expect(log.me).toMatchObject({ role: 'moderator' });
		expect(log.me?.mutedUntil).toBeUndefined();
		log.apply('left', { userId: 'ann', by: 'bob', memberCount: 1, how: 'kicked' });
		expect([log.me, log.info.memberCount, log.unread]).toEqual([undefined, 1, 0]);
	});

	test('memory is bounded: the oldest messages give way, and can be loaded again', () => {
		const log = logOf();
		for (let seq = 1; seq <= 10_010; seq++) log.add(message(seq));
		expect(log.messages).toHaveLength(10_000);
		expect(log.hasMore).toBe(true);
	});
});
