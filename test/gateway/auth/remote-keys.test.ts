import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../../src/adapters/memory/memory-store.ts';
import { SILENT } from '../../../src/core/log.ts';
import {
	createAuthenticator,
	type TokenAuthenticator,
} from '../../../src/gateway/auth/authenticator.ts';
import { REVOCATIONS, Revocations } from '../../../src/gateway/auth/revocations.ts';
import { VirtualRuntime } from '../../cluster/virtual-runtime.ts';

const MINUTE = 60_000;

/** An issuer with keys by id, whose endpoint can be made to fail. */
class Issuer {
	readonly #keys = new Map<string, { alg: string; privateKey: CryptoKey; publicKey: CryptoKey }>();
	readonly #server: Server;
	requests = 0;
	answer: (response: ServerResponse) => Promise<void> = (response) => this.#answerKeys(response);

	constructor() {
		this.#server = createServer((_, response) => {
			this.requests++;
			void this.answer(response);
		});
	}

	async listen(): Promise<string> {
		await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async addKey(kid: string, alg: string): Promise<void> {
		this.#keys.set(kid, { alg, ...(await generateKeyPair(alg)) });
	}

	dropKey(kid: string): void {
		this.#keys.delete(kid);
	}

	fails(): void {
		this.answer = async (response) => void response.writeHead(500).end();
	}

	recovers(): void {
		this.answer = (response) => this.#answerKeys(response);
	}

	publicKeyOf(kid: string): CryptoKey {
		return this.#key(kid).publicKey;
	}

	sign(kid: string, now: number): Promise<string> {
		const { alg, privateKey } = this.#key(kid);
		const seconds = Math.floor(now / 1_000);
		return new SignJWT({ sub: 'ann', iat: seconds, exp: seconds + 3 * 86_400 })
			.setProtectedHeader({ alg, kid })
			.sign(privateKey);
	}

	#key(kid: string) {
		const key = this.#keys.get(kid);
		if (key === undefined) throw new Error(`no key ${kid}`);
		return key;
	}

	async #answerKeys(response: ServerResponse): Promise<void> {
		const keys = [];
		for (const [kid, { alg, publicKey }] of this.#keys) {
			keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
		}
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
	}
}

let runtime: VirtualRuntime;
let issuer: Issuer;
let jwksUrl: string;
let authenticator: TokenAuthenticator;
/** How often it was logged that the keys could not be fetched. */
let failures = 0;

beforeEach(async () => {
	runtime = new VirtualRuntime();
	issuer = new Issuer();
	jwksUrl = await issuer.listen();
	authenticator = await authenticatorWith(undefined);
});

afterEach(() => issuer.close());

async function authenticatorWith(secret: string | undefined) {
	const store = new MemoryStore([REVOCATIONS]);
	const revocations = await Revocations.open({ store, runtime, log: SILENT });
	const log = { ...SILENT, warn: () => failures++ };
	return createAuthenticator({ secret, jwksUrl, revocations, runtime, log });
}

const verify = async (kid: string) => authenticator.verify(await issuer.sign(kid, runtime.now()));

const UNAVAILABLE = { ok: false, code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) };

describe('keys of an issuer', () => {
	test.each(['RS256', 'ES256', 'EdDSA'])('[P42] a token signed with %s is good', async (alg) => {
		await issuer.addKey('one', alg);
		expect(await verify('one')).toMatchObject({ ok: true, identity: { userId: 'ann' } });
	});

	test.each(['PS256', 'ES384'])('[P42] %s is not on the list', async (alg) => {
		await issuer.addKey('one', alg);
		expect(await verify('one')).toMatchObject({ message: 'the algorithm is not allowed' });
		expect(issuer.requests).toBe(0);
	});

	test('[P42] a public key cannot be used as the secret of HS256', async () => {
		await issuer.addKey('one', 'RS256');
		const forge = async (key: string) =>
			new SignJWT({ sub: 'ann', iat: runtime.now() / 1_000, exp: runtime.now() / 1_000 + 60 })
				.setProtectedHeader({ alg: 'HS256', kid: 'one' })
				.sign(new TextEncoder().encode(key));
		const publicKey = issuer.publicKeyOf('one');
		const both = await authenticatorWith('a secret beside the keys, of 40 letters.');
		for (const key of [await exportSPKI(publicKey), JSON.stringify(await exportJWK(publicKey))]) {
			const token = await forge(key);
			expect(await authenticator.verify(token)).toMatchObject({
				message: 'the algorithm is not allowed',
			});
			expect(await both.verify(token)).toMatchObject({ message: 'the signature does not fit' });
		}
	});

	test('[P42] secret and keys side by side: each for its own algorithms', async () => {
		await issuer.addKey('one', 'ES256');
		const secret = 'a secret beside the keys, of 40 letters.';
		authenticator = await authenticatorWith(secret);
		expect(await verify('one')).toMatchObject({ ok: true });
		const own = await new SignJWT({ sub: 'bob' })
			.setProtectedHeader({ alg: 'HS256' })
			.setIssuedAt(runtime.now() / 1_000)
			.setExpirationTime(runtime.now() / 1_000 + 60)
			.sign(new TextEncoder().encode(secret));
		expect(await authenticator.verify(own)).toMatchObject({ ok: true });
	});

	test('[P42] many tokens at once and later ones ask the endpoint once', async () => {
		await issuer.addKey('one', 'ES256');
		const answers = await Promise.all(Array.from({ length: 20 }, () => verify('one')));
		expect(answers.every((answer) => answer.ok)).toBe(true);
		runtime.advance(9 * MINUTE);
		expect(await verify('one')).toMatchObject({ ok: true });
		expect(issuer.requests).toBe(1);
	});

	test('[P42] a new key is found, a withdrawn one ends', async () => {
		await issuer.addKey('old', 'ES256');
		const token = await issuer.sign('old', runtime.now());
		expect(await authenticator.verify(token)).toMatchObject({ ok: true });
		await issuer.addKey('new', 'ES256');
		issuer.dropKey('old');
		expect(await verify('new'), 'not asked again so soon').toMatchObject(UNAVAILABLE);
		runtime.advance(10_000);
		expect(await verify('new')).toMatchObject({ ok: true });
		runtime.advance(10_000);
		expect(await authenticator.verify(token)).toMatchObject({
			code: 'UNAUTHORIZED',
			message: 'the issuer has no such key',
		});
	});

	test('[P42] a withdrawn key ends though no token with a new one comes', async () => {
		await issuer.addKey('old', 'ES256');
		const token = await issuer.sign('old', runtime.now());
		expect(await authenticator.verify(token)).toMatchObject({ ok: true });
		issuer.dropKey('old');
		runtime.advance(10 * MINUTE);
		expect(await authenticator.verify(token)).toMatchObject({ code: 'UNAUTHORIZED' });
	});

	test('[P4] tokens with unknown keys do not make a flood of requests', async () => {
		await issuer.addKey('one', 'ES256');
		await issuer.addKey('unknown', 'ES256');
		const token = await issuer.sign('unknown', runtime.now());
		issuer.dropKey('unknown');
		for (let count = 0; count < 50; count++) {
			expect(await authenticator.verify(token)).toMatchObject({ ok: false });
		}
		expect(issuer.requests).toBe(1);
	});
});

describe('outages of an issuer', () => {
	test('[P22] without keys a token is not judged: try again later', async () => {
		await issuer.addKey('one', 'ES256');
		issuer.fails();
		expect(await verify('one')).toEqual({
			...UNAVAILABLE,
			message: 'the keys cannot be fetched now',
		});
		for (let count = 0; count < 20; count++) expect(await verify('one')).toMatchObject(UNAVAILABLE);
		expect(issuer.requests, 'a failing endpoint is spared').toBe(1);
		issuer.recovers();
		runtime.advance(5_000);
		expect(await verify('one')).toMatchObject({ ok: true });
	});

	test('[P22] known keys stay good for a day while the endpoint fails', async () => {
		await issuer.addKey('one', 'ES256');
		await issuer.addKey('unknown', 'ES256');
		expect(await verify('one')).toMatchObject({ ok: true });
		issuer.fails();
		runtime.advance(60 * MINUTE);
		expect(await verify('one')).toMatchObject({ ok: true });
		await issuer.addKey('new', 'ES256');
		expect(await verify('new'), 'nobody can tell').toMatchObject(UNAVAILABLE);
		runtime.advance(24 * 60 * MINUTE);
		expect(await verify('one')).toMatchObject(UNAVAILABLE);
	});

	test('[P22] while a known outage lasts nobody waits for the endpoint', async () => {
		await issuer.addKey('one', 'ES256');
		expect(await verify('one')).toMatchObject({ ok: true });
		issuer.fails();
		runtime.advance(60 * MINUTE);
		expect(await verify('one')).toMatchObject({ ok: true });
		issuer.answer = () => new Promise(() => {});
		runtime.advance(MINUTE);
		const before = failures;
		expect(await verify('one')).toMatchObject({ ok: true });
		expect(failures, 'the request still hangs').toBe(before);
	});

	test.each([
		{ what: 'a redirect', status: 302, body: '' },
		{ what: 'no JSON', status: 200, body: '<html>' },
		{ what: 'no key set', status: 200, body: '{"keys": 7}' },
		{ what: 'far too much', status: 200, body: `{"keys": [${' '.repeat(1024 * 1024)}]}` },
	])('[P22] $what is an outage, not a crash', async ({ status, body }) => {
		await issuer.addKey('one', 'ES256');
		issuer.answer = async (response) =>
			void response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body);
		expect(await verify('one')).toMatchObject(UNAVAILABLE);
	});

	test('[P22] an endpoint that is not there is an outage, not a crash', async () => {
		await issuer.addKey('one', 'ES256');
		const token = await issuer.sign('one', runtime.now());
		await issuer.close();
		expect(await authenticator.verify(token)).toMatchObject(UNAVAILABLE);
	});
});
