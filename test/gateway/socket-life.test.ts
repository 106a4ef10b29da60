import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLOSE } from '../../src/protocol/errors.ts';
import { MESSAGE_BYTES_MAX, OP } from '../../src/protocol/frames.ts';
import { TestGateway } from '../support/test-gateway.ts';

let world: TestGateway;
beforeEach(async () => {
	world = await TestGateway.start({ limits: { socketsPerUserMax: 2, socketsPerAddressMax: 5 } });
});
afterEach(() => world.stop());

const hello = (token: string, more: object = {}) => ({ versions: [1], token, ...more });
const isError = ({ op, handle }: { op: number; handle: number }) => op === OP.error && handle === 0;

describe('hello', () => {
	test('[W6] the welcome names version, user, clock and limits', async () => {
		const client = await world.plain();
		client.send(0, OP.hello, hello('ann exp=2000000'));
		const { payload } = await client.next(({ op }) => op === OP.welcome);
		expect(payload).toEqual({
			version: 1,
			userId: 'ann',
			node: 'node-1',
			now: world.clock.now(),
			heartbeatMs: 5_000,
			messageBytesMax: MESSAGE_BYTES_MAX,
			expiresAt: 2_000_000,
		});
	});

	test('[W6] frames that follow at once are taken after it, in order', async () => {
		world.actors.create('board/a');
		const client = await world.plain();
		client.send(0, OP.hello, hello('ann'));
		client.send(1, OP.open, { kind: 'board', id: 'a' });
		client.send(1, OP.command, [1, 'say', { text: 'x' }]);
		await client.reply(1, 1);
		expect(client.frames.map(({ op }) => op).slice(0, 2)).toEqual([OP.welcome, OP.opened]);
	});

	test('[W6] a socket that says nothing for 5 s is closed', async () => {
		const client = await world.plain();
		world.clock.advance(6_000);
		expect((await client.closed).code).toBe(CLOSE.noHello.code);
	});

	test('[W6] another frame first costs the socket', async () => {
		const client = await world.plain();
		client.send(0, OP.ping, {});
		expect((await client.next(isError)).payload).toMatchObject({ code: 'UNAUTHORIZED' });
		expect((await client.closed).code).toBe(CLOSE.noHello.code);
	});

	test('[P4][W7] without a common version the socket is closed with a typed error', async () => {
		const client = await world.plain();
		client.send(0, OP.hello, { versions: [99], token: 'ann' });
		expect((await client.next(isError)).payload).toMatchObject({ code: 'VERSION' });
		expect((await client.closed).code).toBe(CLOSE.version.code);
	});

	test('[P4][W7] a bad token is told and costs the socket', async () => {
		const client = await world.plain();
		client.send(0, OP.hello, hello('nobody'));
		expect((await client.next(isError)).payload).toMatchObject({ code: 'UNAUTHORIZED' });
		expect((await client.closed).code).toBe(CLOSE.unauthorized.code);
	});
});

describe('tokens', () => {
	test('[W8][W9] a fresh one is asked for in time and keeps the handles', async () => {
		world.actors.create('board/a');
		const start = world.clock.now();
		const client = await world.connect(`ann exp=${start + 60_000}`);
		await client.open(1, { kind: 'board', id: 'a' });
		for (let second = 0; second < 32; second++) {
			await client.settled();
			world.clock.advance(1_000);
		}
		expect((await client.next(isError)).payload).toMatchObject({
			code: 'UNAUTHORIZED',
			renew: true,
		});
		client.send(0, OP.hello, hello(`ann exp=${start + 600_000}`));
		await client.next(({ op }) => op === OP.welcome);
		for (let second = 0; second < 40; second++) {
			await client.settled();
			world.clock.advance(1_000);
		}
		expect(await client.command(1, 1, 'say', { text: 'x' })).toMatchObject([1, {}]);
	});

	test('[W9] without a fresh one the socket is closed at its end', async () => {
		const client = await world.connect(`ann exp=${world.clock.now() + 5_000}`);
		world.clock.advance(6_000);
		expect((await client.closed).code).toBe(CLOSE.expired.code);
	});

	test('[W8] a fresh one of another user costs the socket', async () => {
		const client = await world.connect('ann');
		client.send(0, OP.hello, hello('bob'));
		expect((await client.closed).code).toBe(CLOSE.unauthorized.code);
	});

	test('[W8] with other roles the owner is asked again', async () => {
		const actor = world.actors.create('board/a');
		const client = await world.connect('ann roles=ops');
		await client.open(1, { kind: 'board', id: 'a' });
		actor.banned.add('ann');
		client.send(0, OP.hello, hello('ann'));
		expect(await client.answer(1)).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
	});

	test('[W9] revoking a user closes the sockets with tokens issued until then', async () => {
		const old = await world.connect('ann iat=100');
		const fresh = await world.connect('ann iat=300');
		const other = await world.connect('bob iat=100');
		world.authenticator.revoke({ userId: 'ann', at: 200 });
		expect((await old.closed).code).toBe(CLOSE.revoked.code);
		await fresh.settled();
		await other.settled();
	});

	test('[W9] revoking one token closes its sockets only', async () => {
		const bad = await world.connect('ann jti=x');
		const good = await world.connect('ann jti=y');
		world.authenticator.revoke({ tokenId: 'x', at: 200 });
		expect((await bad.closed).code).toBe(CLOSE.revoked.code);
		await good.settled();
	});
});

describe('sockets', () => {
	test('[W10] a ping comes back with the clock of the server', async () => {
		const client = await world.connect('ann');
		client.send(0, OP.ping, { t: 7 });
		const { payload } = await client.next(({ op }) => op === OP.pong);
		expect(payload).toEqual({ t: 7, now: world.clock.now() });
	});

	test('[W10] one without any frame for 30 s is closed, one that pings is not', async () => {
		const silent = await world.connect('ann');
		const pings = await world.connect('bob');
		for (let times = 0; times < 4; times++) {
			world.clock.advance(9_000);
			await pings.settled();
		}
		expect((await silent.closed).code).toBe(CLOSE.idle.code);
		await pings.settled();
	});

	test('[W10] one that is silent is spoken to, so that a page with slow timers can answer', async () => {
		const quiet = await world.connect('ann');
		for (let times = 0; times < 10; times++) {
			world.clock.advance(13_000);
			const { payload } = await quiet.next(({ op }) => op === OP.pong);
			expect(payload).toEqual({ now: expect.any(Number) });
			await quiet.settled();
		}
	});

	test('[W4] a message beyond the bound closes that socket only', async () => {
		const client = await world.connect('ann');
		const other = await world.connect('bob');
		client.sendBytes(new Uint8Array(MESSAGE_BYTES_MAX + 1));
		expect((await client.closed).code).toBe(CLOSE.tooLarge.code);
		await other.settled();
	});

	test.each([
		['a text message', (send: (data: string | Uint8Array) => void) => send('hello')],
		[
			'a frame cut short',
			(send: (data: string | Uint8Array) => void) => send(Uint8Array.of(1, 3, 200)),
		],
		[
			'a payload that is not msgpack',
			(send: (data: string | Uint8Array) => void) => send(Uint8Array.of(1, 3, 1, 0xc1)),
		],
		[
			'an open without a kind',
			(send: (data: string | Uint8Array) => void) => send(Uint8Array.of(1, 3, 1, 0x80)),
		],
	])('[P4][W4] %s gets a typed error and closes', async (_name, sendWith) => {
		const client = await world.connect('ann');
		sendWith((data) => client.socket.send(data));
		expect((await client.next(isError)).payload).toMatchObject({ code: 'INVALID' });
		expect((await client.closed).code).toBe(CLOSE.badFrame.code);
	});

	test('[P4][W5] unknown ops are passed over', async () => {
		const client = await world.connect('ann');
		client.sendBytes(Uint8Array.of(1, 99, 1, 0xc0));
		client.sendBytes(Uint8Array.of(0, 77, 0));
		client.sendBytes(Uint8Array.of(5, OP.reply, 1, 0xc0));
		await client.settled();
	});

	test('[P42] a page of another origin is refused', async () => {
		const client = await world.plain({ headers: { origin: 'https://evil.example' } });
		expect((await client.closed).code).toBe(CLOSE.origin.code);
		expect(world.gateway.connections().sockets).toBe(0);
	});

	test('[P42] sockets are limited per user and per address, and leaving makes room', async () => {
		const first = await world.connect('ann');
		await world.connect('ann');
		const third = await world.plain();
		third.send(0, OP.hello, hello('ann'));
		expect((await third.closed).code).toBe(CLOSE.tooMany.code);
		await first.close();
		await expect.poll(() => world.gateway.connections().sockets).toBe(1);
		await world.connect('ann');
		for (const user of ['bob', 'eve', 'joe']) await world.connect(user);
		const sixth = await world.plain();
		expect((await sixth.closed).code).toBe(CLOSE.tooMany.code);
	});

	test('[P21] a drain closes all sockets in batches, and takes no new ones', async () => {
		const clients = [];
		for (const user of ['ann', 'bob', 'eve']) clients.push(await world.connect(user));
		const closing = world.gateway.close({ reason: 'drain', withinMs: 2_000 });
		const late = await world.plain();
		expect((await late.closed).code).toBe(CLOSE.drain.code);
		let done = false;
		void closing.then(() => {
			done = true;
		});
		while (!done) {
			world.clock.advance(100);
			await new Promise(setImmediate);
		}
		for (const { closed } of clients) expect((await closed).code).toBe(CLOSE.drain.code);
	});
});
