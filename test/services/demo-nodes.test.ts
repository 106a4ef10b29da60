import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buildPage, launchBrowser } from '../browser/support/browser.ts';
import { Visitor } from '../browser/support/visitor.ts';
import type { NaruProcess } from '../support/naru-process.ts';
import { World } from '../support/world.ts';
import { newDatabase, urlOf } from './open-test-mongo.ts';
import { serviceUrls } from './urls.ts';

const MAIN = fileURLToPath(new URL('./playground-node.ts', import.meta.url));
const world = new World();
let browser: Browser;
beforeAll(async () => {
	await buildPage('demo');
	browser = await launchBrowser('127.0.0.1');
});
afterEach(() => world.end());
afterAll(() => browser.close());

async function dropDatabase(name: string): Promise<void> {
	const client = new MongoClient(serviceUrls().MONGO_URL);
	await client.db(name).dropDatabase();
	await client.close();
}

/** Two nodes as of `npm run demo:cluster`, each with somebody in front of it, in one channel. */
async function twoVisitors() {
	const urls = serviceUrls();
	const database = newDatabase();
	world.later(() => dropDatabase(database));
	const env = {
		...urls,
		MONGO_URL: urlOf(urls.MONGO_URL, database),
		APP_ENV: `test-${randomUUID().slice(0, 8)}`,
		AUTH_SECRET: 'a secret that the nodes of one test share',
	};
	const start = () => world.process({ directory: '/nonexistent', env, main: MAIN });
	const [one, other] = (await Promise.all([start(), start()])) as [NaruProcess, NaruProcess];
	const ann = await Visitor.enter(browser, `${one.url}/`, { name: 'Ann' });
	const bob = await Visitor.enter(browser, `${other.url}/`, { name: 'Bob' });
	world.later(() => Promise.all(browser.contexts().map((context) => context.close())));
	const id = await ann.create('moving');
	await bob.open(id);
	await ann.say('before');
	await bob.sees('before');
	return { one, ann, bob };
}

const chip = ({ page }: Visitor, text: string) => page.locator('.where-node', { hasText: text });
const nodeOf = (visitor: Visitor, text: string) => chip(visitor, text).getAttribute('data-node');

test('[P40] the demo page shows which nodes hold its socket and its channel', async () => {
	const { ann, bob } = await twoVisitors();
	expect(await nodeOf(ann, 'Channel')).toBe(await nodeOf(ann, 'Socket'));
	expect(await nodeOf(bob, 'Channel')).toBe(await nodeOf(ann, 'Socket'));
	expect(await nodeOf(bob, 'Socket')).not.toBe(await nodeOf(ann, 'Socket'));
});

test.each([
	['Drain', { code: 0, signal: null }],
	['Kill', { code: null, signal: 'SIGKILL' }],
])('[P20][P21] %s on the demo page ends the owner, and the chat goes on', async (name, end) => {
	const { one, bob } = await twoVisitors();
	await chip(bob, 'Channel').getByText(name).click();
	expect(await one.ended).toEqual(end);
	await bob.say('behind');
	await bob.sees('behind');
	// Bob's node has the channel now, and is the only one.
	await bob.page.locator('.where-line').waitFor({ state: 'detached' });
	expect(bob.sockets).toBe(1);
});
