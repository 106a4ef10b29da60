import { describe, expect, test } from 'vitest';
import type { Message, PendingMessage } from '../../client-sdk/src/index.ts';
import { messageRows } from '../../src/demo/chat/message-rows.ts';

const NOON = new Date(2026, 5, 15, 12).getTime();
const MINUTE = 60_000;

const message = (seq: number, more: Partial<Message> = {}): Message => ({
	seq,
	id: `id-${seq}`,
	at: NOON + seq,
	userId: 'ann',
	text: `text ${seq}`,
	...more,
});

const pending = (clientId: string, more: Partial<PendingMessage> = {}): PendingMessage => ({
	clientId,
	at: NOON + MINUTE,
	userId: 'ann',
	status: 'pending',
	text: clientId,
	...more,
});

/** Rows in short: `day`, `unread`, or the text with its place in its group. */
const short = (...given: Parameters<typeof messageRows>) =>
	messageRows(...given).map((row) => {
		if (row.kind !== 'message') return row.kind;
		return `${row.isFirst ? '[' : ''}${row.message.text}${row.isLast ? ']' : ''}`;
	});

describe('rows of a conversation', () => {
	test('messages of one person stand together for a while, and not over a line between', () => {
		const messages = [
			message(1),
			message(2),
			message(3, { userId: 'bob' }),
			message(4, { userId: 'bob', at: NOON + 6 * MINUTE }),
		];
		expect(short(messages, [], undefined)).toEqual([
			'day',
			'[text 1',
			'text 2]',
			'[text 3]',
			'[text 4]',
		]);
	});

	test('each day begins with its line', () => {
		const messages = [message(1, { at: NOON - 24 * 60 * MINUTE }), message(2)];
		expect(short(messages, [], undefined)).toEqual(['day', '[text 1]', 'day', '[text 2]']);
	});

	test.each([
		[undefined, ['day', '[text 5', 'text 6]']],
		[4, ['day', 'unread', '[text 5', 'text 6]']],
		[5, ['day', '[text 5]', 'unread', '[text 6]']],
		[6, ['day', '[text 5', 'text 6]']],
		// All that is loaded is unread, and more before it: the line is further up.
		[2, ['day', '[text 5', 'text 6]']],
	])('unread messages behind %s begin with a line', (unreadAfter, expected) => {
		expect(short([message(5), message(6)], [], unreadAfter)).toEqual(expected);
	});

	test('what is on its way stands at the end, and keeps its row when it arrives', () => {
		const before = messageRows([message(1)], [pending('c1'), pending('c2')], undefined);
		const arrived = message(2, { clientId: 'c1', text: 'c1' });
		const after = messageRows([message(1), arrived], [pending('c1'), pending('c2')], undefined);
		expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
		expect(new Set(after.map(({ key }) => key)).size).toBe(after.length);
	});
});
