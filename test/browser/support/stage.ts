import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { expect } from 'vitest';
import { NaruProcess } from '../../support/naru-process.ts';
import { buildDemo, launchBrowser } from './browser.ts';
import { Visitor } from './visitor.ts';

const SETTLE_MAX_MS = 30_000;

/** Asks until the expectation behind it holds. */
export const eventually = <T>(ask: () => Promise<T>) =>
	expect.poll(ask, { timeout: SETTLE_MAX_MS });

/** A port that was free a moment ago; known before the start, since a server must know its origin. */
async function freePort(): Promise<number> {
	const probe = createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	const { port } = probe.address() as AddressInfo;
	probe.close();
	return port;
}

/** A real server with its data, and a browser in front of it. */
export class Stage {
	readonly browser: Browser;
	readonly #directory = mkdtempSync(join(tmpdir(), 'naru-browser-'));
	#server: NaruProcess | undefined;
	readonly #env: Readonly<Record<string, string>>;
	readonly #port: number;

	private constructor(browser: Browser, port: number, env: Readonly<Record<string, string>>) {
		this.browser = browser;
		this.#port = port;
		this.#env = { ALLOWED_ORIGINS: `http://127.0.0.1:${port}`, ...env };
	}

	/** `env`: settings of the server besides those of a fresh checkout. */
	static async set(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
		await buildDemo();
		const stage = new Stage(await launchBrowser(), await freePort(), env);
		await stage.start();
		return stage;
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}/`;
	}

	/** Starts the server: on the same port and data as before, if it ran before. */
	async start(): Promise<void> {
		this.#server = await NaruProcess.start({
			directory: this.#directory,
			port: this.#port,
			env: this.#env,
		});
	}

	/** As a power cut would. */
	async killServer(): Promise<void> {
		await this.#server?.kill();
	}

	/** Somebody signs in with a browser of their own. */
	visitor(name: string, options: BrowserContextOptions = {}): Promise<Visitor> {
		return Visitor.enter(this.browser, this.url, { name, ...options });
	}

	/** WebSockets that are open, as the server counts them. */
	async sockets(): Promise<number> {
		const metrics = await (await fetch(`${this.url}metrics`)).text();
		return Number(/^naru_sockets (\d+)$/m.exec(metrics)?.[1]);
	}

	/** Closes all pages; the server and its data stay. */
	async clear(): Promise<void> {
		await Promise.all(this.browser.contexts().map((context) => context.close()));
	}

	async strike(): Promise<void> {
		await this.browser.close();
		await this.#server?.kill();
		rmSync(this.#directory, { recursive: true, force: true });
	}
}
