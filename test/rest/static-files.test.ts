import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/rest/http-handler.ts';
import { staticFiles } from '../../src/rest/static-files.ts';
import { RestServer } from './rest-server.ts';

let directory: string;
let rest: RestServer;

beforeAll(async () => {
	directory = mkdtempSync(join(tmpdir(), 'naru-static-'));
	const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
	mkdirSync(join(directory, 'site/assets'), { recursive: true });
	mkdirSync(join(directory, 'sdk'));
	write('site/index.html', '<p>안녕</p>');
	write('site/assets/index-Bx12_-yz.js', 'export {}');
	write('site/assets/plain.js', 'export {}');
	write('site/key.pem', 'no type of ours');
	write('sdk/naru.js', 'export const connect = 1');
	write('secret.txt', 'outside');
	const page = staticFiles({ directory: join(directory, 'site'), prefix: '/' });
	const sdk = staticFiles({ directory: join(directory, 'sdk'), prefix: '/sdk', shared: true });
	const also: HttpHandler = (...exchange) => page(...exchange) || sdk(...exchange);
	rest = await new RestServer().start({ also });
});
afterAll(async () => {
	await rest.stop();
	rmSync(directory, { recursive: true });
});

test('the page is at the prefix and at its name, under a policy', async () => {
	for (const path of ['/', '/?room=1', '/index.html']) {
		const { status, headers, text } = await rest.call('GET', path);
		expect(status, path).toBe(200);
		expect(text).toBe('<p>안녕</p>');
		expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
		expect(headers.get('content-length')).toBe('13');
		expect(headers.get('cache-control')).toBe('no-cache');
		expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
		expect(headers.get('x-content-type-options')).toBe('nosniff');
	}
});

test('names made from the content are kept for ever, others are asked for again', async () => {
	const hashed = await rest.call('GET', '/assets/index-Bx12_-yz.js');
	expect(hashed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
	expect(hashed.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
	const plain = await rest.call('GET', '/assets/plain.js');
	expect(plain.headers.get('cache-control')).toBe('no-cache');
});

test('what the browser has is not sent again', async () => {
	const first = await rest.call('GET', '/');
	const etag = first.headers.get('etag') ?? '';
	expect(etag).toMatch(/^"[\w-]{22}"$/);
	for (const given of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
		const again = await rest.call('GET', '/', { headers: { 'if-none-match': given } });
		expect(again.status, given).toBe(304);
		expect(again.headers.get('etag')).toBe(etag);
	}
	const other = await rest.call('GET', '/', { headers: { 'if-none-match': '"x"' } });
	expect(other.status).toBe(200);
});

test('the SDK may be loaded by pages of any origin, the page’s own files not', async () => {
	const sdk = await rest.call('GET', '/sdk/naru.js');
	expect(sdk.headers.get('access-control-allow-origin')).toBe('*');
	const page = await rest.call('GET', '/assets/plain.js');
	expect(page.headers.get('access-control-allow-origin')).toBeNull();
});

/** A path exactly as written: `fetch` would tidy it up. */
const raw = (path: string) =>
	new Promise<number | undefined>((resolve, reject) => {
		request({ host: '127.0.0.1', port: rest.port, path }, (response) => {
			response.resume();
			resolve(response.statusCode);
		})
			.on('error', reject)
			.end();
	});

test.each([
	'/../secret.txt',
	'/..%2fsecret.txt',
	'/%2e%2e/secret.txt',
	'/assets/../../secret.txt',
	'/assets/..\\..\\secret.txt',
	'/sdk/../index.html',
	'//etc/passwd',
	'/key.pem',
	'/assets',
	'/assets/',
	'/none.js',
])('%s leads nowhere', async (path) => {
	expect(await raw(path)).toBe(404);
});

test('HEAD has no body, other methods are not for files', async () => {
	const head = await rest.call('HEAD', '/');
	expect(head.headers.get('content-length')).toBe('13');
	expect(head.text).toBe('');
	expect((await rest.call('POST', '/')).text).toBe('not ours');
});

test('a directory that was not built serves nothing', () => {
	const none = staticFiles({ directory: join(directory, 'none'), prefix: '/' });
	expect(none({ method: 'GET', url: '/' } as never, {} as never)).toBe(false);
});
