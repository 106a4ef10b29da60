import { describe, expect, test } from 'vitest';
import type { Channel } from '../../client-sdk/src/channel.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { FakeChannel } from './support/fake-channel.ts';
import { onlineScene, outcome, type Scene, type Sdk } from './support/sdk.ts';

interface ChannelScene extends Scene {
	readonly general: FakeChannel;
	readonly channel: Channel;
	readonly told: string[];
}

/** Ann's client in a channel, whose messages are gathered. */
async function listening(sdk: Sdk, options = {}): Promise<ChannelScene> {
	const made = await onlineScene(sdk, options);
	const general = made.server.made('general', 'ann', 'bob');
	const channel = made.naru.channel('general');
	const told: string[] = [];
	await Promise.all([channel.open(), made.world.advance(10)]);
	channel.on('message', ({ text }) => told.push(text));
	await made.world.advance(0);
	return { ...made, general, channel, told };
}

const bobSends = ({ server, general }: ChannelScene, ...texts: string[]) => {
	for (const text of texts) server.by(general, { userId: 'bob', name: 'send', args: { text } });
};

/** The server ends the newest opening with an `error`. */
function refuseOpen({ server }: Scene, code: 'UNAVAILABLE' | 'FORBIDDEN'): void {
	const { handle = 0 } = server.seen.filter(({ op }) => op === OP.open).at(-1) ?? {};
	server.last.error({ code }, handle);
	server.last.handles.delete(handle);
}

function refusals(sdk: Sdk): void {
	test('[W14] [W21] an open handle that ends with an error for now opens again and resumes', async () => {
		const made = await listening(sdk);
		refuseOpen(made, 'UNAVAILABLE');
		bobSends(made, 'missed');
		await made.world.advance(1_000);
		expect(made.server.opens().at(-1)?.resume).toBeDefined();
		bobSends(made, 'live');
		const sent = outcome(made.channel.send('own'));
		await made.world.advance(10);
		expect(made.told).toEqual(['missed', 'live', 'own']);
		expect(sent.value?.seq).toBe(3);
	});

	test('[W14] [W21] an open handle that ends with an error for good says so, and refuses what waits', async () => {
		const made = await listening(sdk);
		const closed: string[] = [];
		made.channel.on('closed', ({ code }) => closed.push(code));
		made.server.isSilent = true;
		const waiting = outcome(made.channel.send('waiting'));
		await made.world.advance(5);
		made.server.isSilent = false;
		refuseOpen(made, 'FORBIDDEN');
		await made.world.advance(10);
		expect(closed).toEqual(['FORBIDDEN']);
		expect(waiting.error?.code).toBe('FORBIDDEN');
		expect(made.channel.isOpen).toBe(false);
		expect(made.server.opens()).toHaveLength(1);
	});

	test('what was refused is granted again: the next call opens it, and what was missed comes', async () => {
		const made = await listening(sdk);
		refuseOpen(made, 'FORBIDDEN');
		made.server.refuseOpen = () => ({ code: 'FORBIDDEN' });
		await made.world.advance(10);
		const refused = outcome(made.channel.open());
		await made.world.advance(10);
		expect(refused.error?.code).toBe('FORBIDDEN');
		made.server.refuseOpen = () => undefined;
		bobSends(made, 'missed');
		const granted = outcome(made.channel.open());
		await made.world.advance(10);
		expect(granted.value?.lastSeq).toBe(1);
		bobSends(made, 'live');
		await made.world.advance(10);
		expect(made.told).toEqual(['missed', 'live']);
	});
}

function closing(sdk: Sdk): void {
	test('closed while its opening is on the way, a handle stays closed, and opens again when asked', async () => {
		const made = await onlineScene(sdk);
		made.server.made('general', 'ann');
		const channel = made.naru.channel('general');
		const first = outcome(channel.open());
		await made.world.advance(0);
		channel.close();
		await made.world.advance(20);
		expect(first.error?.code).toBe('CLOSED');
		expect(channel.isOpen).toBe(false);
		expect(made.server.ops().slice(-2)).toEqual(['open', 'close']);
		const second = outcome(channel.open());
		channel.close();
		const third = outcome(channel.open());
		await made.world.advance(20);
		expect([second.error?.code, third.value?.id]).toEqual(['CLOSED', 'general']);
		expect(made.naru.stats.handles).toBe(1);
	});

	/** Ann's app closes the channel over the first message, and wants it back later. */
	async function closesOver(made: ChannelScene, type: 'message' | 'reset', act: () => void) {
		let isOnce = true;
		made.channel.on(type, () => {
			if (isOnce) made.channel.close();
			isOnce = false;
		});
		await made.world.advance(0);
		act();
		await made.world.advance(1_000);
		expect(made.channel.isOpen).toBe(false);
		expect(made.channel.messages).toEqual([]);
		const again = outcome(made.channel.open());
		const sent = outcome(made.channel.send('back'));
		await made.world.advance(100);
		expect(again.value?.id).toBe('general');
		expect(sent.value?.seq).toBe(made.general.messages.length);
	}

	test('closed by its own listener over live messages, a handle tells nothing more', async () => {
		const made = await listening(sdk);
		await closesOver(made, 'message', () => {
			const { general, server } = made;
			const args = (text: string) => ({ userId: 'bob', name: 'send', args: { text } });
			general.run(args('one'));
			general.run(args('two'));
			server.publish();
		});
		expect(made.told).toEqual(['one', 'back']);
	});

	test('closed by its own listener over a resume, a handle can be opened again', async () => {
		const made = await listening(sdk);
		await closesOver(made, 'message', () => {
			made.server.last.socket.cut();
			bobSends(made, 'one', 'two');
		});
		expect(made.told).toEqual(['one', 'back']);
	});

	test('closed by its own listener over a reset, a handle can be opened again', async () => {
		const made = await listening(sdk);
		await closesOver(made, 'reset', () => {
			made.general.writer = 'writer-2';
			made.server.last.socket.cut();
		});
	});
}

function resuming(sdk: Sdk): void {
	test('[W16] a reset among the parts of a resume begins anew, and nothing of the parts is told', async () => {
		const made = await listening(sdk);
		const resets: number[] = [];
		made.channel.on('reset', ({ messages }) => resets.push(messages.length));
		await made.world.advance(0);
		bobSends(made, 'one');
		await made.world.advance(10);
		const { handle = 0 } = made.server.seen.filter(({ op }) => op === OP.open).at(-1) ?? {};
		const down = made.server.downOf(made.general);
		const head = { down, position: 9, writer: 'writer-1' };
		const stale = { seq: 2, id: 'x', at: 1, userId: 'bob', text: 'stale' };
		const { last } = made.server;
		last.send(handle, OP.resume, { ...head, events: [['message', stale]], more: true });
		const view = made.general.view('ann', 50);
		last.send(handle, OP.reset, { down, position: 4, writer: 'writer-2', view });
		last.send(handle, OP.resume, { ...head, writer: 'writer-2', events: [], more: false });
		await made.world.advance(10);
		expect(resets).toEqual([1]);
		expect(made.told).toEqual(['one']);
		expect(made.channel.messages.map(({ text }) => text)).toEqual(['one']);
	});

	test('[P2] a client that comes back to another address each time resumes there', async () => {
		const url = ['ws://a/', 'ws://b/', 'ws://c/'];
		const made = await listening(sdk, { url });
		for (const text of ['one', 'two', 'three']) {
			made.server.last.socket.cut();
			bobSends(made, text);
			void made.channel.send(`own ${text}`);
			await made.world.advance(1_000);
		}
		expect(made.server.tried).toEqual(['ws://a/naru', 'ws://b/naru', 'ws://c/naru', 'ws://a/naru']);
		expect(
			made.server
				.opens()
				.slice(1)
				.every(({ resume }) => resume !== undefined),
		).toBe(true);
		expect(made.told).toEqual(['one', 'own one', 'two', 'own two', 'three', 'own three']);
	});

	test('[P2] it stays where it is reachable', async () => {
		const made = await onlineScene(sdk, { url: ['ws://a/', 'ws://b/'] });
		made.server.refuses = (url) => url.startsWith('ws://b');
		for (let cut = 0; cut < 3; cut++) {
			made.server.last.socket.cut();
			await made.world.advance(20_000);
			expect(made.naru.status).toBe('online');
			expect(made.server.last.socket.url).toBe('ws://a/naru');
		}
	});

	test('an address that hangs is not tried again when the page comes to the front', async () => {
		const made = await onlineScene(sdk, { url: ['ws://a/', 'ws://b/'] });
		made.server.accepts = 'hang';
		made.server.last.socket.cut();
		await made.world.advance(5_000);
		made.server.accepts = 'yes';
		made.world.show(false);
		made.world.show(true);
		await made.world.advance(10);
		expect(made.naru.status).toBe('online');
		expect(made.server.tried).toEqual(['ws://a/naru', 'ws://b/naru', 'ws://a/naru']);
	});
}

/** One opened feature over refusals, closes and sockets. */
export function handleSuite(sdk: Sdk): void {
	describe(`handle (${sdk.name})`, () => {
		refusals(sdk);
		closing(sdk);
		resuming(sdk);
	});
}
