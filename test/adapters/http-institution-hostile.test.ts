import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
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
