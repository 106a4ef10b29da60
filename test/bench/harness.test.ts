import { describe, expect, test } from 'vitest';
import { Conversation } from './harness/conversation.ts';
import { judge } from './harness/row.ts';
import { median, percentile } from './harness/statistics.ts';
import { Tally } from './harness/tally.ts';
import { readOff } from './harness/written.ts';

describe('the proof that nobody missed anything', () => {
	test('is given when every member heard every line in order', () => {
		const tally = new Tally(2, 2);
		for (const member of [0, 1])
			for (const channel of [0, 1]) for (const n of [1, 2, 3]) tally.hear(member, channel, n);
		expect(tally.missed([3, 3])).toBe(0);
		expect(tally.heard).toBe(12);
	});

	test.each([
		['a line that never came', [1, 2], 1],
		['a hole', [1, 3], 1],
		['a line that came twice', [1, 2, 2, 3], 1],
		['two lines in the wrong order', [2, 1, 3], 3],
	])('is refused for %s', (_, heard, missed) => {
		const tally = new Tally(1, 1);
		for (const n of heard) tally.hear(0, 0, n);
		expect(tally.missed([3])).toBe(missed);
	});
});

describe('the proof that a conversation lost nothing', () => {
	const says = (seq: number, text = `text ${seq}`) => ({ seq, text });

	test('is given when all heard the same in order, and what was acknowledged is in it', () => {
		const conversation = new Conversation(2);
		for (const member of [0, 1]) for (const seq of [1, 2, 3]) conversation.hear(member, says(seq));
		conversation.acknowledge(says(2));
		expect(conversation.faults()).toEqual({ lost: 0, doubled: 0, missed: 0 });
		expect(conversation.isHeardTo(3)).toBe(true);
	});

	test('is refused for what was acknowledged and is not there', () => {
		const conversation = new Conversation(1);
		conversation.hear(0, says(1));
		conversation.acknowledge(says(1, 'another text'));
		conversation.acknowledge(says(2));
		expect(conversation.faults().lost).toBe(2);
	});

	test('is refused for a text that is there twice', () => {
		const conversation = new Conversation(1);
		conversation.hear(0, says(1, 'again'));
		conversation.hear(0, says(2, 'again'));
		expect(conversation.faults().doubled).toBe(1);
	});

	test.each([
		['a message that did not come', [1, 2], 1],
		['a hole', [1, 3], 1],
		['a message twice', [1, 2, 2, 3], 1],
	])('is refused for %s', (_, heard, missed) => {
		const conversation = new Conversation(2);
		for (const seq of [1, 2, 3]) conversation.hear(0, says(seq));
		for (const seq of heard) conversation.hear(1, says(seq));
		expect(conversation.faults().missed).toBe(missed);
	});

	test('is refused when two heard different texts under one number', () => {
		const conversation = new Conversation(2);
		conversation.hear(0, says(1));
		conversation.hear(1, says(1, 'of another owner'));
		expect(conversation.faults().missed).toBe(1);
	});
});

describe('who wrote a journal', () => {
	const written = (...writers: string[]) =>
		readOff(writers.map((writer, index) => ({ commit: index + 1, writer, events: [] })));

	test('one after another is right', () => {
		expect(written('one', 'one', 'two', 'two')).toEqual({ writers: 2, wrong: 0, texts: [] });
	});

	test('one behind the first commit of another is not', () => {
		expect(written('one', 'two', 'one').wrong).toBe(1);
	});

	test('a missing number is not either', () => {
		expect(readOff([{ commit: 2, writer: 'one', events: [] }]).wrong).toBe(1);
	});
});

describe('the verdict', () => {
	const slow = { name: 'slow', unit: 'ms', value: 6, atMost: 5, missed: 0 };

	test('a goal out of reach counts only in a full run', () => {
		expect(judge('chat', slow, false).ok).toBe(false);
		expect(judge('chat', slow, true).ok).toBe(true);
	});

	test('a missed message counts always', () => {
		const missed = { ...slow, value: 4, missed: 1 };
		expect(judge('chat', missed, false).ok).toBe(false);
		expect(judge('chat', missed, true).ok).toBe(false);
	});

	test('a floor is a floor', () => {
		const rate = { name: 'rate', unit: 'msg/s', atLeast: 10, missed: 0 };
		expect(judge('chat', { ...rate, value: 9 }, false)).toMatchObject({ ok: false, bound: 'min' });
		expect(judge('chat', { ...rate, value: 10 }, false).ok).toBe(true);
	});

	test('a figure that could not be measured is not within reach', () => {
		expect(judge('chat', { ...slow, value: Number.NaN }, false).ok).toBe(false);
	});
});

test('median and percentile', () => {
	expect(median([5, 1, 3])).toBe(3);
	expect(median([4, 1, 3, 2])).toBe(2.5);
	const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
	expect(percentile(hundred, 0.99)).toBe(99);
	expect(percentile(hundred, 1)).toBe(100);
});
