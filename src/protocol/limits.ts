/** Numbers and names that clients need too: without zod, so that they cost a browser nothing. */

/** Protocol versions that this build speaks, best first. */
export const VERSIONS = [1] as const;

/** A client with nothing to say pings after this time. */
export const HEARTBEAT_MS = 5_000;
/** A client takes a socket that was silent for this long as dead. */
export const SILENCE_MAX_MS = 12_000;
/** A socket without a hello is closed after this time. */
export const HELLO_MAX_MS = 5_000;

/** Unread is exact up to here, then `999+` (C8). */
export const UNREAD_MAX = 999;

/** The id of the one direct channel between two users, whoever opens it. */
export function directId(one: string, other: string): string {
	return one < other ? `@${one}@${other}` : `@${other}@${one}`;
}
