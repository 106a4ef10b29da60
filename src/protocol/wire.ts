import { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import { idSchema } from './ids.ts';

/**
 * Payloads of the frames (msgpack). Within a major version fields are only added, and a reader passes
 * over fields it does not know. Numbers are integers, times are milliseconds since 1970.
 */

export { HEARTBEAT_MS, HELLO_MAX_MS, SILENCE_MAX_MS, VERSIONS } from './limits.ts';

const requestIdSchema = z.string().min(1).max(64);

/** hello, up: first frame, and again on the same socket with a fresh token. */
export const helloSchema = z.object({
	versions: z.array(z.int().positive()).min(1).max(16),
	token: z.string().min(1).max(8192),
	deviceId: idSchema.optional(),
	sdk: z.string().max(64).optional(),
	platform: z.string().max(64).optional(),
	/** Whether a page or app of this device is in front; absent means yes. */
	visible: z.boolean().optional(),
});
export type Hello = z.infer<typeof helloSchema>;

/** welcome, down. `expiresAt`: when the token ends; a fresh hello is asked for before. */
export interface Welcome {
	readonly version: number;
	readonly userId: string;
	readonly node: string;
	readonly now: number;
	readonly heartbeatMs: number;
	readonly messageBytesMax: number;
	readonly expiresAt?: number;
}

/** [position, writer of the commit that holds it]: what a client has of an actor's history. */
export const resumeSchema = z.tuple([z.int().nonnegative(), z.string().max(64)]);
export type Resume = z.infer<typeof resumeSchema>;

/** open, up. `with`: a command run before the opening, which may create the actor (`creates`). */
export const openSchema = z.object({
	/** Of a known kind, and an id: otherwise the handle is refused, not the frame. */
	kind: z.string(),
	id: z.string(),
	args: z.unknown().optional(),
	resume: resumeSchema.optional(),
	with: z
		.object({
			name: z.string().max(64),
			args: z.unknown(),
			requestId: requestIdSchema.optional(),
			resend: z.boolean().optional(),
		})
		.optional(),
});
export type Open = z.infer<typeof openSchema>;

/** opened and reset, down: a fresh state. Events of `down` behind `position` follow. */
export interface Opened {
	/** Id of the shared frames of this actor. */
	readonly down: number;
	readonly position: number;
	readonly writer: string;
	readonly view: unknown;
	/** The answer to `with`. */
	readonly reply?: unknown;
}

/** resume, down: what was missed, in one or more parts; `more` is false in the last. */
export interface Resumed {
	readonly down: number;
	readonly position: number;
	readonly writer: string;
	readonly events: readonly WireEvent[];
	readonly more: boolean;
	readonly reply?: unknown;
}

/** command, up: [n, name, args, requestId?, resend?]; n counts from 1 in each opening of a handle. */
export const commandSchema = z.tuple([
	z.int().positive(),
	z.string().max(64),
	z.unknown(),
	requestIdSchema.nullish(),
	z.boolean().nullish(),
]);
export type CommandFrame = z.infer<typeof commandSchema>;

/** reply, down: [n, result] or [n, null, refusal]. */
export type Reply = readonly [n: number, result: unknown, refusal?: WireRefusal];

export interface WireRefusal {
	readonly code: ErrorCode;
	readonly message?: string | undefined;
	readonly retryAfterMs?: number | undefined;
}

/** [type, data], as the kind's contract describes. */
export type WireEvent = readonly [type: string, data: unknown];

/** data of a stream, down: `w` only when the writer is another than before. */
export interface Data {
	/** The position reached with these events. */
	readonly p: number;
	readonly e: readonly WireEvent[];
	readonly w?: string;
}

/** ephemeral, both ways: told once, stored nowhere. */
export const ephemeralSchema = z.tuple([z.string().max(64), z.unknown()]);

/** close, both ways; for a handle. Down with the reason; up without. */
export interface Close {
	readonly code?: string;
	readonly closeCode?: number;
	readonly message?: string;
}

/** error, down: of a handle whose opening was refused, or of the socket (handle 0). */
export type WireError = WireRefusal & { readonly renew?: boolean };

/** ping up and pong down: the client's mark comes back beside the server's clock. */
export const pingSchema = z.object({ t: z.number().optional() });
export interface Pong {
	readonly t?: number;
	readonly now: number;
}
