import { describe, expect, test } from 'vitest';
import { pack } from '../../src/protocol/codec.ts';
import { encodeFrame, OP } from '../../src/protocol/frames.ts';
import { onlineScene, outcome, type Scene, type Sdk } from './support/sdk.ts';
import { uncaught } from './support/uncaught.ts';

/** A value nested `levels` deep. */
function deep(levels: number): unknown {
	let value: unknown = 1;
	for (let level = 0; level < levels; level++) value = [value];
	return value;
}

function cycle(): unknown {
	const self: Record<string, unknown> = {};
	self.self = self;
	return self;
}

async function inChannel(sdk: Sdk) {
	const made = await onlineScene(sdk);
	const general = made.server.made('general', 'ann', 'bob');
	const channel = made.naru.channel('general');
	await Promise.all([channel.open(), made.world.advance(10)]);
	return { ...made, general, channel };
}

/** The one socket with all that is on it is still the first. */
function expectUnharmed({ naru }: Scene): void {
	expect(naru.status).toBe('online');
	expect(naru.stats.sockets).toBe(1);
}

function arguments_(sdk: Sdk): void {
	test.each(['with space', '', 'é', '@bob@ann', '@ann@ann', 'x'.repeat(65)])(
		'the id "%s" is refused, and costs no other handle anything',
		async (id) => {
			const made = await inChannel(sdk);
			const bad = made.naru.channel(id);
			const closed: string[] = [];
			bad.on('closed', ({ code }) => closed.push(code));
			const calls = [outcome(bad.open()), outcome(bad.send('hi')), outcome(bad.join())];
			await made.world.advance(20);
			expect(calls.map(({ error }) => error?.code)).toEqual(['INVALID', 'INVALID', 'INVALID']);
			expect(closed).toEqual(['INVALID']);
			const good = outcome(made.channel.send('hi'));
			await made.world.advance(20);
			expect(good.value?.seq).toBe(1);
			expectUnharmed(made);
		},
	);

	test('a direct channel has an id', async () => {
		const made = await onlineScene(sdk);
		made.server.made('@ann@bob', 'ann');
		const opened = outcome(made.naru.channel('@ann@bob').open());
		await made.world.advance(20);
		expect(opened.value?.id).toBe('@ann@bob');
	});

	test.each([
		['a date', () => new Date()],
		['a map', () => new Map([[1, 2]])],
		['a set in a list', () => [new Set([1])]],
		['a large integer', () => 1n],
		['a function', () => ({ run: () => {} })],
		['a cycle', cycle],
		['what is nested too deep', () => deep(40)],
	])('%s in a message is refused, and costs no other message anything', async (_, make) => {
		const made = await inChannel(sdk);
		const bad = outcome(made.channel.send({ text: 'bad', data: make() }));
		const good = outcome(made.channel.send('good'));
		await made.world.advance(20);
		expect(bad.error?.code).toBe('INVALID');
		expect(good.value?.seq).toBe(1);
		expectUnharmed(made);
	});

	test('what is deep, absent or bytes goes through', async () => {
		const made = await inChannel(sdk);
		const all = [deep(28), { absent: undefined }, Uint8Array.of(1, 2)].map((data) =>
			outcome(made.channel.send({ text: 'x', data })),
		);
		await made.world.advance(20);
		expect(all.map(({ value }) => value?.seq)).toEqual([1, 2, 3]);
		expectUnharmed(made);
	});

	test.each(['', 'x'.repeat(65)])('the client id "%s" is refused', async (clientId) => {
		const made = await inChannel(sdk);
		const bad = outcome(made.channel.send('bad', { clientId }));
		const good = outcome(made.channel.send('good', { clientId: 'x'.repeat(64) }));
		await made.world.advance(20);
		expect(bad.error?.code).toBe('INVALID');
		expect(good.value?.seq).toBe(1);
		expectUnharmed(made);
	});

	test.each([
		['a device id that is none', { deviceId: 'my phone' }],
		['no address', { url: [] }],
	])('%s is refused by connect()', async (_, options) => {
		const { world } = await onlineScene(sdk);
		const connect = () => sdk.connect(world, { url: 'ws://x/', token: 'ann', ...options });
		expect(connect).toThrow(expect.objectContaining({ code: 'INVALID' }));
	});
}

function listeners(sdk: Sdk): void {
	test('a listener that throws is reported, and all others are told', async () => {
		const made = await inChannel(sdk);
		const told: string[] = [];
		const fail = () => {
			throw new Error('of the app');
		};
		made.channel.on('message', fail);
		made.channel.on('message', ({ text }) => told.push(text));
		const errors = await uncaught(async () => {
			await made.world.advance(0);
			made.server.by(made.general, { userId: 'bob', name: 'send', args: { text: 'one' } });
			made.server.by(made.general, { userId: 'bob', name: 'send', args: { text: 'two' } });
			await made.world.advance(10);
		});
		expect(told).toEqual(['one', 'two']);
		expect(errors.map(String)).toEqual(['Error: of the app', 'Error: of the app']);
		expectUnharmed(made);
	});

	test('a presence listener that throws loses no frame behind it', async () => {
		const made = await inChannel(sdk);
		const told: string[] = [];
		made.channel.on('message', ({ text }) => told.push(text));
		made.naru.presence.watch(['bob'], () => {
			throw new Error('of the app');
		});
		await made.world.advance(10);
		const open = made.server.seen.filter(({ op }) => op === OP.open).at(-1);
		const change = ['change', { states: [{ userId: 'bob', state: 'online' }] }];
		const message = { seq: 1, id: 'm1', at: 1, userId: 'bob', text: 'behind it' };
		const down = made.server.downOf(made.general);
		const data = { p: made.general.position + 1, e: [['message', message]] };
		// One WebSocket message, as a server gathers its frames.
		const frames = [
			encodeFrame(1_000 + (open?.handle ?? 0), OP.ephemeral, pack(change)),
			encodeFrame(down, OP.data, pack(data)),
		];
		const errors = await uncaught(async () => {
			made.server.last.socket.deliver(Buffer.concat(frames));
			await made.world.advance(10);
		});
		expect(told).toEqual(['behind it']);
		expect(errors).toHaveLength(1);
	});

	test('a status listener that throws does not keep the client offline', async () => {
		const made = await inChannel(sdk);
		made.naru.on('status', () => {
			throw new Error('of the app');
		});
		const errors = await uncaught(async () => {
			made.server.last.socket.cut();
			await made.world.advance(1_000);
		});
		expect(made.naru.status).toBe('online');
		expect(made.naru.stats.handles).toBe(1);
		expect(errors.length).toBeGreaterThan(0);
	});

	test('a listener added in a listener hears what is behind', async () => {
		const made = await inChannel(sdk);
		const late: string[] = [];
		const undo = made.channel.on('message', () => {
			undo();
			made.channel.on('message', ({ text }) => late.push(text));
		});
		made.channel.on('message', () => {});
		await made.world.advance(0);
		made.server.last.socket.cut();
		for (const text of ['one', 'two', 'three']) {
			made.server.by(made.general, { userId: 'bob', name: 'send', args: { text } });
		}
		await made.world.advance(1_000);
		expect(late).toEqual(['two', 'three']);
	});

	test('all listeners of the first moment are told what came before them', async () => {
		const made = await inChannel(sdk);
		made.server.by(made.general, { userId: 'bob', name: 'send', args: { text: 'early' } });
		await made.world.advance(10);
		const told: string[] = [];
		made.channel.on('message', ({ text }) => told.push(`one ${text}`));
		made.channel.on('message', ({ text }) => told.push(`two ${text}`));
		await made.world.advance(0);
		expect(told.sort()).toEqual(['one early', 'two early']);
	});

	test('on an ended client listeners and typing do nothing, and calls are refused', async () => {
		const made = await inChannel(sdk);
		await made.naru.close();
		const { channel, naru } = made;
		channel.on('message', () => {})();
		naru.inbox.on('notice', () => {})();
		naru.channels.on('change', () => {})();
		naru.room('cursor-board', 'main').on('state', () => {})();
		channel.typing();
		const calls = [outcome(channel.open()), outcome(channel.send('x')), outcome(channel.read(1))];
		await made.world.advance(10);
		expect(calls.map(({ error }) => error?.code)).toEqual(['CLOSED', 'CLOSED', 'CLOSED']);
		expect(naru.stats.sockets).toBe(1);
	});
}

/** What an app does wrong costs nobody else anything. */
export function appMistakesSuite(sdk: Sdk): void {
	describe(`mistakes of the app (${sdk.name})`, () => {
		arguments_(sdk);
		listeners(sdk);
	});
}
