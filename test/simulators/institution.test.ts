import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { INDUSTRIES } from '../../src/protocol/institution.ts';
import {
	type InstitutionSimulator,
	startInstitutionSimulator,
} from '../../src/simulators/institution/server.ts';

let simulator: InstitutionSimulator;

beforeEach(async () => {
	simulator = await startInstitutionSimulator({ port: 0, host: '127.0.0.1' });
	await control({ institution: '*', latencyMs: 0 });
});
afterEach(() => simulator.close());

const at = (path: string) => `${simulator.url}${path}`;

async function control(changes: object): Promise<Response> {
	return fetch(at('/control'), { method: 'POST', body: JSON.stringify(changes) });
}

async function json(path: string, headers: Record<string, string> = {}) {
	const response = await fetch(at(path), { headers, redirect: 'manual' });
	return { status: response.status, headers: response.headers, body: await response.json() };
}

/** A token of the user, as an institution's client gets it. */
async function tokens(institution: string, user: string, form: Record<string, string> = {}) {
	const response = await fetch(at(`/${institution}/first/oauth/token`), {
		method: 'POST',
		headers: { authorization: 'Basic bmFydTo=', 'x-transaction-id': 't1' },
		body: new URLSearchParams({ grant_type: 'authorization_code', code: 'c', user, ...form }),
	});
	return { status: response.status, body: await response.json() };
}

async function bearer(institution: string, user: string) {
	const { body } = await tokens(institution, user);
	return { authorization: `Bearer ${body.access_token}` };
}

interface Listed {
	readonly assets: { readonly asset_id: string }[];
	readonly next_cursor?: string;
}

/** All assets over all pages. */
async function list(institution: string, user: string): Promise<string[]> {
	const headers = await bearer(institution, user);
	const found: string[] = [];
	let cursor = '';
	for (;;) {
		const { body } = await json(`/${institution}/first/assets${cursor}`, headers);
		const { assets, next_cursor } = body as Listed;
		found.push(...assets.map(({ asset_id }) => asset_id));
		if (next_cursor === undefined) return found;
		cursor = `?cursor=${next_cursor}`;
	}
}

describe('what institutions offer', () => {
	test('there are at least ten, of all industries', async () => {
		const { body } = await json('/institutions');
		expect(body.length).toBeGreaterThanOrEqual(10);
		const industries = new Set(body.map(({ industry }: { industry: string }) => industry));
		expect([...industries].sort()).toEqual([...INDUSTRIES].sort());
		expect(body.map(({ id }: { id: string }) => id)).toEqual(
			expect.arrayContaining(['bank-a', 'card-b']),
		);
	});

	test('a token is given for an authorisation, renewed, and made void', async () => {
		const first = await tokens('bank-a', 'ann');
		expect(first).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
		const refresh = { grant_type: 'refresh_token', refresh_token: first.body.refresh_token };
		const second = await tokens('bank-a', 'ann', refresh);
		expect(second.status).toBe(200);
		const headers = { authorization: `Bearer ${second.body.access_token}` };
		expect((await json('/bank-a/first/assets', headers)).status).toBe(200);
		// A moment later than the token, which is of the millisecond.
		while (Date.now() === Number.parseInt(second.body.access_token.split('.')[2], 36));
		await fetch(at('/bank-a/first/oauth/revoke'), {
			method: 'POST',
			headers: { authorization: 'Basic bmFydTo=' },
			body: new URLSearchParams({ token: second.body.refresh_token }),
		});
		expect((await json('/bank-a/first/assets', headers)).status).toBe(401);
		expect((await tokens('bank-a', 'ann', refresh)).status).toBe(400);
	});

	test('tokens of one institution are good at no other, and what is wrong is refused', async () => {
		const headers = await bearer('bank-a', 'ann');
		expect((await json('/bank-b/first/assets', headers)).status).toBe(401);
		expect((await json('/bank-a/first/assets')).status).toBe(401);
		expect((await json('/bank-a/first/assets/none', headers)).status).toBe(404);
		expect((await json('/bank-a/first/assets?cursor=x', headers)).status).toBe(400);
		expect((await json('/bank-z/first/assets', headers)).status).toBe(404);
		expect((await json('/bank-b/second/assets', headers)).status).toBe(404);
		expect((await tokens('bank-a', 'ann', { code: 'denied' })).status).toBe(400);
	});

	test('the same user has the same assets at every start, others have others', async () => {
		const users = Array.from({ length: 10 }, (_, n) => `user-${n}`);
		const before = await Promise.all(users.map((user) => list('bank-a', user)));
		await simulator.close();
		simulator = await startInstitutionSimulator({ port: 0, host: '127.0.0.1' });
		await control({ institution: '*', latencyMs: 0 });
		expect(await Promise.all(users.map((user) => list('bank-a', user)))).toEqual(before);
		expect(new Set(before.map(({ length }) => length)).size).toBeGreaterThan(1);
	});

	test('lists and details come in pages, each row once', async () => {
		const users = Array.from({ length: 20 }, (_, n) => `user-${n}`);
		const lists = await Promise.all(users.map((user) => list('bank-a', user)));
		expect(lists.some(({ length }) => length > 5)).toBe(true);
		for (const found of lists) expect(new Set(found).size).toBe(found.length);

		const headers = await bearer('securities-a', 'user-1');
		const ids: string[] = [];
		let cursor = '';
		let pages = 0;
		do {
			const path = `/securities-a/first/assets/securities-a-1${cursor}`;
			const { body } = await json(path, headers);
			ids.push(...body.positions.map(({ id }: { id: string }) => id));
			cursor = body.next_cursor === undefined ? '' : `?cursor=${body.next_cursor}`;
			pages++;
		} while (cursor !== '');
		expect(new Set(ids).size).toBe(ids.length);
		expect(pages).toBe(Math.ceil(ids.length / 10));
	});

	test('calls are recorded with their user, transaction and status', async () => {
		const headers = { ...(await bearer('bank-a', 'ann')), 'x-transaction-id': 't2' };
		await json('/bank-a/first/assets', headers);
		await json('/bank-a/first/assets/none', headers);
		await json('/bank-a/first/assets');
		const { body } = await json('/calls?institution=bank-a');
		expect(body).toEqual([
			{ at: expect.any(Number), api: 'token', userId: 'ann', transactionId: 't1', status: 200 },
			{ at: expect.any(Number), api: 'assets', userId: 'ann', transactionId: 't2', status: 200 },
			{ at: expect.any(Number), api: 'asset', userId: 'ann', transactionId: 't2', status: 404 },
			{ at: expect.any(Number), api: 'assets', userId: '', transactionId: '', status: 401 },
		]);
		expect((await json('/calls?institution=card-b')).body).toEqual([]);
		expect((await json('/calls')).status).toBe(404);
	});
});

describe('how institutions misbehave', () => {
	test.each([
		[{ outage: true }, 503],
		[{ errorRate: 1 }, 500],
		[{ garbage: 'redirect' }, 302],
	])('%j answers %i, at the named institution alone', async (faults, status) => {
		await control({ institution: 'bank-a', ...faults });
		const call = (id: string) =>
			fetch(at(`/${id}/first/assets`), { redirect: 'manual' }).then((answer) => answer.status);
		expect(await call('bank-a')).toBe(status);
		expect(await call('bank-b')).toBe(401);
		await control({ institution: 'bank-a', outage: false, errorRate: 0, garbage: false });
		expect(await call('bank-a')).toBe(401);
	});

	test('no answer and a cut one end the connection', async () => {
		await control({ institution: 'bank-a', outage: 'refuse' });
		await expect(fetch(at('/bank-a/first/assets'))).rejects.toThrow('fetch failed');
		await control({ institution: 'bank-a', outage: false, garbage: 'cut' });
		const cut = await fetch(at('/bank-a/first/assets'));
		await expect(cut.text()).rejects.toThrow();
	});

	test('a rate holds in every second, and says when to come again', async () => {
		await control({ institution: 'bank-a', ratePerSecond: 5 });
		const answers = await Promise.all(
			Array.from({ length: 12 }, () => json('/bank-a/first/assets')),
		);
		const refused = answers.filter(({ status }) => status === 429);
		expect(refused).toHaveLength(7);
		for (const { headers } of refused) expect(headers.get('retry-after')).toBe('1');
	});

	test('latency lies between its bounds', async () => {
		await control({ institution: 'bank-a', latencyMs: [30, 60] });
		const start = performance.now();
		await json('/bank-a/first/assets');
		expect(performance.now() - start).toBeGreaterThanOrEqual(29);
	});

	test('an answer that drips comes in pieces', async () => {
		await control({ institution: 'bank-a', dripMs: 1 });
		const response = await fetch(at('/bank-a/first/assets'));
		let pieces = 0;
		for await (const _ of response.body ?? []) pieces++;
		expect(pieces).toBeGreaterThan(3);
	});

	test('ten megabytes come of an institution that says too much', async () => {
		await control({ institution: 'bank-a', garbage: 'huge' });
		const response = await fetch(at('/bank-a/first/assets'));
		expect((await response.arrayBuffer()).byteLength).toBe(10 * 1_024 * 1_024);
	});

	test('one route may fail while the other works', async () => {
		await control({ institution: 'bank-a', route: 0, outage: true });
		expect((await json('/bank-a/first/assets')).status).toBe(503);
		expect((await json('/bank-a/second/assets')).status).toBe(401);
	});

	test('what is wrong with a control is said', async () => {
		expect((await control({ institution: 'bank-a', errorRate: 2 })).status).toBe(400);
		expect((await control({ institution: 'bank-z' })).status).toBe(404);
		const response = await fetch(at('/control'), { method: 'POST', body: '{' });
		expect(await response.json()).toEqual({ error: 'send JSON' });
	});
});

test('the page of the simulator comes at its root', async () => {
	const response = await fetch(at('/'));
	expect(response.headers.get('content-type')).toContain('text/html');
	expect(await response.text()).toContain('Institution simulator');
});

test('where somebody looks on, each institution has a speed of its own, to which it heals', async () => {
	const watched = await startInstitutionSimulator({ port: 0, host: '127.0.0.1', isWatched: true });
	try {
		const listed = await (await fetch(`${watched.url}/institutions`)).json();
		const speeds = (listed as { faults: { latencyMs: [number, number] }[]; usual: object }[]).map(
			({ faults: [faults], usual }) => {
				expect(usual).toEqual(faults);
				return faults?.latencyMs ?? [0, 0];
			},
		);
		expect(new Set(speeds.map(String)).size).toBeGreaterThan(8);
		// One can be seen to be slow, and none counts as slow by the settings.
		const [fastest, slowest] = [Math.min(...speeds.flat()), Math.max(...speeds.flat())];
		expect(fastest).toBeGreaterThanOrEqual(80);
		expect(slowest).toBeGreaterThan(10 * fastest);
		expect(slowest).toBeLessThan(5_000);
	} finally {
		await watched.close();
	}
});

test('a process of its own tells its address, and ends with who started it', async () => {
	const path = new URL('../../src/simulators/institution/main.ts', import.meta.url);
	const child: ChildProcess = fork(path, ['--port', '0'], { silent: true });
	const [{ url }] = (await once(child, 'message')) as [{ url: string }];
	expect((await fetch(`${url}/institutions`)).status).toBe(200);
	child.disconnect();
	const [code] = await once(child, 'exit');
	expect(code).toBe(0);
});
