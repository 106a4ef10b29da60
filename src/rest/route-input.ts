import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { idempotencyKeySchema, type RouteContract } from '../protocol/rest.ts';
import { type Answer, refuse } from './answer.ts';
import { readJson } from './request-body.ts';

/** Params, query, idempotency key and body as the route's contract describes them, or what is wrong. */
export async function readInput(
	route: RouteContract,
	request: IncomingMessage,
	given: { readonly params: Readonly<Record<string, string>>; readonly search: string },
): Promise<Answer<Record<string, unknown>>> {
	const params = check(route.params, given.params);
	if (!params.ok) return params;
	const query = check(route.query, Object.fromEntries(new URLSearchParams(given.search)));
	if (!query.ok) return query;
	const key = check(
		route.idempotent && idempotencyKeySchema,
		request.headers['idempotency-key'] ?? '',
	);
	if (!key.ok) return key;
	const json = route.body === undefined ? undefined : await readJson(request, route.bodyMax);
	if (json?.ok === false) return json;
	const body = check(route.body, json?.reply);
	if (!body.ok) return body;
	return {
		ok: true,
		reply: {
			params: params.reply,
			query: query.reply,
			body: body.reply,
			idempotencyKey: key.reply,
		},
	};
}

function check(schema: z.ZodType | undefined, value: unknown): Answer<unknown> {
	if (schema === undefined) return { ok: true, reply: undefined };
	const checked = schema.safeParse(value);
	if (checked.success) return { ok: true, reply: checked.data };
	const [issue] = checked.error.issues;
	const where = issue?.path.length ? `${issue.path.join('.')}: ` : '';
	return refuse('INVALID', `${where}${issue?.message ?? 'not as described'}`.slice(0, 300));
}
