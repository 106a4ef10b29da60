import type { Browser, Page } from 'playwright-core';

/** Somebody in front of a page of the examples, and what the page did. */
export class Guest {
	readonly page: Page;
	/** What went wrong in the page. */
	readonly complaints: string[] = [];
	/** Addresses of the WebSockets opened so far. */
	readonly sockets: string[] = [];
	/** Scripts that were loaded. */
	readonly scripts: string[] = [];

	private constructor(page: Page) {
		this.page = page;
		page.on('pageerror', ({ message }) => this.complaints.push(message));
		page.on('websocket', (socket) => this.sockets.push(socket.url()));
		page.on('request', (request) => {
			if (request.resourceType() === 'script') this.scripts.push(request.url());
		});
	}

	/** Opens a page with a browser of their own. */
	static async enter(browser: Browser, url: string): Promise<Guest> {
		const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
		const guest = new Guest(await context.newPage());
		await guest.page.goto(url);
		return guest;
	}
}

/** Somebody in front of `chat.html`, who may write as soon as the channel is open. */
export async function enterChat(browser: Browser, origin: string, user: string): Promise<Guest> {
	const guest = await Guest.enter(browser, `${origin}/chat.html?user=${user}`);
	await guest.page.waitForFunction('form.onsubmit !== null');
	return guest;
}

export async function say({ page }: Guest, text: string): Promise<void> {
	await page.fill('input', text);
	await page.press('input', 'Enter');
}

/** What stands on the page, top down. */
export const linesOf = ({ page }: Guest): Promise<string[]> => page.locator('li').allTextContents();
