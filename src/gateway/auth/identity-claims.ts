import type { JWTPayload } from 'jose';
import { ID } from '../../protocol/ids.ts';
import type { Identity } from '../ports.ts';
import { ROLES, TOKEN_ID_LENGTH_MAX, TOKEN_LIFE_MAX_MS } from './token-limits.ts';

const NAME_LENGTH_MAX = 100;
const PICTURE_LENGTH_MAX = 1_000;

/** A claim that no identity can be made of; the message says which and why, without its value. */
export class ClaimError extends Error {
	override readonly name = 'ClaimError';
}

/** Who the claims of a verified token speak of; throws {@link ClaimError}. */
export function identityOf(claims: JWTPayload): Identity {
	const { sub, iat, exp, jti } = claims;
	if (typeof sub !== 'string' || !ID.test(sub)) {
		throw new ClaimError('sub has to be 1 to 64 of A-Z a-z 0-9 _ -');
	}
	if (iat === undefined || exp === undefined) throw new ClaimError('iat and exp are required');
	if ((exp - iat) * 1_000 > TOKEN_LIFE_MAX_MS) {
		throw new ClaimError(`exp may be at most ${TOKEN_LIFE_MAX_MS / 1_000} seconds behind iat`);
	}
	return {
		userId: sub,
		roles: rolesOf(claims.roles),
		name: nameOf(claims.name),
		picture: pictureOf(claims.picture),
		tokenId: tokenIdOf(jti),
		issuedAt: Math.floor(iat * 1_000),
		expiresAt: Math.floor(exp * 1_000),
	};
}

/** Issuers put roles of their own beside ours: those are passed over, and what is left empty is a user. */
function rolesOf(claim: unknown): readonly string[] {
	if (claim === undefined) return ['user'];
	if (!Array.isArray(claim)) throw new ClaimError('roles has to be an array of strings');
	const known = ROLES.filter((role) => claim.includes(role));
	return known.length > 0 ? known : ['user'];
}

function tokenIdOf(claim: unknown): string | undefined {
	if (claim === undefined) return undefined;
	if (typeof claim === 'string' && claim.length > 0 && claim.length <= TOKEN_ID_LENGTH_MAX) {
		return claim;
	}
	throw new ClaimError(`jti has to be a string of 1 to ${TOKEN_ID_LENGTH_MAX} characters`);
}

/** A name that is too long is cut, between characters. */
function nameOf(claim: unknown): string | undefined {
	if (typeof claim !== 'string' || claim === '') return undefined;
	return claim.slice(0, NAME_LENGTH_MAX).replace(/[\ud800-\udbff]$/, '');
}

/** A picture that is too long is left out: a cut URL shows nothing. */
function pictureOf(claim: unknown): string | undefined {
	if (typeof claim !== 'string' || claim === '') return undefined;
	return claim.length <= PICTURE_LENGTH_MAX ? claim : undefined;
}
