import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REQUEST_TIMEOUT_MS } from '../../src/rest/http-handler.ts';
import { BODY_BYTES_MAX } from '../../src/rest/request-body.ts';
import { RestServer } from './rest-server.ts';

const NOTICE = { to: ['ann'], type: 'x', data: {}, ttlSeconds: 60 };
const KEY = { 'idempotency-key': 'k1' };
const SERVICE = 'robot:service';

let rest: RestServer;
beforeEach(async () => {
	rest = await new RestServer().start();
});
afterEach(() => rest.stop());

describe('routing', () => {
	test('other paths are left to others, also malformed ones', async () => {
		for (const path of [
			'/',
			'/matchmake/joinOrCreate/x',
			'/healthz/x',
			'/%ff',
			'//x',
			'/apix',
			'/%61pi/v1/channels',
			'/API/v1/x',
		]) {
			expect((await rest.call('GET', path)).text, path).toBe('not ours');
		}
	});

	test('an unknown path of the API is NOT_FOUND', async () => {
		for (const path of ['/api/v1/nothing', '/api/v2/channels', '/api/v1/channels/', '/api/%ff']) {
			const { status, body } = await rest.call('GET', path);
			expect(status, path).toBe(404);
			expect(body, path).toEqual({
				error: { code: 'NOT_FOUND', message: 'there is no such path' },
			});
		}
	});

	test('a wrong method is told which ones there are', async () => {
		const { status, headers, body } = await rest.call('DELETE', '/api/v1/users/ann');
		expect(status).toBe(405);
		expect(headers.get('allow')).toBe('GET, PUT');
		expect(body.error).toEqual({ code: 'INVALID', message: 'this path takes GET, PUT' });
	});

	test('HEAD answers like GET, without the body', async () => {
		const { status, headers, text } = await rest.call('HEAD', '/healthz');
		expect(status).toBe(200);
		expect(headers.get('content-length')).toBe('15');
		expect(text).toBe('');
	});

	test('answers are never kept, sniffed or framed', async () => {
		const { headers } = await rest.call('GET', '/healthz');
		expect(headers.get('cache-control')).toBe('no-store');
		expect(headers.get('x-content-type-options')).toBe('nosniff');
		expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
	});

	test('[P41] a trace is taken over or made', async () => {
		const trace = '0af7651916cd43dd8448eb211c80319c';
		const given = await rest.call('GET', '/healthz', {
			headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
		});
		expect(given.headers.get('x-trace-id')).toBe(trace);
		const made = await rest.call('GET', '/healthz', { headers: { traceparent: 'nonsense' } });
		expect(made.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
	});
});

describe('who may call', () => {
	test.each([
		['no token', {}],
		['another scheme', { headers: { authorization: 'Basic abc' } }],
		['a bad token', { as: 'nonsense' }],
	])('[P42] %s is UNAUTHORIZED', async (_what, how) => {
		const { status, headers, body } = await rest.call('GET', '/api/v1/channels', how);
		expect(status).toBe(401);
		expect(headers.get('www-authenticate')).toBe('Bearer');
		expect(body.error.code).toBe('UNAUTHORIZED');
	});

	test.each([
		['POST', '/api/v1/notices', 'ann:user', 'service'],
		['POST', '/api/v1/notices', 'root:ops', 'service'],
		['PUT', '/api/v1/users/ann', 'ann:user', 'service or ops'],
		['POST', '/api/v1/revocations', 'ann:user', 'service or ops'],
		['POST', '/api/v1/channels/general/messages', 'root:ops', 'service'],
		['GET', '/api/v1/ops/nodes', 'robot:service', 'ops'],
		['GET', '/api/v1/ops/actors/channel/general', 'ann:user', 'ops'],
		['POST', '/api/v1/ops/nodes/n1/drain', 'robot:service', 'ops'],
	])('[P42] %s %s by %s is FORBIDDEN', async (...row) => {
		const [method, path, as, role] = row;
		const { status, body } = await rest.call(method, path, { as });
		expect(status).toBe(403);
		expect(body.error).toEqual({ code: 'FORBIDDEN', message: `this needs the role ${role}` });
	});

	test('[P42] the dev token does not exist outside development', async () => {
		const production = await new RestServer().start({ development: false });
		try {
			const here = { body: { userId: 'ann' } };
			const { status, body } = await production.call('POST', '/api/v1/dev/token', here);
			expect(status).toBe(404);
			expect(body).toEqual((await production.call('POST', '/api/v1/dev/none', here)).body);
			expect(production.minted).toEqual([]);
		} finally {
			await production.stop();
		}
	});
});

describe('origins', () => {
	const page = (origin: string) => ({ headers: { origin } });

	test('[P42] an allowed page may read answers, another one gets none', async () => {
		const allowed = await rest.call('GET', '/api/v1/nothing', page('http://localhost:5173'));
		expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
		expect(allowed.headers.get('vary')).toBe('Origin');
		const foreign = await rest.call('POST', '/api/v1/dev/token', {
			...page('https://evil.example'),
			body: { userId: 'ann' },
		});
		expect(foreign.status).toBe(403);
		expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
		expect(rest.minted).toEqual([]);
	});

	test('[P42] no spelling of a path gets a foreign page past the check', async () => {
		for (const path of ['/%61pi/v1/dev/token', '/api/v1/dev/%74oken', '//api/v1/dev/token']) {
			await rest.call('POST', path, { ...page('https://evil.example'), body: { userId: 'ann' } });
		}
		expect(rest.minted).toEqual([]);
	});

	test('health answers whoever asks, without letting a foreign page read it', async () => {
		const { status, headers } = await rest.call('GET', '/healthz', page('https://evil.example'));
		expect(status).toBe(200);
		expect(headers.get('access-control-allow-origin')).toBeNull();
	});

	test('a preflight is answered for allowed pages only', async () => {
		const asked = { 'access-control-request-method': 'POST' };
		const allowed = await rest.call('OPTIONS', '/api/v1/notices', {
			headers: { ...asked, origin: 'http://127.0.0.1:9' },
		});
		expect(allowed.status).toBe(204);
		expect(allowed.headers.get('access-control-allow-headers')).toContain('idempotency-key');
		const foreign = await rest.call('OPTIONS', '/api/v1/notices', {
			headers: { ...asked, origin: 'https://evil.example' },
		});
		expect(foreign.status).toBe(403);
	});
});

describe('bad input', () => {
	const post = (body: unknown, headers: Record<string, string> = {}) =>
		rest.call('POST', '/api/v1/notices', { as: SERVICE, body, headers: { ...KEY, ...headers } });

	test.each([
		['no JSON', '{"to": [', 'the body is not JSON'],
		['nothing', ' ', 'the body is not JSON'],
		['a list', '[]', 'expected object'],
		['a wrong field', { ...NOTICE, to: ['no spaces'] }, 'to.0: ids are 1 to 64'],
		['nobody', { ...NOTICE, to: [] }, 'to: '],
		['too many users', { ...NOTICE, to: Array(1_001).fill('ann') }, 'to: '],
		['a deep body', `{"data":${'['.repeat(40)}${']'.repeat(40)}}`, 'nest at most 32 levels'],
		['an abyss', '['.repeat(700_000), 'the body is not JSON'],
		['a deep abyss', '['.repeat(300_000) + ']'.repeat(300_000), 'nest at most 32 levels'],
	])('%s is INVALID and says where', async (_what, body, says) => {
		const answer = await post(body);
		expect(answer.status).toBe(400);
		expect(answer.body.error.code).toBe('INVALID');
		expect(answer.body.error.message).toContain(says);
		expect(rest.actors.commands).toEqual([]);
		expect(rest.errors).toEqual(['errors INVALID']);
	});

	test('a type that is not JSON and an encoding are refused before the body is read', async () => {
		const asForm = await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' });
		expect(asForm.status).toBe(415);
		const zipped = await post(NOTICE, { 'content-encoding': 'gzip' });
		expect(zipped.status).toBe(415);
	});

	test('bytes that are not UTF-8 are refused', async () => {
		const response = await fetch(`http://127.0.0.1:${rest.port}/api/v1/dev/token`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: Buffer.from([0x22, 0xff, 0x22]),
		});
		expect(response.status).toBe(400);
	});

	test('a body that is too large is TOO_LARGE, whether it says so or not', async () => {
		const said = await post('x'.repeat(BODY_BYTES_MAX + 1));
		expect(said.status).toBe(413);
		expect(said.body.error.code).toBe('TOO_LARGE');
		const chunk = new Uint8Array(64 * 1024).fill(0x20);
		let chunks = 0;
		const unsaid = await fetch(`http://127.0.0.1:${rest.port}/api/v1/dev/token`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: new ReadableStream({
				pull: (controller) => (chunks++ < 32 ? controller.enqueue(chunk) : controller.close()),
			}),
			duplex: 'half',
		} as RequestInit);
		expect(unsaid.status).toBe(413);
	});

	test('an idempotency key is required where it counts, and bounded', async () => {
		for (const key of [{}, { 'idempotency-key': 'x'.repeat(65) }, { 'idempotency-key': 'a b' }]) {
			const { status, body } = await rest.call('POST', '/api/v1/notices', {
				as: SERVICE,
				body: NOTICE,
				headers: key as Record<string, string>,
			});
			expect(status).toBe(400);
			expect(body.error.message).toContain('Idempotency-Key');
		}
		expect(rest.actors.commands).toEqual([]);
	});

	test('a client that goes away in its body leaves nothing behind', async () => {
		const socket = connect(rest.port, '127.0.0.1');
		socket.write(
			'POST /api/v1/dev/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
		);
		await expect.poll(() => rest.clock.waiting).toBe(1);
		socket.destroy();
		await once(socket, 'close');
		await expect.poll(() => rest.clock.waiting).toBe(0);
		expect(rest.minted).toEqual([]);
	});
});

describe('failures', () => {
	test('what throws is INTERNAL without a word about it', async () => {
		rest.actors.onCommand = () => {
			throw new Error('secret detail');
		};
		const { status, body } = await rest.call('GET', '/api/v1/channels/general/messages', {
			as: 'ann:user',
		});
		expect(status).toBe(500);
		expect(body.error.code).toBe('INTERNAL');
		expect(JSON.stringify(body)).not.toContain('secret');
	});

	test('[P22] a store that does not answer is told by its code, without a word about it', async () => {
		rest.actors.onCommand = () => {
			throw Object.assign(new Error('secret detail'), { code: 'UNAVAILABLE' });
		};
		const { status, headers, body } = await rest.call('GET', '/api/v1/channels/x/messages', {
			as: 'ann:user',
		});
		expect(status).toBe(503);
		expect(headers.get('retry-after')).toBe('1');
		expect(body.error.code).toBe('UNAVAILABLE');
		expect(JSON.stringify(body)).not.toContain('secret');
	});

	test('a refusal has the status of its code, and Retry-After in whole seconds', async () => {
		rest.actors.onCommand = () => ({ ok: false, code: 'BUSY', retryAfterMs: 1_200 });
		const { status, headers, body } = await rest.call('GET', '/api/v1/channels/x/messages', {
			as: 'ann:user',
		});
		expect(status).toBe(503);
		expect(headers.get('retry-after')).toBe('2');
		expect(body).toEqual({
			error: { code: 'BUSY', message: 'too much waits already; try again', retryAfterMs: 1_200 },
		});
	});

	test('what is not answered in time is TIMEOUT', async () => {
		rest.actors.onCommand = () => undefined;
		const answer = rest.call('GET', '/api/v1/channels/x/messages', { as: 'ann:user' });
		await expect.poll(() => rest.actors.commands.length).toBe(1);
		rest.clock.advance(REQUEST_TIMEOUT_MS);
		expect((await answer).status).toBe(504);
		expect(rest.clock.waiting).toBe(0);
	});

	test('more requests than can be held are BUSY, and come through later', async () => {
		rest.actors.onCommand = () => undefined;
		const path = '/api/v1/channels/x/messages';
		const held = Array.from({ length: 10 }, () => rest.call('GET', path, { as: 'ann:user' }));
		await expect.poll(() => rest.actors.commands.length).toBe(10);
		const refused = await rest.call('GET', path, { as: 'ann:user' });
		expect(refused.status).toBe(503);
		expect((await rest.call('GET', '/healthz')).status, 'load never fails health').toBe(200);
		expect(refused.body.error.code).toBe('BUSY');
		rest.clock.advance(REQUEST_TIMEOUT_MS);
		await Promise.all(held);
		expect((await rest.call('GET', '/api/v1/channels', { as: 'ann:user' })).status).toBe(200);
	});
});
