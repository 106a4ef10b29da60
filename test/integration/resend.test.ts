import { afterEach, expect, test } from 'vitest';
import { MemoryStorage } from '../support/device.ts';
import { devToken, rest, until, World } from '../support/world.ts';

const MESSAGES = '/api/v1/channels/lobby/messages';

const world = new World();
afterEach(() => world.end());

test('[C5] the same client id is one message, with the same answer, from another device and over a kill', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const phone = world.device(first.url, 'ann');
	await phone.naru.channel('lobby').join();
	const sent = await phone.naru.channel('lobby').send('once', { clientId: 'same' });
	const laptop = world.device(first.url, 'ann');
	const again = await laptop.naru.channel('lobby').send('once', { clientId: 'same' });
	expect(again).toEqual(sent);
	await first.kill();
	await world.process({ directory, port: first.port });
	const tablet = world.device(first.url, 'ann');
	expect(await tablet.naru.channel('lobby').send('once', { clientId: 'same' })).toEqual(sent);
	const { messages } = await tablet.naru.channel('lobby').history();
	expect(messages.map(({ text }) => text)).toEqual(['once']);
	// It is the user's id: another's of the same name is another message.
	const bob = world.device(first.url, 'bob');
	await bob.naru.channel('lobby').join();
	expect((await bob.naru.channel('lobby').send('mine', { clientId: 'same' })).seq).toBe(2);
});

test('[C5] the same client id is the same message after thousands of later ones, from another device too', async () => {
	const LATER = 3_000;
	const directory = world.directory();
	const server = await world.server({ directory });
	const phone = world.device(server.url, 'ann');
	await phone.naru.channel('lobby').join();
	const sent = await phone.naru.channel('lobby').send('once', { clientId: 'same' });
	const talk = await world.frames(server.url, 'bob');
	await talk.open(1, { kind: 'channel', id: 'lobby', with: { name: 'join', args: {} } });
	for (let n = 1; n <= LATER; n++) {
		const answer = talk.command(1, n, 'send', { text: `m${n}` }, `r${n}`);
		if (n % 100 === 0) await answer;
	}
	await server.actors.settle();
	const laptop = world.device(server.url, 'ann');
	expect(await laptop.naru.channel('lobby').send('once', { clientId: 'same' })).toEqual(sent);
	await server.close();
	await world.server({ directory, env: { PORT: new URL(server.url).port } });
	await phone.comeBack();
	expect(await phone.naru.channel('lobby').send('once', { clientId: 'same' })).toEqual(sent);
	expect((await phone.naru.channel('lobby').send('twice')).seq).toBe(LATER + 2);
});

test('[C5] what was typed while the server was down is sent after the app was restarted too, once', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const storage = new MemoryStorage();
	const app = world.device(first.url, 'ann', { storage });
	await app.naru.channel('lobby').join();
	await app.naru.channel('lobby').send('before');
	await first.kill();
	for (const text of ['one', 'two', 'three']) {
		app.naru
			.channel('lobby')
			.send(text)
			.catch(() => {});
	}
	await until(() => [...storage.values.values()].some((value) => value.includes('three')));
	await app.naru.close();
	await world.process({ directory, port: first.port });
	const next = world.device(first.url, 'ann', { storage });
	const lobby = next.naru.channel('lobby');
	await lobby.open();
	await until(() => lobby.messages.length === 4);
	expect(lobby.messages.map(({ text }) => text)).toEqual(['before', 'one', 'two', 'three']);
	await until(() => [...storage.values.keys()].every((key) => !key.includes('unsent')));
});

test('[C4][C5] a message sent by REST with a key is stored once, over a kill and a repetition', async () => {
	const directory = world.directory();
	const first = await world.process({ directory });
	const ann = world.device(first.url, 'ann');
	await ann.naru.channel('lobby').join();
	const token = await devToken(first.url, { userId: 'backend', roles: ['service'] });
	const send = (key: string) =>
		rest(first.url, MESSAGES, { token, key, body: { userId: 'ann', text: `by ${key}` } });
	const answer = await send('k1');
	expect(answer).toMatchObject({ status: 200, body: { seq: 1 } });
	await first.kill();
	await world.process({ directory, port: first.port });
	expect(await send('k1')).toEqual(answer);
	expect(await send('k2')).toMatchObject({ status: 200, body: { seq: 2 } });
	const [one, other] = await Promise.all([send('k3'), send('k3')]);
	expect(one).toEqual(other);
	await ann.comeBack();
	await until(() => ann.naru.channel('lobby').messages.length === 3);
});
