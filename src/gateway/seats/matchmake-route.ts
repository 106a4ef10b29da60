import type { IncomingMessage, ServerResponse } from 'node:http';
import { matchMaker } from '@colyseus/core';
import { ERRORS, type Refusal } from '../../protocol/errors.ts';
import { ID } from '../../protocol/ids.ts';
import type { Authenticator, Identity } from '../ports.ts';
import type { RequestLimits } from '../request-limits.ts';
import type { PlaceAnswer, Rooms } from './room-host.ts';
import { keyOf } from './seat-definition.ts';

const BODY_BYTES_MAX = 16 * 1024;
const ROUTE = new RegExp(`^/${matchMaker.controller.matchmakeRoute}/([A-Za-z]+)/([\\w-]+)/?$`);

/** Answers Colyseus's own HTTP route when the request is one; otherwise false, nothing touched. */
export type MatchmakeRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

type Options = Readonly<Record<string, unknown>> & { readonly reconnectionToken?: unknown };

interface Call {
	readonly method: string;
	/** A kind, or a room id for `joinById` and `reconnect`. */
	readonly name: string;
	readonly options: Options;
	readonly identity: Identity;
}

export interface MatchmakeParts {
	readonly rooms: Rooms;
	readonly authenticator: Authenticator;
	readonly limits: Pick<RequestLimits, 'arrived' | 'identified'>;
	/** Whether a page of this origin may ask; clients that are no pages name none. */
	readonly originAllowed: (origin: string | undefined) => boolean;
}

/**
 * What stock clients call before they open their socket. `joinOrCreate`, `create` and `join` name a
 * kind and say which with `id` in the options; all lead to the one room of that key.
 */
export function matchmakeRoute(parts: MatchmakeParts): MatchmakeRoute {
	const { rooms, authenticator, limits, originAllowed } = parts;
	const answer = async (request: IncomingMessage, [method, name]: [string, string]) => {
		const early = limits.arrived(request);
		if (early !== undefined) return early;
		if (!originAllowed(request.headers.origin)) return no('FORBIDDEN', 'a page of another origin');
		const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
		const verified = await authenticator.verify(token ?? '');
		const identity = verified.ok ? verified.identity : undefined;
		const tooMany = limits.identified(request, identity);
		if (tooMany !== undefined) return tooMany;
		if (!verified.ok) return verified;
		const options = await readOptions(request);
		if (options === undefined) return no('INVALID', 'the body is no small JSON object');
		return place(rooms, { method, name, options, identity: verified.identity });
	};
	return (request, response) => {
		const path = (request.url ?? '').split('?', 1)[0] ?? '';
		const [, method, name] = (request.method === 'POST' && ROUTE.exec(path)) || [];
		if (method === undefined || name === undefined) return false;
		answer(request, [method, name])
			.then((answered) => send(response, answered))
			.catch(() => response.destroy());
		return true;
	};
}

const no = (code: Refusal['code'], message: string) => ({ ok: false, code, message }) as const;

async function place(rooms: Rooms, call: Call): Promise<PlaceAnswer> {
	const { method, name, options, identity } = call;
	if (method === 'joinById' || method === 'reconnect') {
		const key = keyOf(name);
		if (key === undefined) return no('NOT_FOUND', 'there is no such room');
		const reconnectionToken =
			method === 'reconnect' ? String(options.reconnectionToken) : undefined;
		return rooms.place({ ...key, args: options, identity, makes: false, reconnectionToken });
	}
	const makes = method === 'joinOrCreate' || method === 'create';
	if (!makes && method !== 'join') return no('NOT_FOUND', 'there is no such method');
	const { id, ...args } = options;
	if (typeof id !== 'string' || !ID.test(id)) return no('INVALID', 'say which room with `id`');
	return rooms.place({ kind: name, id, args, identity, makes });
}

async function readOptions(request: IncomingMessage): Promise<Options | undefined> {
	const parts: Buffer[] = [];
	let length = 0;
	for await (const part of request) {
		length += part.length;
		if (length > BODY_BYTES_MAX) return undefined;
		parts.push(part);
	}
	try {
		const value: unknown = length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString());
		const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
		return isObject ? (value as Options) : undefined;
	} catch {
		return undefined;
	}
}

function retryAfter(answer: PlaceAnswer): Record<string, string> {
	if (answer.ok || answer.retryAfterMs === undefined) return {};
	return { 'retry-after': String(Math.ceil(answer.retryAfterMs / 1_000)) };
}

function send(response: ServerResponse, answer: PlaceAnswer): void {
	const status = answer.ok ? 200 : ERRORS[answer.code].status;
	const body = answer.ok
		? answer.place
		: { code: answer.code, error: answer.message ?? ERRORS[answer.code].says };
	response.writeHead(status, { 'content-type': 'application/json', ...retryAfter(answer) });
	response.end(JSON.stringify(body));
}
