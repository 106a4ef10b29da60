import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TEXTS } from '../../src/inspector/texts.ts';
import { SimulatedBanks } from '../support/simulated-banks.ts';
import { BankCustomers } from './support/bank-customers.ts';
import { eventually, Stage } from './support/stage.ts';
import { PHONE } from './support/visitor.ts';

const texts = TEXTS.en;
const words = texts.institutions;
const BREAKER = { callsMin: 5, goodMs: 1_500, stepMs: 500, expectedMs: 60_000 };

let banks: SimulatedBanks;
let stage: Stage;
let customers: BankCustomers;

beforeAll(async () => {
	banks = await SimulatedBanks.start({ breaker: BREAKER });
	stage = await Stage.set(banks.env);
	customers = new BankCustomers(stage.url);
}, 180_000);
beforeEach(() => banks.control('*', { latencyMs: 10, outage: false }));
afterEach(() => stage.clear());
afterAll(async () => {
	await customers.close();
	await stage.strike();
	await banks.close();
});

/** An operator in front of the board, and what the page did. */
async function look(path: string, options: BrowserContextOptions = {}) {
	const context = await stage.browser.newContext({
		viewport: { width: 1280, height: 800 },
		locale: 'en-GB',
		...options,
	});
	context.setDefaultTimeout(30_000);
	const page = await context.newPage();
	const seen = { sockets: 0, complaints: [] as string[] };
	page.on('websocket', () => {
		seen.sockets++;
	});
	page.on('pageerror', (error) => seen.complaints.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error') seen.complaints.push(message.text());
	});
	await page.goto(`${stage.url}inspector${path}`);
	await page.locator('table').first().waitFor();
	return { page, seen };
}

const rows = (page: Page, label: string) => page.locator(`table[aria-label="${label}"] tbody tr`);
const row = (page: Page, name: string) =>
	rows(page, words.institutions).filter({ has: page.getByRole('link', { name, exact: true }) });
const circuit = (page: Page) => page.locator('.facts .circuit-state').getAttribute('data-circuit');
const fact = (page: Page, name: string) =>
	page
		.locator('.facts > div', { has: page.getByText(name, { exact: true }) })
		.locator('dd')
		.innerText();

/** Presses a button that asks once more. */
async function order(page: Page, name: string): Promise<void> {
	await page.getByRole('button', { name, exact: true }).click();
	await page.getByRole('button', { name: words.sure }).click();
	await page.getByText(words.done).first().waitFor();
}

describe('[I15] the board', () => {
	test('shows a circuit that opens by itself, who tries, and that it closes again', async () => {
		const { page, seen } = await look('#/institutions');
		await eventually(() => rows(page, words.institutions).count()).toBe(12);
		const isTold = (state: string) => async () =>
			(await row(page, 'Bank A').locator(`[data-circuit=${state}]`).count()) > 0;
		await banks.control('bank-a', { outage: true });
		await customers.askUntil('bank-a', isTold('open'));
		await eventually(() => row(page, 'Bank A').innerText()).toContain(texts.node('1'));
		expect(await row(page, 'Bank B').innerText()).toContain(words.circuits.closed);
		await row(page, 'Bank A').getByRole('link').first().click();
		await page.getByRole('heading', { name: 'Bank A' }).waitFor();
		expect(await fact(page, words.health)).toBe(words.healths.CRITICAL);
		await eventually(() => fact(page, words.canaries)).toBe(texts.node('1'));
		await page.locator('td.square[data-bad=true]').first().waitFor();
		expect(await rows(page, words.permits).innerText()).toContain(words.isCanary);
		await banks.control('bank-a', { outage: false });
		await customers.askUntil('bank-a', async () => (await circuit(page)) === 'closed');
		const turns = await rows(page, words.turns).allInnerTexts();
		expect(turns.filter((text) => text.includes(words.circuits.open))).not.toEqual([]);
		expect(seen).toEqual({ sockets: 1, complaints: [] });
	});

	test('takes orders, which hold at once and are kept with the name of who gave them', async () => {
		const { page, seen } = await look('#/institution/bank-b');
		await order(page, words.forceOpen);
		await eventually(() => circuit(page)).toBe('forced-open');
		const ann = await stage.visitor('ann', { locale: 'en-GB' });
		await ann.page.locator('a[href="#/assets"]').click();
		await ann.page.locator('.choice[data-institution=bank-b] .health.refused').waitFor();
		await order(page, words.auto);
		await eventually(() => circuit(page)).toBe('closed');
		await eventually(() => ann.page.locator('.health.refused').count()).toBe(0);
		await page.getByLabel(words.callsPerSecond).fill('20');
		await page.getByRole('button', { name: words.setRate }).first().click();
		await eventually(() => fact(page, words.permits)).toContain('of 19');
		const byOperator = rows(page, words.turns).filter({ hasText: 'operator' });
		await eventually(() => byOperator.count()).toBe(3);
		await page.getByRole('link', { name: texts.audit }).click();
		await rows(page, texts.audit).nth(2).waitFor();
		const deeds = await rows(page, texts.audit).allInnerTexts();
		expect(deeds.map((text) => text.split('\t')[2])).toEqual([
			...[texts.deeds.setRate, texts.deeds.setCircuit, texts.deeds.setCircuit],
		]);
		expect(seen).toEqual({ sockets: 1, complaints: [] });
	});

	test('changes the route where there are two, and only there', async () => {
		const { page } = await look('#/institution/securities-a');
		await order(page, words.useRoute(words.routes[1] as string));
		await eventually(() => fact(page, words.route)).toBe(words.routes[1]);
		await page.goto(`${stage.url}inspector#/institution/card-a`);
		await page.getByRole('heading', { name: 'Card A' }).waitFor();
		expect(await page.getByText(words.useRoute('')).count()).toBe(0);
		expect(await page.getByRole('button', { name: /route/ }).count()).toBe(0);
	});

	test('[I20] slows, pauses and goes on with the weekly refresh', async () => {
		const { page } = await look('#/institution/telecom-a');
		const plan = page.locator('.refresh-plan');
		await customers.ask('telecom-a');
		await plan.locator('.facts').waitFor();
		await plan.getByRole('button', { name: words.pause }).click();
		await plan.getByRole('button', { name: words.sure }).click();
		await plan.getByText(words.paused, { exact: true }).waitFor();
		await plan.getByRole('button', { name: words.resume }).click();
		await plan.getByRole('button', { name: words.sure }).click();
		await eventually(() => plan.getByText(words.paused, { exact: true }).count()).toBe(0);
		await plan.getByLabel(words.limit).fill('7');
		await plan.getByRole('button', { name: words.setRate }).click();
		await plan.locator('.number-order').getByText(words.done).waitFor();
		await page.reload();
		await eventually(() => plan.getByLabel(words.limit).inputValue()).toBe('7');
	});

	test('[I20] by day an hour of tonight is rehearsed: plan against actual, minute by minute', async () => {
		const { page, seen } = await look('#/institution/e-money-a');
		const rehearsal = page.locator('.rehearsal');
		await rehearsal.getByRole('button', { name: words.rehearse }).click();
		await rehearsal.getByText(words.rehearsalBegins).waitFor();
		await rehearsal.locator('.plan-recorded').waitFor({ timeout: 60_000 });
		expect(await rehearsal.locator('.plan-planned').getAttribute('d')).toMatch(/^M0 \d/);
		const figures = rehearsal.locator('.facts');
		await eventually(() => figures.innerText()).toContain(words.planPhases.running);
		expect(await rehearsal.getByRole('button', { name: words.rehearse }).isDisabled()).toBe(true);
		expect(seen.complaints).toEqual([]);
	});

	test('leads to the control page of the simulator in development', async () => {
		const { page } = await look('#/institutions');
		const link = page.getByRole('link', { name: words.simulator });
		expect(await link.getAttribute('href')).toBe(banks.url);
	});

	test('says that there is nothing under another name', async () => {
		const { page } = await look('#/institutions');
		await page.goto(`${stage.url}inspector#/institution/nowhere`);
		await page.getByText(texts.notThere).first().waitFor();
	});

	test.each(['#/institutions', '#/institution/bank-a'])('fits a phone: %s', async (path) => {
		const { page } = await look(path, PHONE);
		const isTooWide = 'document.documentElement.scrollWidth > innerWidth';
		expect(await page.evaluate(isTooWide)).toBe(false);
	});

	test('is in Korean for those who want that', async () => {
		const { page } = await look('#/institutions', { locale: 'ko-KR', colorScheme: 'dark' });
		await page.getByRole('heading', { name: TEXTS.ko.institutions.institutions }).waitFor();
	});
});
