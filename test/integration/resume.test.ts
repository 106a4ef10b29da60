import { cpSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Channel, Message } from '../../client-sdk/src/index.ts';
import { OP } from '../../src/protocol/frames.ts';
import type { NaruServer } from '../../src/server.ts';
import type { Device } from '../support/device.ts';
import { openedOf } from '../support/frame-client.ts';
import { until, World } from '../support/world.ts';

const world = new World();
afterEach(() => world.end());

/** Everything that a page shows of a channel. */
const viewOf = ({ messages, me, memberCount, name, unread }: Channel) => ({
	messages,
	me,
	memberCount,
	name,
	unread,
});

async function joined(server: { url: string }, userId: string, id = 'lobby'): Promise<Device> {
	const device = world.device(server.url, userId);
	await device.naru.channel(id).join();
	await device.naru.channel(id).open();
	return device;
}

describe('a device that was cut', () => {
	test('[C7] during changes of old messages ends with the same view as one that stayed', async () => {
		const server = await world.server();
		const [ann, stays, bob] = await Promise.all([
			joined(server, 'ann'),
			joined(server, 'ann'),
			joined(server, 'bob'),
		]);
		const dan = await joined(server, 'dan');
		const [one, other, talk] = [ann, stays, bob].map(({ naru }) => naru.channel('lobby'));
		if (!one || !other || !talk) throw new Error('no channel');
		for (let n = 1; n <= 30; n++) await talk.send(`m${n}`);
		await until(() => one.messages.length === 30);
		let resets = 0;
		one.on('reset', () => resets++);
		const changes: string[] = [];
		one.on('change', ({ type }) => changes.push(type));
		ann.cut();

		await talk.edit(3, 'edited');
		await talk.edit(3, 'edited twice');
		await talk.delete(5);
		await talk.react(7, '👍');
		await other.react(7, '👍');
		await other.react(8, '🎉');
		await other.react(8, '🎉', false);
		await talk.delete(8);
		await dan.naru.channel('lobby').leave();
		await joined(server, 'eve');
		await talk.send('m31');
		await talk.edit(31, 'm31 edited');
		await talk.send({ text: 'for ann', mentions: ['ann'], replyTo: 3 });
		await other.read(31);
		await talk.send('m33');
		await until(() => other.messages.length === 33 && other.unread === 2);
		await ann.comeBack();
		await until(() => one.messages.length === 33);
		await one.history({ limit: 1 });

		expect(viewOf(one)).toEqual(viewOf(other));
		expect(resets).toBe(0);
		expect(changes.filter((type) => type === 'edited').length).toBe(3);
		const fresh = world.device(server.url, 'ann').naru.channel('lobby');
		await fresh.open({ last: 200 });
		expect(viewOf(one)).toEqual(viewOf(fresh));
		const { members } = await one.members();
		expect(members.map(({ userId }) => userId).sort()).toEqual(['ann', 'bob', 'eve']);
	});

	test('[P2][C7] again and again, in every phase of its coming back, misses nothing and hears nothing twice', async () => {
		const server = await world.server();
		const ann = await joined(server, 'ann');
		const bob = await joined(server, 'bob');
		const told: Message[] = [];
		ann.naru.channel('lobby').on('message', (message) => told.push(message));
		const sending = (async () => {
			for (let n = 1; n <= 300; n++) await bob.naru.channel('lobby').send(`m${n}`);
		})();
		for (let cut = 0; cut < 40; cut++) {
			for (let turn = 0; turn < cut % 7; turn++) await new Promise((next) => setTimeout(next, 1));
			ann.cut();
			ann.mend();
		}
		await sending;
		await ann.comeBack();
		await until(() => told.length === 300);
		expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1));
	});
});

describe('a user who was kicked', () => {
	const SECRET = 'top-secret';

	test('[C10] while away learns nothing more when resuming', async () => {
		const server = await world.server();
		const ann = world.device(server.url, 'ann').naru;
		const channel = await ann.channels.create({ kind: 'group', id: 'den', members: ['eve'] });
		await channel.send('hello');
		const eve = world.device(server.url, 'eve');
		const den = eve.naru.channel('den');
		await den.open();
		const heard: string[] = [];
		den.on('message', ({ text }) => heard.push(text));
		den.on('change', (change) => heard.push(change.type));
		const closed = new Promise<string>((resolve) => den.on('closed', ({ code }) => resolve(code)));
		eve.cut();
		await channel.send('before');
		await channel.kick('eve');
		await channel.send(SECRET);
		await channel.edit(1, SECRET);
		eve.mend();
		expect(await closed).toBe('FORBIDDEN');
		expect(JSON.stringify([heard, den.messages])).not.toContain(SECRET);
		await expect(den.history()).rejects.toMatchObject({ code: 'FORBIDDEN' });
	});

	test('[C10][P11] hears the kick and nothing behind it, also in the same commit', async () => {
		const server = await world.server();
		const ann = await world.frames(server.url, 'ann');
		const create = { name: 'create', args: { kind: 'group', members: ['eve'] }, requestId: 'c' };
		await ann.open(1, { kind: 'channel', id: 'den', with: create });
		const bytes: Buffer[] = [];
		const eve = await world.frames(server.url, 'eve');
		eve.socket.on('message', (data: Buffer) => bytes.push(data));
		const { position, writer } = openedOf(await eve.open(1, { kind: 'channel', id: 'den' }));
		await server.actors.settle();
		const before = (await server.journal.head('channel/den'))?.commit ?? 0;
		const release = server.holdCommits();
		// The first one occupies the writer, so that the others share the next commit.
		ann.send(1, OP.command, [1, 'send', { text: 'first' }, 'a']);
		await until(async () => ((await server.journal.head('channel/den'))?.commit ?? 0) > before);
		ann.send(1, OP.command, [2, 'kick', { userId: 'eve' }, 'b']);
		ann.send(1, OP.command, [3, 'send', { text: SECRET }, 'c']);
		await ann.settled();
		release();
		await ann.reply(1, 3);
		expect((await server.journal.head('channel/den'))?.commit).toBe(before + 2);
		await eve.next(({ op }) => op === OP.close);
		await eve.settled();
		expect(Buffer.concat(bytes).toString()).toContain('kicked');
		expect(Buffer.concat(bytes).toString()).not.toContain(SECRET);
		const resume: [number, string] = [position, writer];
		const again = await eve.open(2, { kind: 'channel', id: 'den', resume });
		expect(again).toMatchObject({ op: OP.error, payload: { code: 'FORBIDDEN' } });
		await eve.settled();
		expect(Buffer.concat(bytes).toString()).not.toContain(SECRET);
	});
});

describe('another history under connected clients', () => {
	/** Ends the server, changes its directory, and starts it in the same place. */
	async function replaced(server: NaruServer, directory: string, change: () => void) {
		await server.close();
		change();
		return world.server({ directory, env: { PORT: new URL(server.url).port } });
	}

	const wipe = (directory: string) => () => rmSync(directory, { recursive: true });

	test('[P2][C7] wiped data end in `reset`', async () => {
		const directory = world.directory();
		const server = await world.server({ directory });
		const ann = await joined(server, 'ann');
		const channel = ann.naru.channel('lobby');
		for (let n = 1; n <= 5; n++) await channel.send(`old ${n}`);
		ann.cut();
		const next = await replaced(server, directory, wipe(directory));
		const bob = await joined(next, 'bob');
		for (let n = 1; n <= 20; n++) await bob.naru.channel('lobby').send(`new ${n}`);
		const reset = new Promise<readonly Message[]>((resolve) =>
			channel.on('reset', ({ messages }) => resolve(messages)),
		);
		await ann.comeBack();
		expect((await reset).map(({ text }) => text)[0]).toBe('new 1');
		await bob.naru.channel('lobby').send('live');
		await until(() => channel.messages.length === 21);
		expect(channel.messages.some(({ text }) => text.startsWith('old'))).toBe(false);
		expect(channel.me).toBeUndefined();
	});

	test('[P2] a channel that is gone with the data is said to be closed, not kept in silence', async () => {
		const directory = world.directory();
		const server = await world.server({ directory });
		const ann = await joined(server, 'ann');
		const channel = ann.naru.channel('lobby');
		await channel.send('old');
		const closed = new Promise<string>((resolve) =>
			channel.on('closed', ({ code }) => resolve(code)),
		);
		ann.cut();
		await replaced(server, directory, wipe(directory));
		await ann.comeBack();
		expect(await closed).toBe('NOT_FOUND');
		await channel.join();
		expect((await channel.send('new')).seq).toBe(1);
		expect(channel.messages.map(({ text }) => text)).toEqual(['new']);
	});

	test('[P2][C7] older data restored end in `reset`, although the numbers fit again', async () => {
		const directory = world.directory();
		const backup = world.directory();
		const first = await world.server({ directory });
		const ann = await joined(first, 'ann');
		const channel = ann.naru.channel('lobby');
		for (let n = 1; n <= 5; n++) await channel.send(`kept ${n}`);
		const second = await replaced(first, directory, () =>
			cpSync(directory, backup, { recursive: true }),
		);
		await ann.comeBack();
		for (let n = 1; n <= 5; n++) await channel.send(`lost ${n}`);
		ann.cut();
		const third = await replaced(second, directory, () => {
			rmSync(directory, { recursive: true });
			cpSync(backup, directory, { recursive: true });
		});
		const bob = await joined(third, 'bob');
		for (let n = 1; n <= 10; n++) await bob.naru.channel('lobby').send(`after ${n}`);
		let resets = 0;
		channel.on('reset', () => resets++);
		await ann.comeBack();
		await until(() => channel.messages.at(-1)?.text === 'after 10');
		expect(resets).toBe(1);
		const { messages } = await bob.naru.channel('lobby').history({ limit: 50 });
		expect(channel.messages).toEqual(messages);
		expect(channel.messages.length).toBe(15);
	});

	test('[P2][C7] older data restored end in `reset` also for a client that is ahead of them', async () => {
		const directory = world.directory();
		const backup = world.directory();
		const first = await world.server({ directory });
		const ann = await joined(first, 'ann');
		const channel = ann.naru.channel('lobby');
		await channel.send('kept');
		const second = await replaced(first, directory, () =>
			cpSync(directory, backup, { recursive: true }),
		);
		await ann.comeBack();
		for (let n = 1; n <= 5; n++) await channel.send(`lost ${n}`);
		const reset = new Promise<void>((resolve) => channel.on('reset', () => resolve()));
		await replaced(second, directory, () => {
			rmSync(directory, { recursive: true });
			cpSync(backup, directory, { recursive: true });
		});
		await ann.comeBack();
		await reset;
		expect(channel.messages.map(({ text }) => text)).toEqual(['kept']);
		expect((await channel.send('next')).seq).toBe(2);
	});
});
