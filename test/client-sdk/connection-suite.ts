import { describe, expect, test } from 'vitest';
import type { StatusChange } from '../../client-sdk/src/status.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import { OP } from '../../src/protocol/frames.ts';
import { onlineScene, outcome, type Scene, type Sdk, scene } from './support/sdk.ts';

function statuses({ naru }: Scene): StatusChange[] {
	const seen: StatusChange[] = [];
	naru.on('status', (change) => seen.push(change));
	return seen;
}

const pings = ({ server }: Scene) => server.seen.filter(({ op }) => op === OP.ping).length;

function firstFrames(sdk: Sdk): void {
	test('[P1] hello is the first frame, and handles of all kinds share its one socket', async () => {
		const { world, server, naru } = await onlineScene(sdk, { deviceId: 'phone' });
		server.made('general', 'ann');
		const opened = [naru.channel('general').open(), naru.channels.list(), naru.inbox.list()];
		naru.presence.watch(['bob'], () => {});
		await world.advance(20);
		await Promise.all(opened);
		expect(server.ops()[0]).toBe('hello');
		expect(server.last.hello).toMatchObject({ versions: [1], token: 'ann', deviceId: 'phone' });
		expect(new Set(server.opens().map(({ kind }) => kind))).toEqual(
			new Set(['channel', 'channels', 'user', 'presence']),
		);
		expect(naru.stats.sockets).toBe(1);
		expect(naru.userId).toBe('ann');
	});

	test('a new listener is told the present status', async () => {
		const made = await onlineScene(sdk);
		const seen = statuses(made);
		await made.world.advance(0);
		expect(seen.map(({ status }) => status)).toEqual(['online']);
	});

	test.each([
		['https://naru.test', 'wss://naru.test/naru'],
		['http://naru.test:2567/', 'ws://naru.test:2567/naru'],
		['wss://naru.test/chat/naru', 'wss://naru.test/chat/naru'],
	])('the address %s means %s', async (url, socketUrl) => {
		const { server } = await onlineScene(sdk, { url });
		expect(server.tried).toEqual([socketUrl]);
	});

	test("now() is the server's clock", async () => {
		const made = scene(sdk);
		made.server.clockAheadMs = 90_000;
		await made.world.advance(20);
		expect(Math.abs(made.naru.now() - made.server.now())).toBeLessThanOrEqual(2);
	});
}

function reconnecting(sdk: Sdk): void {
	test('[P2] the back-off has full jitter: any time up to a bound that doubles to 15 s', async () => {
		const made = scene(sdk);
		made.server.accepts = 'refuse';
		const seen = statuses(made);
		await made.world.advance(0);
		made.world.randoms = Array.from({ length: 12 }, () => 0.999);
		await made.world.advance(120_000);
		const tries = seen.filter(({ retryAt }) => retryAt !== undefined);
		const waits = tries.slice(1).map((one, at) => (one.retryAt ?? 0) - (tries[at]?.retryAt ?? 0));
		// One millisecond of each is the attempt itself.
		expect(waits.slice(0, 8)).toEqual([500, 1000, 1999, 3997, 7993, 14986, 14986, 14986]);
		made.world.randoms = [0];
		made.server.accepts = 'yes';
		await made.world.advance(20_000);
		expect(made.naru.status).toBe('online');
	});

	test('a chance of nothing tries again at once', async () => {
		const made = await onlineScene(sdk);
		made.world.randoms = [0];
		made.server.last.socket.cut();
		await made.world.advance(5);
		expect(made.naru.status).toBe('online');
		expect(made.naru.stats.sockets).toBe(2);
	});

	test('each failure turns to the next address', async () => {
		const made = scene(sdk, { url: ['ws://a/x', 'ws://b/x', 'ws://c/x'] });
		made.server.accepts = 'refuse';
		await made.world.advance(2_000);
		expect(made.server.tried.slice(0, 4)).toEqual(['ws://a/x', 'ws://b/x', 'ws://c/x', 'ws://a/x']);
	});

	test('an address that never answers is given up', async () => {
		const made = scene(sdk, { url: ['ws://a/x', 'ws://b/x'] });
		made.server.accepts = 'hang';
		await made.world.advance(14_990);
		made.server.accepts = 'yes';
		await made.world.advance(1_000);
		expect(made.naru.status).toBe('online');
		expect(made.server.tried).toEqual(['ws://a/x', 'ws://b/x']);
	});

	test("[P2] a server's retry-after is honoured, even when the page comes to the front", async () => {
		const made = await onlineScene(sdk);
		made.server.last.error({ code: 'RETRY_LATER', retryAfterMs: 8_000 });
		made.server.last.close('drain');
		await made.world.advance(5);
		made.world.show(false);
		made.world.show(true);
		await made.world.advance(7_900);
		expect(made.naru.stats.sockets).toBe(1);
		await made.world.advance(4_200);
		expect(made.naru.status).toBe('online');
	});

	test.each(Object.entries(CLOSE))(
		'close code %s follows its verdict',
		async (name, { reconnect }) => {
			const made = await onlineScene(sdk);
			made.server.last.close(name as keyof typeof CLOSE);
			await made.world.advance(20_000);
			expect(made.naru.status).toBe(reconnect ? 'online' : 'closed');
		},
	);

	test('one socket too many comes back later than others', async () => {
		const made = await onlineScene(sdk);
		made.world.randoms = [0.999];
		made.server.last.close('tooMany');
		await made.world.advance(3_900);
		expect(made.naru.stats.sockets).toBe(1);
		await made.world.advance(200);
		expect(made.naru.status).toBe('online');
	});

	test('after a verdict every call is refused, waiting ones too', async () => {
		const made = await onlineScene(sdk);
		made.server.made('general', 'ann');
		const channel = made.naru.channel('general');
		await Promise.all([channel.open(), made.world.advance(10)]);
		made.server.isSilent = true;
		const waiting = outcome(channel.send('hi'));
		made.server.last.close('revoked');
		await made.world.advance(10);
		expect(waiting.error?.code).toBe('UNAUTHORIZED');
		const later = outcome(channel.edit(1, 'x'));
		await made.world.advance(0);
		expect(later.error?.code).toBe('UNAUTHORIZED');
	});

	test('close() ends it: nothing is tried again', async () => {
		const made = await onlineScene(sdk);
		await made.naru.close();
		await made.world.advance(60_000);
		expect(made.naru.status).toBe('closed');
		expect(made.naru.stats.sockets).toBe(1);
	});

	test('[C30] a logout is told before the socket closes', async () => {
		const made = await onlineScene(sdk);
		const closing = made.naru.close({ logout: true });
		await made.world.advance(20);
		await closing;
		expect(made.server.commands().map(([, name]) => name)).toEqual(['logout']);
		expect(made.naru.status).toBe('closed');
	});
}

function signsOfLife(sdk: Sdk): void {
	test('[C30] a quiet client pings every 5 s', async () => {
		const made = await onlineScene(sdk);
		await made.world.advance(30_000);
		expect(pings(made)).toBe(6);
	});

	test('a client that sends needs no ping', async () => {
		const made = await onlineScene(sdk);
		made.server.made('general', 'ann');
		const channel = made.naru.channel('general');
		for (let second = 0; second < 20; second++) {
			void channel.send('hi').catch(() => {});
			await made.world.advance(1_000);
		}
		expect(pings(made)).toBe(0);
	});

	test('a socket that is silent for 12 s is dead', async () => {
		const made = await onlineScene(sdk);
		made.server.isSilent = true;
		await made.world.advance(11_900);
		expect(made.naru.status).toBe('online');
		made.server.isSilent = false;
		await made.world.advance(600);
		expect(made.naru.stats.sockets).toBe(2);
		expect(made.naru.status).toBe('online');
	});

	test('a device that slept asks before it gives its socket up', async () => {
		const made = await onlineScene(sdk);
		made.world.sleep(60_000);
		await made.world.advance(2_000);
		expect(made.naru.stats.sockets).toBe(1);
		made.server.isSilent = true;
		made.world.sleep(60_000);
		await made.world.advance(3_100);
		expect(made.naru.status).toBe('reconnecting');
	});
}

function triggers(sdk: Sdk): void {
	const stuck = async () => {
		const made = await onlineScene(sdk);
		made.server.accepts = 'refuse';
		made.world.randoms = Array.from({ length: 8 }, () => 0.999);
		made.server.last.socket.cut();
		await made.world.advance(12_000);
		made.server.accepts = 'yes';
		return made;
	};

	test('[P2] a page that becomes visible reconnects without waiting', async () => {
		const made = await stuck();
		made.world.show(true);
		await made.world.advance(5);
		expect(made.naru.status).toBe('online');
	});

	test('online, a page that comes back finds out soon whether its socket is alive', async () => {
		const made = await onlineScene(sdk);
		made.world.show(false);
		made.server.isSilent = true;
		made.world.show(true);
		await made.world.advance(2_900);
		expect(made.naru.status).toBe('online');
		await made.world.advance(200);
		expect(made.naru.status).toBe('reconnecting');
	});

	test('[C31] presence is told whether a page is in front', async () => {
		const made = await onlineScene(sdk);
		made.world.show(false);
		await made.world.advance(10);
		made.world.show(true);
		await made.world.advance(10);
		const told = made.server.commands().filter(([, name]) => name === 'visible');
		expect(told.map(([, , args]) => args)).toEqual([{ visible: false }, { visible: true }]);
		made.world.show(false);
		made.server.last.socket.cut();
		await made.world.advance(1_000);
		expect(made.server.last.hello?.visible).toBe(false);
	});
}

function network(sdk: Sdk): void {
	test('[P2] a network that comes back reconnects without waiting', async () => {
		const made = await onlineScene(sdk);
		const seen = statuses(made);
		await made.world.advance(0);
		made.server.accepts = 'refuse';
		made.world.network(false);
		made.server.last.socket.cut();
		await made.world.advance(10);
		expect(made.naru.status).toBe('offline');
		made.server.accepts = 'yes';
		made.world.network(true);
		await made.world.advance(5);
		expect(made.naru.status).toBe('online');
		expect(seen.map(({ status }) => status)).toEqual([
			'online',
			'reconnecting',
			'offline',
			'reconnecting',
			'online',
		]);
	});

	test('a device that is wrong about its network still comes back', async () => {
		const made = await onlineScene(sdk);
		made.world.network(false);
		made.server.last.socket.cut();
		await made.world.advance(16_000);
		expect(made.naru.status).toBe('online');
	});
}

/** What a client does with its socket. */
export function connectionSuite(sdk: Sdk): void {
	describe(`connection (${sdk.name})`, () => {
		firstFrames(sdk);
		reconnecting(sdk);
		signsOfLife(sdk);
		triggers(sdk);
		if (sdk.knowsNetwork) network(sdk);
	});
}
