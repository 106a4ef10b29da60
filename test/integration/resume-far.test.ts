import { afterEach, expect, test } from 'vitest';
import type { Channel, Message } from '../../client-sdk/src/index.ts';
import type { NaruServer } from '../../src/server.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** Sends without waiting for each; resolves when all is stored. */
async function sendAll(client: FrameClient, texts: readonly string[], name = 'r'): Promise<void> {
	for (const [index, text] of texts.entries()) {
		const n = index + 1;
		const answer = client.command(1, n, 'send', { text }, `${name}${n}`);
		if (n % 100 === 0 || n === texts.length) expect((await answer)[2]).toBeUndefined();
	}
}

const textsOf = (count: number, text = '') =>
	Array.from({ length: count }, (_, index) => `${index + 1} ${text}`);

/** A reader who was there from the beginning and is cut, and a speaker. */
async function scene(server: NaruServer) {
	const speaker = await world.frames(server.url, 'speaker');
	await speaker.open(1, {
		kind: 'channel',
		id: 'lobby',
		with: { name: 'join', args: {}, requestId: 'j' },
	});
	const reader = world.device(server.url, 'reader');
	const channel = reader.naru.channel('lobby');
	await channel.join();
	const told: Message[] = [];
	const resets: number[] = [];
	channel.on('message', (message) => told.push(message));
	channel.on('reset', ({ messages }) => resets.push(messages.length));
	await channel.open();
	reader.cut();
	return { speaker, reader, channel, told, resets };
}

/** Everything upwards, page by page, as a page does when it is scrolled. */
async function scrollUp(channel: Channel): Promise<void> {
	while (channel.hasMore) {
		const before = channel.messages[0]?.seq;
		if (before === undefined) throw new Error('nothing to scroll from');
		await channel.history({ before, limit: 200 });
	}
}

const seqsOf = (messages: readonly Message[]) => messages.map(({ seq }) => seq);
const numbers = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

test('[P2][C7] more messages than any ring holds come from the journal, once and in order', async () => {
	const COUNT = 3_000;
	const server = await world.server();
	const { speaker, reader, channel, told, resets } = await scene(server);
	await sendAll(speaker, textsOf(COUNT));
	await speaker.command(1, COUNT + 1, 'edit', { seq: 7, text: 'edited' }, 'e');
	await reader.comeBack();
	await until(() => channel.messages.length >= COUNT && channel.messages[6]?.text === 'edited');
	expect(seqsOf(told)).toEqual(numbers(COUNT));
	expect(resets).toEqual([]);
	expect(channel.unread).toBe(1_000);
});

test('[P2][C6] beyond 4 MB a device begins anew with a marker, and scrolls through all of it', async () => {
	const COUNT = 120;
	const server = await world.server();
	const { speaker, reader, channel, resets } = await scene(server);
	await sendAll(speaker, textsOf(COUNT, 'x'.repeat(50_000)));
	await reader.comeBack();
	await until(() => channel.messages.at(-1)?.seq === COUNT);
	expect(resets.length).toBe(1);
	expect(channel.messages.length).toBeLessThan(COUNT);
	await scrollUp(channel);
	expect(seqsOf(channel.messages)).toEqual(numbers(COUNT));
	expect(channel.messages.every(({ text }, index) => text.startsWith(`${index + 1} x`))).toBe(true);
	expect(channel.unread).toBe(COUNT);
});

test('[P2][P13][C7] a device that was cut over a restart and a put-away actor resumes by journal', async () => {
	const COUNT = 500;
	const directory = world.directory();
	const server = await world.server({ directory });
	const { speaker, reader, channel, told, resets } = await scene(server);
	await sendAll(speaker, textsOf(COUNT));
	await server.close();
	const next = await world.server({ directory, env: { PORT: new URL(server.url).port } });
	const again = await world.frames(next.url, 'speaker');
	await again.open(1, { kind: 'channel', id: 'lobby' });
	await sendAll(again, ['after the restart'], 'again');
	await reader.comeBack();
	await until(() => channel.messages.at(-1)?.text === 'after the restart');
	expect(seqsOf(told)).toEqual(numbers(COUNT + 1));
	expect(resets).toEqual([]);
});
