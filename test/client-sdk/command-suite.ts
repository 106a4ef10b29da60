import { describe, expect, test } from 'vitest';
import type { Channel } from '../../client-sdk/src/channel.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { FakeCommand } from './support/fake-channel.ts';
import { onlineScene, outcome, type Scene, type Sdk } from './support/sdk.ts';

interface ChannelScene extends Scene {
	readonly channel: Channel;
}

async function inChannel(sdk: Sdk, options = {}): Promise<ChannelScene> {
	const made = await onlineScene(sdk, options);
	made.server.made('general', 'ann', 'bob');
	const channel = made.naru.channel('general');
	await Promise.all([channel.open(), made.world.advance(10)]);
	return { ...made, channel };
}

const texts = (commands: readonly { readonly 2: unknown }[]) =>
	commands.map(({ 2: args }) => (args as { text?: string }).text);

/** Refuses the first `times` commands that fit. */
function refuses(
	{ server }: Scene,
	answer: { code: 'BUSY' | 'AGAIN' | 'MOVED' | 'RATE_LIMITED'; retryAfterMs?: number },
	{ times, fits = () => true }: { times: number; fits?: (command: FakeCommand) => boolean },
): void {
	let left = times;
	server.refuseCommand = (command) => (fits(command) && left-- > 0 ? answer : undefined);
}

function resending(sdk: Sdk): void {
	test('[P2] after a cut unanswered commands come first, in order, as re-sends with their ids', async () => {
		const { world, server, channel } = await inChannel(sdk);
		server.isSilent = true;
		const sent = ['one', 'two'].map((text) => outcome(channel.send(text)));
		await world.advance(10);
		const before = server.commands();
		server.isSilent = false;
		server.last.socket.cut();
		sent.push(outcome(channel.send('three')));
		const mark = server.seen.length;
		await world.advance(1_000);
		const again = server.commands(mark);
		expect(texts(again)).toEqual(['one', 'two', 'three']);
		expect(again.map(([n]) => n)).toEqual([1, 2, 3]);
		expect(again.map(([, , , , resend]) => resend ?? false)).toEqual([true, true, false]);
		expect(again.slice(0, 2).map(([, , , id]) => id)).toEqual(before.map(([, , , id]) => id));
		expect(sent.map(({ value }) => value?.seq)).toEqual([1, 2, 3]);
	});

	test('[C5] a send that took effect but whose answer was lost takes effect once', async () => {
		const { world, server, channel } = await inChannel(sdk);
		const sent = outcome(channel.send('hi'));
		// The message reaches the server; the answer does not reach the client.
		await world.advance(1);
		server.last.socket.cut();
		await world.advance(1_000);
		expect(sent.value?.seq).toBe(1);
		expect(server.channel('general', true).messages).toHaveLength(1);
	});

	test('a handle resumes from what it has, and gets only what it missed', async () => {
		const { world, server, channel } = await inChannel(sdk);
		const got: number[] = [];
		channel.on('message', ({ seq }) => got.push(seq));
		const general = server.channel('general', true);
		server.by(general, { userId: 'bob', name: 'send', args: { text: 'a' } });
		await world.advance(10);
		server.last.socket.cut();
		server.by(general, { userId: 'bob', name: 'send', args: { text: 'b' } });
		await world.advance(1_000);
		expect(server.opens().at(-1)?.resume).toEqual([3, 'writer-1']);
		expect(got).toEqual([1, 2]);
	});

	test('parts of a resume are told when all are there, and begin anew after a cut in between', async () => {
		const { world, server, channel } = await inChannel(sdk);
		const got: string[] = [];
		channel.on('message', ({ text }) => got.push(text));
		const general = server.channel('general', true);
		server.last.socket.cut();
		server.partLength = 2;
		for (const text of ['a', 'b', 'c', 'd', 'e']) {
			server.by(general, { userId: 'bob', name: 'send', args: { text } });
		}
		let parts = 0;
		server.afterFrame = (direction) => {
			// The first part of the first answer arrives, the rest is lost.
			if (direction === 'down' && server.opens().length === 2 && ++parts === 2) {
				const { socket } = server.last;
				world.setTimeout(() => socket.cut(), 1);
			}
		};
		await world.advance(3_000);
		expect(server.opens().length).toBeGreaterThan(2);
		expect(server.opens().at(-1)?.resume?.[0]).toBe(2);
		expect(got).toEqual(['a', 'b', 'c', 'd', 'e']);
	});

	test('each change is told once, whatever parts and stale frames it comes in', async () => {
		const { world, server, channel } = await inChannel(sdk);
		const general = server.channel('general', true);
		server.by(general, { userId: 'bob', name: 'send', args: { text: 'a' } });
		await world.advance(10);
		const told: string[] = [];
		channel.on('change', (change) => told.push(change.type === 'edited' ? change.text : ''));
		server.last.socket.cut();
		server.partLength = 1;
		for (const text of ['x', 'y', 'z']) {
			server.by(general, { userId: 'bob', name: 'edit', args: { seq: 1, text } });
		}
		let isFirst = true;
		server.afterFrame = (direction, { socket }) => {
			if (direction === 'down' && server.opens().length === 2 && server.seen.length > 0) {
				if (isFirst) world.setTimeout(() => socket.cut(), 1);
				isFirst = false;
			}
		};
		await world.advance(5_000);
		server.last.send(server.downOf(general), OP.data, {
			p: general.position - 1,
			e: [['edited', { seq: 1, text: 'stale', at: 1 }]],
		});
		await world.advance(10);
		expect(told).toEqual(['x', 'y', 'z']);
	});
}

function goingBack(sdk: Sdk): void {
	test('[P10] BUSY sends the queue back to the refused command, in order, after the time asked for', async () => {
		const made = await inChannel(sdk);
		const { world, server, channel } = made;
		refuses(made, { code: 'BUSY', retryAfterMs: 400 }, { times: 1 });
		const mark = server.seen.length;
		const sent = ['one', 'two', 'three'].map((text) => outcome(channel.send(text)));
		await world.advance(390);
		expect(texts(server.commands(mark))).toEqual(['one', 'two', 'three']);
		await world.advance(220);
		expect(texts(server.commands(mark)).slice(3)).toEqual(['one', 'two', 'three']);
		expect(server.commands(mark).map(([n]) => n)).toEqual([1, 2, 3, 1, 2, 3]);
		expect(sent.map(({ value }) => value?.seq)).toEqual([1, 2, 3]);
	});

	test('what is sent meanwhile waits behind', async () => {
		const made = await inChannel(sdk);
		refuses(made, { code: 'RATE_LIMITED', retryAfterMs: 1_000 }, { times: 1 });
		const one = outcome(made.channel.send('one'));
		await made.world.advance(10);
		const two = outcome(made.channel.send('two'));
		await made.world.advance(900);
		expect(texts(made.server.commands())).toEqual(['one']);
		await made.world.advance(800);
		expect([one.value?.seq, two.value?.seq]).toEqual([1, 2]);
	});

	test('commands before the refused one are not sent again', async () => {
		const made = await inChannel(sdk);
		const { world, server, channel } = made;
		const fits = ({ args }: FakeCommand) => args.text === 'two';
		refuses(made, { code: 'MOVED' }, { times: 2, fits });
		for (const text of ['one', 'two', 'three']) void channel.send(text);
		await world.advance(2_000);
		const all = texts(server.commands());
		expect(all.filter((text) => text === 'one')).toHaveLength(1);
		expect(server.channel('general', true).messages.map(({ text }) => text)).toEqual([
			'one',
			'two',
			'three',
		]);
	});

	test('a refusal for good answers one command and lets the others pass', async () => {
		const { world, channel } = await inChannel(sdk);
		const bad = outcome(channel.send(''));
		const good = outcome(channel.send('hi'));
		await world.advance(10);
		expect(bad.error?.code).toBe('INVALID');
		expect(good.value?.seq).toBe(1);
	});

	test('numbers that server and client see differently are settled by a new opening', async () => {
		const made = await inChannel(sdk);
		refuses(made, { code: 'AGAIN' }, { times: 1 });
		const sent = outcome(made.channel.send('hi'));
		await made.world.advance(2_000);
		expect(sent.value?.seq).toBe(1);
		expect(made.server.opens()).toHaveLength(2);
		expect(made.naru.stats.sockets).toBe(1);
	});
}

function bounds(sdk: Sdk): void {
	test('the 101st waiting command is refused with QUEUE_FULL', async () => {
		const { world, server, channel } = await inChannel(sdk);
		server.isSilent = true;
		const sent = Array.from({ length: 101 }, (_, at) => outcome(channel.send(`${at}`)));
		await world.advance(10);
		expect(sent.filter(({ error }) => error?.code === 'QUEUE_FULL')).toHaveLength(1);
		expect(sent[100]?.error).toMatchObject({ code: 'QUEUE_FULL', retryable: true });
	});

	test('more than 1 MB that waits is refused with QUEUE_FULL, and room is given back', async () => {
		const { world, server, channel } = await inChannel(sdk);
		server.isSilent = true;
		const text = 'x'.repeat(99_000);
		const sent = Array.from({ length: 11 }, () => outcome(channel.send(text)));
		await world.advance(0);
		expect(sent.map(({ error }) => error?.code)).toEqual([
			...Array(10).fill(undefined),
			'QUEUE_FULL',
		]);
		server.isSilent = false;
		server.last.socket.cut();
		await world.advance(1_000);
		const more = outcome(channel.send(text));
		await world.advance(10);
		expect(more.value?.seq).toBe(11);
	});

	test('what no message of the protocol can hold is refused before it is sent', async () => {
		const { world, server, channel } = await inChannel(sdk);
		const mark = server.seen.length;
		const sent = outcome(channel.send('x'.repeat(600_000)));
		await world.advance(10);
		expect(sent.error?.code).toBe('TOO_LARGE');
		expect(server.commands(mark)).toEqual([]);
	});

	test('a call that is not answered rejects with TIMEOUT; a message stays and is sent', async () => {
		const { world, server, channel } = await inChannel(sdk, { timeoutMs: 2_000 });
		server.accepts = 'refuse';
		server.last.socket.cut();
		const edit = outcome(channel.edit(1, 'x'));
		const send = outcome(channel.send('hi'));
		await world.advance(2_000);
		expect(edit.error).toMatchObject({ code: 'TIMEOUT', retryable: true });
		expect(send).toEqual({});
		server.accepts = 'yes';
		await world.advance(15_000);
		expect(send.value?.seq).toBe(1);
		expect(server.commands().map(([, name]) => name)).toEqual(['send']);
	});

	test('[W23] a call that was refused and timed out is not sent again: the next one has its number', async () => {
		const made = await inChannel(sdk, { timeoutMs: 1_000 });
		const { world, channel } = made;
		refuses(made, { code: 'BUSY', retryAfterMs: 3_000 }, { times: 1 });
		const edit = outcome(channel.edit(1, 'x'));
		await world.advance(10);
		const send = outcome(channel.send('hi'));
		await world.advance(1_000);
		expect(edit.error?.code).toBe('BUSY');
		await world.advance(5_000);
		expect(send.value?.seq).toBe(1);
		const sent = made.server.commands().map(([n, name]) => `${n} ${name}`);
		expect(sent).toEqual(['1 edit', '1 send']);
		const next = outcome(channel.send('next'));
		await world.advance(10);
		expect(next.value?.seq).toBe(2);
	});
}

function openings(sdk: Sdk): void {
	test('[C1] a join on a free id travels with the opening and creates the channel', async () => {
		const { world, server, naru } = await onlineScene(sdk);
		const channel = naru.channel('new');
		channel.on('message', () => {});
		const joined = outcome(channel.join());
		await world.advance(10);
		expect(joined.error).toBeUndefined();
		expect(server.opens()).toHaveLength(1);
		expect(server.opens()[0]?.with?.name).toBe('join');
		expect(channel.me?.role).toBe('owner');
	});

	test('a channel that is not there refuses every call and can be created later', async () => {
		const { world, server, naru } = await onlineScene(sdk);
		const channel = naru.channel('new');
		const calls = [outcome(channel.open()), outcome(channel.send('hi'))];
		await world.advance(10);
		expect(calls.map(({ error }) => error?.code)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
		const joined = outcome(channel.join());
		await world.advance(10);
		expect(joined).toHaveProperty('value');
		expect(server.channel('new', true).members.size).toBe(1);
	});

	test('a join whose answer was lost is sent again with its id', async () => {
		const { world, server, naru } = await onlineScene(sdk);
		const channel = naru.channel('new');
		const joined = outcome(channel.join());
		await world.advance(1);
		server.last.socket.cut();
		await world.advance(1_000);
		expect(joined).toHaveProperty('value');
		const [first, second] = server.opens();
		expect(second?.with).toEqual({ ...first?.with, resend: true });
	});

	test('[C22] an opening that is refused for now is tried again after the time asked for', async () => {
		const { world, server, naru } = await onlineScene(sdk);
		server.made('general', 'ann');
		let left = 2;
		server.refuseOpen = () =>
			left-- > 0 ? { code: 'RETRY_LATER', retryAfterMs: 2_000 } : undefined;
		const opened = outcome(naru.channel('general').open());
		await world.advance(1_900);
		expect(server.opens()).toHaveLength(1);
		await world.advance(6_000);
		expect(opened.value?.id).toBe('general');
	});

	test('a handle closed by the server for now opens again, for good it does not', async () => {
		const { world, server, naru, channel } = await inChannel(sdk);
		const told: string[] = [];
		channel.on('closed', ({ code }) => told.push(code));
		const id = () => server.seen.filter(({ op }) => op === OP.open).at(-1)?.handle ?? 0;
		server.last.send(id(), OP.close, { code: 'UNAVAILABLE' });
		await world.advance(2_000);
		expect(server.opens()).toHaveLength(2);
		server.last.send(id(), OP.close, { code: 'FORBIDDEN', message: 'you were banned' });
		await world.advance(2_000);
		expect(told).toEqual(['FORBIDDEN']);
		expect(server.opens()).toHaveLength(2);
		expect(naru.status).toBe('online');
	});
}

/** How commands reach the server. */
export function commandSuite(sdk: Sdk): void {
	describe(`commands (${sdk.name})`, () => {
		resending(sdk);
		goingBack(sdk);
		bounds(sdk);
		openings(sdk);
	});
}
