import type { z } from 'zod';
import { FrameError } from '../protocol/frames.ts';
import { invalid } from './check-command.ts';
import { PayloadError, unpackPlain } from './plain-payload.ts';

/** A frame that is not of this protocol: costs the socket. */
export class BadFrameError extends Error {}

/** Unpacks and checks a payload; throws {@link BadFrameError}. */
export function unpackAs<Schema extends z.ZodType>(
	schema: Schema,
	payload: Uint8Array,
): z.infer<Schema> {
	let value: unknown;
	try {
		value = unpackPlain(payload);
	} catch (error) {
		if (error instanceof PayloadError) throw new BadFrameError(`a payload is ${error.message}`);
		throw error;
	}
	const parsed = schema.safeParse(value);
	if (!parsed.success) throw new BadFrameError(invalid(parsed.error).message);
	return parsed.data;
}

/** Whether an error is the client's doing. */
export const isBadFrame = (error: unknown): error is Error =>
	error instanceof BadFrameError || error instanceof FrameError;
