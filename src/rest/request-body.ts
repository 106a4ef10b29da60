import type { IncomingMessage } from 'node:http';
import { BODY_DEPTH_MAX, type RouteContract } from '../protocol/rest.ts';
import { type Answer, type Refused, refuse } from './answer.ts';

/** Largest body of a request: a message of 100,000 characters fits however it is escaped. */
export const BODY_BYTES_MAX = 768 * 1024;

const BODY_MAX: NonNullable<RouteContract['bodyMax']> = {
	bytes: BODY_BYTES_MAX,
	beyond: 'send less at once',
};

const tooLarge = ({ bytes, beyond }: typeof BODY_MAX) =>
	refuse('TOO_LARGE', `a body may have ${bytes} bytes: ${beyond}`);

/** Reads a JSON body; typed refusals for anything else, for too much and for a client that goes away. */
export async function readJson(
	request: IncomingMessage,
	bodyMax = BODY_MAX,
): Promise<Answer<unknown>> {
	const wrong = checkHeaders(request, bodyMax);
	if (wrong !== undefined) return wrong;
	const read = await readBytes(request, bodyMax);
	if (!read.ok) return read;
	try {
		const text = new TextDecoder('utf-8', { fatal: true }).decode(read.reply);
		const value: unknown = JSON.parse(text);
		if (isDeeper(value, BODY_DEPTH_MAX)) {
			return refuse('INVALID', `nest at most ${BODY_DEPTH_MAX} levels`);
		}
		return { ok: true, reply: value };
	} catch {
		return refuse('INVALID', 'the body is not JSON in UTF-8');
	}
}

function checkHeaders({ headers }: IncomingMessage, bodyMax: typeof BODY_MAX): Refused | undefined {
	const [type = ''] = (headers['content-type'] ?? '').split(';');
	if (type.trim().toLowerCase() !== 'application/json') {
		return refuse('INVALID', 'send content-type: application/json', { status: 415 });
	}
	if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
		return refuse('INVALID', 'send the body without content-encoding', { status: 415 });
	}
	return Number(headers['content-length'] ?? 0) > bodyMax.bytes ? tooLarge(bodyMax) : undefined;
}

function readBytes(
	request: IncomingMessage,
	bodyMax: typeof BODY_MAX,
): Promise<Answer<Uint8Array>> {
	const wentAway = refuse('INVALID', 'the request ended before its body');
	// Who asks may have taken so long to verify that the caller gave up: then no event comes any more.
	if (request.destroyed) return Promise.resolve(wentAway);
	return new Promise((resolve) => {
		const chunks: Uint8Array[] = [];
		let length = 0;
		const finish = (answer: Answer<Uint8Array>) => {
			request.off('data', take).off('end', end).off('close', gone);
			request.resume();
			resolve(answer);
		};
		const take = (chunk: Uint8Array) => {
			length += chunk.length;
			if (length > bodyMax.bytes) finish(tooLarge(bodyMax));
			else chunks.push(chunk);
		};
		const end = () => finish({ ok: true, reply: Buffer.concat(chunks) });
		const gone = () => finish(wentAway);
		request.on('data', take).once('end', end).once('close', gone);
		request.on('error', () => {}); // followed by close
	});
}

/** Level by level, so that no depth overflows the stack. */
function isDeeper(value: unknown, depthMax: number): boolean {
	let level: unknown[] = [value];
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > depthMax) return true;
		level = level.flatMap((item) =>
			typeof item === 'object' && item !== null ? Object.values(item) : [],
		);
	}
	return false;
}
