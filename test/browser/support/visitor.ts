import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };

export const PHONE: BrowserContextOptions = {
	viewport: { width: 375, height: 667 },
	deviceScaleFactor: 2,
	hasTouch: true,
	isMobile: true,
};

/** No step of a test waits longer; the SDK waits up to 15 s between two attempts to connect. */
const STEP_MAX_MS = 30_000;

/** One person with a browser of their own, and what their page did on the network. */
export class Visitor {
	readonly page: Page;
	readonly name: string;
	/** WebSockets that the page opened so far, and those that are open or opening. */
	sockets = 0;
	openSockets = 0;
	/** Addresses the page asked for, WebSockets aside. */
	readonly requests: string[] = [];
	/** What went wrong in the page: thrown errors, refused policies, errors on its console. */
	readonly complaints: string[] = [];

	constructor(page: Page, name: string) {
		this.page = page;
		this.name = name;
		page.on('websocket', (socket) => {
			this.sockets++;
			this.openSockets++;
			socket.on('close', () => {
				this.openSockets--;
			});
		});
		page.on('request', (request) => this.requests.push(request.url()));
		page.on('pageerror', (error) => this.complaints.push(error.message));
		page.on('console', (message) => {
			if (message.type() === 'error') this.complaints.push(message.text());
		});
	}

	/** Signs in under a name on a fresh browser. */
	static async enter(
		browser: Browser,
		url: string,
		{ name, ...options }: BrowserContextOptions & { readonly name: string },
	): Promise<Visitor> {
		const context = await browser.newContext({ ...DESKTOP, ...options });
		context.setDefaultTimeout(STEP_MAX_MS);
		const visitor = new Visitor(await context.newPage(), name);
		await visitor.page.goto(url);
		await visitor.page.fill('input[name=name]', name);
		await visitor.page.click('button[type=submit]');
		await visitor.page.waitForSelector('.me-name .dot.online');
		return visitor;
	}

	/** Opens a channel, and joins it unless one is a member. */
	async open(channel: string): Promise<void> {
		await this.page.evaluate(`location.hash = '#/channel/${encodeURIComponent(channel)}'`);
		const view = this.page.locator(`.channel[data-channel="${channel}"]`);
		await view.locator('.composer, .join-bar').waitFor();
		if (await this.page.isVisible('.join-bar')) await this.page.click('.join-bar button');
		await view.locator('.composer').waitFor();
	}

	/** Makes a public channel, and opens it; resolves with its id. */
	async create(name: string): Promise<string> {
		await this.page.click('.me .round >> nth=0');
		await this.page.click('.choices span >> nth=1');
		return this.begin(name);
	}

	/** Opens the direct channel with somebody; resolves with its id. */
	async talkTo(name: string): Promise<string> {
		await this.page.click('.me .round >> nth=0');
		return this.begin(name);
	}

	/** Ends the dialog of a new chat, and waits for the chat. */
	async begin(name: string): Promise<string> {
		const before = this.page.url();
		await this.page.fill('dialog input[name=name]', name);
		await this.page.click('dialog .primary');
		await this.page.waitForURL((url) => url.href !== before);
		const id = decodeURIComponent(new URL(this.page.url()).hash.split('/').at(-1) ?? '');
		await this.page.locator(`.channel[data-channel="${id}"] .composer`).waitFor();
		return id;
	}

	/** Writes and sends; does not wait for the server. */
	async say(text: string): Promise<void> {
		await this.page.fill('.composer textarea', text);
		await this.page.click('.send');
	}

	/** The message that holds this text. */
	message(text: string): Locator {
		return this.page.locator('.message', { has: this.page.getByText(text, { exact: true }) });
	}

	/** Waits until the message is there and stored. */
	async sees(text: string): Promise<void> {
		await this.message(text).and(this.page.locator('[data-state=stored]')).waitFor();
	}

	/** All texts of the conversation, top down. */
	texts(): Promise<string[]> {
		return this.page.locator('.bubble .text, .bubble.deleted').allTextContents();
	}

	/** The numbers of the stored messages, top down. */
	async seqs(): Promise<number[]> {
		const seqs = await this.page.evaluate(
			`[...document.querySelectorAll('[data-seq]')].map((row) => Number(row.dataset.seq))`,
		);
		return seqs as number[];
	}

	/** How far below the top of the page a message is, in pixels. */
	async offsetOf(seq: number): Promise<number> {
		const offset = `document.querySelector('[data-seq="${seq}"]').getBoundingClientRect().top`;
		return (await this.page.evaluate(offset)) as number;
	}

	/** Scrolls the conversation; resolves with where a message is right after that. */
	async scrollTo(pixels: number, seq: number): Promise<number> {
		const offset = await this.page.evaluate(`(() => {
			document.querySelector('.messages').scrollTop = ${pixels};
			return document.querySelector('[data-seq="${seq}"]').getBoundingClientRect().top;
		})()`);
		return offset as number;
	}

	/** Opens the tools of a message and uses one. */
	async use(text: string, action: 'react' | 'reply' | 'edit' | 'delete'): Promise<void> {
		const message = this.message(text);
		await message.locator('.bubble').hover();
		await message.locator(`[data-action=${action}]`).click();
		if (action === 'delete') await message.locator('[data-action=delete-confirm]').click();
	}

	/** Looks at the page, or at another one. */
	async look(isVisible: boolean): Promise<void> {
		await this.page.evaluate(`(() => {
			const state = ${isVisible} ? 'visible' : 'hidden';
			Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
			document.dispatchEvent(new Event('visibilitychange'));
		})()`);
	}

	/** The row of a channel in the list. */
	row(channel: string): Locator {
		return this.page.locator(`.channel-row[data-channel="${channel}"]`);
	}
}
