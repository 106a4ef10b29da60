import { createHmac } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryStore } from '../../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../../src/core/log.ts';
import {
	createAuthenticator,
	type TokenAuthenticator,
} from '../../../src/gateway/auth/authenticator.ts';
import { REVOCATIONS, Revocations } from '../../../src/gateway/auth/revocations.ts';
import { signToken } from '../../../src/gateway/auth/sign-token.ts';
import { TOKEN_LENGTH_MAX, TOKEN_LIFE_MAX_MS } from '../../../src/gateway/auth/token-limits.ts';
import { VirtualRuntime } from '../../cluster/virtual-runtime.ts';

const SECRET = 'a secret for tests only, of 40 characters';
const key = new TextEncoder().encode(SECRET);

let runtime: VirtualRuntime;
let authenticator: TokenAuthenticator;
let seconds: number;

beforeEach(async () => {
	runtime = new VirtualRuntime();
	seconds = runtime.now() / 1_000;
	authenticator = await authenticatorWith({});
});

async function authenticatorWith(options: { issuer?: string; audience?: string }) {
	const store = new MemoryStore([REVOCATIONS]);
	const revocations = await Revocations.open({ store, runtime, log: SILENT });
	return createAuthenticator({ secret: SECRET, ...options, revocations, runtime, log: SILENT });
}

const sign = (claims: Record<string, unknown>, alg = 'HS256') =>
	new SignJWT({ sub: 'ann', iat: seconds, exp: seconds + 60, ...claims })
		.setProtectedHeader({ alg })
		.sign(key);

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens', () => {
	test('[P42] the secret is imported once, not with every token', async () => {
		const imports = vi.spyOn(crypto.subtle, 'importKey');
		const [token, forged] = [await sign({}), `${await sign({ sub: 'bob' })}x`];
		imports.mockClear();
		for (let n = 0; n < 5; n++) {
			expect(await authenticator.verify(token)).toMatchObject({ ok: true });
			expect(await authenticator.verify(forged)).toMatchObject({ ok: false });
		}
		expect(imports).not.toHaveBeenCalled();
		await sign({});
		expect(imports, 'jose imports bytes each time').toHaveBeenCalledOnce();
		imports.mockRestore();
	});

	test('[P42] a signed token says who its bearer is', async () => {
		const token = await signToken({
			secret: SECRET,
			userId: 'ann',
			roles: ['user', 'ops'],
			name: 'Ann',
			picture: 'https://example.com/ann.png',
			ttlSeconds: 60,
			now: runtime.now(),
		});
		const answer = await authenticator.verify(token);
		expect(answer).toEqual({
			ok: true,
			identity: {
				userId: 'ann',
				roles: ['user', 'ops'],
				name: 'Ann',
				picture: 'https://example.com/ann.png',
				tokenId: expect.any(String),
				issuedAt: runtime.now(),
				expiresAt: runtime.now() + 60_000,
			},
		});
	});

	test.each([
		['no roles', undefined, ['user']],
		['known roles', ['ops', 'service'], ['ops', 'service']],
		['roles of others, and the role of the host itself', ['system', 'admin'], ['user']],
		['a mixture', ['system', 'ops', 3, null], ['ops']],
	])('[P42] %s', async (_, roles, granted) => {
		const answer = await authenticator.verify(await sign({ roles }));
		expect(answer).toMatchObject({ ok: true, identity: { roles: granted } });
	});

	test('a name that is too long is cut between characters, a picture left out', async () => {
		const name = `${'a'.repeat(99)}😀`;
		const answer = await authenticator.verify(await sign({ name, picture: 'p'.repeat(1_001) }));
		const identity = answer.ok ? answer.identity : undefined;
		expect(identity?.name).toBe('a'.repeat(99));
		expect(identity?.picture).toBeUndefined();
	});

	test.each<[string, Record<string, unknown>, RegExp]>([
		['without a user', { sub: undefined }, /^sub is missing$/],
		['whose user is no id', { sub: 'ann/bob' }, /^sub has to be/],
		['whose user is empty, as the host itself', { sub: '' }, /^sub has to be/],
		['whose user is a number', { sub: 7 }, /^sub has to be/],
		['without an end', { exp: undefined }, /^exp is missing$/],
		['whose end is a text', { exp: 'never' }, /^exp does not hold/],
		['without a beginning', { iat: undefined }, /^iat is missing$/],
		['that is not valid yet', { nbf: 4_000_000_000 }, /^nbf does not hold/],
		['from the future', { iat: 4_000_000_000, exp: 4_000_000_001 }, /^iat does not hold/],
		['with roles in a text', { roles: 'ops' }, /^roles has to be/],
		['whose id is a number', { jti: 1 }, /^jti has to be/],
		['whose id is too long', { jti: 'x'.repeat(257) }, /^jti has to be/],
	])('[P4] a token %s is refused', async (_, claims, message) => {
		expect(await authenticator.verify(await sign(claims))).toEqual({
			ok: false,
			code: 'UNAUTHORIZED',
			close: 'unauthorized',
			message: expect.stringMatching(message),
		});
	});

	test('[P42] a life beyond the longest is refused, the longest is not', async () => {
		const longest = seconds + TOKEN_LIFE_MAX_MS / 1_000;
		expect(await authenticator.verify(await sign({ exp: longest }))).toMatchObject({ ok: true });
		expect(await authenticator.verify(await sign({ exp: longest + 1 }))).toMatchObject({
			code: 'UNAUTHORIZED',
			message: expect.stringMatching(/^exp may be at most/),
		});
		// 1e400 is read as Infinity.
		const header = part({ alg: 'HS256' });
		const claims = Buffer.from(`{"sub":"ann","iat":${seconds},"exp":1e400}`).toString('base64url');
		const signature = hmac(`${header}.${claims}`);
		const endless = await authenticator.verify(`${header}.${claims}.${signature}`);
		expect(endless).toMatchObject({ code: 'UNAUTHORIZED', close: 'unauthorized' });
	});

	test('[P42] a token ends at its time, and clocks may differ by 5 s', async () => {
		const token = await sign({});
		runtime.advance(64_000);
		expect(await authenticator.verify(token)).toMatchObject({ ok: true });
		runtime.advance(1_000);
		expect(await authenticator.verify(token)).toMatchObject({
			code: 'UNAUTHORIZED',
			close: 'expired',
		});
		seconds = runtime.now() / 1_000;
		expect(await authenticator.verify(await sign({ nbf: seconds + 5 }))).toMatchObject({
			ok: true,
		});
		expect(await authenticator.verify(await sign({ nbf: seconds + 6 }))).toMatchObject({
			ok: false,
		});
	});

	test('[P42] issuer and audience are asked for when they are set', async () => {
		const strict = await authenticatorWith({ issuer: 'https://id.example', audience: 'naru' });
		const good = { iss: 'https://id.example', aud: ['other', 'naru'] };
		expect(await strict.verify(await sign(good))).toMatchObject({ ok: true });
		for (const wrong of [{ iss: 'https://evil.example' }, { aud: 'other' }, { aud: undefined }]) {
			const answer = await strict.verify(await sign({ ...good, ...wrong }));
			expect(answer).toMatchObject({ code: 'UNAUTHORIZED', close: 'unauthorized' });
		}
	});
});

const hmac = (text: string) => createHmac('sha256', SECRET).update(text).digest('base64url');

describe('forgeries', () => {
	const claims = () => ({ sub: 'ann', iat: seconds, exp: seconds + 60 });

	test.each(['none', 'None', 'NONE', ''])('[P42] algorithm %j is refused', async (alg) => {
		const token = `${part({ alg })}.${part(claims())}.`;
		expect(await authenticator.verify(token)).toMatchObject({ code: 'UNAUTHORIZED' });
	});

	test('[P42] an unsecured token is refused', async () => {
		expect(await authenticator.verify(new UnsecuredJWT(claims()).encode())).toMatchObject({
			code: 'UNAUTHORIZED',
			message: 'the algorithm is not allowed',
		});
	});

	test.each(['HS384', 'HS512'])('[P42] %s is not on the list', async (alg) => {
		const token = await new SignJWT(claims())
			.setProtectedHeader({ alg })
			.sign(Buffer.alloc(64, SECRET));
		expect(await authenticator.verify(token)).toMatchObject({
			message: 'the algorithm is not allowed',
		});
	});

	test('[P42] another secret, changed claims, and a signature left out are refused', async () => {
		const token = await sign({});
		const [header, , signature] = token.split('.');
		const other = await new SignJWT(claims())
			.setProtectedHeader({ alg: 'HS256' })
			.sign(Buffer.alloc(40, 'x'));
		const changed = `${header}.${part({ ...claims(), sub: 'bob' })}.${signature}`;
		for (const forged of [other, changed, `${token.slice(0, token.lastIndexOf('.'))}.`]) {
			expect(await authenticator.verify(forged)).toMatchObject({
				code: 'UNAUTHORIZED',
				message: 'the signature does not fit',
			});
		}
	});

	test('[P42] a header that demands an unknown extension is refused', async () => {
		const head = `${part({ alg: 'HS256', crit: ['x'], x: 1 })}.${part(claims())}`;
		expect(await authenticator.verify(`${head}.${hmac(head)}`)).toMatchObject({
			code: 'UNAUTHORIZED',
		});
	});

	test.each([
		'',
		'.',
		'..',
		'...',
		'a.b.c',
		'ééé.ééé.ééé',
		`${part({ alg: 'HS256' })}.${part([1])}.${'A'.repeat(43)}`,
	])('[P4] what is no token is refused: %j', async (text) => {
		expect(await authenticator.verify(text)).toMatchObject({ ok: false, code: 'UNAUTHORIZED' });
	});

	test('[P4] a token that is too long is refused, though signed', async () => {
		const token = await sign({ data: 'x'.repeat(TOKEN_LENGTH_MAX) });
		expect(await authenticator.verify(token)).toMatchObject({
			code: 'UNAUTHORIZED',
			message: expect.stringMatching(/at most 8192/),
		});
	});

	test('[P42] a refusal repeats nothing of the token', async () => {
		const token = await sign({ sub: 'very/secret', jti: 'also-secret' });
		const answer = await authenticator.verify(token);
		expect(JSON.stringify(answer)).not.toMatch(/secret/);
	});
});

describe('settings', () => {
	test('[P42] neither secret nor keys, or a short secret, stops the start', async () => {
		const store = new MemoryStore([REVOCATIONS]);
		const revocations = await Revocations.open({ store, runtime, log: SILENT });
		const create = (secret?: string) =>
			createAuthenticator({ secret, revocations, runtime, log: SILENT });
		expect(() => create()).toThrow(/AUTH_SECRET or AUTH_JWKS_URL/);
		expect(() => create('x'.repeat(31))).toThrow(/too short/);
		expect(() => create('x'.repeat(32))).not.toThrow();
	});
});
