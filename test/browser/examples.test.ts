import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ExampleSite } from './support/example-site.ts';
import { enterChat, Guest, linesOf, say } from './support/guest.ts';
import { eventually, Stage } from './support/stage.ts';

let stage: Stage;
let site: ExampleSite;

beforeAll(async () => {
	stage = await Stage.set();
	site = await ExampleSite.open(() => stage.url);
});
afterEach(() => stage.clear());
afterAll(async () => {
	site.close();
	await stage.strike();
});

describe('chat.html, the example of the README', () => {
	test('chats as it is written, and goes on over a kill of the server', async () => {
		const ann = await enterChat(stage.browser, site.origin, 'ann');
		const bob = await enterChat(stage.browser, site.origin, 'bob');
		await say(ann, 'Is anybody there?');
		await eventually(() => linesOf(bob)).toEqual(['ann: Is anybody there?']);
		await stage.killServer();
		await say(bob, 'Here, on the other side');
		await stage.start();
		const both = ['ann: Is anybody there?', 'bob: Here, on the other side'];
		await eventually(() => linesOf(ann)).toEqual(both);
		await eventually(() => linesOf(bob)).toEqual(both);
		expect([...ann.complaints, ...bob.complaints]).toEqual([]);
		const late = await enterChat(stage.browser, site.origin, 'cid');
		await eventually(() => linesOf(late)).toEqual(both);
		expect(late.sockets.length).toBe(1);
	});

	test('does not load what only rooms need', async () => {
		const { scripts } = await enterChat(stage.browser, site.origin, 'ann');
		expect(scripts).toEqual([`${stage.url}sdk/naru.js`]);
	});
});

describe('cursor-board.html', () => {
	const cursors = ({ page }: Guest) =>
		page.evaluate(
			`[...document.querySelectorAll('.cursor')].map((one) =>
				one.textContent + ' ' + one.style.left + ' ' + one.style.top).sort()`,
		);

	test('[P6] shows everybody everybody’s cursor, and keeps the seats over a cut', async () => {
		const url = (user: string) => `${site.origin}/cursor-board.html?user=${user}`;
		const ann = await Guest.enter(stage.browser, url('ann'));
		const bob = await Guest.enter(stage.browser, url('bob'));
		await eventually(() => cursors(ann)).toEqual(['ann 50% 50%', 'bob 50% 50%']);
		await ann.page.mouse.move(200, 150);
		await bob.page.mouse.move(400, 450);
		for (const guest of [ann, bob]) {
			await eventually(() => cursors(guest)).toEqual(['ann 25% 25%', 'bob 50% 75%']);
		}
		await ann.page.context().setOffline(true);
		await ann.page.waitForSelector('#status:text("reconnecting"), #status:text("offline")');
		await bob.page.mouse.move(600, 450);
		await ann.page.context().setOffline(false);
		await eventually(() => cursors(ann)).toEqual(['ann 25% 25%', 'bob 75% 75%']);
		await bob.page.click('button');
		await bob.page.waitForSelector('#status:text("you moved 2")');
		await ann.page.waitForSelector('#status:text("bob moved all")');
		expect([...ann.complaints, ...bob.complaints]).toEqual([]);
		expect(bob.sockets.length).toBe(1);
	});
});
