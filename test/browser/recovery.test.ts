import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, Stage } from './support/stage.ts';
import type { Visitor } from './support/visitor.ts';

let stage: Stage;

beforeAll(async () => {
	stage = await Stage.set();
});
afterEach(() => stage.clear());
afterAll(() => stage.strike());

/** What one person wrote, in the order of the conversation. */
const by = (name: string, texts: readonly string[]) =>
	texts.filter((text) => text.startsWith(name));

const numbered = (name: string, count: number) =>
	Array.from({ length: count }, (_, at) => `${name} ${at + 1}`);

/** Writes a few messages one after another without waiting for the server. */
async function write(visitor: Visitor, from: number, to: number): Promise<void> {
	for (let count = from; count <= to; count++) await visitor.say(`${visitor.name} ${count}`);
}

/** Waits until it is on all pages; it may be there for a moment only. */
const all = (visitors: readonly Visitor[], selector: string) =>
	Promise.all(visitors.map(({ page }) => page.waitForSelector(selector)));

async function expectWhole(visitor: Visitor, count: number): Promise<void> {
	await eventually(() => visitor.seqs()).toEqual(Array.from({ length: count }, (_, at) => at + 1));
	expect(await visitor.page.locator('[data-state=pending], [data-state=failed]').count()).toBe(0);
}

describe('the server dies in the middle of a conversation', () => {
	test('[P2][C7] both pages go on by themselves: nothing lost, doubled or out of order', async () => {
		const [ann, bob] = await Promise.all([stage.visitor('Ann'), stage.visitor('Bob')]);
		const id = await ann.create('crash');
		await bob.open(id);
		for (const visitor of [ann, bob]) {
			expect(visitor.sockets).toBe(1);
			visitor.requests.length = 0;
		}

		const bursts = [write(ann, 1, 12), write(bob, 1, 12)];
		await ann.sees('Ann 4');
		await stage.killServer();
		await Promise.all(bursts);
		await all([ann, bob], '.banner.waiting');
		// What is written now is shown at once, and waits.
		await write(ann, 13, 15);
		await ann.message('Ann 15').and(ann.page.locator('[data-state=pending]')).waitFor();

		await stage.start();
		await all([ann, bob], '.banner.back');
		await write(bob, 13, 15);
		for (const visitor of [ann, bob]) {
			await expectWhole(visitor, 30);
			const texts = await visitor.texts();
			expect(by('Ann', texts)).toEqual(numbered('Ann', 15));
			expect(by('Bob', texts)).toEqual(numbered('Bob', 15));
		}
		expect(await ann.texts()).toEqual(await bob.texts());

		// One socket each at a time, and no request beside it: nothing is polled.
		expect(await stage.sockets()).toBe(2);
		for (const visitor of [ann, bob]) {
			expect(visitor.openSockets).toBe(1);
			expect(visitor.requests).toEqual([]);
		}
		// Another visit sees the same.
		await bob.page.reload();
		await expectWhole(bob, 30);
		expect(await bob.texts()).toEqual(await ann.texts());
	});

	test('[P2] what was said while one was away is caught up, and one is told how much', async () => {
		const [ann, bob] = await Promise.all([stage.visitor('Ann'), stage.visitor('Bob')]);
		const id = await ann.create('caught up');
		await bob.open(id);
		await ann.say('before');
		await bob.sees('before');
		await stage.killServer();
		await bob.page.waitForSelector('.banner.waiting');
		await ann.say('one');
		await ann.say('two');
		await bob.page.context().setOffline(true);
		await stage.start();
		await ann.sees('two');
		await bob.page.context().setOffline(false);
		await bob.page.getByText('Back online, 2 messages caught up').waitFor();
		expect(await bob.texts()).toEqual(['before', 'one', 'two']);
	});

	test('[C8] lists, badges and watches are live again', async () => {
		const [ann, bob] = await Promise.all([stage.visitor('Ann'), stage.visitor('Bob')]);
		const id = await ann.create('live again');
		await bob.open(id);
		await bob.page.goto(`${stage.url}#/`);
		await stage.killServer();
		await bob.page.waitForSelector('.banner.waiting');
		await stage.start();
		await bob.page.waitForSelector('.banner.back');
		await ann.say('are you back?');
		await bob.row(id).getByText('Ann: are you back?').waitFor();
		await bob.row(id).getByText('1', { exact: true }).waitFor();
	});

	test('a channel that is opened while the server is away opens as soon as it is back', async () => {
		const ann = await stage.visitor('Ann');
		const id = await ann.create('late');
		await ann.say('kept');
		await ann.sees('kept');
		await ann.page.goto(`${stage.url}#/`);
		await ann.page.reload();
		await ann.row(id).waitFor();
		await stage.killServer();
		await ann.page.waitForSelector('.banner.waiting');
		await ann.row(id).click();
		await ann.page.locator('.channel[data-loaded=false]').waitFor();
		await stage.start();
		await ann.sees('kept');
		expect(await stage.sockets()).toBe(1);
	});

	test('[C5] what was written without a connection survives a reload of the page', async () => {
		const ann = await stage.visitor('Ann');
		await ann.create('reload');
		await ann.say('before');
		await ann.sees('before');
		await ann.page.context().setOffline(true);
		await stage.killServer();
		await ann.page.waitForSelector('.banner.waiting');
		await ann.say('unsent');
		await stage.start();
		await ann.page.context().setOffline(false);
		await ann.page.reload();
		await ann.sees('unsent');
		expect(await ann.texts()).toEqual(['before', 'unsent']);
	});
});

describe('the network goes', () => {
	test('[P2] the page says so and comes back at once with the network', async () => {
		const [ann, bob] = await Promise.all([stage.visitor('Ann'), stage.visitor('Bob')]);
		const id = await ann.create('offline');
		await bob.open(id);
		await bob.page.context().setOffline(true);
		await bob.page.waitForSelector('.banner.waiting');
		await bob.say('from the tunnel');
		await ann.say('from outside');
		await bob.page.context().setOffline(false);
		await bob.sees('from outside');
		await ann.sees('from the tunnel');
		expect(await bob.texts()).toEqual(await ann.texts());
		expect(bob.openSockets).toBe(1);
	});
});
