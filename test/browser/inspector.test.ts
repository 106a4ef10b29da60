import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Naru } from '../../client-sdk/src/index.ts';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import { TEXTS } from '../../src/inspector/texts.ts';
import { devToken } from '../support/world.ts';
import { eventually, Stage } from './support/stage.ts';
import { PHONE } from './support/visitor.ts';

const ACTORS = 3_000;
const AT_ONCE = 100;
const texts = TEXTS.en;

let stage: Stage;
let ann: Naru;
const clients: Naru[] = [];

const client = (userId: string) => {
	const url = stage.url.replace(/\/$/, '');
	const made = connect({ url, token: () => devToken(url, { userId }) });
	clients.push(made);
	return made;
};

/** Wakes so many channels, and leaves them awake. */
async function wakeChannels(naru: Naru): Promise<void> {
	const numbers = Array.from({ length: ACTORS }, (_, n) => n)[Symbol.iterator]();
	const worker = async () => {
		for (const n of numbers) {
			const channel = naru.channel(`room-${String(n).padStart(4, '0')}`);
			await channel.join();
			channel.close();
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

beforeAll(async () => {
	stage = await Stage.set();
	ann = client('ann');
	await wakeChannels(ann);
	const lobby = ann.channel('lobby');
	await lobby.join();
	await lobby.send('a text that no operator reads');
}, 180_000);
afterEach(() => stage.clear());
afterAll(async () => {
	await Promise.all(clients.map((naru) => naru.close()));
	await stage.strike();
});

/** Somebody in front of the inspector, and what the page did. */
async function look(options: BrowserContextOptions = {}, path = '') {
	const context = await stage.browser.newContext({
		viewport: { width: 1280, height: 800 },
		locale: 'en-GB',
		...options,
	});
	context.setDefaultTimeout(30_000);
	const page = await context.newPage();
	const seen = { sockets: 0, complaints: [] as string[], requests: [] as string[] };
	page.on('websocket', () => {
		seen.sockets++;
	});
	page.on('pageerror', (error) => seen.complaints.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error') seen.complaints.push(message.text());
	});
	page.on('request', (request) => seen.requests.push(request.url()));
	await page.goto(`${stage.url}inspector${path}`);
	return { page, seen };
}

const rows = (page: Page, label: string) => page.locator(`table[aria-label="${label}"] tbody tr`);
const fact = (page: Page, name: string) =>
	page.locator('.facts > div', { has: page.getByText(name, { exact: true }) }).locator('dd');
const numberOf = async (page: Page, name: string) =>
	Number((await fact(page, name).textContent())?.replace(/\D/g, ''));

describe('[P40] the inspector', () => {
	test('goes from the nodes to the actors, page by page, to one actor', async () => {
		const { page, seen } = await look();
		await rows(page, texts.nodes).first().waitFor();
		expect(await numberOf(page, texts.actors)).toBeGreaterThan(ACTORS);
		await page.getByRole('link', { name: texts.node('1') }).click();
		await rows(page, texts.actors).nth(49).waitFor();
		const first = await rows(page, texts.actors).first().locator('a').textContent();
		await page.getByRole('button', { name: texts.next }).click();
		await eventually(() => rows(page, texts.actors).first().locator('a').textContent()).not.toBe(
			first,
		);
		await page.fill('input[name=prefix]', 'channel/room-299');
		await eventually(() => rows(page, texts.actors).count()).toBe(10);
		await page.getByRole('link', { name: 'channel/room-2997' }).click();
		await page.getByRole('heading', { name: 'channel/room-2997' }).waitFor();
		expect(await fact(page, texts.phase).textContent()).toBe('live');
		expect(await rows(page, texts.lastEvents).count()).toBeGreaterThan(0);
		expect(seen).toMatchObject({ sockets: 1, complaints: [] });
		const calls = seen.requests.filter((url) => url.includes('/api/'));
		expect(calls).toEqual([`${stage.url}api/v1/dev/token`]);
	});

	test('finds an actor by its key, shows it live, and nothing of what was said', async () => {
		const { page } = await look();
		await rows(page, texts.nodes).first().waitFor();
		await page.keyboard.press('/');
		await page.keyboard.type('lobby');
		await page.keyboard.press('Enter');
		await page.getByRole('heading', { name: 'channel/lobby' }).waitFor();
		await fact(page, texts.position).waitFor();
		const before = await numberOf(page, texts.position);
		await ann.channel('lobby').send('another text that no operator reads');
		await eventually(() => numberOf(page, texts.position)).toBe(before + 1);
		await page.getByText('lastMessage').first().waitFor();
		const all = await page.locator('body').textContent();
		expect(all).toContain(texts.masked);
		expect(all).not.toContain('operator reads');
		await page.goto(`${stage.url}inspector#/actor/channel%2Fnowhere`);
		await page.getByText(texts.notThere).waitFor();
	});

	test('shows sockets and what is open on them, also of one user', async () => {
		await client('bob').channel('lobby').open();
		const { page } = await look({}, '#/sockets/1');
		await eventually(() => rows(page, texts.sockets).count()).toBe(3);
		await page.fill('input[name=userId]', 'bob');
		await eventually(() => rows(page, texts.sockets).count()).toBe(1);
		await rows(page, texts.sockets).locator('a').click();
		await page.getByRole('link', { name: 'channel/lobby' }).waitFor();
		expect(await page.locator('body').textContent()).not.toContain('bob');
	});

	test('puts an actor to sleep when one really wants that, and keeps who did', async () => {
		const { page } = await look({}, '#/actor/channel%2Froom-0001');
		await page.getByRole('button', { name: texts.sleep }).click();
		await page.getByRole('button', { name: texts.sleepConfirm }).click();
		await page.getByText(texts.asleepHint).waitFor();
		await page.getByRole('link', { name: texts.audit }).click();
		const deed = rows(page, texts.audit).first();
		await deed.waitFor();
		expect(await deed.textContent()).toContain('operator');
		await deed.getByRole('link', { name: 'channel/room-0001' }).click();
		await page.getByText(texts.asleepHint).waitFor();
	});

	test('asks for nothing while nobody looks', async () => {
		const { page } = await look();
		await rows(page, texts.nodes).first().waitFor();
		const setHidden = (isHidden: boolean) =>
			page.evaluate(`(() => {
				const value = ${isHidden} ? 'hidden' : 'visible';
				Object.defineProperty(document, 'visibilityState', { value, configurable: true });
				document.dispatchEvent(new Event('visibilitychange'));
			})()`);
		await setHidden(true);
		// What was under way comes to its end.
		await new Promise((done) => setTimeout(done, 1_500));
		const actors = await numberOf(page, texts.actors);
		await ann.channel('made-meanwhile').join();
		await new Promise((done) => setTimeout(done, 2_500));
		expect(await numberOf(page, texts.actors)).toBe(actors);
		await setHidden(false);
		await eventually(() => numberOf(page, texts.actors)).toBeGreaterThan(actors);
	});

	test('is in Korean for those who want that', async () => {
		const { page } = await look({ locale: 'ko-KR' });
		await page.getByRole('heading', { name: TEXTS.ko.nodes }).waitFor();
		expect(await page.getAttribute('html', 'lang')).toBe('ko');
	});

	test.each(['', '#/actors/1', '#/sockets/1', '#/actor/channel%2Flobby', '#/audit'])(
		'fits a phone: %s',
		async (path) => {
			const { page } = await look(PHONE, path);
			await page.locator('table, .facts').first().waitFor();
			const isTooWide = 'document.documentElement.scrollWidth > innerWidth';
			expect(await page.evaluate(isTooWide)).toBe(false);
		},
	);
});

describe('[P42] outside of development', () => {
	const secret = 'a secret of an environment with a lock';
	let closed: Stage;
	beforeAll(async () => {
		closed = await Stage.set({ APP_ENV: 'staging', AUTH_SECRET: secret });
	});
	afterAll(() => closed.strike());

	const enter = async (page: Page, token: string) => {
		await page.fill('input[name=token]', token);
		await page.getByRole('button', { name: texts.enter }).click();
	};

	test('nothing is shown without a token that names the role ops', async () => {
		const context = await closed.browser.newContext({ locale: 'en-GB' });
		const page = await context.newPage();
		await page.goto(`${closed.url}inspector`);
		await enter(page, 'no token');
		await page.getByText(texts.badToken).waitFor();
		await enter(page, await signToken({ secret, userId: 'ann', roles: ['user'] }));
		await page.getByText(texts.noAccess).waitFor();
		expect(await page.locator('table, .facts').count()).toBe(0);
		await enter(page, await signToken({ secret, userId: 'root', roles: ['ops'] }));
		await rows(page, texts.nodes).first().waitFor();
		await page.reload();
		await rows(page, texts.nodes).first().waitFor();
		await page.getByRole('button', { name: texts.leave }).click();
		await page.waitForSelector('input[name=token]');
		await page.reload();
		await page.waitForSelector('input[name=token]');
	});
});
