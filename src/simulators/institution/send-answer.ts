import type { ServerResponse } from 'node:http';
import type { Garbage } from './faults.ts';
import type { Answer } from './institution.ts';

const HUGE_BYTES = 10 * 1_024 * 1_024;
const PIECE_BYTES = 64 * 1_024;
/** Pieces that an answer comes in when it drips. */
const PIECES = 64;

/** What goes out of an institution, whatever it is. */
interface Parcel {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

const JSON_TYPE = { 'content-type': 'application/json' };

function parcelOf({ status, body }: Answer, garbage: Garbage | undefined): Parcel {
	if (garbage === 'schema') {
		const wrong = { assets: [{ asset_id: 7 }], positions: 'none', access_token: ['?'] };
		return { status: 200, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(wrong)) };
	}
	if (garbage === 'text') {
		const text = '<html><body>Please come back later</body></html>';
		return { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from(text) };
	}
	if (garbage === 'redirect') {
		// No address that could be reached (RFC 5737).
		const headers = { location: 'http://192.0.2.1/elsewhere' };
		return { status: 302, headers, body: Buffer.alloc(0) };
	}
	return { status, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(body)) };
}

/** Sends an answer, or what comes instead of it. `dripMs` above 0: in small pieces. */
export function sendAnswer(
	response: ServerResponse,
	answer: Answer,
	how: { readonly dripMs: number; readonly garbage: Garbage | undefined },
): void {
	const { status, headers, body } = parcelOf(answer, how.garbage);
	if (how.garbage === 'huge') {
		response.writeHead(200, JSON_TYPE);
		sendHuge(response);
		return;
	}
	response.writeHead(status, { ...headers, 'content-length': String(body.length) });
	if (how.garbage === 'cut') {
		response.write(body.subarray(0, body.length >> 1), () => response.destroy());
	} else if (how.dripMs > 0) drip(response, body, how.dripMs);
	else response.end(body);
}

function sendHuge(response: ServerResponse): void {
	const piece = Buffer.alloc(PIECE_BYTES, ' ');
	let left = HUGE_BYTES;
	const more = () => {
		while (left > 0 && !response.destroyed) {
			left -= piece.length;
			if (!response.write(piece)) {
				response.once('drain', more);
				return;
			}
		}
		response.end();
	};
	more();
}

function drip(response: ServerResponse, body: Buffer, dripMs: number): void {
	const length = Math.max(1, Math.ceil(body.length / PIECES));
	let start = 0;
	response.flushHeaders();
	const timer = setInterval(() => {
		response.write(body.subarray(start, start + length));
		start += length;
		if (start < body.length) return;
		clearInterval(timer);
		response.end();
	}, dripMs);
	response.once('close', () => clearInterval(timer));
}
