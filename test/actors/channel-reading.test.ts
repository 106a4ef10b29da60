import { describe, expect, test } from 'vitest';
import { channelKind } from '../../actors/channel/channel-kind.ts';
import type { Message } from '../../src/protocol/channel.ts';
import { PAGE_BYTES_MAX } from '../../src/protocol/channel.ts';
import { pack } from '../../src/protocol/codec.ts';
import { countUnread, DELETED_WINDOW } from '../../src/protocol/unread.ts';
import { channelOf, outcome, say, seqs } from '../support/channel-actor.ts';
import { person } from '../support/pure-actor.ts';

async function withMessages(count: number, text = 'm') {
	const channel = await channelOf(['ann', 'bob']);
	for (let index = 0; index < count; index++) await say(channel, 'ann', text);
	return channel;
}

describe('pages', () => {
	test.each([
		[{}, [6, 7, 8, 9, 10], true],
		[{ before: 6 }, [1, 2, 3, 4, 5], false],
		[{ before: 7 }, [2, 3, 4, 5, 6], true],
		[{ before: 99 }, [6, 7, 8, 9, 10], true],
		[{ before: 1 }, [], false],
		[{ after: 0 }, [1, 2, 3, 4, 5], true],
		[{ after: 5 }, [6, 7, 8, 9, 10], false],
		[{ after: 8 }, [9, 10], false],
		[{ after: 10 }, [], false],
		[{ around: 5 }, [3, 4, 5, 6, 7], true],
		[{ around: 1 }, [1, 2, 3], true],
		[{ around: 10 }, [6, 7, 8, 9, 10], true],
		[{ around: 5, limit: 20 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], false],
		[{ around: 5, limit: 1 }, [5], true],
		[{ after: 3, limit: 1 }, [4], true],
	])('[C6] history of ten messages: %j', async (args, expected, hasMore) => {
		const channel = await withMessages(10);
		const page = await channel.query('bob', 'history', { limit: 5, ...args });
		expect({ seqs: seqs(page), hasMore: (page as { hasMore: boolean }).hasMore }).toEqual({
			seqs: expected,
			hasMore,
		});
	});

	test('[C6] one direction at a time', async () => {
		const channel = await withMessages(1);
		const page = await channel.query('bob', 'history', { before: 3, after: 1 });
		expect(page).toMatchObject({ code: 'INVALID' });
	});

	test('[C6] pages are bounded in bytes, and go on where they end', async () => {
		const channel = await withMessages(9, 'x'.repeat(60_000));
		const page = await channel.query('bob', 'history', { limit: 9 });
		expect(seqs(page)).toEqual([6, 7, 8, 9]);
		expect(page).toMatchObject({ hasMore: true });
		expect(pack(page).length).toBeLessThanOrEqual(PAGE_BYTES_MAX);
		expect(seqs(await channel.query('bob', 'history', { before: 6, limit: 9 }))).toEqual([
			2, 3, 4, 5,
		]);
		expect(seqs(await channel.query('bob', 'history', { around: 5, limit: 9 }))).toEqual([
			3, 4, 5, 6,
		]);
		const view = await channel.open('bob', { last: 9 });
		expect(seqs(view)).toEqual([6, 7, 8, 9]);
	});

	test('[C6] one message is given however large it is, alone', async () => {
		const channel = await withMessages(3, '한'.repeat(100_000));
		for (const args of [{}, { before: 3 }, { after: 1 }, { around: 2 }]) {
			const page = await channel.query('bob', 'history', args);
			expect(seqs(page)).toHaveLength(1);
			expect(page).toMatchObject({ hasMore: true });
		}
	});

	test('[C6] an opening shows the last messages and whether there are more', async () => {
		const channel = await withMessages(4);
		expect(seqs(await channel.open('bob', { last: 2 }))).toEqual([3, 4]);
		expect(await channel.open('bob', { last: 2 })).toMatchObject({ hasMore: true, unread: 4 });
		expect(await channel.open('bob', { last: 4 })).toMatchObject({ hasMore: false });
		expect(await channel.open('bob', { last: 0 })).toMatchObject({ messages: [], hasMore: true });
	});

	test('[C7] a page shows the state at its cut, not what came before it was read', async () => {
		const channel = await withMessages(2);
		const caller = person('bob');
		const plans = [
			channelKind.view(channel.state, caller, { args: { last: 9 }, now: channel.now }),
			...[{ after: 0, limit: 9 }, { around: 2, limit: 9 }, { limit: 9 }].map((args) =>
				channelKind.query?.(
					channel.state,
					{ name: 'history', args, caller },
					{ id: channel.id, now: channel.now },
				),
			),
		];
		await say(channel, 'ann', 'comes as an event');
		for (const plan of plans) {
			if (!plan?.ok) throw new Error('refused');
			const page = await plan.run(channel.store);
			expect(page).toMatchObject({ hasMore: false });
			expect(seqs(page)).toEqual([1, 2]);
		}
	});

	test('[C1] members come in pages by user id', async () => {
		const channel = await channelOf(['dan', 'ann', 'cyd', 'bob']);
		const page = async (after?: string) =>
			(await channel.query('ann', 'members', { limit: 3, ...(after && { after }) })) as {
				members: { userId: string }[];
				hasMore: boolean;
			};
		expect((await page()).members.map(({ userId }) => userId)).toEqual(['ann', 'bob', 'cyd']);
		expect(await page()).toMatchObject({ hasMore: true });
		expect(await page('cyd')).toMatchObject({ members: [{ userId: 'dan' }], hasMore: false });
	});

	test('[C9] own reactions come with a page, others’ only as counts', async () => {
		const channel = await withMessages(5);
		for (const seq of [1, 2, 4]) {
			await channel.command('bob', 'react', { seq, emoji: '👍', on: true });
			await channel.command('bob', 'react', { seq, emoji: '🎉', on: true });
		}
		await channel.command('ann', 'react', { seq: 3, emoji: '👍', on: true });
		const page = (await channel.query('bob', 'history', { after: 1 })) as { messages: Message[] };
		const mine = page.messages.map(({ seq, mine }) => [seq, mine?.toSorted()]);
		expect(mine).toEqual([
			[2, ['🎉', '👍']],
			[3, undefined],
			[4, ['🎉', '👍']],
			[5, undefined],
		]);
	});
});

describe('markers and unread', () => {
	test('[C8] a marker rises, up to the last message, and is told to its own devices', async () => {
		const channel = await withMessages(5);
		const read = (by: string, seq: number) => channel.command(by, 'read', { seq });
		expect(await read('bob', 3)).toMatchObject({ ok: true, reply: { marker: 3, unread: 2 } });
		expect(channel.heard.at(-1)).toMatchObject({
			type: 'read',
			data: { marker: 3, unread: 2 },
			audience: ['bob'],
		});
		expect(outcome(await read('bob', 2))).toBe('OK-');
		expect(await read('bob', 2)).toMatchObject({ reply: { marker: 3, unread: 2 } });
		expect(await read('bob', 99)).toMatchObject({ reply: { marker: 5, unread: 0 } });
		expect(outcome(await read('eve', 2))).toBe('FORBIDDEN');
		const row = await channel.store.get('members', ['general', 'bob']);
		expect(row?.doc).toMatchObject({ marker: 5, user: 'bob', channel: 'general' });
	});

	test('[C8] sending and joining move one’s own marker', async () => {
		const channel = await withMessages(3);
		await channel.command('cyd', 'join');
		expect(await channel.open('cyd')).toMatchObject({ unread: 0, me: { marker: 3 } });
		expect(await channel.open('bob')).toMatchObject({ unread: 3 });
		await say(channel, 'bob', 'hello');
		expect(await channel.open('bob')).toMatchObject({ unread: 0, me: { marker: 4 } });
		expect(await channel.open('cyd')).toMatchObject({ unread: 1 });
	});

	test('[C8] deleted messages are not unread', async () => {
		const channel = await withMessages(5);
		await channel.command('bob', 'read', { seq: 2 });
		for (const seq of [1, 4, 5]) await channel.command('ann', 'delete', { seq });
		expect(await channel.open('bob')).toMatchObject({ unread: 1 });
		const doc = (await channel.store.get('channels', ['general']))?.doc;
		expect(doc).toMatchObject({ lastSeq: 5, deleted: [1, 4, 5] });
		expect(countUnread(5, doc?.deleted as number[], 2)).toBe(1);
	});

	test('[C8] unread is exact up to 999, then 1,000 stands for more', async () => {
		const channel = await withMessages(1_100);
		expect(await channel.open('bob')).toMatchObject({ unread: 1_000 });
		for (let seq = 1; seq <= 101; seq++) await channel.command('ann', 'delete', { seq });
		expect(await channel.open('bob')).toMatchObject({ unread: 999 });
	});

	test('[C8] what is kept for it is bounded', async () => {
		const channel = await channelOf(['ann', 'bob']);
		channel.state.lastSeq = DELETED_WINDOW;
		channel.state.deleted = Array.from({ length: DELETED_WINDOW }, (_, index) => index + 1);
		for (let index = 0; index < 5; index++) await say(channel, 'ann', 'm');
		expect(channel.state.deleted).toHaveLength(DELETED_WINDOW - 5);
		expect(channel.state.deleted[0]).toBe(6);
	});
});
