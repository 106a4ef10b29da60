import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf } from '../support/readme.ts';
import { eventually, Stage } from './support/stage.ts';

const [EXAMPLE = ''] = blocksOf('html');

let stage: Stage;
let site: Server;

/** The page of the README as its reader serves it: from another port of the same machine. */
function serveExample(): Promise<Server> {
	const page = EXAMPLE.replaceAll('http://127.0.0.1:2567', stage.url.replace(/\/$/, ''));
	const server = createServer((_, response) => {
		response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
	});
	return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
	stage = await Stage.set();
	site = await serveExample();
});

afterAll(async () => {
	site.closeAllConnections();
	site.close();
	await stage.strike();
});

interface Guest {
	readonly page: Page;
	readonly complaints: string[];
	readonly sockets: string[];
}

async function enter(user: string): Promise<Guest> {
	const context = await stage.browser.newContext();
	const page = await context.newPage();
	const complaints: string[] = [];
	const sockets: string[] = [];
	page.on('pageerror', ({ message }) => complaints.push(message));
	page.on('websocket', (socket) => sockets.push(socket.url()));
	const { port } = site.address() as AddressInfo;
	await page.goto(`http://127.0.0.1:${port}/chat.html?user=${user}`);
	return { page, complaints, sockets };
}

async function say({ page }: Guest, text: string): Promise<void> {
	await page.fill('input', text);
	await page.press('input', 'Enter');
}

const linesOf = ({ page }: Guest) => page.locator('li').allTextContents();

test('the example of the README chats as it is written, and goes on over a kill of the server', async () => {
	const ann = await enter('ann');
	const bob = await enter('bob');
	await eventually(() => bob.page.evaluate('form.onsubmit !== null')).toBe(true);
	await eventually(() => ann.page.evaluate('form.onsubmit !== null')).toBe(true);
	await say(ann, 'Is anybody there?');
	await eventually(() => linesOf(bob)).toEqual(['ann: Is anybody there?']);
	await stage.killServer();
	await say(bob, 'Here, on the other side');
	await stage.start();
	const both = ['ann: Is anybody there?', 'bob: Here, on the other side'];
	await eventually(() => linesOf(ann)).toEqual(both);
	await eventually(() => linesOf(bob)).toEqual(both);
	expect(ann.sockets.length).toBeGreaterThan(0);
	expect([...ann.complaints, ...bob.complaints]).toEqual([]);
	const late = await enter('cid');
	await eventually(() => linesOf(late)).toEqual(both);
	expect(late.sockets.length).toBe(1);
});
