import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { expect } from 'vitest';
import { NaruProcess } from '../../support/naru-process.ts';
import { buildPage, buildSdk, launchBrowser } from './browser.ts';
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

/** Where a stage is. */
interface Place {
	/** As the browser knows it. */
	readonly hostName: string;
	readonly port: number;
	/** Of pages elsewhere that may talk to the server. */
	readonly origins: readonly string[];
}

/** A real server with its data, and a browser in front of it. */
export class Stage {
	readonly browser: Browser;
	/** As pages see it. */
	readonly url: string;
	readonly #directory = mkdtempSync(join(tmpdir(), 'naru-browser-'));
	#server: NaruProcess | undefined;
	readonly #env: Readonly<Record<string, string>>;
	readonly #port: number;

	private constructor(browser: Browser, env: Readonly<Record<string, string>>, place: Place) {
		const { hostName, port, origins = [] } = place;
		this.browser = browser;
		this.#port = port;
		this.url = `http://${hostName}:${port}/`;
		const own = `http://${hostName}:${port}`;
		this.#env = { ALLOWED_ORIGINS: [own, ...origins].join(), ...env };
	}

	/** `env`: settings of the server besides those of a fresh checkout. */
	static async set(
		env: Readonly<Record<string, string>> = {},
		{ hostName = '127.0.0.1', origins = [] }: Partial<Place> = {},
	): Promise<Stage> {
		await Promise.all([buildPage('demo'), buildPage('inspector'), buildSdk()]);
		const place = { hostName, origins, port: await freePort() };
		const stage = new Stage(await launchBrowser(hostName), env, place);
		await stage.start();
		return stage;
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
		const metrics = await (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
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
