import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, Stage } from './support/stage.ts';
import type { Visitor } from './support/visitor.ts';

let stage: Stage;

beforeAll(async () => {
	stage = await Stage.set();
});
afterEach(() => stage.clear());
afterAll(() => stage.strike());

/** Two people in a channel of their own. */
async function pair(channel: string): Promise<{ ann: Visitor; bob: Visitor; id: string }> {
	const [ann, bob] = await Promise.all([stage.visitor('Ann'), stage.visitor('Bob')]);
	const id = await ann.create(channel);
	await bob.open(id);
	return { ann, bob, id };
}

describe('two people chat', () => {
	test('[C4] what one says the other sees, in order, once', async () => {
		const { ann, bob } = await pair('order');
		await ann.say('one');
		await bob.sees('one');
		await bob.say('two');
		await ann.sees('two');
		await ann.say('three');
		await bob.sees('three');
		for (const visitor of [ann, bob]) {
			expect(await visitor.texts()).toEqual(['one', 'two', 'three']);
			expect(await visitor.seqs()).toEqual([1, 2, 3]);
			expect(visitor.complaints).toEqual([]);
		}
	});

	test('[C9] edits, reactions and deletions reach the other', async () => {
		const { ann, bob } = await pair('changes');
		await ann.say('first draught');
		await bob.sees('first draught');
		await ann.use('first draught', 'edit');
		await ann.say('first draft');
		await bob.sees('first draft');
		await bob.message('first draft').getByText('edited').waitFor();

		await bob.use('first draft', 'react');
		await bob.page.locator('.tool.emoji').first().click();
		const reaction = ann.message('first draft').locator('.reaction');
		await reaction.getByText('1').waitFor();
		await reaction.click();
		await bob.message('first draft').locator('.reaction').getByText('2').waitFor();

		await ann.use('first draft', 'delete');
		await bob.page.locator('.bubble.deleted').waitFor();
		await ann.page.locator('.bubble.deleted').waitFor();
		expect(await bob.texts()).toEqual(['Message deleted']);
	});

	test('[C9] an answer quotes what it answers, and leads there', async () => {
		const { ann, bob } = await pair('answers');
		await ann.say('shall we?');
		await bob.sees('shall we?');
		await bob.use('shall we?', 'reply');
		await bob.say('yes');
		const quote = ann.message('yes').locator('.quote');
		await quote.getByText('shall we?').waitFor();
		await quote.click();
		expect(await ann.page.evaluate('document.activeElement.dataset.seq')).toBe('1');
	});

	test('[C9] typing is seen while it goes on, and ends with the message', async () => {
		const { ann, bob } = await pair('typing');
		await bob.page.locator('.composer textarea').pressSequentially('hm');
		await ann.page.getByText('Bob is typing').waitFor();
		await bob.page.click('.send');
		await ann.sees('hm');
		await ann.page.getByText('Bob is typing').waitFor({ state: 'detached' });
	});

	test('Enter sends, Shift+Enter does not, and an input method keeps its own Enter', async () => {
		const { ann } = await pair('keys');
		const field = ann.page.locator('.composer textarea');
		await field.pressSequentially('one');
		await field.press('Shift+Enter');
		await field.pressSequentially('two');
		await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true });
		expect(await field.inputValue()).toBe('one\ntwo');
		await field.press('Enter');
		await eventually(() => ann.texts()).toEqual(['one\ntwo']);
	});
});

describe('the list', () => {
	test('[C8] shows unread and mentions of a channel that is not open, until it is read', async () => {
		const { ann, bob, id } = await pair('badges');
		await bob.page.goto(`${stage.url}#/`);
		await ann.say('hello');
		await ann.say('@bob are you there?');
		await bob.row(id).getByText('2', { exact: true }).waitFor();
		await bob.row(id).locator('.badge.mention').waitFor();
		await bob.row(id).getByText('Ann: @bob are you there?').waitFor();

		await bob.row(id).click();
		await bob.page.locator('.unread-line').waitFor();
		await bob.page.goto(`${stage.url}#/`);
		await eventually(() => bob.row(id).locator('.badge').count()).toBe(0);
		await bob.page.reload();
		await bob.row(id).waitFor();
		expect(await bob.row(id).locator('.badge').count()).toBe(0);
	});

	test('[C8] a page that nobody looks at does not read; a line shows where one left', async () => {
		const { ann, bob, id } = await pair('looking away');
		const tab = await bob.page.context().newPage();
		await tab.goto(stage.url);
		await tab.fill('input[name=name]', 'Bob');
		await tab.click('button[type=submit]');
		await ann.say('seen');
		await bob.sees('seen');
		await bob.look(false);
		await ann.say('not seen');
		await bob.page.locator('.unread-line').waitFor();
		const badge = tab.locator(`.channel-row[data-channel="${id}"] .badge`);
		await badge.getByText('1', { exact: true }).waitFor();
		await bob.look(true);
		await badge.waitFor({ state: 'detached' });
		expect(await bob.page.locator('.unread-line + .message .text').textContent()).toBe('not seen');
	});

	test('[C1] a direct message opens by name, and comes up in the list of the other', async () => {
		const [ann, minsu] = await Promise.all([stage.visitor('Ann'), stage.visitor('민수')]);
		await ann.talkTo('민수');
		expect(await ann.page.locator('.bar h1').textContent()).toBe('민수');
		await ann.say('hello there');
		const row = minsu.page.locator('.channel-row', { hasText: 'hello there' });
		await row.getByText('Ann').waitFor();
		await row.click();
		await minsu.say('안녕하세요');
		await ann.sees('안녕하세요');
	});

	test('[C30] shows who is there, and who left at once', async () => {
		// Somebody whose pages of earlier tests are not still within their grace.
		const [ann, cleo] = await Promise.all([stage.visitor('Ann'), stage.visitor('Cleo')]);
		await ann.talkTo('Cleo');
		await ann.page.locator('.bar .dot.online').waitFor();
		await cleo.page.click('.me-name');
		await ann.page.locator('.bar .dot.away').waitFor();
		await cleo.page.click('.me .round >> nth=1');
		await cleo.page.waitForSelector('.sign-in');
		await ann.page.locator('.bar .dot.offline').waitFor();
	});
});

describe('moderators', () => {
	test("[C10] delete others' messages and remove people, who then are outside", async () => {
		const { ann, bob } = await pair('order please');
		await bob.say('nonsense');
		await ann.sees('nonsense');
		await ann.use('nonsense', 'delete');
		await bob.page.locator('.bubble.deleted').waitFor();

		await ann.page.click('.bar .round[aria-pressed]');
		const row = ann.page.locator('.member-row[data-user=bob]');
		await row.getByText('Remove').click();
		await row.getByText('Remove for good?').click();
		await row.waitFor({ state: 'detached' });
		await bob.page.locator('.composer').waitFor({ state: 'detached' });
	});
});

describe('history', () => {
	test('[C6] comes in pages as one scrolls up, and the place is kept', async () => {
		const ann = await stage.visitor('Ann');
		const id = await ann.create('long');
		for (let count = 1; count <= 130; count++) await ann.say(`message ${count}`);
		await ann.sees('message 130');
		await ann.page.reload();
		await ann.sees('message 130');
		await eventually(async () => (await ann.seqs()).length).toBeLessThan(130);

		const top = async () => (await ann.seqs())[0] ?? 0;
		const first = await top();
		const before = await ann.scrollTo(300, first + 5);
		await eventually(top).toBeLessThan(first);
		expect(Math.abs((await ann.offsetOf(first + 5)) - before)).toBeLessThan(2);

		await eventually(async () => {
			await ann.scrollTo(0, await top());
			return top();
		}).toBe(1);
		expect(await ann.seqs()).toEqual(Array.from({ length: 130 }, (_, at) => at + 1));
		expect(id).not.toBe('');
	});
});
