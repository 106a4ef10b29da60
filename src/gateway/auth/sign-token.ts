import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { ID } from '../../protocol/ids.ts';
import { secretKeyOf } from './authenticator.ts';
import { ROLES, TOKEN_LIFE_MAX_MS } from './token-limits.ts';

const TTL_SECONDS = 3_600;
const TTL_SECONDS_MAX = TOKEN_LIFE_MAX_MS / 1_000;

export interface TokenClaims {
	readonly secret: string;
	readonly userId: string;
	/** Of `user`, `ops`, `service`; `user` when absent. */
	readonly roles?: readonly string[] | undefined;
	readonly name?: string | undefined;
	readonly picture?: string | undefined;
	/** 3,600 when absent. */
	readonly ttlSeconds?: number | undefined;
	readonly issuer?: string | undefined;
	readonly audience?: string | undefined;
	/** Milliseconds since 1970; the clock's when absent. */
	readonly now?: number | undefined;
}

/** What no token can be signed for; the message says what to change. */
class TokenError extends Error {
	override readonly name = 'TokenError';
}

/** Signs a token (HS256) with an id of its own; rejects with {@link TokenError} for wrong claims. */
export async function signToken(claims: TokenClaims): Promise<string> {
	const { userId, roles = ['user'], ttlSeconds = TTL_SECONDS } = claims;
	check(claims);
	const { name, picture, issuer, audience } = claims;
	const issuedAt = Math.floor((claims.now ?? Date.now()) / 1_000);
	const token = new SignJWT({
		roles,
		...(name === undefined ? {} : { name }),
		...(picture === undefined ? {} : { picture }),
	})
		.setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
		.setSubject(userId)
		.setJti(randomUUID())
		.setIssuedAt(issuedAt)
		.setExpirationTime(issuedAt + ttlSeconds);
	if (issuer !== undefined) token.setIssuer(issuer);
	if (audience !== undefined) token.setAudience(audience);
	return await token.sign(secretKeyOf(claims.secret));
}

function check({ userId, roles = [], ttlSeconds = TTL_SECONDS }: TokenClaims): void {
	if (!ID.test(userId)) throw new TokenError('a user id is 1 to 64 of A-Z a-z 0-9 _ -');
	if (!roles.every((role) => ROLES.includes(role))) {
		throw new TokenError(`roles are ${ROLES.join(', ')}`);
	}
	if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > TTL_SECONDS_MAX) {
		throw new TokenError(`a token lives for 1 to ${TTL_SECONDS_MAX} seconds`);
	}
}
