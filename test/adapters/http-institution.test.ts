import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { minorUnits } from '../../src/adapters/http/institution-wire.ts';
import type { AssetAnswer, AssetListAnswer, TokenAnswer } from '../../src/institutions/answers.ts';
import { assetSchema } from '../../src/protocol/institution.ts';
import { startInstitutionSimulator } from '../../src/simulators/institution/server.ts';
import {
	asked,
	closers,
	institution,
	listCall,
	transportTo,
} from '../support/institution-server.ts';

describe('against the simulator', () => {
	async function simulated() {
		const simulator = await startInstitutionSimulator({ port: 0, host: '127.0.0.1' });
		closers.push(() => simulator.close());
		const control = (faults: object) =>
			fetch(`${simulator.url}/control`, {
				method: 'POST',
				body: JSON.stringify({ institution: '*', ...faults }),
			});
		await control({ latencyMs: 0 });
		const calls = async () =>
			(await (await fetch(`${simulator.url}/calls?institution=bank-a`)).json()) as {
				transactionId: string;
				userId: string;
				api: string;
			}[];
		return { control, calls, ...transportTo(simulator.url) };
	}

	test('a token, all pages of the list and the details come in the common model', async () => {
		const { transport, settings, calls } = await simulated();
		const base = { settings, userId: 'ann' };
		const granted = await transport.call({
			...{ ...base, api: 'token', transactionId: 'tx-1' },
			grant: { authorisation: 'consent' },
		});
		expect(granted).toMatchObject({ class: 'ok', status: 200 });
		const token = granted.body as TokenAnswer;
		expect(token.expiresInMs).toBe(3_600_000);

		const accessToken = token.accessToken;
		const ids: string[] = [];
		let cursor: string | undefined;
		do {
			const page = await transport.call({
				...{ ...base, api: 'assets', transactionId: 'tx-2' },
				...{ accessToken, cursor },
			});
			const body = page.body as AssetListAnswer;
			ids.push(...body.assets.map(({ id }) => id));
			cursor = body.cursor;
		} while (cursor !== undefined);
		expect(ids.length).toBeGreaterThan(0);

		for (const assetId of ids) {
			const detail = await transport.call({
				...{ ...base, api: 'asset', transactionId: 'tx-3' },
				...{ accessToken, assetId },
			});
			const { assets } = detail.body as AssetAnswer;
			for (const asset of assets) expect(assetSchema.parse(asset)).toEqual(asset);
			expect(assets[0]?.asOf).toBeGreaterThan(Date.now() - 60_000);
		}

		const refreshed = await transport.call({
			...{ ...base, api: 'token', transactionId: 'tx-4' },
			grant: { refreshToken: token.refreshToken as string },
		});
		expect(refreshed.class).toBe('ok');
		const revoked = await transport.call({
			...{ ...base, api: 'revoke', transactionId: 'tx-5' },
			accessToken,
		});
		expect(revoked).toMatchObject({ class: 'ok', body: undefined });
		const late = await transport.call({
			...{ ...base, api: 'assets', transactionId: 'tx-6' },
			accessToken,
		});
		expect(late).toMatchObject({ class: 'denied', status: 401 });
		expect(late.body).toBeUndefined();

		const seen = await calls();
		expect(new Set(seen.map(({ transactionId }) => transactionId))).toEqual(
			new Set(['tx-1', 'tx-2', 'tx-3', 'tx-4', 'tx-5', 'tx-6']),
		);
	});

	test('[I15] a call on the secondary route goes there', async () => {
		const { transport, settings, control } = await simulated();
		await control({ route: 0, outage: true });
		const grant = { authorisation: 'consent' };
		const call = { settings, api: 'token', userId: 'ann', transactionId: 't', grant } as const;
		expect((await transport.call(call)).class).toBe('failed');
		expect((await transport.call({ ...call, route: 1 })).class).toBe('ok');
	});

	test.each([
		[{ outage: true }, { class: 'failed', status: 503 }],
		[{ outage: 'refuse' }, { class: 'failed' }],
		[{ errorRate: 1 }, { class: 'failed', status: 500 }],
		[{ garbage: 'schema' }, { class: 'failed', status: 200 }],
		[{ garbage: 'text' }, { class: 'failed', problem: 'the answer is no JSON' }],
		[{ garbage: 'huge' }, { class: 'failed', problem: 'more than 1048576 bytes' }],
		[{ garbage: 'redirect' }, { class: 'failed', status: 302 }],
		[{ garbage: 'cut' }, { class: 'failed', status: 200 }],
	])('[I11] %j is a failed call, and the next one works', async (faults, expected) => {
		const { transport, settings, control } = await simulated();
		await control(faults);
		const grant = { authorisation: 'consent' };
		const call = { settings, api: 'token', userId: 'ann', transactionId: 't', grant } as const;
		const answer = await transport.call(call);
		expect(answer).toMatchObject(expected);
		expect(answer.body).toBeUndefined();
		await control({ outage: false, errorRate: 0, garbage: false });
		expect((await transport.call(call)).class).toBe('ok');
	});

	test('[I11] too many calls are throttled, with the time to come again', async () => {
		const { transport, settings, control } = await simulated();
		await control({ ratePerSecond: 1 });
		const answers = await Promise.all([1, 2].map(() => transport.call(listCall(settings))));
		expect(answers.map((answer) => answer.class).sort()).toEqual(['denied', 'throttled']);
		const throttled = answers.find((answer) => answer.class === 'throttled');
		expect(throttled).toMatchObject({ status: 429, retryAfterMs: 1_000 });
	});
});

describe('connections', () => {
	test('are kept for the next call of the same institution', async () => {
		const ports = new Set<number | undefined>();
		const url = await institution((request, response) => {
			ports.add(request.socket.remotePort);
			response.end('{"assets":[]}');
		});
		const { transport, settings } = transportTo(url);
		for (let n = 0; n < 3; n++) expect((await transport.call(listCall(settings))).class).toBe('ok');
		expect(ports.size).toBe(1);
	});

	/** Takes one call on each connection, and resets it at the second. */
	async function tired() {
		let calls = 0;
		const seen = new WeakSet<Socket>();
		const url = await institution((request, response) => {
			calls++;
			if (seen.has(request.socket)) {
				request.socket.resetAndDestroy();
				return;
			}
			seen.add(request.socket);
			response.end('{"assets":[],"token_type":"bearer","access_token":"a","expires_in":60}');
		});
		return { ...transportTo(url), calls: () => calls };
	}

	test('that were closed while nobody used them cost a second try, not a failure', async () => {
		const { transport, settings, calls } = await tired();
		expect((await transport.call(listCall(settings))).class).toBe('ok');
		expect((await transport.call(listCall(settings))).class).toBe('ok');
		expect(calls()).toBe(3);
	});

	test('an authorisation, which is good once, has a new connection, and is never sent twice', async () => {
		const { transport, settings, calls } = await tired();
		await transport.call(listCall(settings));
		const grant = { authorisation: 'consent' };
		const call = { settings, api: 'token', userId: 'ann', transactionId: 't', grant } as const;
		expect((await transport.call(call)).class).toBe('ok');
		expect((await transport.call(call)).class).toBe('ok');
		expect(calls()).toBe(3);
	});
});

test('[I5] requests carry their transaction, client and token where they belong', async () => {
	const requests: { line: string; headers: IncomingMessage['headers']; body: string }[] = [];
	const url = await institution((request, response) => {
		let body = '';
		request.on('data', (chunk) => {
			body += chunk;
		});
		request.on('end', () => {
			requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
			response.end('{"positions":[],"token_type":"bearer","access_token":"a","expires_in":60}');
		});
	});
	const { transport, settings } = transportTo(url);
	const base = { settings, userId: 'ann', transactionId: 'tx-7' };
	await transport.call({ ...base, api: 'token', grant: { authorisation: 'a b' } });
	await transport.call({
		...{ ...base, api: 'asset', assetId: 'x/../y', cursor: 'c&d' },
		accessToken: 'clear',
	});
	expect(requests[0]).toMatchObject({
		line: 'POST /bank-a/first/oauth/token',
		headers: {
			'x-transaction-id': 'tx-7',
			authorization: `Basic ${btoa('naru:s3cret')}`,
			'content-type': 'application/x-www-form-urlencoded',
		},
		body: 'grant_type=authorization_code&code=a+b&user=ann',
	});
	expect(requests[1]).toMatchObject({
		line: 'GET /bank-a/first/assets/x%2F..%2Fy?limit=100&cursor=c%26d',
		headers: { 'x-transaction-id': 'tx-7', authorization: 'Bearer clear' },
	});
});

test('[I8] nothing of a token is in what a failed call tells', async () => {
	const url = await institution((request, response) => {
		// An institution that repeats what it was sent.
		response.writeHead(500).end(request.headers.authorization);
	});
	expect(JSON.stringify(await asked(url))).not.toContain('in-clear');
	const unreadable = await institution((request, response) =>
		response.end(JSON.stringify({ assets: request.headers.authorization })),
	);
	expect(JSON.stringify(await asked(unreadable))).not.toContain('in-clear');
});

test('[I4] amounts become minor units of their currency', () => {
	expect(minorUnits('1234', 'KRW')).toBe(1_234);
	expect(minorUnits('1234.50', 'USD')).toBe(123_450);
	expect(minorUnits('1234.5', 'USD')).toBe(123_450);
	expect(minorUnits('-0.05', 'EUR')).toBe(-5);
	expect(minorUnits('-0', 'EUR')).toBe(0);
	expect(minorUnits('1.234', 'BHD')).toBe(1_234);
	expect(minorUnits('1.00', 'JPY')).toBe(1);
	expect(minorUnits('1.05', 'JPY')).toBeUndefined();
	expect(minorUnits('1.00', 'XYZ')).toBeUndefined();
	expect(minorUnits('1.00', 'usd')).toBeUndefined();
	expect(minorUnits('1,000', 'KRW')).toBeUndefined();
	expect(minorUnits('', 'KRW')).toBeUndefined();
	expect(minorUnits('999999999999999.99', 'USD')).toBeUndefined();
});
