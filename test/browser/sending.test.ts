import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../client-sdk/src/index.ts';
import { signToken } from '../../src/gateway/auth/sign-token.ts';
import { devToken } from '../support/world.ts';
import { Stage } from './support/stage.ts';

describe('sending', () => {
	let stage: Stage;
	beforeAll(async () => {
		stage = await Stage.set();
	});
	afterEach(() => stage.clear());
	afterAll(() => stage.strike());

	test('[C10] a refused message stays, says why, and can be sent again or thrown away', async () => {
		const url = stage.url.slice(0, -1);
		const owner = connect({ url, token: () => devToken(url, { userId: 'owner' }) });
		const channel = await owner.channels.create({ kind: 'open', id: 'quiet', name: 'Quiet' });
		const bob = await stage.visitor('Bob');
		await bob.open('quiet');
		await channel.mute('bob', 60_000);
		await bob.say('let me speak');
		await bob.say('or not');
		const refused = bob.message('let me speak').and(bob.page.locator('[data-state=failed]'));
		await refused.getByText('You are muted.').waitFor();

		await channel.mute('bob', 0);
		await refused.getByText('Try again').click();
		await bob.sees('let me speak');
		await bob.message('or not').getByText('Discard').click();
		await bob.message('or not').waitFor({ state: 'detached' });
		expect(channel.messages.map(({ text }) => text)).toEqual(['let me speak']);
		await owner.close();
	});

	test('[C2] a very long text is folded, and nothing in a text is markup', async () => {
		const bob = await stage.visitor('Bob');
		await bob.create('long texts');
		await bob.say(`<img src=x onerror=alert(1)> ${'word '.repeat(2_000)}the end`);
		const text = bob.page.locator('.bubble .text');
		await bob.page.locator('[data-state=stored]').waitFor();
		expect(await text.textContent()).toContain('<img src=x');
		expect(await text.textContent()).not.toContain('the end');
		await text.getByText('Show all').click();
		expect(await text.textContent()).toContain('the end');
		expect(bob.complaints).toEqual([]);
	});

	test('[C1] a group is for its members; others learn nothing of it', async () => {
		const [ann, eve] = await Promise.all([stage.visitor('Ann'), stage.visitor('Eve')]);
		await ann.page.click('.me .round >> nth=0');
		await ann.page.click('.choices span >> nth=2');
		await ann.page.fill('dialog input[name=members]', 'Bob, 민수');
		const id = await ann.begin('Secret plans');
		await ann.page.getByText('3 members').waitFor();
		await ann.say('nobody hears us');
		await ann.sees('nobody hears us');
		await eve.page.goto(`${stage.url}#/channel/${id}`);
		await eve.page.getByText('This channel cannot be opened.').waitFor();
		expect(await eve.page.content()).not.toContain('Secret plans');
	});
});

describe('in production mode', () => {
	const secret = 'a secret of thirty-two bytes or more, for this test';
	let stage: Stage;
	beforeAll(async () => {
		stage = await Stage.set({ APP_ENV: 'production', AUTH_SECRET: secret });
	});
	afterAll(() => stage.strike());

	test('[P42] a name is not enough: the page asks for a token, and lives with it', async () => {
		const context = await stage.browser.newContext();
		const page = await context.newPage();
		await page.goto(stage.url);
		await page.fill('input[name=name]', 'Ann');
		await page.click('button[type=submit]');
		await page.fill('input[name=token]', await signToken({ secret, userId: 'ann-1', name: 'Ann' }));
		await page.click('button[type=submit]');
		await page.waitForSelector('.me-name .dot.online');
		await page.reload();
		await page.waitForSelector('.me-name .dot.online');
	});

	test('[P42] a token that the server does not take leads back to signing in', async () => {
		const page = await (await stage.browser.newContext()).newPage();
		await page.goto(stage.url);
		await page.fill('input[name=name]', 'Ann');
		await page.click('button[type=submit]');
		const other = 'another secret of thirty-two bytes or more, wrong';
		await page.fill('input[name=token]', await signToken({ secret: other, userId: 'ann' }));
		await page.click('button[type=submit]');
		await page.getByText('Sign in again').click();
		await page.waitForSelector('.sign-in');
	});
});
