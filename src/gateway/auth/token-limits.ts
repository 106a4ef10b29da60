/** Longest token, in characters; longer ones are refused unread. */
export const TOKEN_LENGTH_MAX = 8_192;
/** Longest time between a token's `iat` and `exp`: so long does a revocation have to be kept. */
export const TOKEN_LIFE_MAX_MS = 31 * 24 * 3_600_000;
/** How far the issuer's clock may be off. */
export const CLOCK_TOLERANCE_MS = 5_000;
/** Longest `jti`, in characters. */
export const TOKEN_ID_LENGTH_MAX = 256;
/** Shortest secret for HS256, in bytes (RFC 7518, section 3.2). */
export const SECRET_BYTES_MIN = 32;
/** What a role claim may grant; anything else in it is passed over. */
export const ROLES: readonly string[] = ['user', 'ops', 'service'];
