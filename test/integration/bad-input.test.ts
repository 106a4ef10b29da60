import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import { pack } from '../../src/protocol/codec.ts';
import { CLOSE } from '../../src/protocol/errors.ts';
import { encodeFrame, MESSAGE_BYTES_MAX, OP, type Op } from '../../src/protocol/frames.ts';
import type { Reply } from '../../src/protocol/wire.ts';
import type { NaruServer } from '../../src/server.ts';
import { FrameClient } from '../support/frame-client.ts';
import { devToken, rest, socketUrl, until, World } from '../support/world.ts';

const SECRET = 'a secret of this test, of at least 32 characters';
const LOBBY = { kind: 'channel', id: 'lobby' };
const JOIN = { ...LOBBY, with: { name: 'join', args: {}, requestId: 'j' } };
const KOREAN = '나루';

const world = new World();
afterEach(() => world.end());

/** A member who is there before the trouble and must not notice it. */
async function bystander(server: NaruServer, home = world) {
	const device = home.device(server.url, 'bystander');
	const lobby = device.naru.channel('lobby');
	await lobby.join();
	const closes: unknown[] = [];
	device.naru.on('status', (change) => change.status === 'reconnecting' && closes.push(change));
	return {
		lobby,
		async isWell() {
			const { seq } = await lobby.send('still here');
			expect(lobby.messages.at(-1)?.seq).toBe(seq);
			expect(closes).toEqual([]);
		},
	};
}

const refusalOf = ([, , refusal]: Reply) => refusal?.code;

describe('what is no frame of the protocol', () => {
	const shared = new World();
	let server: NaruServer;
	let other: Awaited<ReturnType<typeof bystander>>;

	beforeAll(async () => {
		server = await shared.server();
		other = await bystander(server, shared);
	});
	afterAll(() => shared.end());

	const frame = (op: Op, payload: Uint8Array) => encodeFrame(1, op, payload);
	test.each([
		['garbage', CLOSE.badFrame, Buffer.from('ffffffffffffffffffffffff', 'hex')],
		['text in place of frames', CLOSE.badFrame, 'hello'],
		['a frame cut short', CLOSE.badFrame, frame(OP.open, pack(LOBBY)).subarray(0, 8)],
		['wrong msgpack', CLOSE.badFrame, frame(OP.open, Buffer.from('c1c1', 'hex'))],
		['JSON in place of msgpack', CLOSE.badFrame, frame(OP.open, Buffer.from('{"kind":"channel"}'))],
		['a wrong shape', CLOSE.badFrame, frame(OP.command, pack({ n: 'one' }))],
		['too many frames', CLOSE.badFrame, Buffer.alloc(3_003)],
		['a message too large', CLOSE.tooLarge, Buffer.alloc(MESSAGE_BYTES_MAX + 1)],
	])('[P4] %s costs that socket only', async (_, close, bytes) => {
		const raw = await world.frames(server.url, 'mallory');
		raw.socket.send(bytes);
		expect((await raw.closed).code).toBe(close.code);
		await other.isWell();
		const again = await world.frames(server.url, 'mallory');
		expect((await again.open(1, LOBBY)).op).toBe(OP.opened);
	});

	test('[P4] an op that nobody knows is passed over', async () => {
		const raw = await world.frames(server.url, 'ann');
		raw.sendBytes(encodeFrame(1, 99 as Op, pack({ some: 'thing' })));
		expect((await raw.open(1, JOIN)).op).toBe(OP.opened);
	});
});

describe('what may not be', () => {
	test('[P4] an unknown channel is NOT_FOUND, and nothing is written for it', async () => {
		const server = await world.server();
		const raw = await world.frames(server.url, 'ann');
		const opened = await raw.open(1, { kind: 'channel', id: 'nowhere' });
		expect(opened).toMatchObject({ op: OP.error, payload: { code: 'NOT_FOUND' } });
		const create = { kind: 'channel', id: 'nowhere', with: { name: 'send', args: { text: 'x' } } };
		expect(await raw.open(2, create)).toMatchObject({ op: OP.error });
		expect(await raw.open(3, { kind: 'nothing', id: 'nowhere' })).toMatchObject({
			op: OP.error,
			payload: { code: 'NOT_FOUND' },
		});
		const token = await devToken(server.url, { userId: 'ann' });
		expect((await rest(server.url, '/api/v1/channels/nowhere', { token })).status).toBe(404);
		await server.actors.settle();
		expect(await server.journal.head('channel/nowhere')).toBeUndefined();
		expect(await server.journal.wakes(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
	});

	test('[C2][P4] text that is empty or too long is INVALID, and nothing is stored', async () => {
		const server = await world.server();
		const raw = await world.frames(server.url, 'ann');
		await raw.open(1, JOIN);
		const before = await server.journal.head('channel/lobby');
		const wrong = ['', 'x'.repeat(100_001), KOREAN.repeat(50_001), 7, null, { text: 'x' }];
		for (const [index, text] of wrong.entries()) {
			const reply = await raw.command(1, index + 1, 'send', { text }, `r${index}`);
			expect(refusalOf(reply)).toBe('INVALID');
		}
		expect(refusalOf(await raw.command(1, wrong.length + 1, 'shout', {}, 'r'))).toBe('INVALID');
		expect(await server.journal.head('channel/lobby')).toEqual(before);
		const sent = await raw.command(1, wrong.length + 2, 'send', { text: KOREAN.repeat(50_000) });
		expect(refusalOf(sent)).toBeUndefined();
	});

	test('[C10] who has no right gets FORBIDDEN, and nothing is written', async () => {
		const server = await world.server();
		const owner = await world.frames(server.url, 'ann');
		const create = { name: 'create', args: { kind: 'group', members: ['bob'] }, requestId: 'c' };
		await owner.open(1, { kind: 'channel', id: 'den', with: create });
		await owner.command(1, 1, 'send', { text: 'secret' }, 's');
		await server.actors.settle();
		const before = await server.journal.head('channel/den');
		const eve = await world.frames(server.url, 'eve');
		expect(await eve.open(1, { kind: 'channel', id: 'den' })).toMatchObject({
			op: OP.error,
			payload: { code: 'FORBIDDEN' },
		});
		const join = { kind: 'channel', id: 'den', with: { name: 'join', args: {} } };
		expect(await eve.open(2, join)).toMatchObject({
			op: OP.error,
			payload: { code: 'FORBIDDEN' },
		});
		expect(refusalOf(await eve.command(1, 1, 'send', { text: 'x' }))).toBe('NOT_OPEN');
		const token = await devToken(server.url, { userId: 'eve' });
		for (const path of ['/api/v1/channels/den', '/api/v1/channels/den/messages']) {
			expect((await rest(server.url, path, { token })).status).toBe(403);
		}
		const bob = await world.frames(server.url, 'bob');
		await bob.open(1, { kind: 'channel', id: 'den' });
		const tries = [
			['edit', { seq: 1, text: 'mine' }],
			['delete', { seq: 1 }],
			['kick', { userId: 'ann' }],
			['setRole', { userId: 'bob', role: 'owner' }],
		] as const;
		for (const [index, [name, args]] of tries.entries()) {
			expect(refusalOf(await bob.command(1, index + 1, name, args, name))).toBe('FORBIDDEN');
		}
		expect(await bob.open(2, { kind: 'user', id: 'ann' })).toMatchObject({
			payload: { code: 'FORBIDDEN' },
		});
		expect(await server.journal.head('channel/den')).toEqual(before);
	});
});

describe('tokens', () => {
	async function refusedHello(url: string, token: string): Promise<number> {
		const client = new FrameClient(socketUrl(url));
		world.later(() => client.socket.terminate());
		await client.whenOpen();
		client.send(0, OP.hello, { versions: [1], token });
		return (await client.closed).code;
	}

	test('[P42] that are expired, foreign or garbage do not get in', async () => {
		const server = await world.server({ env: { AUTH_SECRET: SECRET } });
		const now = Date.now() - 7_200_000;
		const expired = await signToken({ secret: SECRET, userId: 'ann', ttlSeconds: 60, now });
		const foreign = await signToken({ secret: `${SECRET}!`, userId: 'ann' });
		for (const token of [expired, foreign, 'garbage']) {
			expect(await refusedHello(server.url, token)).toBe(CLOSE.unauthorized.code);
			expect((await rest(server.url, '/api/v1/channels', { token })).status).toBe(401);
		}
	});

	test('[P42] that are revoked lose their socket at once, and do not get in again, also after a restart', async () => {
		const directory = world.directory();
		const env = { AUTH_SECRET: SECRET };
		const server = await world.server({ directory, env });
		const token = await signToken({ secret: SECRET, userId: 'mallory' });
		const raw = await FrameClient.connect(socketUrl(server.url), token);
		const ops = await signToken({ secret: SECRET, userId: 'root', roles: ['ops'] });
		const body = { userId: 'mallory' };
		const revoked = await rest(server.url, '/api/v1/revocations', { token: ops, body });
		expect(revoked.status).toBe(200);
		expect((await raw.closed).code).toBe(CLOSE.revoked.code);
		expect(await refusedHello(server.url, token)).toBe(CLOSE.unauthorized.code);
		await server.close();
		const next = await world.server({ directory, env });
		expect(await refusedHello(next.url, token)).toBe(CLOSE.unauthorized.code);
	});

	test('[P42] that end while the socket lives are renewed on it, and the socket of one that is not is closed', async () => {
		const server = await world.server({ env: { AUTH_SECRET: SECRET } });
		let asked = 0;
		const token = () => {
			asked++;
			return signToken({ secret: SECRET, userId: 'ann', ttlSeconds: asked === 1 ? 2 : 3_600 });
		};
		const ann = world.device(server.url, 'ann', { token });
		const lobby = ann.naru.channel('lobby');
		await lobby.join();
		const short = await signToken({ secret: SECRET, userId: 'bob', ttlSeconds: 2 });
		const bob = await FrameClient.connect(socketUrl(server.url), short);
		world.later(() => bob.socket.terminate());
		expect((await bob.closed).code).toBe(CLOSE.expired.code);
		await lobby.send('on the same socket');
		expect(ann.naru.stats.sockets).toBe(1);
		expect(asked).toBe(2);
	});
});

describe('floods', () => {
	test('[P3][P4] 10,000 opens on one socket get typed errors, write nothing and keep nothing alive', async () => {
		const server = await world.server();
		const other = await bystander(server);
		const raw = await world.frames(server.url, 'mallory', { keep: true });
		for (let id = 1; id <= 10_000; id++) {
			raw.send(id, OP.open, { kind: 'channel', id: `free-${id}` });
			if (id % 1_000 === 0) await other.isWell();
		}
		const isOver = raw.closed.then(() => true);
		const answered = until(
			() => raw.frames.filter(({ op }) => op === OP.error).length >= 10_000,
		).then(() => false);
		await Promise.race([isOver, answered]);
		const codes = new Set(raw.frames.map(({ payload }) => (payload as { code: string }).code));
		for (const code of codes)
			expect(['NOT_FOUND', 'LIMIT', 'RATE_LIMITED', 'BUSY']).toContain(code);
		await other.isWell();
		raw.socket.terminate();
		await until(() => server.gateway.connections().sockets === 1);
		await server.actors.settle();
		expect(await server.journal.head('channel/free-1')).toBeUndefined();
		expect(await server.journal.head('channel/free-9999')).toBeUndefined();
		expect(server.gateway.connections().handles).toBeLessThanOrEqual(2);
	});

	test('[P42] REST calls of one user beyond the limit get 429; services, others and health do not', async () => {
		const server = await world.server({
			env: { REQUESTS_PER_USER_MAX: '1', TRUSTED_PROXIES: '1' },
		});
		const [ann, bob] = [{ userId: 'ann' }, { userId: 'bob', roles: ['user', 'service'] }];
		const tokens = [await devToken(server.url, ann), await devToken(server.url, bob)];
		const statuses = async (token?: string, path = '/api/v1/channels') => {
			const call = token === undefined ? {} : { token };
			const asked = Array.from({ length: 12 }, () => rest(server.url, path, call));
			return new Set((await Promise.all(asked)).map(({ status }) => status));
		};
		expect(await statuses(tokens[0])).toEqual(new Set([200, 429]));
		expect(await statuses(tokens[1])).toEqual(new Set([200]));
		expect(await statuses(undefined, '/readyz')).toEqual(new Set([200]));
	});

	test('[C6] a history of messages of 100,000 characters is read in bounded pages, and resumed in bounded parts', async () => {
		const server = await world.server();
		const other = await bystander(server);
		const text = KOREAN.repeat(50_000);
		for (let n = 0; n < 12; n++) await other.lobby.send(text);
		const raw = await world.frames(server.url, 'ann');
		const sizes: number[] = [];
		raw.socket.on('message', (data: Buffer) => sizes.push(data.length));
		const opened = await raw.open(1, { ...LOBBY, args: { last: 200 } });
		const { messages, hasMore, writer } = {
			...(opened.payload as { view: { messages: unknown[]; hasMore: boolean }; writer: string }),
			...(opened.payload as { view: { messages: unknown[]; hasMore: boolean } }).view,
		};
		expect(messages.length).toBe(1);
		expect(hasMore).toBe(true);
		const seqs: number[] = [];
		for (let n = 1, more = true, after = 0; more; n++) {
			const [, page] = await raw.command(1, n, 'history', { after, limit: 200 });
			const found = page as { messages: { seq: number }[]; hasMore: boolean };
			expect(found.messages.length).toBe(1);
			seqs.push(...found.messages.map(({ seq }) => seq));
			after = seqs.at(-1) ?? 0;
			more = found.hasMore;
		}
		expect(seqs).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
		const late = await world.frames(server.url, 'ann');
		late.socket.on('message', (data: Buffer) => sizes.push(data.length));
		await late.open(1, { ...LOBBY, resume: [2, writer] });
		await late.settled();
		expect(Math.max(...sizes)).toBeLessThan(400_000);
		await other.isWell();
	});
});
