import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { ERRORS, type Refusal } from '../protocol/errors.ts';
import type { restErrorSchema } from '../protocol/rest.ts';

/** What a handler answers: a reply, or why not. */
export type Answer<T> = { readonly ok: true; readonly reply: T } | Refused;

/** A refusal; `status` and `headers` where HTTP has something more exact than the code's own. */
export type Refused = { readonly ok: false } & Refusal & {
		readonly status?: number;
		readonly headers?: Readonly<Record<string, string>>;
	};

/** Makes a refusal that says what to do. */
export const refuse = (
	code: Refusal['code'],
	message: string,
	more: Omit<Refused, 'ok' | 'code' | 'message'> = {},
): Refused => ({ ok: false, code, message, ...more });

/** A refusal in the form in which it travels. */
export function restError(refusal: Refusal): z.infer<typeof restErrorSchema> {
	const { code, message = ERRORS[code].says, retryAfterMs } = refusal;
	return { error: { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } };
}

/** Headers of everything that is no page: never kept, never run. */
const API_HEADERS = {
	'cache-control': 'no-store',
	'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
	'x-content-type-options': 'nosniff',
};

/** One exchange: writes at most one answer, and none when the client has gone. */
export class Exchange {
	readonly request: IncomingMessage;
	readonly #response: ServerResponse;
	#answered = false;

	constructor(request: IncomingMessage, response: ServerResponse) {
		this.request = request;
		this.#response = response;
	}

	/** Adds headers to the answer to come. */
	setHeaders(headers: Readonly<Record<string, string>>): void {
		for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value);
	}

	reply(body: string, contentType: string): void {
		this.#write(200, body, { 'content-type': contentType });
	}

	/** Answers a preflight. */
	noContent(): void {
		this.#write(204, '', {});
	}

	refuse(refusal: Refused): void {
		const { code, retryAfterMs, status = ERRORS[code].status, headers = {} } = refusal;
		this.#write(status, JSON.stringify(restError(refusal)), {
			'content-type': 'application/json; charset=utf-8',
			...(retryAfterMs === undefined
				? {}
				: { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
			...(code === 'UNAUTHORIZED' ? { 'www-authenticate': 'Bearer' } : {}),
			...headers,
		});
	}

	#write(status: number, body: string, headers: Record<string, string>): void {
		if (this.#answered || this.#response.destroyed) return;
		this.#answered = true;
		const bytes = Buffer.from(body);
		const length = status === 204 ? {} : { 'content-length': String(bytes.length) };
		this.#response.writeHead(status, { ...API_HEADERS, ...headers, ...length });
		// What was not read of the request is passed over by node:http; nothing is kept.
		this.#response.end(bytes);
	}
}
