/**
 * Every code that a client can meet, in one closed table. `retryable`: the same request may be sent
 * again unchanged, after `retryAfterMs` if the answer names one.
 */
export const ERRORS = {
	INVALID: { retryable: false, status: 400, says: 'the request is malformed' },
	UNAUTHORIZED: { retryable: false, status: 401, says: 'no valid token' },
	FORBIDDEN: { retryable: false, status: 403, says: 'you may not do this' },
	NOT_FOUND: { retryable: false, status: 404, says: 'there is nothing under this name' },
	EXISTS: { retryable: false, status: 409, says: 'the name is taken' },
	CONFLICT: { retryable: false, status: 409, says: 'the state does not allow this now' },
	NOT_OPEN: { retryable: false, status: 409, says: 'the handle is not open' },
	TOO_LARGE: { retryable: false, status: 413, says: 'the request is too large' },
	MUTED: { retryable: false, status: 403, says: 'you are muted' },
	SLOW_MODE: { retryable: false, status: 429, says: 'wait before you send again' },
	MEMBER_LIMIT: { retryable: false, status: 409, says: 'the limit of members is reached' },
	SEAT_TAKEN: { retryable: false, status: 409, says: 'somebody else has this seat' },
	TOTAL_LIMIT: { retryable: false, status: 409, says: 'not that many are left' },
	SOLD_OUT: { retryable: false, status: 409, says: 'everything is sold' },
	NOT_ADMITTED: { retryable: false, status: 403, says: 'wait for your turn first' },
	EXPIRED: { retryable: false, status: 409, says: 'the time for this is over' },
	LIMIT: { retryable: false, status: 429, says: 'too many of these are open' },
	RATE_LIMITED: { retryable: true, status: 429, says: 'slow down' },
	BUSY: { retryable: true, status: 503, says: 'too much waits already; try again' },
	AGAIN: { retryable: true, status: 503, says: 'an earlier command is unanswered; go back to it' },
	MOVED: { retryable: true, status: 503, says: 'served elsewhere now; open again' },
	RETRY_LATER: { retryable: true, status: 503, says: 'try again later' },
	UNAVAILABLE: { retryable: true, status: 503, says: 'the service is not available now' },
	MAINTENANCE: { retryable: true, status: 503, says: 'the institution is under maintenance' },
	TIMEOUT: { retryable: true, status: 504, says: 'no answer in time; it may still take effect' },
	QUEUE_FULL: { retryable: true, status: 429, says: 'too many commands wait on this client' },
	CLOSED: { retryable: false, status: 410, says: 'it is closed' },
	VERSION: { retryable: false, status: 400, says: 'no common protocol version' },
	INTERNAL: { retryable: false, status: 500, says: 'an unexpected error; nothing was changed' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** How a refusal travels. */
export interface Refusal {
	readonly code: ErrorCode;
	/** What to do about it, in English, for developers. */
	readonly message?: string;
	readonly retryAfterMs?: number;
}

/**
 * Why a socket was closed; never within 4000–4010, which are Colyseus's own. `reconnect`: whether the
 * SDK comes back by itself.
 */
export const CLOSE = {
	internal: { code: 1011, reconnect: true, says: 'an unexpected error' },
	goingAway: { code: 1001, reconnect: true, says: 'the server stops' },
	slow: { code: 4100, reconnect: true, says: 'the reader is too slow' },
	badFrame: { code: 4101, reconnect: false, says: 'not a frame of this protocol' },
	noHello: { code: 4102, reconnect: true, says: 'no hello within 5 s' },
	unauthorized: { code: 4103, reconnect: false, says: 'the token is not valid' },
	revoked: { code: 4104, reconnect: false, says: 'the token or the user was revoked' },
	expired: { code: 4105, reconnect: true, says: 'the token has expired' },
	version: { code: 4106, reconnect: false, says: 'no common protocol version' },
	tooLarge: { code: 4107, reconnect: false, says: 'the message is too large' },
	flood: { code: 4108, reconnect: true, says: 'too many frames' },
	idle: { code: 4109, reconnect: true, says: 'no sign of life' },
	tooMany: { code: 4110, reconnect: true, says: 'too many sockets of this user or address' },
	drain: { code: 4111, reconnect: true, says: 'the node is drained; come back elsewhere' },
	origin: { code: 4112, reconnect: false, says: 'the origin is not allowed' },
} as const;

export type CloseName = keyof typeof CLOSE;
