import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { ConnectOptions } from '../../client-sdk/src/index.ts';
import { readConfig } from '../../src/config.ts';
import { SILENT } from '../../src/core/log.ts';
import { type NaruServer, type ServerOptions, startServer } from '../../src/server.ts';
import { Device } from './device.ts';
import { FrameClient, type FrameClientOptions } from './frame-client.ts';
import { NaruProcess, type NaruProcessOptions } from './naru-process.ts';

// Processes start and stop here, on machines that may run much else at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface TokenRequest {
	readonly userId: string;
	readonly roles?: readonly string[];
	readonly name?: string;
}

/** A token as the development server gives them away. */
export async function devToken(url: string, request: TokenRequest): Promise<string> {
	const response = await fetch(`${url}/api/v1/dev/token`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(request),
	});
	const { token } = (await response.json()) as { token: string };
	return token;
}

/** All that a test started: servers, devices, directories; undone at its end, newest first. */
export class World {
	readonly #undo: (() => unknown)[] = [];

	directory(): string {
		const directory = mkdtempSync(join(tmpdir(), 'naru-test-'));
		this.later(() => rmSync(directory, { recursive: true, force: true }));
		return directory;
	}

	/** The server in a process of its own; killed at the end if it still runs. */
	async process(options: NaruProcessOptions): Promise<NaruProcess> {
		const started = await NaruProcess.start(options);
		this.later(() => started.kill());
		return started;
	}

	/** The server of production in this process, on a free port. */
	async server({
		directory = this.directory(),
		env,
		...options
	}: Partial<Omit<ServerOptions, 'config'>> & {
		readonly directory?: string;
		readonly env?: Readonly<Record<string, string>>;
	} = {}): Promise<NaruServer> {
		const config = readConfig({ PORT: '0', NARU_DATA_DIR: directory, ...env });
		const server = await startServer({ config, log: SILENT, ...options });
		this.later(() => server.close());
		return server;
	}

	/** One device of a user, connecting. */
	device(url: string, userId: string, options: Partial<ConnectOptions> = {}): Device {
		const token = () => devToken(url, { userId });
		const device = new Device(userId, { url, token, ...options });
		this.later(() => device.naru.close());
		return device;
	}

	/** The bare protocol, welcomed. */
	async frames(
		url: string,
		who: string | TokenRequest,
		options?: FrameClientOptions,
	): Promise<FrameClient> {
		const token = await devToken(url, typeof who === 'string' ? { userId: who } : who);
		const client = await FrameClient.connect(socketUrl(url), token, options);
		this.later(() => client.socket.terminate());
		return client;
	}

	later(undo: () => unknown): void {
		this.#undo.push(undo);
	}

	async end(): Promise<void> {
		for (const undo of this.#undo.splice(0).reverse()) await undo();
	}
}

export const socketUrl = (url: string) => `${url.replace('http', 'ws')}/naru`;

/** Calls the REST API and answers with status and body. */
export async function rest(
	url: string,
	path: string,
	{ token, body, key, method }: RestOptions = {},
): Promise<{ status: number; body: unknown }> {
	const response = await fetch(`${url}${path}`, {
		method: method ?? (body === undefined ? 'GET' : 'POST'),
		headers: {
			...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
			...(key === undefined ? {} : { 'idempotency-key': key }),
			...(body === undefined ? {} : { 'content-type': 'application/json' }),
		},
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});
	const text = await response.text();
	const isJson = response.headers.get('content-type')?.includes('json') === true;
	return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

export interface RestOptions {
	readonly token?: string;
	readonly body?: unknown;
	readonly key?: string;
	readonly method?: string;
}

/** Polls until `reached` answers true; the test's own time limit ends it. */
export async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Values of `/metrics` by name, labels summed up. */
export async function metrics(url: string): Promise<(name: string) => number> {
	const { body } = await rest(url, '/metrics');
	const totals = new Map<string, number>();
	for (const [, name = '', value] of String(body).matchAll(/^(\w+)(?:\{[^}]*\})? (\S+)$/gm)) {
		totals.set(name, (totals.get(name) ?? 0) + Number(value));
	}
	return (name) => totals.get(name) ?? 0;
}
