import type { z } from 'zod';

export type TokenRole = 'user' | 'ops' | 'service';

/** One route. Everything but `/healthz`, `/readyz` and `/metrics` is under `/api/v1`. */
export interface RouteContract {
	readonly method: 'GET' | 'POST' | 'PUT';
	/** `{name}` stands for one segment, checked by `params`. */
	readonly path: `/${string}`;
	readonly summary: string;
	/** `anyone` needs no token, `user` any valid one, a list one of these roles. */
	readonly access: 'anyone' | 'user' | readonly TokenRole[];
	/** Outside development there is no such path. */
	readonly developmentOnly?: true;
	/** The `Idempotency-Key` header is required: the same key takes effect once. */
	readonly idempotent?: true;
	/** Content type of the answer when it is not JSON. */
	readonly produces?: string;
	readonly params?: z.ZodType;
	readonly query?: z.ZodType;
	readonly body?: z.ZodType;
	/** Where larger bodies than elsewhere are taken, and what to do about one that is larger still. */
	readonly bodyMax?: { readonly bytes: number; readonly beyond: string };
	readonly reply: z.ZodType;
}

/** Keeps the literal types of a route. */
export const defineRoute = <const R extends RouteContract>(route: R): R => route;
