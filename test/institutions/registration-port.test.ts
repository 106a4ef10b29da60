import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { InstitutionWork, WorkResult } from '../../actors/user/institution-port.ts';
import { MemoryJournal } from '../../src/adapters/memory/memory-journal.ts';
import { SILENT } from '../../src/core/log.ts';
import { registrationPort } from '../../src/institutions/registration-port.ts';
import { openVault, ownerOf, type Vault } from '../../src/institutions/vault.ts';
import { FakeInstitutions } from '../support/fake-institutions.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const HOUR_MS = 3_600_000;
const OWNER = ownerOf('ann', 'bank-a');

/** The port with institutions behind it, asked directly. */
function scene({ vault = openVault({ tokenKeys: key('k1') }) }: { vault?: Vault } = {}) {
	const runtime = new VirtualRuntime();
	const banks = new FakeInstitutions(runtime);
	const owner = { isHere: true };
	const strays: unknown[] = [];
	const port = registrationPort({
		calls: banks,
		vault,
		runtime,
		journal: new MemoryJournal(),
		log: SILENT,
		owns: () => owner.isHere,
		actors: {
			command: (key, { name, args }, answer) => {
				strays.push([key, name, args]);
				answer(strays.length === 1 ? { ok: false, code: 'MOVED' } : { ok: true, reply: {} });
			},
		},
	});
	const consent = { id: 'consent-1', expires: runtime.now() + 24 * HOUR_MS };
	const subject = { institution: 'bank-a', userId: 'ann', consent };
	const start = (work: object) => {
		const results: WorkResult[] = [];
		const made = { ...subject, ...work } as InstitutionWork;
		void (port as NonNullable<typeof port>)('id', made, 'user/ann').then((result) => {
			results.push(result as WorkResult);
		});
		return results;
	};
	const run = async (work: object): Promise<WorkResult> => {
		const results = start(work);
		await runtime.until(() => results.length > 0, HOUR_MS);
		return results[0] as WorkResult;
	};
	const token = async () => {
		const got = await run({ op: 'token', authorisation: vault.seal('code', OWNER) });
		if (got.token === undefined) throw new Error('no token');
		return got.token;
	};
	const opened = (sealed: string | undefined) => vault.open(sealed ?? '', OWNER);
	return { runtime, banks, port, consent, start, run, token, opened, vault, owner, strays };
}

const idsOf = (count: number) => Array.from({ length: count }, (_, n) => `asset-${n}`);

describe('steps', () => {
	test('[I1] authorisation, token, list and details, all that is secret sealed', async () => {
		const { banks, consent, run, opened } = scene();
		const authorised = await run({ op: 'authorise' });
		if (!authorised.ok) throw new Error(authorised.code);
		expect(opened(authorised.authorisation)).toBe('consent-1');
		const got = await run({ op: 'token', authorisation: authorised.authorisation });
		expect(banks.seen[0]?.grant).toEqual({ authorisation: 'consent-1' });
		expect(JSON.stringify([authorised, got])).not.toContain('CLEAR');
		expect(opened(got.token?.access)).toBe(banks.live[0]);
		expect(got.tokenOf).toEqual({ institution: 'bank-a', consent });
		const { token } = got;
		expect(await run({ op: 'list', token })).toEqual({ ok: true, ids: idsOf(7) });
		const details = await run({ op: 'details', token, ids: idsOf(2) });
		expect(details).toMatchObject({ ok: true, count: 2 });
		expect(details.ok && details.assets?.map(({ id }) => id)).toEqual([
			'asset-0-a',
			'asset-0-b',
			'asset-1-a',
			'asset-1-b',
		]);
		expect(banks.seen.every(({ lane }) => lane === 'online')).toBe(true);
	});

	test('details side by side; what comes before the first refused one counts', async () => {
		const { banks, run, token } = scene();
		const sealed = await token();
		banks.intercept = ({ assetId }) =>
			assetId === 'asset-2' ? banks.outside({ class: 'failed', status: 500 }) : undefined;
		const since = banks.seen.length;
		const some = await run({ op: 'details', token: sealed, ids: idsOf(5) });
		expect(some).toMatchObject({ ok: true, count: 2 });
		expect(banks.seen[since]?.at).toBe(banks.seen[since + 4]?.at);
		const none = await run({ op: 'details', token: sealed, ids: ['asset-2', 'asset-3'] });
		expect(none).toEqual({ ok: false, code: 'UNAVAILABLE', isRepeatable: true });
	});

	test.each([
		['throttled', 'RATE_LIMITED', true],
		['failed', 'UNAVAILABLE', true],
		['business', 'CONFLICT', false],
		['denied', 'FORBIDDEN', false],
	] as const)('[I11] %s comes back as %s', async (callClass, code, isRepeatable) => {
		const { banks, run, token } = scene();
		const sealed = await token();
		banks.intercept = () => banks.outside({ class: callClass, retryAfterMs: 9_000 });
		expect(await run({ op: 'list', token: sealed })).toMatchObject({
			ok: false,
			code,
			isRepeatable,
		});
	});

	test('[I12] a refusal before anything went out comes back as it is', async () => {
		const { banks, run } = scene();
		banks.intercept = () => ({ ok: false, code: 'MAINTENANCE', retryAfterMs: 60_000 });
		const authorisation = openVault({ tokenKeys: key('x') }).seal('code', OWNER);
		expect(await run({ op: 'token', authorisation })).toMatchObject({ code: 'INTERNAL' });
		const { vault, run: ask, banks: others } = scene();
		others.intercept = banks.intercept;
		const sealed = vault.seal('code', OWNER);
		expect(await ask({ op: 'token', authorisation: sealed })).toEqual({
			ok: false,
			code: 'MAINTENANCE',
			isRepeatable: true,
			retryAfterMs: 60_000,
		});
	});

	test('[I6] a call that is a little too early waits for its turn, a few times', async () => {
		const { banks, run, token, runtime } = scene();
		const sealed = await token();
		let refusals = 3;
		banks.intercept = () =>
			refusals-- > 0 ? { ok: false, code: 'RATE_LIMITED', retryAfterMs: 200 } : undefined;
		const since = runtime.now();
		expect(await run({ op: 'list', token: sealed })).toMatchObject({ ok: true });
		expect(runtime.now() - since).toBeGreaterThanOrEqual(600);
		refusals = Infinity;
		expect(await run({ op: 'list', token: sealed })).toMatchObject({ code: 'RATE_LIMITED' });
	});

	test('an institution that has no end is left', async () => {
		const { banks, run, token } = scene();
		const sealed = await token();
		const assets = idsOf(10).map((id) => ({ id, name: id }));
		banks.intercept = ({ api }) =>
			api === 'assets' ? banks.outside({ body: { assets, cursor: 'more' } }) : undefined;
		const since = banks.seen.length;
		expect(await run({ op: 'list', token: sealed })).toMatchObject({ code: 'TOO_LARGE' });
		expect(banks.seen.length - since).toBe(20);
	});
});

describe('tokens', () => {
	test('are renewed before they end, once, and the new one is handed back', async () => {
		const { banks, run, token, runtime, opened } = scene();
		const old = await token();
		await runtime.advance(HOUR_MS - 30_000);
		const details = await run({ op: 'details', token: old, ids: idsOf(5) });
		expect(banks.seen.filter(({ api }) => api === 'token')).toHaveLength(2);
		expect(banks.seen[1]?.grant).toEqual({ refreshToken: opened(old.refresh) });
		expect(opened(details.token?.access)).toBe(banks.live[1]);
		expect(details).toMatchObject({ ok: true, count: 5 });
	});

	test('that are refused although they should be good are renewed once', async () => {
		const { banks, run, token } = scene();
		const old = await token();
		for (const issued of banks.issued.values()) issued.isVoid = true;
		expect(await run({ op: 'list', token: old })).toMatchObject({ ok: true, ids: idsOf(7) });
		expect(banks.calls.filter((call) => call === 'bank-a token')).toHaveLength(2);
		banks.intercept = ({ api }) =>
			api === 'token' ? undefined : banks.outside({ class: 'denied', status: 403 });
		const refused = await run({ op: 'list', token: old });
		expect(refused).toMatchObject({ ok: false, code: 'FORBIDDEN', isRepeatable: false });
		expect(refused.token).toBeDefined();
	});

	test('whose renewal was used up by work that a crash has ended are asked for anew, once', async () => {
		const { banks, run, token } = scene();
		const old = await token();
		for (const issued of banks.issued.values()) issued.isVoid = true;
		banks.intercept = ({ grant = {} }) =>
			'refreshToken' in grant ? banks.outside({ class: 'denied', status: 400 }) : undefined;
		const details = await run({ op: 'details', token: old, ids: idsOf(5) });
		expect(details).toMatchObject({ ok: true, count: 5 });
		expect(details.token).toBeDefined();
		// The first one, what was refused, and the new one, for five calls side by side.
		expect(banks.calls.filter((call) => call === 'bank-a token')).toHaveLength(3);
	});

	test('a renewal that is not to be had now is tried again, not given up', async () => {
		const { banks, run, token } = scene();
		const old = await token();
		for (const issued of banks.issued.values()) issued.isVoid = true;
		banks.intercept = ({ api }) =>
			api === 'token' ? { ok: false, code: 'MAINTENANCE', retryAfterMs: 60_000 } : undefined;
		expect(await run({ op: 'list', token: old })).toEqual({
			ok: false,
			code: 'MAINTENANCE',
			isRepeatable: true,
			retryAfterMs: 60_000,
		});
	});

	test('[I8] sealed with an old key are sealed anew', async () => {
		const [one, two] = [key('k1'), key('k2')];
		const before = scene({ vault: openVault({ tokenKeys: one }) });
		const after = scene({ vault: openVault({ tokenKeys: `${two},${one}` }) });
		const old = await before.token();
		after.banks.issued.set(before.opened(old.access), {
			owner: 'bank-a-ann',
			expiresAt: Infinity,
			isVoid: false,
		});
		const { token } = await after.run({ op: 'list', token: old });
		expect(token?.access).toMatch(/^1\.k2\./);
		expect(token?.refresh).toMatch(/^1\.k2\./);
		expect(after.opened(token?.access)).toBe(before.opened(old.access));
		expect(token?.expires).toBe(old.expires);
	});
});

describe('[I7] consents', () => {
	test('[I7] nothing is called behind the end of one', async () => {
		const { banks, run, runtime, token } = scene();
		const sealed = await token();
		const since = banks.seen.length;
		await runtime.advance(25 * HOUR_MS);
		for (const op of ['authorise', 'list', 'refresh']) {
			const ended = { ok: false, code: 'EXPIRED', isRepeatable: false };
			expect(await run({ op, token: sealed, transactionId: 't' })).toEqual(ended);
		}
		expect(banks.seen).toHaveLength(since);
	});

	test('[I7] withdrawn while a token is on its way: it is made void when it comes', async () => {
		const { banks, run, runtime, start, vault } = scene();
		banks.latencyMs = 3_000;
		const token = start({ op: 'token', authorisation: vault.seal('code', OWNER) });
		await runtime.advance(1_000);
		expect(await run({ op: 'revoke' })).toEqual({ ok: true });
		await runtime.until(() => token.length > 0);
		expect(banks.calls).toEqual(['bank-a token', 'bank-a revoke']);
		expect(banks.live).toEqual([]);
		// The actor has nothing to do about it any more.
		expect(token[0]).not.toHaveProperty('tokenOf');
	});

	test('[I7] withdrawn while details come: no further call goes out', async () => {
		const { banks, run, runtime, start, token } = scene();
		const sealed = await token();
		const details = start({ op: 'refresh', token: sealed, transactionId: 't' });
		await runtime.advance(250);
		await run({ op: 'revoke', token: sealed });
		const since = banks.seen.length;
		await runtime.until(() => details.length > 0);
		expect(details).toMatchObject([{ ok: false, code: 'EXPIRED' }]);
		expect(banks.seen).toHaveLength(since);
		expect(banks.live).toEqual([]);
	});

	test('[I7] withdrawn while a call waits for its turn: it does not go out any more', async () => {
		const { banks, run, start, token, runtime } = scene();
		const sealed = await token();
		start({ op: 'list', token: sealed });
		await runtime.advance(0);
		const waiting = banks.seen.at(-1);
		expect(waiting?.isWanted?.()).toBe(true);
		await run({ op: 'revoke', token: sealed });
		expect(waiting?.isWanted?.()).toBe(false);
	});

	test('[I7] one that cannot be made void when it comes is left to the user’s actor', async () => {
		const { banks, consent, opened, run, runtime, start, strays, vault } = scene();
		banks.latencyMs = 3_000;
		banks.intercept = ({ api }) =>
			api === 'revoke' ? banks.outside({ class: 'failed', status: 500 }) : undefined;
		start({ op: 'token', authorisation: vault.seal('code', OWNER) });
		await runtime.advance(1_000);
		await run({ op: 'revoke' });
		await runtime.advance(10_000);
		// The actor was just moving: it was asked again.
		expect(strays).toHaveLength(2);
		const [key, name, args] = strays[1] as [string, string, { token: { access: string } }];
		expect([key, name, args]).toMatchObject([
			'user/ann',
			'stray',
			{ institution: 'bank-a', consent },
		]);
		expect(opened(args.token.access)).toBe(banks.live[0]);
	});

	test('[I7] once another node may own the actor, nothing goes out, and a token is handed there', async () => {
		const { banks, owner, run, runtime, start, strays, token, vault } = scene();
		const sealed = await token();
		const refresh = start({ op: 'refresh', token: sealed, transactionId: 't' });
		const fresh = start({ op: 'token', authorisation: vault.seal('code', OWNER) });
		await runtime.advance(50);
		owner.isHere = false;
		const since = banks.seen.length;
		await runtime.until(() => refresh.length > 0 && fresh.length > 0);
		expect(refresh).toMatchObject([{ ok: false, code: 'MOVED', isRepeatable: true }]);
		expect(banks.seen).toHaveLength(since);
		for (const op of ['authorise', 'list', 'details']) {
			expect(await run({ op, token: sealed, ids: ['asset-1'] })).toMatchObject({ code: 'MOVED' });
		}
		expect(banks.seen).toHaveLength(since);
		expect(strays[0]).toMatchObject(['user/ann', 'stray', { institution: 'bank-a' }]);
	});

	test('[I7] a token that the institution does not know is void already', async () => {
		const { banks, run, token } = scene();
		const sealed = await token();
		banks.intercept = () => banks.outside({ class: 'denied', status: 401 });
		expect(await run({ op: 'revoke', token: sealed })).toEqual({ ok: true });
		banks.intercept = () => banks.outside({ class: 'failed' });
		expect(await run({ op: 'revoke', token: sealed })).toMatchObject({ isRepeatable: true });
	});
});

describe('[I23] refresh', () => {
	test('[I23] [I24] is all in one, in the lane of batches, and repeats its transaction ids', async () => {
		const { banks, run, token } = scene();
		const sealed = await token();
		const work = { op: 'refresh', token: sealed, transactionId: 't1' };
		const since = banks.seen.length;
		const done = await run(work);
		expect(done.ok && done.assets).toHaveLength(14);
		const ids = banks.seen.slice(since).map(({ transactionId }) => transactionId);
		expect(new Set(ids).size).toBe(2 + 14);
		expect(ids.every((id) => id?.startsWith('t1.'))).toBe(true);
		expect(banks.seen.slice(since).every(({ lane }) => lane === 'batch')).toBe(true);
		const again = banks.seen.length;
		await run(work);
		const repeated = banks.seen.slice(again).map(({ transactionId }) => transactionId);
		expect(repeated.toSorted()).toEqual(ids.toSorted());
	});

	test('begins with a token where there is none, or none that can be read', async () => {
		const { banks, run } = scene();
		const done = await run({ op: 'refresh', transactionId: 't1' });
		expect(done).toMatchObject({ ok: true });
		expect(done.token).toBeDefined();
		const lost = { access: 'nonsense', expires: Infinity };
		expect(await run({ op: 'refresh', transactionId: 't2', token: lost })).toMatchObject({
			ok: true,
		});
		expect(banks.calls.filter((call) => call === 'bank-a token')).toHaveLength(2);
	});

	test('goes on from the first detail that was refused', async () => {
		const { banks, run, token } = scene();
		const sealed = await token();
		let refusals = 1;
		banks.intercept = ({ assetId }) =>
			assetId === 'asset-3' && refusals-- > 0 ? banks.outside({ class: 'failed' }) : undefined;
		const done = await run({ op: 'refresh', token: sealed, transactionId: 't1' });
		expect(done.ok && new Set(done.assets?.map(({ id }) => id)).size).toBe(14);
		expect(done.ok && done.assets).toHaveLength(14);
	});
});
