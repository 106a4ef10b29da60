import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TEXTS } from '../../src/demo/texts.ts';
import { SimulatedBanks } from '../support/simulated-banks.ts';
import { BankCustomers } from './support/bank-customers.ts';
import { eventually, Stage } from './support/stage.ts';
import { PHONE, type Visitor } from './support/visitor.ts';

const texts = TEXTS.en.assets;
/** More calls than one user's who tries again: a circuit that opens is another matter. */
const BREAKER = { callsMin: 12, goodMs: 1_500, stepMs: 500, expectedMs: 60_000 };
/** Of the twelve that are simulated. */
const TEN = [
	...['bank-a', 'bank-b', 'card-a', 'card-b', 'securities-a', 'securities-b'],
	...['insurance-a', 'insurance-b', 'e-money-a', 'telecom-a'],
];

let banks: SimulatedBanks;
let stage: Stage;
let customers: BankCustomers;

beforeAll(async () => {
	banks = await SimulatedBanks.start({ breaker: BREAKER });
	stage = await Stage.set(banks.env);
	customers = new BankCustomers(stage.url);
}, 180_000);
beforeEach(() => banks.control('*', { latencyMs: [10, 30], outage: false }));
afterEach(() => stage.clear());
afterAll(async () => {
	await customers.close();
	await stage.strike();
	await banks.close();
});

/** Somebody in front of their assets. */
async function look(name: string, options: BrowserContextOptions = {}): Promise<Visitor> {
	const visitor = await stage.visitor(name, { locale: 'en-GB', ...options });
	await show(visitor);
	return visitor;
}

async function show({ page }: Visitor): Promise<void> {
	await page.locator('a[href="#/assets"]').click();
	await page.locator('.assets-inside').waitFor();
}

async function connect({ page }: Visitor, institutions: readonly string[]): Promise<void> {
	for (const id of institutions) {
		await page.locator(`.choice[data-institution="${id}"] input`).check();
	}
	await page.locator('.consent input').check();
	await page.getByRole('button', { name: texts.connect(institutions.length) }).click();
}

const card = ({ page }: Visitor, id: string) =>
	page.locator(`.institution[data-institution="${id}"]`);
const connected = ({ page }: Visitor) => page.locator('.institution[data-state=connected]');
/** All that is under way has come to its end. */
const settled = ({ page }: Visitor) => eventually(() => page.locator('.step-track').count());

describe('[I1] [I2] connecting', () => {
	test('ten institutions step by step, over the one socket, on every device', async () => {
		await banks.control('*', { latencyMs: [300, 600] });
		const ann = await look('ann');
		await ann.page.evaluate(`(() => {
			window.seen = new Set();
			const note = () => {
				for (const track of document.querySelectorAll('.step-track')) {
					window.seen.add(track.closest('.institution').dataset.institution + ' ' + track.dataset.step);
				}
			};
			new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
		})()`);
		const phone = await look('ann', PHONE);
		await connect(ann, TEN);
		await phone.page.locator('.job[data-state=running] progress').waitFor();
		await eventually(() => phone.page.locator('.institution').count()).toBe(10);
		await eventually(() => connected(ann).count()).toBe(10);
		await eventually(() => connected(phone).count()).toBe(10);
		await ann.page.getByText(texts.endAll(10)).waitFor();
		const seen = (await ann.page.evaluate('[...window.seen]')) as string[];
		for (const id of TEN) {
			for (const step of ['authorise', 'token', 'list', 'details']) {
				expect(seen).toContain(`${id} ${step}`);
			}
		}
		expect(ann).toMatchObject({ sockets: 1, complaints: [] });
		const asked = ann.requests.filter((url) => url.includes('/api/'));
		expect(asked.filter((url) => !url.endsWith('/dev/token'))).toEqual([]);
	});

	test('[I3] a reload finds what runs and what there is', async () => {
		await banks.control('e-money-a', { latencyMs: 4_000 });
		const bob = await look('bob');
		await connect(bob, ['bank-a', 'card-a', 'e-money-a']);
		await bob.page.locator('.step-track').first().waitFor();
		await bob.page.reload();
		await card(bob, 'e-money-a').locator('.step-track').waitFor();
		await banks.control('e-money-a', { latencyMs: 10 });
		await eventually(() => connected(bob).count()).toBe(3);
		const totals = await bob.page.locator('.totals').innerText();
		await bob.page.reload();
		await eventually(() => connected(bob).count()).toBe(3);
		expect(await bob.page.locator('.totals').innerText()).toBe(totals);
	});

	test('[I4] sums by currency are those of the assets below', async () => {
		const cat = await look('cat');
		await connect(cat, ['bank-b', 'securities-b']);
		await eventually(() => connected(cat).count()).toBe(2);
		const digits = (text: string) => Number(text.replaceAll(/[^\d-]/g, ''));
		for (const id of ['bank-b', 'securities-b']) await card(cat, id).locator('summary').click();
		const amounts = await cat.page.locator('.asset .amount').allInnerTexts();
		const won = amounts.filter((text) => text.includes('₩')).map(digits);
		const total = await cat.page.locator('.totals [data-currency=KRW] .sum').innerText();
		expect(digits(total)).toBe(won.reduce((sum, amount) => sum + amount, 0));
	});

	test('[I2] those that failed are told from those that did not, and tried again', async () => {
		await banks.control('card-b', { outage: true });
		const dan = await look('dan');
		await connect(dan, ['bank-a', 'card-b', 'telecom-a']);
		await dan.page.getByText(texts.endPart(2, 3)).waitFor();
		expect(await card(dan, 'card-b').innerText()).toContain(texts.reasons.UNAVAILABLE);
		await banks.control('card-b', { outage: false });
		await dan.page.getByRole('button', { name: texts.retryFailed(1) }).click();
		await eventually(() => connected(dan).count()).toBe(3);
		await settled(dan).toBe(0);
		expect(await dan.page.locator('.card-failed').count()).toBe(0);
	});

	test('[I7] who disconnects has the assets deleted, on every device', async () => {
		const eve = await look('eve');
		await connect(eve, ['bank-a', 'e-money-a']);
		await eventually(() => connected(eve).count()).toBe(2);
		const phone = await look('eve', PHONE);
		await eventually(() => connected(phone).count()).toBe(2);
		await card(eve, 'e-money-a').locator('summary').click();
		await card(eve, 'e-money-a').getByRole('button', { name: texts.withdraw }).click();
		await eve.page.getByRole('button', { name: texts.withdrawSure }).click();
		await eventually(() => connected(eve).count()).toBe(1);
		await eventually(() => connected(phone).count()).toBe(1);
		await eve.page.reload();
		await eventually(() => connected(eve).count()).toBe(1);
		expect(await card(eve, 'e-money-a').count()).toBe(0);
	});
});

describe('[I12] a bank that fails', () => {
	test('is under maintenance on the page, and is not when it is well again', async () => {
		const fay = await look('fay');
		await connect(fay, ['bank-b', 'card-a']);
		await eventually(() => connected(fay).count()).toBe(2);
		await banks.control('bank-b', { outage: true });
		const refused = card(fay, 'bank-b').locator('.health.refused');
		await customers.askUntil('bank-b', async () => (await refused.count()) > 0);
		expect(await refused.innerText()).toMatch(/^Under maintenance until about \d+:\d\d/);
		expect(await card(fay, 'card-a').locator('.health').count()).toBe(0);
		// What there is stays to be seen.
		expect(await connected(fay).count()).toBe(2);
		await card(fay, 'bank-b').locator('summary').click();
		const refresh = card(fay, 'bank-b').getByRole('button', { name: texts.refresh });
		expect(await refresh.isDisabled()).toBe(true);
		await banks.control('bank-b', { outage: false });
		const health = card(fay, 'bank-b').locator('.health');
		await customers.askUntil('bank-b', async () => (await health.count()) === 0);
		await eventually(() => refresh.isDisabled()).toBe(false);
		expect(fay).toMatchObject({ sockets: 1, complaints: [] });
	});
});

describe('the page', () => {
	test.each(['light', 'dark'] as const)('fits a phone, in Korean: %s', async (colorScheme) => {
		const { page } = await look(`gil-${colorScheme}`, { ...PHONE, locale: 'ko-KR', colorScheme });
		await page.getByRole('heading', { name: TEXTS.ko.assets.choose }).waitFor();
		const isTooWide = 'document.documentElement.scrollWidth > innerWidth';
		expect(await page.evaluate(isTooWide)).toBe(false);
		expect(await page.title()).toContain(TEXTS.ko.assets.assets);
	});

	test('without consent nothing is connected', async () => {
		const { page } = await look('hal');
		await page.locator('.choice-all input').check();
		expect(await page.locator('.choice :checked').count()).toBe(12);
		expect(await page.locator('.connect .primary').isDisabled()).toBe(true);
		await page.locator('.consent input').check();
		expect(await page.locator('.connect .primary').isDisabled()).toBe(false);
	});
});
