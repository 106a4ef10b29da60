import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/core/actor-port.ts';
import { REST, type RouteContract, type RouteName } from '../../src/protocol/rest.ts';
import { NOTICES_IN_FLIGHT_MAX, NOTICES_TIMEOUT_MS } from '../../src/rest/post-notices.ts';
import { RestServer } from './rest-server.ts';

const SERVICE = 'robot:service';
const OPS = 'root:ops';
const KEY = { 'idempotency-key': 'key-1' };

let rest: RestServer;
beforeEach(async () => {
	rest = await new RestServer().start();
});
afterEach(() => rest.stop());

/** Calls a route, and holds its reply against the contract. */
async function reply(
	name: RouteName,
	path: string,
	options: Parameters<RestServer['call']>[2] = {},
): Promise<unknown> {
	const route: RouteContract = REST[name];
	const { status, body } = await rest.call(route.method, path, options);
	expect(body).not.toHaveProperty('error');
	expect(status).toBe(200);
	expect(route.reply.parse(body)).toEqual(body);
	return body;
}

describe('health', () => {
	test('[P41] alive always, ready when it is', async () => {
		await reply('alive', '/healthz');
		await reply('ready', '/readyz');
		rest.unready = 'the node is drained';
		await reply('alive', '/healthz');
		const { status, headers, body } = await rest.call('GET', '/readyz');
		expect(status).toBe(503);
		expect(headers.get('retry-after')).toBe('1');
		expect(body.error).toMatchObject({ code: 'UNAVAILABLE', message: 'the node is drained' });
	});

	test('[P41] metrics come as text', async () => {
		const { headers, text } = await rest.call('GET', '/metrics');
		expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
		expect(text).toBe('naru_sockets 3\n');
	});
});

test('where there are no simulators none are named', async () => {
	expect(await reply('listSimulators', '/api/v1/dev/simulators', {})).toEqual({});
});

describe('tokens', () => {
	test('[P42] a development token for any user', async () => {
		const body = { userId: 'ann', roles: ['user', 'ops'], name: '안나' };
		expect(await reply('createDevToken', '/api/v1/dev/token', { body })).toEqual({
			token: 'ann:user,ops',
		});
		expect(rest.minted).toEqual([body]);
		await reply('createDevToken', '/api/v1/dev/token', { body: { userId: 'bob' } });
		expect(rest.minted[1]).toEqual({ userId: 'bob', roles: ['user'] });
	});

	test('[P42] revocation by user or by token, not by both or neither', async () => {
		const path = '/api/v1/revocations';
		await reply('revoke', path, { as: OPS, body: { userId: 'ann' } });
		await reply('revoke', path, { as: SERVICE, body: { tokenId: 't1' } });
		expect(rest.revoked).toEqual([{ userId: 'ann' }, { tokenId: 't1' }]);
		for (const body of [{}, { userId: 'ann', tokenId: 't1' }]) {
			const refused = await rest.call('POST', path, { as: OPS, body });
			expect(refused.body.error).toMatchObject({
				code: 'INVALID',
				message: 'give either userId or tokenId',
			});
		}
	});

	test('[P42] a revocation that was not stored is no success', async () => {
		rest.revocationRefused = { ok: false, code: 'UNAVAILABLE' };
		const body = { userId: 'ann' };
		expect((await rest.call('POST', '/api/v1/revocations', { as: OPS, body })).status).toBe(503);
	});
});

describe('channels', () => {
	const MESSAGE = { seq: 7, id: 'm7', at: 1, userId: 'ann', text: 'hello' };
	const path = '/api/v1/channels/general/messages';

	test('[C1] public channels in pages', async () => {
		const asked: unknown[] = [];
		const summary = { id: 'general', kind: 'open' as const, name: 'General', memberCount: 2 };
		rest.ports.publicChannels = async (page) => {
			asked.push(page);
			return { ok: true, reply: { channels: [{ ...summary, lastAt: 1, lastSeq: 7 }], next: 'n' } };
		};
		expect(await reply('listChannels', '/api/v1/channels', { as: 'ann:user' })).toMatchObject({
			channels: [summary],
			next: 'n',
		});
		await reply('listChannels', '/api/v1/channels?after=n&limit=5', { as: 'ann:user' });
		expect(asked).toEqual([{ limit: 50 }, { after: 'n', limit: 5 }]);
		const wrong = await rest.call('GET', '/api/v1/channels?limit=0', { as: 'ann:user' });
		expect(wrong.body.error.message).toBe('limit: must be a whole number from 1 to 200');
	});

	test('one channel is what its owner shows, and nobody stays subscribed', async () => {
		const info = {
			id: 'general',
			kind: 'open',
			name: 'G',
			memberCount: 2,
			lastSeq: 7,
			slowModeMs: 0,
		};
		rest.actors.onOpen = () => ({
			ok: true,
			how: 'opened',
			position: 9,
			writer: 'w',
			view: { ...info, unread: 0, messages: [MESSAGE], hasMore: true },
		});
		expect(await reply('getChannel', '/api/v1/channels/general', { as: SERVICE })).toEqual(info);
		expect(rest.actors.subscribed.size).toBe(0);
	});

	test('[C10] a channel that may not be seen is refused as its owner says', async () => {
		rest.actors.onOpen = () => ({ ok: false, code: 'FORBIDDEN' });
		const { status } = await rest.call('GET', '/api/v1/channels/@ann@bob', { as: 'eve:user' });
		expect(status).toBe(403);
		const malformed = await rest.call('GET', '/api/v1/channels/a%2Fb', { as: 'eve:user' });
		expect(malformed.status).toBe(400);
	});

	test('[C6] history by seq, asked in the name of the caller', async () => {
		rest.actors.onCommand = () => ({ ok: true, reply: { messages: [MESSAGE], hasMore: true } });
		await reply('listMessages', `${path}?before=8&limit=1`, { as: 'ann:user' });
		await reply('listMessages', `${path}?after=0`, { as: SERVICE });
		const [first, second] = rest.actors.commands;
		expect(first).toMatchObject({
			key: 'channel/general',
			request: {
				name: 'history',
				args: { before: 8, limit: 1 },
				caller: { userId: 'ann', roles: ['user'] },
			},
		});
		expect(second?.request).toMatchObject({
			args: { after: 0, limit: 50 },
			caller: { userId: 'robot', roles: ['service'] },
		});
		const both = await rest.call('GET', `${path}?before=8&after=2`, { as: SERVICE });
		expect(both.body.error.message).toBe('give at most one of before, after and around');
	});

	test('[C5] a service sends for a user, with the user’s name and rights only', async () => {
		rest.actors.onCommand = () => ({ ok: true, reply: { seq: 8, id: 'm8', at: 2 } });
		await reply('putUser', '/api/v1/users/ann', { as: SERVICE, body: { name: 'Ann' } });
		const body = { userId: 'ann', text: 'hi', data: { a: 1 } };
		expect(await reply('sendMessage', path, { as: SERVICE, body, headers: KEY })).toEqual({
			seq: 8,
			id: 'm8',
			at: 2,
		});
		expect(rest.actors.commands[0]).toMatchObject({
			key: 'channel/general',
			request: {
				name: 'send',
				args: { text: 'hi', data: { a: 1 } },
				caller: { userId: 'ann', roles: ['user'], name: 'Ann' },
				requestId: 'key-1',
				resend: true,
			},
		});
	});

	test('[C2] a message of 100,000 characters passes, one more does not', async () => {
		rest.actors.onCommand = () => ({ ok: true, reply: { seq: 8, id: 'm8', at: 2 } });
		const send = (length: number) =>
			rest.call('POST', path, {
				as: SERVICE,
				headers: KEY,
				body: { userId: 'ann', text: '가'.repeat(length) },
			});
		expect((await send(100_000)).status).toBe(200);
		expect((await send(100_001)).body.error.code).toBe('INVALID');
	});
});

describe('notices', () => {
	const post = (to: readonly string[]) =>
		rest.call('POST', '/api/v1/notices', {
			as: SERVICE,
			headers: KEY,
			body: { to, type: 'sale', data: { at: 10 }, ttlSeconds: 60 },
		});
	const users = (count: number) => Array.from({ length: count }, (_, n) => `u${n}`);

	test('[P5] one command per user, with the key as request id', async () => {
		rest.actors.onCommand = (key) => ({ ok: true, reply: { id: `n-${key}` } });
		const { status, body } = await post(['ann', 'bob', 'ann']);
		expect(status).toBe(200);
		expect(REST.postNotices.reply.parse(body)).toEqual({
			posted: [
				{ userId: 'ann', id: 'n-user/ann' },
				{ userId: 'bob', id: 'n-user/bob' },
			],
			failed: [],
		});
		expect(rest.actors.commands.map(({ key }) => key)).toEqual(['user/ann', 'user/bob']);
		expect(rest.actors.commands[0]?.request).toMatchObject({
			name: 'post',
			args: { type: 'sale', data: { at: 10 }, ttlSeconds: 60 },
			caller: { userId: 'robot', roles: ['service'] },
			requestId: 'key-1',
			resend: true,
		});
	});

	test('[P5] a notice that no inbox would take is refused before any is asked', async () => {
		const { status, body } = await rest.call('POST', '/api/v1/notices', {
			as: SERVICE,
			headers: KEY,
			body: { to: users(1_000), type: 'sale', data: '가'.repeat(6_000), ttlSeconds: 60 },
		});
		expect(status).toBe(413);
		expect(body.error.code).toBe('TOO_LARGE');
		expect(rest.actors.commands).toEqual([]);
	});

	test('[P5] who fails is named, the others are posted', async () => {
		rest.actors.onCommand = (key): CommandAnswer =>
			key === 'user/bob'
				? { ok: false, code: 'BUSY', retryAfterMs: 50 }
				: { ok: true, reply: { id: 'n' } };
		const { body } = await post(['ann', 'bob', 'cat']);
		expect(body.posted).toEqual([
			{ userId: 'ann', id: 'n' },
			{ userId: 'cat', id: 'n' },
		]);
		expect(body.failed).toEqual([
			{ userId: 'bob', error: expect.objectContaining({ code: 'BUSY', retryAfterMs: 50 }) },
		]);
	});

	test('[P5] a thousand users, only some inboxes at a time', async () => {
		let most = 0;
		let open = 0;
		const { command } = rest.actors;
		rest.actors.onCommand = () => ({ ok: true, reply: { id: 'n' } });
		rest.actors.command = (key, request, answer) => {
			most = Math.max(most, ++open);
			command(key, request, (answered) => {
				open--;
				answer(answered);
			});
		};
		const { body } = await post(users(1_000));
		expect(body.posted).toHaveLength(1_000);
		expect(most).toBe(NOTICES_IN_FLIGHT_MAX);
	});

	test('[P5] users without an answer in time are reported, and nothing more is begun', async () => {
		rest.actors.onCommand = (key) =>
			key === 'user/u0' ? { ok: true, reply: { id: 'n' } } : undefined;
		const answer = post(users(100));
		await expect.poll(() => rest.actors.commands.length).toBe(NOTICES_IN_FLIGHT_MAX + 1);
		rest.clock.advance(NOTICES_TIMEOUT_MS);
		const { status, body } = await answer;
		expect(status).toBe(200);
		expect(body.posted).toEqual([{ userId: 'u0', id: 'n' }]);
		expect(body.failed).toHaveLength(99);
		expect(body.failed).toContainEqual({
			userId: 'u99',
			error: { code: 'TIMEOUT', message: 'not known yet; repeat with this key' },
		});
		expect(rest.actors.commands).toHaveLength(NOTICES_IN_FLIGHT_MAX + 1);
		expect(rest.clock.waiting).toBe(0);
	});
});

describe('users', () => {
	test('[C1] a profile is put by a service and read by anyone signed in', async () => {
		const missing = await rest.call('GET', '/api/v1/users/ann', { as: 'bob:user' });
		expect(missing.status).toBe(404);
		const body = { name: '안나', picture: 'https://x.example/a.png' };
		await reply('putUser', '/api/v1/users/ann', { as: SERVICE, body });
		const profile = await reply('getUser', '/api/v1/users/ann', { as: 'bob:user' });
		expect(profile).toEqual({ userId: 'ann', ...body });
		await reply('putUser', '/api/v1/users/ann', { as: OPS, body: { name: 'Ann' } });
		expect(await reply('getUser', '/api/v1/users/ann', { as: 'ann:user' })).toEqual({
			userId: 'ann',
			name: 'Ann',
		});
	});
});

describe('ops', () => {
	test('[P40] nodes and actors', async () => {
		expect(await reply('listNodes', '/api/v1/ops/nodes', { as: OPS })).toMatchObject([
			{ id: 'n1', state: 'up' },
		]);
		const path = '/api/v1/ops/actors/channel/general';
		expect(await reply('getActor', path, { as: OPS })).toMatchObject({
			key: 'channel/general',
			epoch: 1,
			position: 9,
		});
		expect((await rest.call('GET', `${path}-2`, { as: OPS })).status).toBe(404);
	});

	test('[P21] a node is drained in the name of who asks for it', async () => {
		await reply('drainNode', '/api/v1/ops/nodes/n1/drain', { as: OPS });
		expect(rest.drained).toEqual([{ userId: OPS.split(':')[0], node: 'n1' }]);
		const missing = await rest.call('POST', '/api/v1/ops/nodes/n9/drain', { as: OPS });
		expect(missing.status).toBe(404);
	});
});
