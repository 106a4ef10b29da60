import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExampleSite } from './support/example-site.ts';
import { enterChat, Guest, linesOf, say } from './support/guest.ts';
import { eventually, Stage } from './support/stage.ts';

/** No browser takes a page of this host for secure: it has no `crypto.randomUUID`, no `crypto.subtle`. */
const HOST = 'naru.example';

let stage: Stage;
let site: ExampleSite;

beforeAll(async () => {
	site = await ExampleSite.open(() => stage.url, HOST);
	stage = await Stage.set({}, { hostName: HOST, origins: [site.origin] });
});
afterAll(async () => {
	site.close();
	await stage.strike();
});

async function expectInsecure({ page }: Guest): Promise<void> {
	const found = await page.evaluate(
		'[isSecureContext, typeof crypto.randomUUID, typeof crypto.subtle, location.hostname]',
	);
	expect(found).toEqual([false, 'undefined', 'undefined', HOST]);
}

describe('a page over plain http on a name of its own', () => {
	test('[P2] chats, and goes on by itself when the server was killed and is back', async () => {
		const ann = await enterChat(stage.browser, site.origin, 'ann');
		const bob = await enterChat(stage.browser, site.origin, 'bob');
		await expectInsecure(ann);
		expect(ann.scripts).toEqual([`${stage.url}sdk/naru.js`]);
		await say(ann, 'one');
		await eventually(() => linesOf(bob)).toEqual(['ann: one']);
		await stage.killServer();
		await say(ann, 'two');
		await stage.start();
		await say(bob, 'three');
		for (const guest of [ann, bob]) {
			await eventually(async () => (await linesOf(guest)).sort()).toEqual([
				'ann: one',
				'ann: two',
				'bob: three',
			]);
		}
		expect(ann.sockets.at(-1)).toBe(`${stage.url.replace('http', 'ws')}naru`);
		expect([...ann.complaints, ...bob.complaints]).toEqual([]);
	});

	test('the SDK works in a page that the server itself serves', async () => {
		const guest = await Guest.enter(stage.browser, stage.url);
		await expectInsecure(guest);
		const sent = await guest.page.evaluate(`(async () => {
			const { connect } = await import('/sdk/naru.js');
			const token = async () => {
				const headers = { 'content-type': 'application/json' };
				const request = { method: 'POST', headers, body: '{"userId":"cid"}' };
				return (await (await fetch('/api/v1/dev/token', request)).json()).token;
			};
			const naru = connect({ url: location.origin, token, storage: localStorage });
			const channel = naru.channel('of-its-own');
			await channel.join();
			const heard = new Promise((resolve) => channel.on('message', resolve));
			const { seq } = await channel.send('hi');
			const { text } = await heard;
			await naru.room('cursor-board', 'main').open();
			await naru.close();
			return { seq, text, device: localStorage['naru/device'] };
		})()`);
		expect(sent).toEqual({
			seq: 1,
			text: 'hi',
			device: expect.stringMatching(/^[0-9a-f]{32}$/),
		});
		expect(guest.complaints).toEqual([]);
	});
});
