import { ERRORS, type Refusal } from '../protocol/errors.ts';
import type { WireRefusal } from '../protocol/wire.ts';

/** A refusal as it travels: its code, what to do about it, and nothing else of the object. */
export function wireRefusal({ code, message, retryAfterMs }: Refusal): WireRefusal {
	return {
		code,
		message: message ?? ERRORS[code].says,
		...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
	};
}
