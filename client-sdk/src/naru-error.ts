import { ERRORS, type ErrorCode } from '../../src/protocol/errors.ts';

/** Every rejection of the SDK. `retryable`: the same call may be made again, after `retryAfterMs`. */
export class NaruError extends Error {
	override readonly name = 'NaruError';
	readonly code: ErrorCode;
	readonly retryable: boolean;
	readonly retryAfterMs: number | undefined;

	constructor(code: ErrorCode, message?: string, retryAfterMs?: number) {
		super(message ?? ERRORS[code]?.says ?? code);
		this.code = code;
		// A newer server may know codes that this build does not: not retryable is the safe reading.
		this.retryable = ERRORS[code]?.retryable ?? false;
		this.retryAfterMs = retryAfterMs;
	}
}

/** A refusal as it came over the wire. */
interface Refused {
	readonly code: ErrorCode;
	readonly message?: string | undefined;
	readonly retryAfterMs?: number | undefined;
}

/** The error for a refusal as it came over the wire. */
export const errorOf = (refusal: Refused): NaruError =>
	new NaruError(refusal.code, refusal.message, refusal.retryAfterMs);

/** Whether the same request may be sent again unchanged. */
export const isRetryable = (refusal: Refused): boolean => ERRORS[refusal.code]?.retryable ?? false;
