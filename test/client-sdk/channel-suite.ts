import { describe, expect, test } from 'vitest';
import type { Channel, ChannelEvents } from '../../client-sdk/src/channel.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { FakeChannel } from './support/fake-channel.ts';
import { onlineScene, outcome, type Scene, type Sdk, scene } from './support/sdk.ts';

interface ChannelScene extends Scene {
	readonly general: FakeChannel;
	readonly channel: Channel;
}

/** Ann's client beside a channel with `count` messages of Bob's; not opened yet. */
async function beside(sdk: Sdk, count = 0, options = {}): Promise<ChannelScene> {
	const made = await onlineScene(sdk, options);
	const general = made.server.made('general', 'ann', 'bob');
	for (let seq = 1; seq <= count; seq++) {
		general.run({ userId: 'bob', name: 'send', args: { text: `m${seq}` } });
	}
	return { ...made, general, channel: made.naru.channel('general') };
}

async function inside(sdk: Sdk, count = 0, options = {}): Promise<ChannelScene> {
	const made = await beside(sdk, count, options);
	await Promise.all([made.channel.open(), made.world.advance(10)]);
	return made;
}

const bobSends = ({ server, general }: ChannelScene, text: string) =>
	server.by(general, { userId: 'bob', name: 'send', args: { text } });

function heard<E extends keyof ChannelEvents>(channel: Channel, type: E): ChannelEvents[E][] {
	const all: ChannelEvents[E][] = [];
	channel.on(type, (value) => all.push(value));
	return all;
}

function opening(sdk: Sdk): void {
	test('an opening answers with the last messages, and live events begin right behind it', async () => {
		const made = await beside(sdk, 60);
		const opened = outcome(made.channel.open({ last: 20 }));
		await made.world.advance(10);
		expect(opened.value).toMatchObject({ hasMore: true, memberCount: 2, unread: 60 });
		expect(opened.value?.messages.map(({ seq }) => seq)).toEqual(
			Array.from({ length: 20 }, (_, at) => at + 41),
		);
		expect(opened.value?.me?.userId).toBe('ann');
		// Before anybody listens, and after.
		bobSends(made, 'early');
		await made.world.advance(10);
		const messages = heard(made.channel, 'message');
		await made.world.advance(0);
		bobSends(made, 'late');
		await made.world.advance(10);
		expect(messages.map(({ text }) => text)).toEqual(['early', 'late']);
	});

	test('on() alone opens, and a later open() loads what it asks for', async () => {
		const made = await beside(sdk, 120);
		const messages = heard(made.channel, 'message');
		await made.world.advance(10);
		const opened = outcome(made.channel.open({ last: 100 }));
		await made.world.advance(10);
		expect(opened.value?.messages).toHaveLength(100);
		expect(made.server.opens()).toHaveLength(1);
		expect(messages).toEqual([]);
	});

	test('[C7] each message once, in order, own ones included', async () => {
		const made = await inside(sdk);
		const messages = heard(made.channel, 'message');
		await made.world.advance(0);
		void made.channel.send('one');
		await made.world.advance(10);
		bobSends(made, 'two');
		made.server.last.socket.cut();
		void made.channel.send('three');
		bobSends(made, 'four');
		await made.world.advance(2_000);
		expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
		expect(messages.map(({ seq }) => made.general.messages[seq - 1]?.text)).toEqual(
			messages.map(({ text }) => text),
		);
	});

	test('[P2] another history ends in reset: the view is the new one, and only that', async () => {
		const made = await inside(sdk, 3);
		const resets = heard(made.channel, 'reset');
		const messages = heard(made.channel, 'message');
		await made.world.advance(0);
		made.general.writer = 'writer-2';
		made.general.messages.length = 1;
		made.general.told.length = 3;
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(resets).toHaveLength(1);
		expect(resets[0]?.messages.map(({ seq }) => seq)).toEqual([1]);
		expect(made.channel.messages.map(({ seq }) => seq)).toEqual([1]);
		bobSends(made, 'after');
		await made.world.advance(10);
		expect(messages.map(({ text }) => text)).toEqual(['after']);
	});

	test('a handle that was closed hears nothing, and what waits is rejected', async () => {
		const made = await inside(sdk);
		const messages = heard(made.channel, 'message');
		await made.world.advance(0);
		made.server.isSilent = true;
		const edit = outcome(made.channel.edit(1, 'x'));
		await made.world.advance(5);
		made.channel.close();
		made.server.isSilent = false;
		await made.world.advance(5);
		bobSends(made, 'unheard');
		await made.world.advance(1_000);
		expect(edit.error?.code).toBe('CLOSED');
		expect(messages).toEqual([]);
	});
}

function changes(sdk: Sdk): void {
	test('[C9] edits, deletions and reactions are applied and told', async () => {
		const made = await inside(sdk, 3);
		const told = heard(made.channel, 'change');
		await made.world.advance(0);
		const { server, general } = made;
		server.by(general, { userId: 'bob', name: 'edit', args: { seq: 1, text: 'new' } });
		server.by(general, { userId: 'bob', name: 'delete', args: { seq: 2 } });
		void made.channel.react(3, '👍');
		await made.world.advance(10);
		expect(told.map(({ type }) => type)).toEqual(['edited', 'deleted', 'reacted']);
		expect(told[0]).toMatchObject({ seq: 1, text: 'new', message: { seq: 1, text: 'new' } });
		const { messages } = general.view('ann', 50);
		expect(made.channel.messages).toEqual(messages);
		expect(made.channel.messages[2]).toMatchObject({ reactions: { '👍': 1 }, mine: ['👍'] });
	});

	test('[C7] a device that was cut during changes ends with the view of one that stayed', async () => {
		const made = await inside(sdk, 5);
		const { server, general } = made;
		server.last.socket.cut();
		server.by(general, { userId: 'bob', name: 'edit', args: { seq: 2, text: 'new' } });
		server.by(general, { userId: 'bob', name: 'react', args: { seq: 1, emoji: 'x', on: true } });
		server.by(general, { userId: 'bob', name: 'delete', args: { seq: 3 } });
		server.by(general, { userId: 'cy', name: 'join', args: {} });
		await made.world.advance(1_000);
		expect(made.channel.messages).toEqual(general.view('ann', 50).messages);
		expect(made.channel.memberCount).toBe(3);
		expect(made.channel.unread).toBe(4);
	});

	test('[C6] history loads older pages into the same view', async () => {
		const made = await inside(sdk, 130);
		expect(made.channel.hasMore).toBe(true);
		while (made.channel.hasMore) {
			const before = made.channel.messages[0]?.seq ?? 0;
			const page = outcome(made.channel.history({ before, limit: 50 }));
			await made.world.advance(10);
			expect(page.error).toBeUndefined();
		}
		expect(made.channel.messages.map(({ seq }) => seq)).toEqual(
			Array.from({ length: 130 }, (_, at) => at + 1),
		);
	});
}

function unread(sdk: Sdk): void {
	test('[C8] unread follows messages, deletions and markers of other devices', async () => {
		const made = await inside(sdk, 2);
		const { server, general, channel, world } = made;
		expect(channel.unread).toBe(2);
		bobSends(made, 'x');
		await world.advance(5);
		expect(channel.unread).toBe(3);
		server.by(general, { userId: 'bob', name: 'delete', args: { seq: 3 } });
		await world.advance(5);
		expect(channel.unread).toBe(2);
		server.by(general, { userId: 'ann', name: 'read', args: { seq: 1 } });
		await world.advance(5);
		expect(channel.unread).toBe(1);
		expect(channel.me?.marker).toBe(1);
		void channel.send('own');
		await world.advance(5);
		expect(channel.unread).toBe(0);
	});

	test('[C8] read markers are merged: one on its way, and then only the newest', async () => {
		const { server, channel, world } = await inside(sdk, 10);
		const reads = [3, 5, 4, 9].map((seq) => outcome(channel.read(seq)));
		await world.advance(20);
		const sent = server.commands().filter(([, name]) => name === 'read');
		expect(sent.map(([, , args]) => args)).toEqual([{ seq: 3 }, { seq: 9 }]);
		expect(sent.every(([, , , requestId]) => requestId === undefined)).toBe(true);
		expect(reads.map(({ value }) => value?.marker)).toEqual([3, 9, 9, 9]);
		expect(channel.unread).toBe(1);
	});

	test('reading the last message clears the badge at once', async () => {
		const { channel } = await inside(sdk, 10);
		void channel.read();
		expect(channel.unread).toBe(0);
	});
}

function sending(sdk: Sdk): void {
	test('a message is pending, then sent; its own message follows', async () => {
		const made = await inside(sdk);
		const told = heard(made.channel, 'pending');
		const sent = outcome(made.channel.send({ text: 'hi', data: { a: 1 } }, { clientId: 'mine' }));
		expect(made.channel.pending).toMatchObject([
			{ clientId: 'mine', text: 'hi', status: 'pending', userId: 'ann' },
		]);
		await made.world.advance(10);
		expect(told.map(({ status }) => status)).toEqual(['pending', 'sent']);
		expect(told[1]).toMatchObject({ clientId: 'mine', seq: 1, id: 'general-1' });
		expect(sent.value).toMatchObject({ seq: 1, id: 'general-1' });
		expect(made.channel.pending).toEqual([]);
		expect(made.channel.messages[0]).toMatchObject({ clientId: 'mine', text: 'hi' });
	});

	test('a refused message is failed, and the same clientId may be sent again', async () => {
		const made = await inside(sdk);
		const told = heard(made.channel, 'pending');
		made.server.refuseCommand = () => ({ code: 'MUTED' as never });
		void made.channel.send('hi', { clientId: 'mine' });
		await made.world.advance(10);
		expect(told.map(({ status }) => status)).toEqual(['pending', 'failed']);
		expect(told[1]?.error?.code).toBe('MUTED');
		expect(made.channel.pending).toHaveLength(1);
		made.server.refuseCommand = () => undefined;
		const again = outcome(made.channel.send('hi', { clientId: 'mine' }));
		await made.world.advance(10);
		expect(again.value?.seq).toBe(1);
		expect(made.channel.pending).toEqual([]);
	});

	test('[C5] the same clientId twice at once is one message', async () => {
		const made = await inside(sdk);
		const sent = [1, 2].map(() => outcome(made.channel.send('hi', { clientId: 'mine' })));
		await made.world.advance(10);
		expect(sent.map(({ value }) => value?.seq)).toEqual([1, 1]);
		expect(made.general.messages).toHaveLength(1);
	});

	test('messages given before the first connection are sent when there is one', async () => {
		const made = scene(sdk);
		const general = made.server.made('general', 'ann');
		made.server.accepts = 'refuse';
		const sent = outcome(made.naru.channel('general').send('hi'));
		await made.world.advance(30_000);
		made.server.accepts = 'yes';
		await made.world.advance(15_000);
		expect(sent.value?.seq).toBe(1);
		expect(general.messages).toHaveLength(1);
	});

	test('typing is told at most every 3 s, and not at all while offline', async () => {
		const made = await inside(sdk);
		const told: unknown[] = [];
		made.server.ephemeral = (_, __, event) => told.push(event);
		for (let key = 0; key < 40; key++) {
			made.channel.typing();
			await made.world.advance(100);
		}
		expect(told).toEqual([
			['typing', {}],
			['typing', {}],
		]);
		const typing = heard(made.channel, 'typing');
		await made.world.advance(0);
		const down = made.server.downOf(made.general);
		made.server.last.send(down, OP.ephemeral, ['typing', { userId: 'bob' }]);
		await made.world.advance(5);
		expect(typing).toEqual([{ userId: 'bob' }]);
	});
}

/** What an app sees of a channel. */
export function channelSuite(sdk: Sdk): void {
	describe(`channel (${sdk.name})`, () => {
		opening(sdk);
		changes(sdk);
		unread(sdk);
		sending(sdk);
	});
}
