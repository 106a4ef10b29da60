import { afterEach, expect, test } from 'vitest';
import { OP } from '../../src/protocol/frames.ts';
import type { NaruServer } from '../../src/server.ts';
import type { FrameClient } from '../support/frame-client.ts';
import { devToken, type RestOptions, rest, until, World } from '../support/world.ts';

const KEY = 'channel/lobby';
const OPEN = { kind: 'channel', id: 'lobby', args: { last: 10 } };
const MESSAGES = '/api/v1/channels/lobby/messages';

const world = new World();
afterEach(() => world.end());

/** What has been answered so far of things that were asked. */
class Answers {
	readonly done: string[] = [];
	readonly all: Promise<unknown>[] = [];

	add(name: string, answer: Promise<unknown>): void {
		this.all.push(answer.then(() => this.done.push(name)));
	}
}

/** Both ways and back several times: what was about to leave the server has left it. */
async function quiet(server: NaruServer, clients: readonly FrameClient[]): Promise<void> {
	for (let turn = 0; turn < 20; turn++) {
		for (const client of clients) await client.settled();
		await rest(server.url, '/healthz');
	}
}

test('[P11][C4] while a commit is held, nothing that depends on it leaves: reply, frame, opening, REST, SDK', async () => {
	const server = await world.server();
	const { url } = server;
	const ann = world.device(url, 'ann');
	const bob = world.device(url, 'bob');
	const told: string[] = [];
	for (const { naru, userId } of [ann, bob]) {
		await naru.channel('lobby').join();
		await naru.channel('lobby').open();
		for (const type of ['message', 'change'] as const) {
			naru.channel('lobby').on(type, () => told.push(`${userId} ${type}`));
		}
	}
	const raw = await world.frames(url, 'cid');
	const late = await world.frames(url, 'dan');
	await raw.open(1, { ...OPEN, with: { name: 'join', args: {}, requestId: 'j' } });
	await raw.command(1, 1, 'send', { text: 'first' }, 'first');
	await until(() => told.filter((one) => one.endsWith('message')).length === 2);
	await server.actors.settle();
	told.length = 0;
	raw.frames.length = 0;
	const token = await devToken(url, { userId: 'ann' });
	const service = await devToken(url, { userId: 'backend', roles: ['service'] });
	const before = (await server.journal.head(KEY))?.position ?? 0;

	const release = server.holdCommits();
	world.later(release);
	const answers = new Answers();
	const call = (options: RestOptions & { readonly path?: string }) =>
		rest(url, options.path ?? MESSAGES, options);
	answers.add('sdk send', ann.naru.channel('lobby').send('held'));
	// Durable, as another connection to the journal sees it, yet not answered.
	await until(async () => ((await server.journal.head(KEY))?.position ?? 0) > before);
	answers.add('sdk history', bob.naru.channel('lobby').history({ limit: 5 }));
	answers.add('sdk react', bob.naru.channel('lobby').react(1, '👍'));
	answers.add('raw rejection', raw.command(1, 2, 'edit', { seq: 99, text: 'x' }, 'r'));
	answers.add('raw opening', late.open(1, OPEN));
	answers.add('rest history', call({ token }));
	answers.add('rest channel', call({ token, path: '/api/v1/channels/lobby' }));
	answers.add('rest send', call({ token: service, key: 'k', body: { userId: 'ann', text: 'x' } }));
	await quiet(server, [raw, late]);
	expect(answers.done).toEqual([]);
	expect(told).toEqual([]);
	expect(raw.frames).toEqual([]);
	expect(ann.naru.channel('lobby').messages.map(({ text }) => text)).toEqual(['first']);

	release();
	await Promise.all(answers.all);
	await until(() => told.length >= 6);
	expect(told.filter((one) => one === 'bob message').length).toBe(2);
	expect(raw.frames.some(({ op }) => op === OP.data)).toBe(true);
	const { messages } = await bob.naru.channel('lobby').history({ limit: 5 });
	expect(messages.map(({ text }) => text)).toEqual(['first', 'held', 'x']);
	expect(messages[0]?.reactions).toEqual({ '👍': 1 });
});

test('[P11] an inbox under a held commit tells nobody of its notice', async () => {
	const server = await world.server();
	const { url } = server;
	const ann = world.device(url, 'ann');
	const notices: string[] = [];
	ann.naru.inbox.on('notice', ({ type }) => notices.push(type));
	await ann.naru.inbox.list();
	const token = await devToken(url, { userId: 'backend', roles: ['service'] });
	const release = server.holdCommits();
	world.later(release);
	const answers = new Answers();
	const body = { to: ['ann'], type: 'paid', data: {}, ttlSeconds: 60 };
	answers.add('post', rest(url, '/api/v1/notices', { token, key: 'k1', body }));
	await until(async () => (await server.journal.head('user/ann')) !== undefined);
	// An inbox that nothing is known of yet is as good as empty, and is answered so at once.
	expect((await ann.naru.inbox.list()).notices).toEqual([]);
	await quiet(server, [await world.frames(url, 'bob')]);
	expect(answers.done).toEqual([]);
	expect(notices).toEqual([]);
	release();
	await Promise.all(answers.all);
	await until(() => notices.length > 0);
	expect(notices).toEqual(['paid']);
});
