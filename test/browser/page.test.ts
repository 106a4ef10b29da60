import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TEXTS } from '../../src/demo/texts.ts';
import { eventually, Stage } from './support/stage.ts';
import { PHONE, type Visitor } from './support/visitor.ts';

let stage: Stage;

beforeAll(async () => {
	stage = await Stage.set();
});
afterEach(() => stage.clear());
afterAll(() => stage.strike());

/** Parts of the page that stand out of it to the right, and buttons too small for a thumb. */
const faults = (visitor: Visitor) =>
	visitor.page.evaluate(`(() => {
		const wide = [...document.querySelectorAll('html, .messages, .channels, .panel')];
		const tooWide = wide.some((one) => one.scrollWidth > one.clientWidth);
		const targets = [...document.querySelectorAll('button, a, textarea')];
		const isSmall = (box) => box.width > 0 && (box.width < 44 || box.height < 44);
		const small = targets.filter((one) => {
			if (one.closest('.text, .reactions, .delivery, .quote')) return false;
			return isSmall(one.getBoundingClientRect());
		});
		return [...(tooWide ? ['too wide'] : []), ...small.map((one) => one.outerHTML.slice(0, 120))];
	})()`);

describe('signing in', () => {
	test('is kept over a reload, and is another one in another tab', async () => {
		const ann = await stage.visitor('Ann');
		const id = await ann.create('tabs');
		await ann.page.reload();
		await ann.page.locator('.bar h1', { hasText: 'tabs' }).waitFor();
		expect(await ann.page.textContent('.me-name strong')).toBe('Ann');

		const tab = await ann.page.context().newPage();
		await tab.goto(`${stage.url}#/channel/${id}`);
		await tab.fill('input[name=name]', 'Bob');
		await tab.click('button[type=submit]');
		await tab.click('.join-bar button');
		await tab.fill('.composer textarea', 'from the other tab');
		await tab.click('.send');
		await ann.sees('from the other tab');
		expect(await ann.message('from the other tab').locator('.author').textContent()).toBe('Bob');
	});

	test('signing out leaves nothing of the person behind', async () => {
		const ann = await stage.visitor('Ann');
		await ann.page.click('.me .round >> nth=1');
		await ann.page.waitForSelector('.sign-in');
		const kept = await ann.page.evaluate(`sessionStorage.getItem('naru-demo/account')`);
		expect(kept).toBeNull();
	});
});

describe('languages', () => {
	test.each([
		['ko-KR', 'ko'],
		['en-GB', 'en'],
		['fr-FR', 'en'],
	] as const)('a browser in %s gets the page in "%s"', async (locale, language) => {
		const texts = TEXTS[language];
		const context = await stage.browser.newContext({ locale });
		const page = await context.newPage();
		await page.goto(stage.url);
		expect(await page.getAttribute('html', 'lang')).toBe(language);
		await page.getByLabel(texts.yourName).fill('Ann');
		await page.click('button[type=submit]');
		expect(await page.textContent('[role=tab]')).toBe(texts.chats);
	});
});

describe('a phone', () => {
	test.each([320, 375, 430])('%i px wide: list and channel are two screens', async (width) => {
		const size = { viewport: { width, height: 667 } };
		const ann = await stage.visitor('Ann', { ...PHONE, ...size });
		expect(await faults(ann)).toEqual([]);
		await ann.create(`phone ${width}`);
		expect(await ann.page.isVisible('.sidebar')).toBe(false);
		await ann.say('a'.repeat(300));
		await ann.say('short');
		await ann.sees('short');
		await ann.message('short').locator('.bubble').tap();
		await ann.page.waitForSelector('.toolbar');
		expect(await faults(ann)).toEqual([]);
		await ann.page.locator('[data-action=react]').tap();
		expect(await faults(ann)).toEqual([]);
		await ann.page.locator('.tool.emoji').last().tap();
		await ann.message('short').locator('.reaction').waitFor();
		await ann.page.locator('.composer textarea').tap();
		await ann.page.waitForSelector('.toolbar', { state: 'detached' });

		await ann.page.click('.back');
		expect(await ann.page.isVisible('.channel')).toBe(false);
		await ann.page.locator('.channel-row', { hasText: `phone ${width}` }).click();
		await ann.page.waitForSelector('.composer');
		await ann.page.goBack();
		await ann.page.waitForSelector('.sidebar');
		await ann.page.goForward();
		await ann.page.waitForSelector('.composer');
		await ann.page.click('.bar .round[aria-pressed]');
		await ann.page.waitForSelector('.panel');
		expect(await faults(ann)).toEqual([]);
	});

	test('a keyboard that opens leaves the last message in view', async () => {
		const ann = await stage.visitor('Ann', PHONE);
		await ann.create('keyboard');
		for (let count = 1; count <= 20; count++) await ann.say(`line ${count}`);
		await ann.sees('line 20');
		await ann.page.setViewportSize({ width: 375, height: 360 });
		await eventually(async () => {
			const box = await ann.message('line 20').boundingBox();
			return (box?.y ?? 1e6) + (box?.height ?? 0);
		}).toBeLessThan(360);
	});
});

describe('the cursor board', () => {
	test('[P1][P6] shows the cursors of all, beside the chat, over the same socket', async () => {
		const [ann, bob] = await Promise.all([stage.visitor('Ann'), stage.visitor('Bob')]);
		for (const { page } of [ann, bob]) {
			await page.click('.board-link[href="#/board"]');
			await page.waitForSelector('.board[data-seated=true]');
		}
		await ann.page.getByText('2 cursors').waitFor();
		const field = await ann.page.locator('.board-field').boundingBox();
		if (!field) throw new Error('the board has no place');
		await ann.page.mouse.move(field.x + field.width * 0.2, field.y + field.height * 0.3);
		await ann.page.mouse.move(field.x + field.width * 0.25, field.y + field.height * 0.75);
		const cursor = bob.page.locator('[data-cursor=ann]');
		await eventually(() => cursor.getAttribute('style')).toMatch(/left: 25(\.\d+)?%; top: 75/);
		await cursor.getByText('Ann').waitFor();

		await bob.page.getByText('All to the middle').focus();
		for (const key of ['Tab', 'ArrowRight']) await bob.page.keyboard.press(key);
		const moved = ann.page.locator('[data-cursor=bob]');
		await eventually(() => moved.getAttribute('style')).toMatch(/left: 52/);
		await bob.page.getByText('All to the middle').click();
		await eventually(() => cursor.getAttribute('style')).toMatch(/left: 50%; top: 50%/);

		await bob.page.goto(`${stage.url}#/`);
		await cursor.waitFor({ state: 'detached' });
		await ann.page.getByText('1 cursor', { exact: true }).waitFor();
		for (const visitor of [ann, bob]) {
			expect(visitor.sockets).toBe(1);
			expect(visitor.complaints).toEqual([]);
		}
	});
});

describe('one page, one socket', () => {
	test('[P1] everything goes over it, and the page counts along', async () => {
		const ann = await stage.visitor('Ann');
		const count = async (pattern: RegExp) => {
			const [, number = '0'] =
				pattern.exec((await ann.page.textContent('.socket-footer')) ?? '') ?? [];
			return Number(number.replace(/\D/g, ''));
		};
		const handlesBefore = await count(/(\d+) handles?/);
		await ann.create('first');
		await ann.create('second');
		await ann.talkTo('Bob');
		await ann.say('hello');
		await ann.sees('hello');
		await eventually(() => count(/(\d+) handles?/)).toBeGreaterThanOrEqual(handlesBefore + 3);
		await eventually(() => count(/([\d,]+) in,/)).toBeGreaterThan(5);
		expect(ann.sockets).toBe(1);
		const outside = ann.requests.filter((url) => !url.startsWith(stage.url));
		expect(outside).toEqual([]);
	});
});

describe('without a mouse', () => {
	test('the keys reach messages, their tools and the field', async () => {
		const ann = await stage.visitor('Ann');
		await ann.create('keys');
		await ann.say('one');
		await ann.say('two');
		await ann.sees('two');
		const { keyboard } = ann.page;
		await ann.page.focus('.composer textarea');
		await keyboard.press('Shift+Tab');
		expect(await ann.page.evaluate('document.activeElement.dataset.seq')).toBe('2');
		await keyboard.press('ArrowUp');
		expect(await ann.page.evaluate('document.activeElement.dataset.seq')).toBe('1');
		await keyboard.press('Tab');
		expect(await ann.page.evaluate('document.activeElement.dataset.action')).toBe('react');
		await keyboard.press('Enter');
		await keyboard.press('Shift+Tab');
		await keyboard.press('Enter');
		await ann.message('one').locator('.reaction').waitFor();
	});

	test('new messages of others are said aloud', async () => {
		const [ann, bob] = await Promise.all([stage.visitor('Ann'), stage.visitor('Bob')]);
		const id = await ann.create('aloud');
		await bob.open(id);
		await bob.say('can you hear me?');
		await ann.page.locator('[aria-live=polite]', { hasText: 'Bob: can you hear me?' }).waitFor({
			state: 'attached',
		});
	});
});
