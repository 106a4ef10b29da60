import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { testCertificate } from '../support/certificate.ts';
import {
	asked,
	institution,
	listCall,
	listening,
	transportTo,
} from '../support/institution-server.ts';

const DAY_MS = 86_400_000;

describe('[I11] hostile and broken institutions', () => {
	test('one that never answers ends in time', async () => {
		const url = await institution(() => {});
		const answer = await asked(url, { timeouts: { totalMs: 60, slowMs: 50 } });
		expect(answer).toMatchObject({ class: 'failed', problem: 'no whole answer within 60 ms' });
	});

	test('one that drips for ever ends in time', async () => {
		const url = await institution((_request, response) => {
			response.writeHead(200);
			const timer = setInterval(() => response.write(' '), 5);
			response.on('close', () => clearInterval(timer));
		});
		const answer = await asked(url, { timeouts: { totalMs: 80, slowMs: 50 } });
		expect(answer).toMatchObject({ class: 'failed', status: 200 });
	});

	test('one that takes no TLS connection ends in the time for connecting', async () => {
		const url = await listening(createTcpServer(), 'https');
		const answer = await asked(url, { timeouts: { connectMs: 40 } });
		expect(answer).toMatchObject({ class: 'failed', problem: 'no connection within 40 ms' });
	});

	test('one that is not there', async () => {
		const gone = createTcpServer();
		const url = await listening(gone);
		await new Promise((resolve) => gone.close(resolve));
		const answer = await asked(url);
		expect(answer).toMatchObject({
			class: 'failed',
			problem: 'the connection failed (ECONNREFUSED)',
		});
	});

	test('one that says it will send ten megabytes is not listened to', async () => {
		let written = 0;
		const url = await institution((_request, response) => {
			response.writeHead(200, { 'content-length': String(10 << 20) });
			response.write('[', () => written++);
		});
		expect(await asked(url)).toMatchObject({ class: 'failed', problem: 'more than 1048576 bytes' });
		expect(written).toBeLessThanOrEqual(1);
	});

	test('one that sends them without saying so is cut off at the bound', async () => {
		let cut: () => void = () => {};
		const closed = new Promise<void>((resolve) => {
			cut = resolve;
		});
		const url = await institution((_request, response) => {
			response.on('close', cut);
			const piece = Buffer.alloc(65_536, ' ');
			const more = () => {
				if (!response.destroyed) response.write(piece, more);
			};
			more();
		});
		expect(await asked(url)).toMatchObject({ class: 'failed', problem: 'more than 1048576 bytes' });
		await closed;
	});

	test('one that leads elsewhere is not followed there', async () => {
		let elsewhere = 0;
		const other = await institution((_request, response) => {
			elsewhere++;
			response.end('{"assets":[]}');
		});
		const url = await institution((_request, response) => {
			response.writeHead(307, { location: `${other}/assets` }).end();
		});
		expect(await asked(url)).toMatchObject({ class: 'failed', status: 307 });
		expect(elsewhere).toBe(0);
	});

	test('one that closes in the middle of its answer', async () => {
		const url = await institution((_request, response) => {
			response.writeHead(200, { 'content-length': '100' });
			response.write('{"assets":', () => response.destroy());
		});
		expect(await asked(url)).toMatchObject({ class: 'failed', status: 200 });
	});

	test('one that speaks no HTTP', async () => {
		const url = await listening(createTcpServer((socket) => socket.end('SSH-2.0-dropbear\r\n')));
		expect(await asked(url)).toMatchObject({
			class: 'failed',
			problem: expect.stringContaining('HPE_'),
		});
	});

	const AMOUNT = 'positions.0.amount';
	const asset = {
		...{ id: 'a', type: 'account', name: 'n', amount: '1', currency: 'KRW' },
		as_of: '2026-11-21T09:00:00+09:00',
	};
	test.each([
		['another type', { positions: [{ ...asset, type: 'castle' }] }, 'positions.0.type'],
		['no currency', { positions: [{ ...asset, currency: 'won' }] }, 'positions.0.currency'],
		['parts of a won', { positions: [{ ...asset, amount: '1.5' }] }, 'positions.0.amount'],
		['no amount', { positions: [{ ...asset, amount: '1e9' }] }, 'positions.0.amount'],
		['no time', { positions: [{ ...asset, as_of: 'now' }] }, 'positions.0.as_of'],
		['too many', { positions: Array.from({ length: 101 }, () => asset) }, 'positions'],
		['a currency that there is not', { positions: [{ ...asset, currency: 'QQQ' }] }, AMOUNT],
		['more than can be counted', { positions: [{ ...asset, amount: '9007199254740993' }] }, AMOUNT],
		['an amount as a number', { positions: [{ ...asset, amount: 2 ** 53 }] }, AMOUNT],
		['nothing', null, ''],
	])('one whose answer has %s', async (_what, body, path) => {
		const url = await institution((_request, response) => response.end(JSON.stringify(body)));
		const { transport, settings } = transportTo(url);
		const answer = await transport.call({ ...listCall(settings), api: 'asset', assetId: 'a' });
		const where = path && ` at ${path}`;
		expect(answer).toMatchObject({
			class: 'failed',
			problem: `the answer does not fit its schema${where}`,
		});
	});

	test.each([
		['field twice', '{"assets":[],"assets":[{"asset_id":"a","name":"n"}]}'],
		['field twice in other letters', '{"assets":[{"asset_id":"a","name":"n","n\\u0061me":"m"}]}'],
		['thousand levels', `{"assets":[],"x":${'['.repeat(1_000)}${']'.repeat(1_000)}}`],
	])('one whose answer names a %s', async (_what, text) => {
		const url = await institution((_request, response) => response.end(text));
		const problem = 'the answer names a field twice, or is too deep';
		expect(await asked(url)).toMatchObject({ class: 'failed', status: 200, problem });
	});

	test('fields of one name in different objects, and texts that look like fields, are sound', async () => {
		const name = '{"name": "n", "name": "\\';
		const body = { assets: [1, 2].map((n) => ({ asset_id: `a${n}`, name })), extra: { assets: 1 } };
		const url = await institution((_request, response) => response.end(JSON.stringify(body)));
		expect(await asked(url)).toMatchObject({ class: 'ok' });
	});

	test('packed answers, however small, are never unpacked', async () => {
		// Ten megabytes in ten kilobytes; it was asked for nothing packed.
		const packed = gzipSync(Buffer.alloc(10 << 20, ' '));
		expect(packed.length).toBeLessThan(20_000);
		const asks: unknown[] = [];
		const url = await institution((request, response) => {
			asks.push(request.headers['accept-encoding']);
			response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
		});
		expect(await asked(url)).toMatchObject({ class: 'failed', status: 200 });
		expect(asks).toEqual(['identity']);
	});

	test('one whose head has no end is cut off', async () => {
		let cut = 0;
		const server = createTcpServer((socket) => {
			socket.write('HTTP/1.1 200 OK\r\n');
			const timer = setInterval(() => socket.write(`x: ${'y'.repeat(4_000)}\r\n`), 1);
			socket.on('close', () => {
				cut++;
				clearInterval(timer);
			});
		});
		const answer = await asked(await listening(server), { timeouts: { totalMs: 10_000 } });
		expect(answer).toMatchObject({
			class: 'failed',
			problem: 'the connection failed (HPE_HEADER_OVERFLOW)',
		});
		await expect.poll(() => cut).toBe(1);
	});

	test('one that says for ever that it will say something ends in time', async () => {
		const server = createTcpServer((socket) => {
			const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 1);
			socket.on('close', () => clearInterval(timer));
		});
		const answer = await asked(await listening(server), { timeouts: { totalMs: 100, slowMs: 90 } });
		expect(answer).toMatchObject({ class: 'failed', problem: 'no whole answer within 100 ms' });
	});

	test('one that sends each byte by itself is cut off before that costs much', async () => {
		const pieces = '1\r\n \r\n'.repeat(100_000);
		const server = createTcpServer((socket) => {
			socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`);
		});
		const answer = await asked(await listening(server), { timeouts: { totalMs: 10_000 } });
		expect(answer).toMatchObject({ class: 'failed', problem: 'more than 20000 pieces' });
	});

	test('a page that leads to itself is no answer', async () => {
		const url = await institution((_request, response) =>
			response.end(JSON.stringify({ assets: [], next_cursor: 'again' })),
		);
		const { transport, settings } = transportTo(url);
		const first = await transport.call(listCall(settings));
		expect(first).toMatchObject({ class: 'ok', body: { cursor: 'again' } });
		const next = await transport.call({ ...listCall(settings), cursor: 'again' });
		expect(next).toMatchObject({ class: 'failed', problem: 'the page leads to itself' });
	});

	test('a name that leads to this machine is not followed there, where it should be public', async () => {
		let connections = 0;
		const server = createTcpServer(() => connections++);
		const { port } = new URL(await listening(server));
		const overTls = await asked(`https://localhost:${port}`);
		expect(overTls).toMatchObject({
			class: 'failed',
			problem: 'the connection failed (ADDRESS_REFUSED)',
		});
		const inClear = await asked(`http://localhost:${port}`, { addresses: 'public' });
		expect(inClear).toMatchObject({ class: 'failed' });
		expect(connections).toBe(0);
		const sound = await institution((_request, response) => response.end('{"assets":[]}'));
		const named = `http://localhost:${new URL(sound).port}`;
		expect(await asked(named), 'a simulator may be anywhere').toMatchObject({ class: 'ok' });
	});

	test('an asset with a name that leads elsewhere in the path is not taken', async () => {
		const url = await institution((_request, response) =>
			response.end(JSON.stringify({ assets: [{ asset_id: '..', name: 'n' }] })),
		);
		expect(await asked(url)).toMatchObject({ class: 'failed' });
	});

	test('one whose ids are no text that could be sent', async () => {
		const url = await institution((_request, response) =>
			response.end(JSON.stringify({ assets: [{ asset_id: 'account-\ud800', name: 'n' }] })),
		);
		expect(await asked(url)).toMatchObject({ class: 'failed', status: 200 });
	});

	test('a certificate has to be valid now', async () => {
		const now = Date.now();
		const times = {
			expired: [now - 9 * DAY_MS, now - DAY_MS],
			valid: [now - DAY_MS, now + DAY_MS],
		};
		const answers: Record<string, unknown> = {};
		for (const [name, [from = 0, until = 0]] of Object.entries(times)) {
			const { cert, key } = testCertificate(from, until);
			const serve = createTlsServer({ cert, key }, (_request, response) => {
				response.end('{"assets":[]}');
			});
			const url = await listening(serve, 'https');
			answers[name] = await asked(url, {}, { certificates: cert });
			answers[`${name}, unknown`] = await asked(url);
		}
		const failed = (code: string) => ({
			class: 'failed',
			problem: `the connection failed (${code})`,
		});
		expect(answers).toMatchObject({
			expired: failed('CERT_HAS_EXPIRED'),
			valid: { class: 'ok' },
			'valid, unknown': failed('DEPTH_ZERO_SELF_SIGNED_CERT'),
		});
	});

	test('a slow answer is used, and counts as slow', async () => {
		const url = await institution((_request, response) => {
			setTimeout(() => response.end('{"assets":[]}'), 40);
		});
		const answer = await asked(url, { timeouts: { slowMs: 20 } });
		expect(answer).toMatchObject({ class: 'slow', body: { assets: [] } });
		expect(answer.ms).toBeGreaterThanOrEqual(20);
	});

	test('the settings say what an outcome counts as', async () => {
		const url = await institution((_request, response) => response.writeHead(404).end());
		expect((await asked(url)).class).toBe('business');
		expect((await asked(url, { classes: { '404': 'failed' } })).class).toBe('failed');
		expect((await asked(url, { classes: { '4xx': 'denied' } })).class).toBe('denied');
		const silent = await institution(() => {});
		const timeouts = { totalMs: 30, slowMs: 20 };
		expect((await asked(silent, { timeouts, classes: { timeout: 'business' } })).class).toBe(
			'business',
		);
	});
});
