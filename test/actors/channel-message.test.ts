import { describe, expect, test } from 'vitest';
import { TEXT_LENGTH_MAX } from '../../src/protocol/channel.ts';
import { channelOf, outcome, say } from '../support/channel-actor.ts';

describe('sending', () => {
	test.each([
		['', 'INVALID'],
		['x', 'OK'],
		['x'.repeat(TEXT_LENGTH_MAX), 'OK'],
		['x'.repeat(TEXT_LENGTH_MAX + 1), 'INVALID'],
		[7, 'INVALID'],
	])('[C2] text of 1 to 100,000 characters, or nothing is stored (case %#)', async (text, code) => {
		const channel = await channelOf(['ann']);
		expect(outcome(await channel.command('ann', 'send', { text }))).toBe(code);
		expect(channel.state.lastSeq).toBe(code === 'OK' ? 1 : 0);
	});

	test('[C3] seqs rise without holes; ids are unique and sort by time', async () => {
		const channel = await channelOf(['ann', 'bob']);
		const replies: { seq: number; id: string; at: number }[] = [];
		for (let index = 0; index < 20; index++) {
			// The clock may stand still or jump back: the order does not come from it.
			channel.now += index === 10 ? -5_000 : 0;
			const answer = await channel.command(index % 2 ? 'ann' : 'bob', 'send', { text: 'm' });
			if (answer.ok) replies.push(answer.reply as (typeof replies)[0]);
		}
		expect(replies.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
		expect(replies.map(({ id }) => id)).toEqual(replies.map(({ id }) => id).toSorted());
		expect(new Set(replies.map(({ id }) => id)).size).toBe(20);
	});

	test('[C5] the request id is the message’s clientId', async () => {
		const channel = await channelOf(['ann']);
		channel.requestId = 'r-1';
		await say(channel, 'ann', 'hello');
		expect(channel.heard.at(-1)?.data).toMatchObject({ clientId: 'r-1', text: 'hello' });
	});

	test('[C9] mentions are of members only; a reply is to a message that is there', async () => {
		const channel = await channelOf(['ann', 'bob']);
		const send = (args: object) => channel.command('ann', 'send', { text: 'hi', ...args });
		await send({ mentions: ['bob', 'eve', 'bob', 'ann'] });
		expect(channel.heard.at(-1)?.data).toMatchObject({ mentions: ['bob', 'ann'] });
		const mentioned = async (userId: string) =>
			(await channel.store.page({ collection: 'mentions', prefix: [userId], limit: 9 })).rows
				.length;
		expect([await mentioned('bob'), await mentioned('ann'), await mentioned('eve')]).toEqual([
			1, 0, 0,
		]);
		expect(outcome(await send({ replyTo: 1 }))).toBe('OK');
		expect(outcome(await send({ replyTo: 3 }))).toBe('INVALID');
		await channel.command('ann', 'delete', { seq: 1 });
		expect(await mentioned('bob')).toBe(0);
	});

	test.each([
		[{ a: [1, 'two', null, true] }, 'OK'],
		[null, 'OK'],
		['x'.repeat(16 * 1024), 'TOO_LARGE'],
		[new Uint8Array(4), 'INVALID'],
		[Number.NaN, 'INVALID'],
		[{ at: 10n }, 'INVALID'],
		[{ a: undefined }, 'INVALID'],
	])('[C2] data is a JSON value of at most 16 KB (case %#)', async (data, code) => {
		const channel = await channelOf(['ann']);
		expect(outcome(await channel.command('ann', 'send', { text: 'hi', data }))).toBe(code);
	});

	test('[C2] data nested without end is refused', async () => {
		const channel = await channelOf(['ann']);
		let data: unknown = 1;
		for (let depth = 0; depth < 10_000; depth++) data = [data];
		expect(outcome(await channel.command('ann', 'send', { text: 'hi', data }))).toBe('INVALID');
	});
});

describe('editing and deleting', () => {
	test('[C9] the author edits; history shows the new text with the time', async () => {
		const channel = await channelOf(['ann', 'bob']);
		await say(channel, 'ann', 'helo');
		channel.now += 10;
		expect(outcome(await channel.command('bob', 'edit', { seq: 1, text: 'x' }))).toBe('FORBIDDEN');
		expect(outcome(await channel.command('ann', 'edit', { seq: 1, text: 'hello' }))).toBe('OK');
		expect(outcome(await channel.command('ann', 'edit', { seq: 1, text: 'hello' }))).toBe('OK-');
		expect(outcome(await channel.command('ann', 'edit', { seq: 2, text: 'x' }))).toBe('NOT_FOUND');
		expect(await channel.query('bob', 'history')).toMatchObject({
			messages: [{ seq: 1, text: 'hello', editedAt: channel.now }],
		});
	});

	test('[C9] a deleted message stays as a tombstone, without anything of its content', async () => {
		const channel = await channelOf(['ann', 'bob']);
		const args = { text: 'secret', mentions: ['bob'], data: { secret: 1 } };
		await channel.command('ann', 'send', args);
		await channel.command('bob', 'react', { seq: 1, emoji: '👍', on: true });
		expect(outcome(await channel.command('bob', 'delete', { seq: 1 }))).toBe('FORBIDDEN');
		expect(outcome(await channel.command('ann', 'delete', { seq: 1 }))).toBe('OK');
		expect(outcome(await channel.command('ann', 'delete', { seq: 1 }))).toBe('OK-');
		expect(outcome(await channel.command('ann', 'edit', { seq: 1, text: 'x' }))).toBe('CONFLICT');
		const react = { seq: 1, emoji: '👍', on: false };
		expect(outcome(await channel.command('bob', 'react', react))).toBe('CONFLICT');
		expect(await channel.query('bob', 'history')).toEqual({
			messages: [
				{
					seq: 1,
					id: 'id00000001',
					at: channel.now,
					userId: 'ann',
					text: '',
					deletedAt: channel.now,
					deletedBy: 'ann',
				},
			],
			hasMore: false,
		});
		expect((await channel.store.get('channels', ['general']))?.doc.lastMessage).toMatchObject({
			seq: 1,
			text: '',
			deletedAt: channel.now,
		});
	});

	test('[C9] commands see what is decided and not projected yet', async () => {
		const channel = await channelOf(['ann', 'bob']);
		channel.lags = true;
		await say(channel, 'ann', 'one');
		await channel.command('bob', 'react', { seq: 1, emoji: '👍', on: true });
		expect(outcome(await channel.command('bob', 'react', { seq: 1, emoji: '👍', on: true }))).toBe(
			'OK-',
		);
		await channel.command('ann', 'delete', { seq: 1 });
		expect(outcome(await channel.command('ann', 'edit', { seq: 1, text: 'x' }))).toBe('CONFLICT');
		const before = await channel.query('bob', 'history');
		await channel.catchUp();
		expect(await channel.query('bob', 'history')).toEqual(before);
	});
});

describe('reacting', () => {
	test('[C9] each user’s reaction counts once; events carry the count', async () => {
		const channel = await channelOf(['ann', 'bob']);
		await say(channel, 'ann', 'hello');
		const react = async (by: string, on: boolean) =>
			outcome(await channel.command(by, 'react', { seq: 1, emoji: '👍', on }));
		const counts = () =>
			channel.heard.filter(({ type }) => type === 'reacted').map(({ data }) => data);
		expect(await react('ann', true)).toBe('OK');
		expect(await react('ann', true)).toBe('OK-');
		expect(await react('bob', true)).toBe('OK');
		expect(await react('ann', false)).toBe('OK');
		expect(await react('ann', false)).toBe('OK-');
		expect(counts()).toMatchObject([{ count: 1 }, { count: 2 }, { count: 1, on: false }]);
		const view = { messages: [{ reactions: { '👍': 1 } }] };
		expect(await channel.query('ann', 'history')).toMatchObject(view);
		expect(await channel.query('ann', 'history')).not.toHaveProperty('messages.0.mine');
		expect(await channel.open('bob')).toMatchObject({ messages: [{ mine: ['👍'] }] });
		await react('bob', false);
		expect(await channel.open('bob')).not.toHaveProperty('messages.0.reactions');
	});

	test('[C9] at most 20 different emojis on one message', async () => {
		const channel = await channelOf(['ann', 'bob']);
		await say(channel, 'ann', 'hello');
		const react = async (by: string, emoji: string, on = true) =>
			outcome(await channel.command(by, 'react', { seq: 1, emoji, on }));
		for (let index = 0; index < 20; index++) expect(await react('ann', `e${index}`)).toBe('OK');
		expect(await react('ann', 'one-more')).toBe('LIMIT');
		expect(await react('bob', 'e7')).toBe('OK');
		await react('ann', 'e3', false);
		expect(await react('ann', 'one-more')).toBe('OK');
	});

	test.each(['constructor', 'toString', '__proto__', '1'])(
		'[C9] %s counts like any other or is refused',
		async (emoji) => {
			const channel = await channelOf(['ann']);
			await say(channel, 'ann', 'hello');
			const answer = await channel.command('ann', 'react', { seq: 1, emoji, on: true });
			if (emoji === '__proto__') return expect(outcome(answer)).toBe('INVALID');
			expect(await channel.open('ann')).toMatchObject({
				messages: [{ reactions: { [emoji]: 1 }, mine: [emoji] }],
			});
		},
	);
});
