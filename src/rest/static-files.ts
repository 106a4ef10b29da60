import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import type { HttpHandler } from './http-handler.ts';

/** Only these are served. */
const TYPES: Readonly<Record<string, string>> = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.json': 'application/json; charset=utf-8',
	'.map': 'application/json; charset=utf-8',
	'.svg': 'image/svg+xml',
	'.png': 'image/png',
	'.ico': 'image/x-icon',
	'.webp': 'image/webp',
	'.woff2': 'font/woff2',
	'.webmanifest': 'application/manifest+json',
	'.txt': 'text/plain; charset=utf-8',
};

/** Files are kept in memory: more than a built page needs is a mistake. */
const TOTAL_BYTES_MAX = 32 * 1024 * 1024;
/** Names that a bundler made from the content. */
const HASHED = /^assets\/.+-[A-Za-z0-9_-]{8,}\.\w+$/;

const PAGE_POLICY = [
	"default-src 'self'",
	"connect-src 'self' ws: wss:",
	"img-src 'self' https: data:",
	"style-src 'self' 'unsafe-inline'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
	"object-src 'none'",
].join('; ');

/** Headers of pages; a frame, a guessed type or a leaked address does nobody good. */
const PAGE_HEADERS = {
	'content-security-policy': PAGE_POLICY,
	'cross-origin-opener-policy': 'same-origin',
	'referrer-policy': 'no-referrer',
};

interface StaticFile {
	readonly bytes: Buffer;
	readonly etag: string;
	readonly headers: Readonly<Record<string, string>>;
}

export interface StaticOptions {
	/** A directory of built files; one that does not exist serves nothing. */
	readonly directory: string;
	/** `/` or `/sdk`; `index.html` is served at the prefix itself. */
	readonly prefix: string;
	/** Whether pages of other origins may load the files (a script for everybody). */
	readonly shared?: boolean;
}

/**
 * Serves the files that are in the directory now, from memory: what is not among them does not exist,
 * so no path leads out. Says `false` for every other path.
 */
export function staticFiles(options: StaticOptions): HttpHandler {
	const files = readFiles(options);
	return (request, response) => {
		if (request.method !== 'GET' && request.method !== 'HEAD') return false;
		const file = files.get((request.url ?? '').split('?')[0] ?? '');
		if (file === undefined) return false;
		send(file, request, response);
		return true;
	};
}

function send(file: StaticFile, request: IncomingMessage, response: ServerResponse): void {
	if (matches(request.headers['if-none-match'], file.etag)) {
		response.writeHead(304, file.headers).end();
		return;
	}
	response.writeHead(200, { ...file.headers, 'content-length': file.bytes.length });
	response.end(request.method === 'HEAD' ? undefined : file.bytes);
}

/** By the weak comparison of RFC 9110. */
const matches = (given: string | undefined, etag: string) =>
	given
		?.split(',')
		.map((tag) => tag.trim().replace(/^W\//, ''))
		.some((tag) => tag === etag || tag === '*') ?? false;

/** By the path under which each file is asked for. */
function readFiles({ directory, prefix, shared = false }: StaticOptions): Map<string, StaticFile> {
	const base = prefix === '/' ? '' : prefix;
	const files = new Map<string, StaticFile>();
	let total = 0;
	for (const found of globSync('**/*', { cwd: directory }).sort()) {
		const path = join(directory, found);
		const type = TYPES[extname(found)];
		if (type === undefined || !statSync(path).isFile()) continue;
		const name = found.split(sep).join('/');
		const file = staticFile(name, readFileSync(path), { type, shared });
		total += file.bytes.length;
		if (total > TOTAL_BYTES_MAX) throw new Error(`${directory} holds more than can be served`);
		files.set(`${base}/${name}`, file);
		if (name === 'index.html') files.set(base === '' ? '/' : base, file);
	}
	return files;
}

function staticFile(
	name: string,
	bytes: Buffer,
	{ type, shared }: { readonly type: string; readonly shared: boolean },
): StaticFile {
	const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
	return {
		bytes,
		etag,
		headers: {
			etag,
			'content-type': type,
			'cache-control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
			'x-content-type-options': 'nosniff',
			...(type.startsWith('text/html') ? PAGE_HEADERS : {}),
			...(shared
				? { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }
				: {}),
		},
	};
}
