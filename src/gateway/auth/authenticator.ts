import { createSecretKey } from 'node:crypto';
import {
	type CryptoKey,
	errors,
	type JWTVerifyGetKey,
	type JWTVerifyOptions,
	jwtVerify,
} from 'jose';
import type { Log } from '../../core/log.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { CloseName, Refusal } from '../../protocol/errors.ts';
import type { Authenticator, Identity } from '../ports.ts';
import { ClaimError, identityOf } from './identity-claims.ts';
import { KeysUnavailable, RemoteKeys } from './remote-keys.ts';
import type { Revocations } from './revocations.ts';
import {
	CLOCK_TOLERANCE_MS,
	SECRET_BYTES_MIN,
	TOKEN_LENGTH_MAX,
	TOKEN_LIFE_MAX_MS,
} from './token-limits.ts';

const SECRET_ALGORITHMS = ['HS256'];
const KEY_ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];

export interface AuthenticatorOptions {
	/** For HS256, at least 32 bytes. */
	readonly secret?: string | undefined;
	/** Where the issuer's public keys are, for RS256, ES256 and EdDSA. */
	readonly jwksUrl?: string | undefined;
	/** Asked of every token when given. */
	readonly issuer?: string | undefined;
	readonly audience?: string | undefined;
	readonly revocations: Revocations;
	readonly runtime: Pick<Runtime, 'now' | 'monotonic'>;
	readonly log: Log;
}

/** Why a token was refused, and as what its socket should be closed; none: it may be sent again. */
export type TokenRefusal = { readonly ok: false; readonly close?: CloseName } & Refusal;

export interface TokenAuthenticator extends Authenticator {
	/**
	 * The identity, or a refusal: `UNAUTHORIZED` for a token that is not good, `UNAVAILABLE` while the
	 * issuer's keys cannot be fetched. Never rejects.
	 */
	verify(token: string): Promise<{ ok: true; identity: Identity } | TokenRefusal>;
}

/**
 * Verifies tokens with a secret, with an issuer's keys, or with either by the token's algorithm: each
 * algorithm has one kind of key. Throws when there is neither, or the secret is too short.
 */
export function createAuthenticator(options: AuthenticatorOptions): TokenAuthenticator {
	const { revocations, runtime, log } = options;
	const findKey = keyFinder(options);
	const verifyOptions = (): JWTVerifyOptions => ({
		algorithms: [
			...(options.secret === undefined ? [] : SECRET_ALGORITHMS),
			...(options.jwksUrl === undefined ? [] : KEY_ALGORITHMS),
		],
		...(options.issuer === undefined ? {} : { issuer: options.issuer }),
		...(options.audience === undefined ? {} : { audience: options.audience }),
		requiredClaims: ['sub', 'exp'],
		clockTolerance: CLOCK_TOLERANCE_MS / 1_000,
		// Asks for `iat` as well, and refuses one in the future.
		maxTokenAge: TOKEN_LIFE_MAX_MS / 1_000,
		currentDate: new Date(runtime.now()),
	});
	return {
		async verify(token) {
			if (typeof token !== 'string' || token.length > TOKEN_LENGTH_MAX) {
				return refused('unauthorized', `a token has at most ${TOKEN_LENGTH_MAX} characters`);
			}
			try {
				const { payload } = await jwtVerify(token, findKey, verifyOptions());
				const identity = identityOf(payload);
				if (revocations.has(identity)) return refused('revoked', 'the token was revoked');
				return { ok: true, identity };
			} catch (error) {
				return refusalOf(error, log);
			}
		},
		onRevoked: (listener) => revocations.onRevoked(listener),
	};
}

/** The key by the header's algorithm, which jose has found in the list of allowed ones before. */
function keyFinder({ secret, jwksUrl, runtime, log }: AuthenticatorOptions): JWTVerifyGetKey {
	const secretKey = secret === undefined ? undefined : secretKeyOf(secret);
	const remote = jwksUrl === undefined ? undefined : new RemoteKeys(new URL(jwksUrl), runtime, log);
	if (secretKey === undefined && remote === undefined) {
		throw new Error('set AUTH_SECRET or AUTH_JWKS_URL: without either no token can be verified');
	}
	return async (header, token) => {
		const key = SECRET_ALGORITHMS.includes(header.alg)
			? secretKey
			: await remote?.find(header, token);
		if (key === undefined) throw new errors.JOSEAlgNotAllowed();
		return key;
	};
}

/**
 * The key for HS256, imported: jose would import the bytes of a `KeyObject` anew with every token.
 * Throws when the secret is shorter than what it has to protect.
 */
export function secretKeyOf(secret: string): CryptoKey {
	const bytes = Buffer.from(secret, 'utf8');
	if (bytes.length < SECRET_BYTES_MIN) {
		throw new Error(`AUTH_SECRET is too short: at least ${SECRET_BYTES_MIN} bytes`);
	}
	const algorithm = { name: 'HMAC', hash: 'SHA-256' };
	const key = createSecretKey(bytes).toCryptoKey(algorithm, false, ['sign', 'verify']);
	// The two declarations of the one class differ in the newest usages only.
	return key as CryptoKey;
}

const refused = (close: CloseName, message: string): TokenRefusal => ({
	ok: false,
	code: 'UNAUTHORIZED',
	message,
	close,
});

/** What to answer to an error of verification: what is wrong with the token, nothing of its content. */
function refusalOf(error: unknown, log: Log): TokenRefusal {
	if (error instanceof KeysUnavailable) {
		const { message, retryAfterMs } = error;
		return { ok: false, code: 'UNAVAILABLE', message, retryAfterMs };
	}
	if (error instanceof errors.JWTExpired) return refused('expired', 'the token has expired');
	if (error instanceof ClaimError) return refused('unauthorized', error.message);
	if (error instanceof errors.JWTClaimValidationFailed) {
		const says = error.reason === 'missing' ? 'is missing' : 'does not hold here or now';
		return refused('unauthorized', `${error.claim} ${says}`);
	}
	if (error instanceof errors.JOSEAlgNotAllowed) {
		return refused('unauthorized', 'the algorithm is not allowed');
	}
	if (error instanceof errors.JWSSignatureVerificationFailed) {
		return refused('unauthorized', 'the signature does not fit');
	}
	if (error instanceof errors.JWKSNoMatchingKey) {
		return refused('unauthorized', 'the issuer has no such key');
	}
	if (error instanceof errors.JWKSMultipleMatchingKeys) {
		return refused('unauthorized', 'the issuer has several keys: the token has to name its kid');
	}
	if (!(error instanceof errors.JOSEError)) log.debug({ err: error }, 'a token was not readable');
	return refused('unauthorized', 'not a signed JWT');
}
