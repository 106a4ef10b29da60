import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { expect } from 'vitest';
import { NaruProcess } from '../../support/naru-process.ts';
import { buildDemo, launchBrowser } from './browser.ts';
import { Visitor } from './visitor.ts';

const SETTLE_MAX_MS = 15_000;

/** Asks until the expectation behind it holds. */
export const eventually = <T>(ask: () => Promise<T>) =>
	expect.poll(ask, { timeout: SETTLE_MAX_MS });

/** A real server with its data, and a browser in front of it. */
export class Stage {
	readonly browser: Browser;
	readonly #directory = mkdtempSync(join(tmpdir(), 'naru-browser-'));
	#server: NaruProcess | undefined;
	#port = 0;

	private constructor(browser: Browser) {
		this.browser = browser;
	}

	static async set(): Promise<Stage> {
		await buildDemo();
		const stage = new Stage(await launchBrowser());
		await stage.start();
		return stage;
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}/`;
	}

	/** Starts the server: on the same port and data as before, if it ran before. */
	async start(): Promise<void> {
		this.#server = await NaruProcess.start({ directory: this.#directory, port: this.#port });
		this.#port = this.#server.port;
	}

	/** As a power cut would. */
	async killServer(): Promise<void> {
		await this.#server?.kill();
	}

	/** Somebody signs in with a browser of their own. */
	visitor(name: string, options: BrowserContextOptions = {}): Promise<Visitor> {
		return Visitor.enter(this.browser, this.url, { name, ...options });
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
